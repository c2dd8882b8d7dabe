/* SPDX-License-Identifier: ISC */
/*
 * The connections of the shared store: all of them to one server, opened again
 * by themselves.
 */

#ifndef SHARED_CONNS_H
#define SHARED_CONNS_H

#include <stdint.h>

#include "shared_conn.h"

/* Calls changed(), from the event loop, when one is up or gone. */
void			 conns_begin(void (*changed)(void));
void			 conns_end(void);
/* Opens what is missing.  Returns when to try again: ms, -1: no need. */
int64_t			 conns_open(void);

/* One that is up, with the least to do, or NULL. */
struct shared_conn	*conns_pick(void);
/* Nothing is up: will something be soon, as far as is known? */
int			 conns_hopes(void);

#endif /* SHARED_CONNS_H */

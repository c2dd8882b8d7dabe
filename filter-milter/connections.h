/* SPDX-License-Identifier: ISC */
/* How many sessions each address has at the moment. */

#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "addrs.h"

/* One more; how many that makes.  0: out of memory, not counted. */
unsigned int	connections_add(const struct addr *);
/* For each that was counted. */
void		connections_remove(const struct addr *);

#endif /* CONNECTIONS_H */

/* SPDX-License-Identifier: ISC */
/*
 * Hold a client back, and answer it at the end.
 */

#ifndef HOLD_H
#define HOLD_H

#include <stdint.h>

#include "filter.h"

#define HOLD_SMTPS	465

/* What to do with one that talked early; when too many wait. */
enum hold_early { EARLY_LOG, EARLY_JUNK, EARLY_TEMPFAIL, EARLY_DISCONNECT };
enum hold_overload { OVERLOAD_SKIP, OVERLOAD_TEMPFAIL };

extern const char *const	 hold_early[];
extern const char *const	 hold_overload[];

/* Set at start, by the keys of the same names. */
extern struct hold_options {
	int	 early;			/* enum hold_early */
	int	 overload;		/* enum hold_overload */
	int64_t	 max;			/* who wait at the same time */
} hold_options;

/* Answers a request of a client that spoke too early, as the key says. */
void	hold_talked(struct session *, struct request);
/* Answers the request, after ms milliseconds unless that is 0. */
void	hold_begin(struct session *, struct request, int64_t ms);

#endif /* HOLD_H */

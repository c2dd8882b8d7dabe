/* SPDX-License-Identifier: ISC */
/*
 * Whether a server is worth trying: until is 0 while it works, else the time
 * until which it rests; after that one at a time may probe it.
 *
 * era counts the failures that were believed: whoever began before the last of
 * them tells nothing new, however many die of the same crash.
 */

#ifndef HEALTH_H
#define HEALTH_H

#include <stddef.h>
#include <stdint.h>

#define HEALTH_REST_MAX	300000	/* ms; a server may have its own */

struct server;

/* The first worth trying from this one on; how many there are. */
struct server	*health_next(struct server *, int64_t now);
size_t		 health_count(struct server *, int64_t now);
/* who tries it now.  Returns the era to tell what came of it. */
unsigned int	 health_take(struct server *, const void *who);
/* What came of it: it did some work; and ended well; no verdict; failed. */
void		 health_worked(struct server *, unsigned int era);
void		 health_ended(struct server *, unsigned int era);
void		 health_left(struct server *, const void *who);
/* Returns 1 if that was news: it rests now. */
int		 health_failed(struct server *, unsigned int era,
		    const void *who, const char *why, int64_t now);

#endif /* HEALTH_H */

/* SPDX-License-Identifier: ISC */
/*
 * Clients that came back and behaved: how many mails of each were committed
 * lately.  A v6 client is its /64, which is one customer.  Memory is bounded:
 * in a full table a new client takes the place of the one that was silent for
 * longest.
 */

#ifndef GOOD_H
#define GOOD_H

#include <stddef.h>
#include <stdint.h>

#include "addrs.h"

struct good;

/*
 * At most max clients (over 0, under 2^31), each forgotten ttl after its last
 * mail.  The seed is a random number that clients do not know.  Exits when
 * memory is out, as this is made at start.
 */
struct good	*good_new(size_t max, int64_t ttl, uint32_t seed);
void		 good_free(struct good *);

/* now, here and below: a clock that never goes back, in the unit of ttl. */
void		 good_commit(struct good *, const struct addr *, int64_t now);
unsigned int	 good_count(const struct good *, const struct addr *,
		    int64_t now);
void		 good_forget(struct good *, const struct addr *);
/* Clients in the table, those whose time is over too. */
size_t		 good_size(const struct good *);

#endif /* GOOD_H */

/* SPDX-License-Identifier: ISC */
/*
 * The memory of several hosts: Redis or Valkey.  One script a decision, with
 * the server's clock, so that hosts agree; what is over goes by its TTL.
 *
 * Each question is answered once: by the server, or with why not, and then the
 * store of this host decides.
 *
 * Keys in Redis are "pg:t:TUPLE", "pg:c:ADDRESS" and "pg:p:SENDER", each a hash
 * of decimal numbers.  In a cluster they must lie on one node: that is what a
 * prefix with a hash tag, "{pg}:", is for.
 */

#ifndef SHARED_H
#define SHARED_H

#include "options.h"
#include "store.h"

struct event_base;

/* Keys: redis, redis-user, redis-password-file, redis-db, redis-prefix, ... */
extern const struct key	 shared_keys[];

int	shared_wanted(void);		/* a server was named */
int	shared_load(void);		/* after the options: 0, or -1 */
int	shared_check(void);		/* for -n */
int	shared_start(struct event_base *, const struct grey_rules *);

/*
 * v is NULL if no server knew, why says so.  Within the time-out; not from in
 * here.  The query is copied.  Returns 0, or -1, and then done() is not called:
 * too many wait, or out of memory.
 */
int	shared_decide(const struct store_query *,
	    void (*done)(void *arg, const struct grey_verdict *v,
	    const char *why), void *arg);
/*
 * Nobody waits for an answer.  Joined with what is there: of two times or
 * counts the higher one stays, of first the earlier.
 */
void	shared_put(const struct store_row *);

/*
 * For greylistctl: blocking, the same as store.h's, after shared_load().  0, or
 * -1 after saying.  A walk is in no order, and may have a row twice if others
 * write meanwhile.
 */
int	shared_open(const struct grey_rules *);
void	shared_close(void);
int	shared_row_put(const struct store_row *);
int	shared_row_delete(enum store_kind, const char *key);
int	shared_walk(enum store_kind, int (*cb)(const struct store_row *,
	    void *), void *arg);

#endif /* SHARED_H */

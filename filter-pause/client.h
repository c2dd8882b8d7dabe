/* SPDX-License-Identifier: ISC */
/*
 * What hangs on a session in filter-pause, and what it is told: every answer
 * comes with its counter and with the one log line of that client.
 */

#ifndef CLIENT_H
#define CLIENT_H

#include <stdint.h>

#include "addrs.h"
#include "filter.h"
#include "metric.h"
#include "rules.h"

enum {
	HELD, HELD_TOTAL, HELD_SECONDS, SKIPPED, TEMPFAILED, REJECTED, JUNKED,
	OVERLOADED, TALKED, GONE, UNKNOWN, PIPELINED, COUNTERS
};

struct client {
	const struct rule	*rule;		/* NULL: none matched */
	const char		*reason;	/* for the log */
	int64_t			 ms;		/* how long it has to wait */
	int64_t			 since;		/* it waits, if held */
	struct addr		 local;		/* our end, see early_find() */
	int			 held;		/* waits now */
	int			 waited;	/* then early is valid */
	int			 early;		/* flags, see early.h */
	unsigned int		 replies;	/* by smtpd: 0, 1, 2 or more */
	int64_t			 greeted;	/* timing.c: when, or 0 */
	int			 suspect;	/* timing.c: seems too quick */
};

extern struct metric	 client_counters[COUNTERS];

/* It begins to wait; it does not any longer, if it did. */
void	client_hold(struct client *);
void	client_release(struct client *);

/* The answers.  The last two cut the client off. */
void	client_pause(struct session *, struct request);
void	client_skip(struct session *, struct request);
void	client_junk(struct session *, struct request);
void	client_tempfail(struct session *, struct request, const char *text);
void	client_reject(struct session *, struct request, const char *text);

/* smtpd saw it talk early when all was said: a second line, if news. */
void	client_pipelined(const struct session *);

#endif /* CLIENT_H */

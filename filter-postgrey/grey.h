/* SPDX-License-Identifier: ISC */
/*
 * Greylisting itself: what is remembered of a mail that was deferred and of a
 * client, and what follows from it.  A codec: no clock, no storage.
 * shared_script.c says the same for Redis; one table of tests runs over both.
 *
 * absent -> grey -> (too early: defer) -> passed, refreshed by each mail, until
 * it was not seen for max_age.  A retry later than the window begins anew, and
 * so does a clock that went back by more than a step.
 */

#ifndef GREY_H
#define GREY_H

#include <stdint.h>

#define GREY_STEP	60000		/* ms; shared_script.c has it too */

/* Times are ms since 1970, spans ms. */
struct grey_rules {
	int64_t		 delay;		/* passes when this old, exactly */
	int64_t		 retry_window;
	int64_t		 max_age;
	int64_t		 awl_count;	/* passes until a client is known; 0 */
	int64_t		 awl_gap;	/* one of them in this time */
	int		 pass_client;	/* one pass makes the client white */
	int64_t		 trap_time;
};

/* Client, sender and recipient: all zero if never seen. */
struct grey_tuple {
	int64_t		 first, last;
	int64_t		 blocked, passed;
};

/* An address: all zero if never seen. */
struct grey_client {
	int64_t		 first, last;
	int64_t		 passed;	/* counted for awl_count */
	int64_t		 counted;	/* when, the last time */
	int64_t		 white_until;	/* by hand, by mail to it, by a pass */
	int64_t		 trap_until;
};

enum grey_reason {
	GREY_NEW,		/* defer */
	GREY_EARLY,		/* defer */
	GREY_TRAPPED,		/* defer */
	GREY_FOUND,		/* pass: the first time if delayed is set */
	GREY_AWL,		/* pass: postgrey's auto-whitelist */
	GREY_WHITE,		/* pass */
	GREY_PARTNER		/* pass: an answer to a mail of ours */
};

/* "new", "early-retry", "trapped", "triplet found", "client AWL", ... */
extern const char *const	grey_reasons[];

struct grey_verdict {
	enum grey_reason	 reason;
	int			 defer;
	int64_t			 wait;		/* until it would pass */
	int64_t			 delayed;	/* first pass: since first */
};

/*
 * Decides, and updates both for the store; partner: we wrote to the sender.
 * bait: the recipient is a trap.  Who is not known is new there each time, and
 * nothing is remembered: else the mail passed once the client's trap has ended,
 * and made the client white.
 */
void	grey_decide(const struct grey_rules *, int64_t now, int partner,
	    int bait, struct grey_tuple *, struct grey_client *,
	    struct grey_verdict *);

/* Was it seen often enough, for awl_count? */
int	grey_client_known(const struct grey_rules *, int64_t now,
	    const struct grey_client *);
/* Is there nothing left to remember?  For the purge. */
int	grey_tuple_over(const struct grey_rules *, int64_t now,
	    const struct grey_tuple *);
int	grey_client_over(const struct grey_rules *, int64_t now,
	    const struct grey_client *);

#endif /* GREY_H */

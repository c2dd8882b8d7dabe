/* SPDX-License-Identifier: ISC */
/*
 * What a milter's answer means to the client: refused or not, with which words,
 * and for how long: a recipient, the message, the session.
 */

#ifndef VERDICT_H
#define VERDICT_H

#include "link.h"
#include "metric.h"
#include "settle.h"

struct chain;

/*
 * Of the milter at ch->at.  Returns 1: go on to the next; 0: it was decisive,
 * and the request is answered.
 */
int	verdict_take(struct chain *, const struct answer *);
/* A refusal that stands already: before any milter is asked.  1: there is. */
int	verdict_stands(struct chain *);
/* Refuse what is asked, and the rest of the message, as settle.h says. */
void	verdict_settled(struct chain *, enum settled, const char *why);
/* All milters say continue. */
void	verdict_pass(struct chain *);

extern struct metric	verdict_counters[];

enum {
	VERDICT_ACCEPTED,
	VERDICT_REFUSED,
	VERDICT_TEMPFAILED,
	VERDICT_DISCARDED,
	VERDICT_FAILED,
	VERDICT_COUNTERS
};

#endif /* VERDICT_H */

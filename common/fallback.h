/* SPDX-License-Identifier: ISC */
/*
 * Answers by the fail policy, for sessions that nobody knows: those that are
 * older than a crash, all of them while the guard stands in for a worker, and
 * a line that killed two workers.  Needs no memory of its own: what is owed
 * stands in the ledger.
 */

#ifndef FALLBACK_H
#define FALLBACK_H

#include "channel.h"

/*
 * What on-failure means for a request in this phase: a whole verdict, as
 * proto_result() takes it.  Static text.
 */
const char	*fallback_verdict(enum failure, int phase);

/* Text for a message whose filter died under it. */
#define FALLBACK_LOST	"reject|451 4.3.0 Mail filter failed, try again later"

/*
 * A worker died: pay all that is owed, and mark the messages in flight as
 * lost, to be refused at commit.  Says no more than there is room for: *next
 * (0 at first) is where to go on, *paid counts.  Returns whether it is done.
 */
int		 fallback_recover(struct channel *, enum failure,
		    unsigned int *next, unsigned int *paid);

/* Answer a line, if it asks for it.  The line is consumed in the same step. */
void		 fallback_line(struct channel *, const struct proto_line *,
		    enum failure);

/* A line of a message that the filter has at another place of the chain. */
void		 fallback_echo(struct channel *, const struct proto_line *);

#endif /* FALLBACK_H */

/* SPDX-License-Identifier: ISC */
/*
 * All milters of one session, asked in order: the first that does not say
 * continue (or accept, which concerns that milter only) decides, and those
 * behind it do not see the event.  A message is taken through one milter after
 * the other, each seeing what those before it changed.  A milter that fails is
 * treated as its on-failure says.
 *
 * smtpd asks nothing of a command that a filter before this one has answered
 * by junk or rewrite.  Milters hear of it as soon as something is asked that
 * comes after it, and what they say to it is the answer to that.
 *
 * What smtpd asked is answered from here: nowhere else.
 */

#ifndef CHAIN_H
#define CHAIN_H

#include "filter.h"
#include "link.h"

struct chain;

/* NULL: out of memory. */
struct chain	*chain_new(struct client *);
void		 chain_free(struct chain *);

/* The question of a phase: the request is answered, now or later. */
void		 chain_ask(struct chain *, struct request, enum link_event,
		    const char *arg);
void		 chain_message(struct chain *, struct request,
		    struct message *);
/* No answer is wanted. */
void		 chain_tell(struct chain *, enum link_event, const char *arg);
/* Another command of the client: nothing is asked about it so far. */
void		 chain_command(struct chain *);
/* A transaction has begun; smtpd has judged a recipient of it. */
void		 chain_began(struct chain *);
void		 chain_judged(struct chain *);
/* The transaction is over without its message. */
void		 chain_reset(struct chain *);
/* smtpd took the message: tx-commit. */
void		 chain_committed(struct chain *);
/* Does any milter want something of the message that comes now? */
int		 chain_wants_message(const struct chain *);

#endif /* CHAIN_H */

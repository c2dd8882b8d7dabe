/* SPDX-License-Identifier: ISC */
/* What a chain is made of: for chain*.c and verdict.c only. */

#ifndef CHAIN_PRIVATE_H
#define CHAIN_PRIVATE_H

#include <event2/event_struct.h>

#include <stddef.h>

#include "filter.h"
#include "link.h"
#include "reply.h"
#include "wishes.h"

struct inject;
struct message;
struct mods;

struct chain {
	struct client	*client;
	struct event	 timer;		/* of the question */

	struct request	 rq;		/* the question, */
	enum link_event	 event;		/* of what, */
	char		*arg;
	int		 asked;		/* about the client's last command */
	enum link_event	 put;		/* what milters are asked: this, or */
	int		 missed;	/* something that smtpd did not ask, */
	size_t		 at;		/* and who is being asked */
	int		 busy;		/* is anyone? */
	int		 late;		/* nobody is any more */

	struct message	*message;	/* EVENT_MESSAGE */
	size_t		 own;		/* smtpd's Received in it */
	struct mods	*mods;		/* of the milter that is asked */
	size_t		 changes;	/* of all of them */
	int		 edited;	/* since the message was last made new */
	struct wishes	 wishes;	/* of those that are done, */
	struct wishes	 wish;		/* and of the one that is asked */
	int		 lost;		/* a change of that one: no room */
	struct inject	*copy;		/* for added recipients */

	int		 mail;		/* milters were asked MAIL, */
	size_t		 rcpts;		/* so many of tx's recipients, */
	int		 data;		/* and DATA */
	int		 sink;		/* what comes is thrown away */
	int		 junk;		/* the message will be marked */
	struct reply	 refused;	/* until the message is over */
	struct reply	 barred;	/* until the session is */

	size_t		 n;
	struct link	*links[];
};

/* The question is answered, or nobody wants to know any more. */
void		 chain_rest(struct chain *);
/* The message is over for all milters that are still in it. */
void		 chain_abort(struct chain *);
struct session	*chain_session(const struct chain *);

/* chain_message.c: one milter's change. */
void		 chain_change(struct link *, const struct change *, void *);
/*
 * It is done, and the message goes on with what it changed.  Returns 0; -1: no
 * room, and the message may be half of the old and half of the new one.
 */
int		 chain_apply(struct chain *);
/* What it changed, and was not applied, is of no interest. */
void		 chain_drop(struct chain *);
/* Before the milter at ch->at is shown the message.  0; -1: no room. */
int		 chain_show(struct chain *);
/* All milters are done with it: answer. */
void		 chain_message_done(struct chain *);

#endif /* CHAIN_PRIVATE_H */

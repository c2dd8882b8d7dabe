/* SPDX-License-Identifier: ISC */
/*
 * One milter and one SMTP session: their conversation.  It knows the protocol,
 * that is what may be sent in which state and which answers are legal, and
 * every wait has its deadline; it knows nothing of other milters.
 *
 * The connection is made when first needed, and made again for the next MAIL
 * if it was lost: client and HELO are then told anew, and what the milter says
 * to these is the answer to MAIL.  One that is not in a message is given up if
 * another session waits for one of the milter's connections (slot.c).
 *
 * A message that has failed once fails in all that is asked of it later.
 */

#ifndef LINK_H
#define LINK_H

#include <stddef.h>

#include "client.h"
#include "milter.h"
#include "packet.h"
#include "reply.h"

struct link;
struct message;

/* What can be asked; EVENT_MESSAGE is header, body and the end of them. */
enum link_event {
	EVENT_CONNECT,
	EVENT_HELO,		/* arg: the name */
	EVENT_MAIL,		/* client->mail, mail_args */
	EVENT_RCPT,		/* client->rcpt, rcpt_args */
	EVENT_DATA,
	EVENT_MESSAGE,
	EVENT_UNKNOWN,		/* arg: the line; not within a message */
	EVENT_MAX
};

enum answer_kind {
	ANSWER_CONTINUE,
	ANSWER_ACCEPT,		/* this milter is done: message or session */
	ANSWER_REJECT,
	ANSWER_TEMPFAIL,
	ANSWER_DISCARD,		/* of mail: never to connect or HELO */
	ANSWER_REPLY,		/* with reply */
	ANSWER_SHUTDOWN,	/* 421, and the client is cut off */
	ANSWER_FAILED		/* with why: no answer, or not a legal one */
};

struct answer {
	enum answer_kind	 kind;
	struct reply		 reply;
	const char		*why;	/* valid until the callback returns */
};

struct link_ops {
	/*
	 * To the event that link_ask() took, once; never from within
	 * link_ask().  link_ask(), link_abort() and link_close() may be called
	 * from it.
	 */
	void	(*answer)(struct link *, const struct answer *, void *arg);
	/*
	 * EVENT_MESSAGE, before the answer, which is waited for even if there
	 * is no room for the change: it may be a refusal.
	 */
	void	(*change)(struct link *, const struct change *, void *arg);
	/* Is it still of interest?  If not, the message may be gone. */
	int	(*wanted)(struct link *, void *arg);
};

/* NULL: out of memory.  Connects to nothing yet. */
struct link	*link_new(struct milter *, struct client *,
		    const struct link_ops *, void *arg);
/*
 * Returns 1: the answer comes later; 0: this milter need not be asked (it does
 * not want such an event, or has accepted all of this message or session): go
 * on; -1: memory is out.  One event at a time.
 *
 * m is for EVENT_MESSAGE: read until the answer.  skip is the number of the
 * field that is not shown, smtpd's own Received; SIZE_MAX: none.
 */
int		 link_ask(struct link *, enum link_event, const char *arg,
		    struct message *m, size_t skip);
/* Does it want anything of this message's header, body or end? */
int		 link_wants_message(const struct link *);
/* What has been agreed on; NULL before that. */
const struct terms *link_terms(const struct link *);
/*
 * The message is over without an answer to EVENT_MESSAGE: RSET, refused...  An
 * answer that was to come does not: its event has failed.
 */
void		 link_abort(struct link *);
/* The session is over.  No answer comes any more. */
void		 link_close(struct link *);

const struct milter *link_milter(const struct link *);

#endif /* LINK_H */

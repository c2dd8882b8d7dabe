/* SPDX-License-Identifier: ISC */
/*
 * What a link is made of: for link*.c and slot.c only.  link.c is the interface
 * and knows what comes next, link_wire.c sends it and reads what comes back.
 */

#ifndef LINK_PRIVATE_H
#define LINK_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "content.h"
#include "link.h"
#include "terms.h"

struct stream;

#define LINK_WHY	256

enum link_slot { SLOT_NONE, SLOT_WAITS, SLOT_HELD };

struct link {
	struct milter		*milter;
	struct client		*client;
	const struct link_ops	*ops;
	void			*arg;
	char			*helo;		/* as the client said it last */
	int			 accepted;	/* all of the session */

	/* slot.c: its place in one of the milter's lists. */
	enum link_slot		 slot;
	struct link		*next, **prev;

	/* The connection, and what the milter knows of the client by it. */
	struct stream		*stream;
	struct terms		 terms;
	int			 agreed;	/* terms hold */
	int			 told_client, told_helo;
	int			 in_message;	/* and wants more of it */

	/* What it waits for: an answer to this command, or 0; */
	char			 wait;
	int			 full;		/* or to send more */
	struct event		 timer;		/* how long; or link_soon() */

	/* What it is asked. */
	int			 open;
	enum link_event		 event;
	int			 sent;
	struct content		 content;

	/* The message has failed, or (soon) what is asked: why. */
	int			 failed;
	int			 failing;
	char			 why[LINK_WHY];
};

enum step {
	STEP_NEXT,		/* nothing to wait for */
	STEP_WAIT,
	STEP_DONE,		/* what is asked may go on */
	STEP_FAILED		/* with why */
};

/* link.c */
/* Nothing is asked, and no message is open. */
int		 link_is_idle(const struct link *);
/* Take leave of the milter. */
void		 link_leave(struct link *);
/*
 * From the event loop only, and last, as the link may be gone after each: go on
 * with what is asked; the connection is of no use any more; a reply to l->wait.
 */
void		 link_resume(struct link *);
void		 link_fail(struct link *, const char *why);
void		 link_take(struct link *, struct answer *, int skip);

/* link_wire.c */
/* What comes next: a connection, a command and its macros, a part of content. */
enum step	 link_connect(struct link *);
enum step	 link_command(struct link *, char command, const char *arg);
enum step	 link_content(struct link *);
/* A command without data or reply.  Out of memory: it is not sent. */
void		 link_say(struct link *, char command);
/* Go on, or fail (l->failing), when the event loop is back. */
void		 link_soon(struct link *);
/* It has no connection from now on.  why: it never was a good one; NULL. */
void		 link_disconnect(struct link *, const char *why);
void		 link_timer(evutil_socket_t, short, void *);

/* slot.c */
/* 1: there is a connection to be had; 0: link_soon() when it is. */
int		 slot_take(struct link *);
void		 slot_give(struct link *);

#endif /* LINK_PRIVATE_H */

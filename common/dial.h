/* SPDX-License-Identifier: ISC */
/*
 * From a list of servers to a connected socket: each address gets its share of
 * the time left, then the next server that is worth trying.  Nothing was sent
 * by then, so failing over is free.
 *
 * Waits for nothing itself: the owner calls dial_ready() and dial_wake() when
 * the socket or the time says so.  All three return 1: connected, fd is the
 * owner's now; 0: to be waited for; -1: nothing is left to try, error says why.
 */

#ifndef DIAL_H
#define DIAL_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

struct loop;
struct resolver;
struct server;

enum dial_state { DIAL_LOOKUP, DIAL_WAIT, DIAL_CONNECT };

#define DIAL_ERROR	160

struct dial {
	/* Set by the owner. */
	const struct loop	*loop;
	struct resolver		*resolver;
	event_callback_fn	 writable;	/* called with arg: now */
	void			*arg;		/* call dial_ready() */
	char			*error;		/* DIAL_ERROR bytes */

	struct server		*server;	/* that is being tried */
	unsigned int		 era;		/* see health.h */
	int			 fd;
	enum dial_state		 state;
	size_t			 try;		/* index of the address */
	int			 resolved;	/* the look-up is over */
	int64_t			 by;		/* the end of all tries */
	int64_t			 due;		/* of this one */
	int64_t			 again;		/* DIAL_WAIT: next try */
	struct event		 wr;
};

int	 dial_begin(struct dial *, struct server *, int64_t by);
int	 dial_ready(struct dial *);
/* reply_by: an end that the owner knows of, or 0. */
int	 dial_wake(struct dial *, int64_t reply_by);
/* When to call it. */
int64_t	 dial_due(const struct dial *);
/* Not needed any more; nothing is done if it is connected. */
void	 dial_stop(struct dial *);

#endif /* DIAL_H */

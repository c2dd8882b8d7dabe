/* SPDX-License-Identifier: ISC */
/*
 * One connection to a Redis server, with any number of commands on their way.
 * It says who it is and asks whether the server serves, before it is up.
 */

#ifndef SHARED_CONN_H
#define SHARED_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "bytes.h"

#define SHARED_HELLO	3	/* AUTH, SELECT, PING */

struct redisReader;
struct redisReply;
struct shared_conn;
struct shared_tls;
struct stream;

/* Its owner's: it must stay until done() was called. */
struct shared_command {
	struct shared_command	*next;
	int64_t			 due;
	/*
	 * Once, from the event loop, or from within shared_conn_fail() and
	 * _shut() of this connection.  r NULL: the connection ended, why says
	 * why.
	 */
	void			(*done)(struct shared_command *,
				    struct shared_conn *,
				    const struct redisReply *r,
				    const char *why);
};

struct shared_conn {
	struct stream		*stream;	/* NULL: none */
	struct redisReader	*reader;
	struct shared_command	*first, *last;
	size_t			 n;
	size_t			 fed;		/* bytes of half a reply */
	int			 up;
	int			 probe;		/* the server may be down */
	struct shared_command	 hello[SHARED_HELLO];
	char			 peer[128];
	/* With TLS only. */
	struct shared_tls	*tls;		/* NULL: not connected yet */
	struct bytes		 plain;		/* not encrypted yet */
	size_t			 seen;		/* bytes of what came */
	int64_t			 by;		/* end of the handshake */
	int			 secure;
	struct event		 flush;		/* plain: now */
};

/* Where all of them live: before the first is opened. */
extern struct event_base	*shared_conn_events;

/* Up or gone later.  -1: not now, see backend_why(). */
int	shared_conn_open(struct shared_conn *);
/* Due: by the clock.  -1: out of memory. */
int	shared_conn_send(struct shared_conn *, struct shared_command *,
	    const void *, size_t len, int64_t due);
/* The server is of no use; or only this connection is. */
void	shared_conn_fail(struct shared_conn *, const char *why);
void	shared_conn_shut(struct shared_conn *, const char *why);

/* It is up, or gone (failed: the server is to blame), in that order. */
extern void	(*shared_conn_up)(struct shared_conn *);
extern void	(*shared_conn_gone)(struct shared_conn *, int failed);

#endif /* SHARED_CONN_H */

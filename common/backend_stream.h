/* SPDX-License-Identifier: ISC */
/*
 * What backend.c, connect.c, pool.c, stream.c and stream_io.c know of each
 * other, and nobody else but their test.
 *
 * A server's health: until is 0 while it works, else the time until which it
 * rests; after that one stream at a time may probe it.  era counts the
 * failures that were believed: a stream begun before the last of them tells
 * nothing new, however many of its kind die of the same crash.
 */

#ifndef BACKEND_STREAM_H
#define BACKEND_STREAM_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "bytes.h"

struct lookup;
struct stream_ops;

#define SERVER_ADDRS	8	/* of a name; more are not tried */
#define SCRATCH_SIZE	65536	/* read at once */

struct address {
	struct sockaddr_storage	 ss;
	socklen_t		 len;
};

struct server {
	struct server	*next;
	struct backend	*backend;
	char		*label;		/* "unix:/path", "[::1]:783" */
	char		*host;		/* a name to look up, or NULL */
	char		 port[6];
	int		 family;
	struct address	 addrs[SERVER_ADDRS];
	size_t		 naddrs;
	int64_t		 fresh;		/* until when a name's addrs are */
	struct lookup	*lookup;	/* in flight, or NULL */
	const char	*lookup_error;	/* of the last one */
	struct stream	*idle;		/* the pool, latest first */
	struct stream	*probe;
	int64_t		 until;
	unsigned int	 era, fails;	/* fails: in a row */
	char		 why[128];
};

struct backend {
	char			*name;
	struct server		*servers;
	struct event_base	*base;
	struct evdns_base	*dns;
	size_t			 lookups;	/* in flight */
	int			 dns_bad;	/* may have old name servers */
	const char		*resolv_conf;	/* a test has its own */
	struct stream		*live;
	size_t			 nidle, maxidle;
	int64_t			 idle_ms;
	char			*scratch;
	char			 error[160];	/* why the last try failed */
	int64_t			(*clock)(void);	/* ms; a test sets its own */
};

enum stream_state {
	STREAM_LOOKUP,
	STREAM_WAIT,		/* the server's backlog is full: again soon */
	STREAM_CONNECT,
	STREAM_OPEN,
	STREAM_IDLE,
	STREAM_CLOSED		/* freed when the last callback returns */
};

struct stream {
	struct stream		*next, *prev;
	struct backend		*backend;
	struct server		*server;
	const struct stream_ops	*ops;
	void			*arg;		/* of ops */
	enum stream_state	 state;
	int			 fd;
	unsigned int		 era;
	unsigned int		 busy;		/* callbacks it is in */
	size_t			 frames;	/* since opened or reused */
	size_t			 left;		/* bytes after this frame */
	size_t			 try;		/* index of the address */
	int			 resolved, reused, finish, finished;
	int			 upcall;	/* up() is due */
	int			 broken;	/* errno of a failed send */
	int64_t			 connect_by;
	int64_t			 due;		/* of this state, or 0 */
	int64_t			 again;		/* STREAM_WAIT: next try */
	int64_t			 reply_by;	/* or 0 */
	int64_t			 armed;		/* when the timer fires, or 0 */
	struct bytes		 in, out;
	struct event		 rd, wr, timer;
};

/* backend.c: the first worth trying from this one on; how many there are. */
struct server	*server_next(struct server *, int64_t now);
size_t		 server_count(struct server *, int64_t now);
/* The stream now tries this one; and what came of it. */
void		 server_take(struct server *, struct stream *);
void		 server_worked(struct stream *);	/* a frame */
void		 server_ended(struct stream *);		/* and all was well */
void		 server_left(struct stream *);		/* no verdict */
void		 server_failed(struct stream *, const char *why);

/*
 * connect.c.  All return 1: connected, 0: wait for s->wr and s->timer, -1:
 * nothing is left to try, backend->error says why.
 */
int		 connect_next(struct stream *);
int		 connect_ready(struct stream *);	/* s->wr fired */
int		 connect_wake(struct stream *);		/* s->timer fired */
int		 connect_address(const struct address *);
/* The backend goes away: a look-up in flight must forget it. */
void		 connect_forget(struct server *);

/* pool.c */
void		 list_add(struct stream **, struct stream *);
void		 list_remove(struct stream **, struct stream *);
struct stream	*pool_take(struct server *);
int		 pool_put(struct stream *);
void		 pool_drop(struct server *);

/* stream_io.c; stream_send() returns -1 if the socket must be waited for. */
int		 stream_send(struct stream *);
void		 stream_flush(struct stream *);
void		 stream_read(struct stream *);

/*
 * stream.c.  Off all lists, silently; the same and freed; the same with
 * gone() (from the event loop only); and a failure of the server's too.
 */
void		 stream_shut(struct stream *);
void		 stream_discard(struct stream *);
void		 stream_end(struct stream *, const char *why, size_t left);
void		 stream_bad(struct stream *, const char *why, size_t left);
void		 stream_soon(struct stream *);
void		 stream_writable(evutil_socket_t, short, void *);

#endif /* BACKEND_STREAM_H */

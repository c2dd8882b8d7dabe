/* SPDX-License-Identifier: ISC */
/*
 * What the files of backends and streams know of each other, and nobody else
 * but their tests.  From the top: backend.c, stream.c (the interface and the
 * events), stream_io.c (bytes), stream_pool.c (lists and ends); below these
 * dial.h, lookup.h, health.h and server.h, which know no streams.
 */

#ifndef STREAM_PRIVATE_H
#define STREAM_PRIVATE_H

#include "bytes.h"
#include "dial.h"
#include "lookup.h"

#define SCRATCH_SIZE	65536	/* read at once */

struct stream_ops;

struct backend {
	char			*name;
	struct server		*servers;
	struct loop		 loop;
	struct resolver		 resolver;
	struct stream		*live;
	size_t			 nidle, maxidle;
	int64_t			 idle_ms;
	int64_t			 rest_max;
	char			*scratch;
	char			 error[DIAL_ERROR];	/* of the last try */
};

enum stream_state {
	STREAM_DIAL,
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
	unsigned int		 era;		/* see health.h */
	unsigned int		 busy;		/* callbacks it is in */
	size_t			 frames;	/* since opened or reused */
	size_t			 left;		/* bytes after this frame */
	int			 reused, finish, finished;
	int			 upcall;	/* up() is due */
	int			 broken;	/* errno of a failed send */
	int64_t			 expires;	/* STREAM_IDLE */
	int64_t			 reply_by;	/* or 0 */
	int64_t			 armed;		/* when the timer fires, or 0 */
	struct bytes		 in, out;
	struct event		 rd, wr, timer;
	struct dial		 dial;
};

/* stream_pool.c: a new one among the living. */
void		 stream_enlist(struct stream *);
/* An idle connection, or NULL; to be idle: -1 if this one can't be. */
struct stream	*pool_take(struct backend *, struct server *);
int		 pool_put(struct stream *);
void		 pool_drop(struct server *);
/*
 * Off all lists, silently; the same and freed; the same with gone() (from the
 * event loop only); and a failure of the server's too.
 */
void		 stream_shut(struct stream *);
void		 stream_discard(struct stream *);
void		 stream_end(struct stream *, const char *why, size_t left);
void		 stream_bad(struct stream *, const char *why, size_t left);
void		 stream_failed(struct stream *, const char *why);
/* A callback of libevent's begins, and ends: until then s stays. */
void		 stream_enter(struct stream *);
void		 stream_leave(struct stream *);

/* stream_io.c; stream_send() returns -1 if the socket must be waited for. */
int		 stream_send(struct stream *);
void		 stream_flush(struct stream *);
void		 stream_read(struct stream *);

/* stream.c: a server's addresses are there; for the resolver. */
void		 stream_resolved(struct server *, void *backend);

#endif /* STREAM_PRIVATE_H */

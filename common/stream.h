/* SPDX-License-Identifier: ISC */
/*
 * One connection to a server, for request and reply protocols.  Non-blocking
 * from the name look-up on; every wait has a deadline.
 *
 * gone() is called exactly once, and last, whatever happens; after
 * stream_close() it is not called at all.  A stream frees itself after
 * gone(); inside of its callbacks stream_close() is allowed.
 */

#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

struct backend;
struct stream;

struct stream_ops {
	/*
	 * Connected (not called for one that came from the pool: it is).
	 * May be NULL.
	 */
	void	(*up)(struct stream *, void *arg);
	/*
	 * How long is the first frame of these len bytes: 0 if more are
	 * needed, SIZE_MAX if they can't be one (the stream ends with
	 * "protocol error").
	 */
	size_t	(*frame)(const void *, size_t len, void *arg);
	/*
	 * A frame, contiguous; valid until in() returns.  The deadline was
	 * met: whoever expects another frame sets it anew.
	 */
	void	(*in)(struct stream *, const void *, size_t len, void *arg);
	/*
	 * The end: why is NULL if the server closed in order (left is how
	 * many bytes it had sent that were no whole frame), else the reason:
	 * "connect: Connection refused", "timed out", "protocol error".
	 */
	void	(*gone)(const char *why, size_t left, void *arg);
	/* All that was written is sent: time for more.  May be NULL. */
	void	(*sent)(struct stream *, void *arg);
	size_t	  max;		/* longest frame; then "too long" */
};

/*
 * To the next server of the backend that is worth trying, or from its pool of
 * idle ones.  One that can't be reached is followed by the next, within ms,
 * the deadline for being connected.  What is written meanwhile waits.  NULL:
 * no server is worth trying now, or out of memory (backend_why()).
 */
struct stream	*stream_open(struct backend *, const struct stream_ops *,
		    void *arg, int64_t ms);

/* Was it idle in the pool?  Then a failure may only mean that it went stale. */
int		 stream_reused(const struct stream *);
/* "unix:/run/x.sock", "192.0.2.1:783": for the log. */
const char	*stream_peer(const struct stream *);

/*
 * Send a copy, and expect a frame or the end within ms milliseconds: 0 leaves
 * the deadline as it is, and no bytes only set it.  All that is written in one
 * go goes out together, when the event loop is back.  Returns 0, or -1: out of
 * memory (the stream is then as it was), or nothing can be sent any more.
 */
int		 stream_write(struct stream *, const void *, size_t,
		    int64_t ms);
/* Nothing more will be sent: shutdown(SHUT_WR) after what is buffered. */
void		 stream_finish(struct stream *);
/* Bytes that were written but not yet sent. */
size_t		 stream_pending(const struct stream *);

/*
 * The server did its job and the connection can serve another: to the pool.
 * It is closed instead if the pool is full or anything about it is odd.
 */
void		 stream_release(struct stream *);
/* What is buffered is sent as far as it can be at once.  NULL is allowed. */
void		 stream_close(struct stream *);
/* The server answered, but with nonsense: counts against it, then closes. */
void		 stream_fail(struct stream *, const char *why);

#endif /* STREAM_H */

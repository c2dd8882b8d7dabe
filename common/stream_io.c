/* SPDX-License-Identifier: ISC */
/*
 * The bytes of a stream that is open: what was written goes out, what comes
 * in is cut into frames where it was read to, and the server's hanging up is
 * judged.  The event loop keeps the stream in memory for as long as it is in here,
 * whatever the user does in a callback.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "health.h"
#include "stream.h"
#include "stream_private.h"

/* Returns -1 if sending must wait until the socket takes more. */
int
stream_send(struct stream *s)
{
	ssize_t	 n;

	while (s->out.len != 0) {
		n = send(s->fd, s->out.data + s->out.off, s->out.len,
		    MSG_NOSIGNAL);
		if (n >= 0) {
			bytes_drop(&s->out, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return -1;
		/* It may have answered before it hung up: read on. */
		s->broken = errno;
		bytes_clear(&s->out);
	}
	if (s->finish && !s->finished) {
		s->finished = 1;
		(void)shutdown(s->fd, SHUT_WR);
	}
	return 0;
}

void
stream_flush(struct stream *s)
{
	if (s->out.len == 0 && !s->finish)
		return;
	if (stream_send(s) == -1) {
		if (event_add(&s->wr, NULL) == -1)
			stream_end(s, "out of memory", 0);
		return;
	}
	if (s->ops->sent == NULL || s->broken || s->finished)
		return;
	s->ops->sent(s, s->arg);
}

/*
 * It hung up, in order or with a reset, which tells no more than that it had
 * not read all.  One that came from the pool and did not say a word was stale:
 * then its companions are too, and the server may be well.
 */
static void
stream_hangup(struct stream *s, const char *why)
{
	size_t	 left = s->in.len;

	if (s->reused && s->frames == 0 && left == 0)
		pool_drop(s->server);
	else if (s->frames == 0 || s->reply_by != 0)
		stream_failed(s, why != NULL ? why : "hung up");
	else
		health_ended(s->server, s->era);
	stream_end(s, why, left);
}

/* Hand over a frame.  Returns 0 if the stream is no longer ours to read. */
static int
stream_frame(struct stream *s, const char *data, size_t len)
{
	s->frames++;
	s->reply_by = 0;
	s->ops->in(s, data, len, s->arg);
	/* After in(): if that was nonsense, it has called stream_fail(). */
	health_worked(s->server, s->era);
	return s->state == STREAM_OPEN;
}

/* Returns what was used up, or -1 if the stream is no longer ours to read. */
static ssize_t
stream_frames(struct stream *s, const char *data, size_t len)
{
	size_t	 n, used = 0;

	while (used < len) {
		n = s->ops->frame(data + used, len - used, s->arg);
		if (n == SIZE_MAX) {
			stream_bad(s, "protocol error", len - used);
			return -1;
		}
		if (n > s->ops->max || ((n == 0 || n > len - used) &&
		    len - used > s->ops->max)) {
			stream_bad(s, "too long", len - used);
			return -1;
		}
		if (n == 0 || n > len - used)
			break;
		s->left = len - used - n;
		if (!stream_frame(s, data + used, n))
			return -1;
		used += n;
	}
	s->left = 0;
	return (ssize_t)used;
}

/* The begin of a frame lay in s->in; out of there in() must not find it. */
static void
stream_append(struct stream *s, const char *data, size_t len)
{
	struct bytes	 in = s->in;
	ssize_t		 used;

	if (bytes_add(&in, data, len) == -1) {
		stream_end(s, "out of memory", in.len);
		return;
	}
	memset(&s->in, 0, sizeof(s->in));
	if ((used = stream_frames(s, in.data + in.off, in.len)) == -1) {
		bytes_clear(&in);
		return;
	}
	bytes_drop(&in, (size_t)used);
	s->in = in;
}

/* Parsed where it was read to, as long as frames come whole. */
static void
stream_input(struct stream *s, const char *data, size_t len)
{
	ssize_t	 used;

	if (s->in.len != 0) {
		stream_append(s, data, len);
		return;
	}
	if ((used = stream_frames(s, data, len)) == -1)
		return;
	if ((size_t)used < len &&
	    bytes_add(&s->in, data + used, len - (size_t)used) == -1)
		stream_end(s, "out of memory", len - (size_t)used);
}

void
stream_read(struct stream *s)
{
	char	 why[128];
	ssize_t	 n;

	n = recv(s->fd, s->backend->scratch, SCRATCH_SIZE, 0);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		return;
	if (s->state == STREAM_IDLE) {
		/* Closed, or an answer to nothing: of no use. */
		stream_shut(s);
	} else if (n > 0)
		stream_input(s, s->backend->scratch, (size_t)n);
	else if (n == 0 && !s->broken)
		stream_hangup(s, NULL);
	else {
		(void)snprintf(why, sizeof(why), "%s: %s",
		    n == 0 ? "write" : "read",
		    strerror(n == 0 ? s->broken : errno));
		stream_hangup(s, why);
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * A connection's life: bytes out, frames in, one deadline, the pool.  What is
 * written goes out together when the loop's current batch of callbacks is
 * done, and the descriptor stays registered for reading all its life: a
 * request and its reply cost one send, one wait and one recv.
 *
 * Nothing here calls back from within a call of the user's: all callbacks
 * come from the event loop.  Fails by gone(), or NULL and -1 if memory is out.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "backend.h"
#include "backend_stream.h"
#include "compat.h"
#include "stream.h"

/* Off the lists and the loop; its memory stays while a callback is in it. */
void
stream_shut(struct stream *s)
{
	if (s->state == STREAM_IDLE) {
		list_remove(&s->server->idle, s);
		s->backend->nidle--;
	} else
		list_remove(&s->backend->live, s);
	if (s->state == STREAM_OPEN || s->state == STREAM_IDLE)
		event_del(&s->rd);
	if (s->fd != -1) {
		event_del(&s->wr);
		(void)close(s->fd);
		s->fd = -1;
	}
	event_del(&s->timer);
	server_left(s);
	s->state = STREAM_CLOSED;
}

static void
stream_free(struct stream *s)
{
	if (s->busy != 0)
		return;
	bytes_clear(&s->in);
	bytes_clear(&s->out);
	free(s);
}

void
stream_discard(struct stream *s)
{
	stream_shut(s);
	stream_free(s);
}

/* Every callback of libevent's ends with this: until then s stays. */
static void
stream_leave(struct stream *s)
{
	s->busy--;
	if (s->state == STREAM_CLOSED)
		stream_free(s);
}

/* The end, not by the user's wish. */
void
stream_end(struct stream *s, const char *why, size_t left)
{
	stream_shut(s);
	s->ops->gone(why, left, s->arg);
}

void
stream_bad(struct stream *s, const char *why, size_t left)
{
	server_failed(s, why);
	stream_end(s, why, left);
}

static int64_t
stream_due(const struct stream *s)
{
	int64_t	 due = s->due;

	if (s->reply_by != 0 && (due == 0 || s->reply_by < due))
		due = s->reply_by;
	if (s->state == STREAM_WAIT && s->again < due)
		due = s->again;
	return due;
}

/* A timer that fires too early is harmless: most need never be set anew. */
static int
stream_arm(struct stream *s)
{
	int64_t		 due = stream_due(s), ms;
	struct timeval	 tv;

	if (due == 0 || (s->armed != 0 && s->armed <= due))
		return 0;
	if ((ms = due - s->backend->clock()) < 0)
		ms = 0;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	if (event_add(&s->timer, &tv) == -1)
		return -1;
	s->armed = due;
	return 0;
}

/* EV_WRITE is not the socket's word but stream_write()'s: send the batch. */
static void
stream_event(evutil_socket_t fd, short what, void *arg)
{
	struct stream	*s = arg;

	s->busy++;
	if (what & EV_WRITE && s->state == STREAM_OPEN)
		stream_flush(s);
	if (what & EV_READ && s->state != STREAM_CLOSED)
		stream_read(s);
	stream_leave(s);
}

/*
 * Have stream_timer() called in this round of the loop, not from here.  Not
 * with EV_TIMEOUT: event_add() takes that back.
 */
void
stream_soon(struct stream *s)
{
	event_active(&s->timer, EV_WRITE, 0);
}

static int
stream_connected(struct stream *s)
{
	event_assign(&s->rd, s->backend->base, s->fd, EV_READ | EV_PERSIST,
	    stream_event, s);
	s->due = 0;
	s->state = STREAM_OPEN;
	if (event_add(&s->rd, NULL) == -1)
		return -1;
	if (s->out.len != 0 || s->finish)
		event_active(&s->rd, EV_WRITE, 0);
	if (s->ops->up != NULL) {
		s->upcall = 1;
		stream_soon(s);
	}
	return 0;
}

/* r is what connect.c made of it. */
static int
stream_progress(struct stream *s, int r)
{
	if (r == -1)
		return -1;
	if ((r == 1 && stream_connected(s) == -1) || stream_arm(s) == -1) {
		(void)strlcpy(s->backend->error, "out of memory",
		    sizeof(s->backend->error));
		return -1;
	}
	return 0;
}

/* As above, from the event loop. */
static void
stream_advance(struct stream *s, int r)
{
	char	 why[sizeof(s->backend->error)];

	if (stream_progress(s, r) == 0)
		return;
	/* gone() may well open another, which changes error. */
	(void)strlcpy(why, s->backend->error, sizeof(why));
	stream_end(s, why, 0);
}

void
stream_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream	*s = arg;

	s->busy++;
	if (s->state == STREAM_OPEN)
		stream_flush(s);
	else if (s->state == STREAM_CONNECT)
		stream_advance(s, connect_ready(s));
	stream_leave(s);
}

static void
stream_up(struct stream *s)
{
	s->upcall = 0;
	if (s->state == STREAM_OPEN)
		s->ops->up(s, s->arg);
}

static void
stream_timer(evutil_socket_t fd, short what, void *arg)
{
	struct stream	*s = arg;
	int64_t		 now = s->backend->clock();

	s->armed = 0;
	s->busy++;
	if (s->upcall)
		stream_up(s);
	if (s->state == STREAM_IDLE && now >= s->due)
		stream_shut(s);
	else if (s->state == STREAM_OPEN && s->reply_by != 0 &&
	    now >= s->reply_by)
		stream_bad(s, "timed out", s->in.len);
	else if (s->state < STREAM_OPEN)
		stream_advance(s, connect_wake(s));
	if (s->state != STREAM_CLOSED && stream_arm(s) == -1) {
		if (s->state == STREAM_IDLE)
			stream_shut(s);
		else
			stream_end(s, "out of memory", s->in.len);
	}
	stream_leave(s);
}

static struct stream *
stream_new(struct backend *b, struct server *srv)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->backend = b;
	s->fd = -1;
	event_assign(&s->timer, b->base, -1, 0, stream_timer, s);
	server_take(srv, s);
	list_add(&b->live, s);
	return s;
}

struct stream *
stream_open(struct backend *b, const struct stream_ops *ops, void *arg,
    int64_t ms)
{
	struct server	*srv;
	struct stream	*s;
	int64_t		 now = b->clock();

	b->error[0] = '\0';
	if ((srv = server_next(b->servers, now)) == NULL)
		return NULL;
	if ((s = pool_take(srv)) == NULL &&
	    (s = stream_new(b, srv)) == NULL) {
		(void)snprintf(b->error, sizeof(b->error), "out of memory");
		return NULL;
	}
	s->ops = ops;
	s->arg = arg;
	if (s->reused)
		return s;
	s->connect_by = now + ms;
	if (stream_progress(s, connect_next(s)) == -1) {
		stream_discard(s);
		return NULL;
	}
	return s;
}

int
stream_reused(const struct stream *s)
{
	return s->reused;
}

const char *
stream_peer(const struct stream *s)
{
	return s->server->label;
}

int
stream_write(struct stream *s, const void *data, size_t len, int64_t ms)
{
	int64_t	 before = s->reply_by;

	if (s->state == STREAM_CLOSED || s->finish)
		return -1;
	if (bytes_add(&s->out, data, len) == -1)
		return -1;
	if (ms != 0)
		s->reply_by = s->backend->clock() + ms;
	if (stream_arm(s) == -1) {
		s->reply_by = before;
		s->out.len -= len;
		return -1;
	}
	/* If some was waiting before, its sending is on the way. */
	if (s->state == STREAM_OPEN && len != 0 && s->out.len == len)
		event_active(&s->rd, EV_WRITE, 0);
	return 0;
}

void
stream_finish(struct stream *s)
{
	if (s->state == STREAM_CLOSED)
		return;
	s->finish = 1;
	if (s->state == STREAM_OPEN && s->out.len == 0)
		event_active(&s->rd, EV_WRITE, 0);
}

size_t
stream_pending(const struct stream *s)
{
	return s->out.len;
}

void
stream_release(struct stream *s)
{
	if (pool_put(s) == -1)
		stream_close(s);
	else if (stream_arm(s) == -1)
		stream_discard(s);
}

void
stream_close(struct stream *s)
{
	if (s == NULL || s->state == STREAM_CLOSED)
		return;
	/* A last word, such as QUIT, if it can be said at once. */
	if (s->state == STREAM_OPEN)
		(void)stream_send(s);
	if (s->frames != 0 && s->reply_by == 0)
		server_ended(s);
	stream_discard(s);
}

void
stream_fail(struct stream *s, const char *why)
{
	if (s->state == STREAM_CLOSED)
		return;
	server_failed(s, why);
	stream_close(s);
}

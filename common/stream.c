/* SPDX-License-Identifier: ISC */
/*
 * Streams: the interface, and the events behind it.  What is written goes out
 * together when the loop's current batch of callbacks is done, and the
 * descriptor stays registered for reading all its life: a request and its
 * reply cost one send, one wait and one recv.
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
#include "compat.h"
#include "health.h"
#include "server.h"
#include "stream.h"
#include "stream_private.h"

static void	stream_writable(evutil_socket_t, short, void *);

static int64_t
stream_due(const struct stream *s)
{
	int64_t	 due = 0;

	if (s->state == STREAM_DIAL)
		due = dial_due(&s->dial);
	else if (s->state == STREAM_IDLE)
		due = s->expires;
	if (s->reply_by != 0 && (due == 0 || s->reply_by < due))
		due = s->reply_by;
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
	if ((ms = due - s->backend->loop.clock()) < 0)
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

	stream_enter(s);
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
static void
stream_soon(struct stream *s)
{
	event_active(&s->timer, EV_WRITE, 0);
}

static int
stream_connected(struct stream *s)
{
	struct event_base	*base = s->backend->loop.base;

	s->fd = s->dial.fd;
	event_assign(&s->rd, base, s->fd, EV_READ | EV_PERSIST, stream_event,
	    s);
	event_assign(&s->wr, base, s->fd, EV_WRITE, stream_writable, s);
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

/* r is what dial.h says came of it. */
static int
stream_progress(struct stream *s, int r)
{
	s->server = s->dial.server;
	s->era = s->dial.era;
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

static void
stream_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream	*s = arg;

	stream_enter(s);
	if (s->state == STREAM_OPEN)
		stream_flush(s);
	else if (s->state == STREAM_DIAL && s->dial.state == DIAL_CONNECT)
		stream_advance(s, dial_ready(&s->dial));
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
	int64_t		 now = s->backend->loop.clock();

	s->armed = 0;
	stream_enter(s);
	if (s->upcall)
		stream_up(s);
	if (s->state == STREAM_IDLE && now >= s->expires)
		stream_shut(s);
	else if (s->state == STREAM_OPEN && s->reply_by != 0 &&
	    now >= s->reply_by)
		stream_bad(s, "timed out", s->in.len);
	else if (s->state == STREAM_DIAL)
		stream_advance(s, dial_wake(&s->dial, s->reply_by));
	if (s->state != STREAM_CLOSED && stream_arm(s) == -1) {
		if (s->state == STREAM_IDLE)
			stream_shut(s);
		else
			stream_end(s, "out of memory", s->in.len);
	}
	stream_leave(s);
}

/* Wake those who wait for it: not from here, in the middle of evdns. */
void
stream_resolved(struct server *srv, void *backend)
{
	struct backend	*b = backend;
	struct stream	*s;

	for (s = b->live; s != NULL; s = s->next) {
		if (s->state == STREAM_DIAL && s->dial.server == srv &&
		    s->dial.state == DIAL_LOOKUP) {
			s->dial.resolved = 1;
			stream_soon(s);
		}
	}
}

static struct stream *
stream_new(struct backend *b, struct server *srv)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->backend = b;
	s->server = srv;
	s->fd = -1;
	s->dial.loop = &b->loop;
	s->dial.resolver = &b->resolver;
	s->dial.writable = stream_writable;
	s->dial.arg = s;
	s->dial.error = b->error;
	event_assign(&s->timer, b->loop.base, -1, 0, stream_timer, s);
	stream_enlist(s);
	return s;
}

struct stream *
stream_open(struct backend *b, const struct stream_ops *ops, void *arg,
    int64_t ms)
{
	struct server	*srv;
	struct stream	*s;
	int64_t		 now = b->loop.clock();

	b->error[0] = '\0';
	if ((srv = health_next(b->servers, now)) == NULL)
		return NULL;
	if ((s = pool_take(b, srv)) == NULL &&
	    (s = stream_new(b, srv)) == NULL) {
		(void)snprintf(b->error, sizeof(b->error), "out of memory");
		return NULL;
	}
	s->ops = ops;
	s->arg = arg;
	if (s->reused)
		return s;
	if (stream_progress(s, dial_begin(&s->dial, srv, now + ms)) == -1) {
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

	if (s->state == STREAM_CLOSED || (s->finish && len != 0))
		return -1;
	if (bytes_add(&s->out, data, len) == -1)
		return -1;
	if (ms != 0)
		s->reply_by = s->backend->loop.clock() + ms;
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
		health_ended(s->server, s->era);
	stream_discard(s);
}

void
stream_fail(struct stream *s, const char *why)
{
	if (s->state == STREAM_CLOSED)
		return;
	stream_failed(s, why);
	stream_close(s);
}

/* SPDX-License-Identifier: ISC */
/*
 * Where streams are and how they end: those that live, and idle connections by
 * server, latest first, which get old and expire when they are not needed.
 * Whatever is odd about an idle one, it is closed.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "health.h"
#include "server.h"
#include "stream.h"
#include "stream_private.h"

static void
list_add(struct stream **head, struct stream *s)
{
	s->prev = NULL;
	if ((s->next = *head) != NULL)
		s->next->prev = s;
	*head = s;
}

static void
list_remove(struct stream **head, struct stream *s)
{
	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		*head = s->next;
}

void
stream_enlist(struct stream *s)
{
	list_add(&s->backend->live, s);
}

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
	if (s->state == STREAM_DIAL)
		dial_stop(&s->dial);
	if (s->fd != -1) {
		event_del(&s->wr);
		(void)close(s->fd);
		s->fd = -1;
	}
	event_del(&s->timer);
	health_left(s->server, s);
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

void
stream_enter(struct stream *s)
{
	s->busy++;
}

void
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

/*
 * Quiet is what an idle connection must be, or its next reply is not ours.  One
 * that was read to its end in this very millisecond is taken to be.
 */
static int
pool_quiet(const struct stream *s, int64_t now)
{
	char	 c;

	if (s->expires == now + s->backend->idle_ms)
		return 1;
	return recv(s->fd, &c, 1, MSG_PEEK) == -1 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK);
}

struct stream *
pool_take(struct backend *b, struct server *srv)
{
	struct stream	*s;
	int64_t		 now = b->loop.clock();

	while ((s = srv->idle) != NULL &&
	    (s->era != srv->era || !pool_quiet(s, now)))
		stream_discard(s);
	if (s == NULL)
		return NULL;
	list_remove(&srv->idle, s);
	b->nidle--;
	list_add(&b->live, s);
	s->era = health_take(srv, s);
	s->state = STREAM_OPEN;
	s->reused = 1;
	s->frames = 0;
	return s;
}

/* Returns -1 if this one can't be used again. */
int
pool_put(struct stream *s)
{
	struct backend	*b = s->backend;

	if (s->state != STREAM_OPEN || s->out.len != 0 || s->in.len != 0 ||
	    s->left != 0 || s->finish || s->broken || s->upcall ||
	    s->era != s->server->era || b->nidle >= b->maxidle)
		return -1;
	health_ended(s->server, s->era);
	health_left(s->server, s);
	list_remove(&b->live, s);
	list_add(&s->server->idle, s);
	b->nidle++;
	s->state = STREAM_IDLE;
	s->reply_by = 0;
	s->expires = b->loop.clock() + b->idle_ms;
	return 0;
}

void
pool_drop(struct server *srv)
{
	while (srv->idle != NULL)
		stream_discard(srv->idle);
}

/* The others that wait in the pool saw the same server. */
void
stream_failed(struct stream *s, const char *why)
{
	if (health_failed(s->server, s->era, s, why,
	    s->backend->loop.clock()))
		pool_drop(s->server);
}

void
stream_bad(struct stream *s, const char *why, size_t left)
{
	stream_failed(s, why);
	stream_end(s, why, left);
}

/* SPDX-License-Identifier: ISC */
/*
 * Idle connections of a backend, kept by server, latest first: those that are
 * not needed get old and expire.  Whatever is odd about one, it is closed.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>

#include <event2/event.h>

#include "backend_stream.h"
#include "stream.h"

void
list_add(struct stream **head, struct stream *s)
{
	s->prev = NULL;
	if ((s->next = *head) != NULL)
		s->next->prev = s;
	*head = s;
}

void
list_remove(struct stream **head, struct stream *s)
{
	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		*head = s->next;
}

/* Quiet is what an idle connection must be, or its next reply is not ours. */
static int
pool_quiet(const struct stream *s)
{
	char	 c;

	return recv(s->fd, &c, 1, MSG_PEEK) == -1 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK);
}

struct stream *
pool_take(struct server *srv)
{
	struct stream	*s;

	while ((s = srv->idle) != NULL && !pool_quiet(s))
		stream_discard(s);
	if (s == NULL)
		return NULL;
	list_remove(&srv->idle, s);
	srv->backend->nidle--;
	list_add(&srv->backend->live, s);
	server_take(srv, s);
	s->state = STREAM_OPEN;
	s->reused = 1;
	s->frames = 0;
	s->due = 0;
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
	server_ended(s);
	server_left(s);
	list_remove(&b->live, s);
	list_add(&s->server->idle, s);
	b->nidle++;
	s->state = STREAM_IDLE;
	s->reply_by = 0;
	s->due = b->clock() + b->idle_ms;
	return 0;
}

void
pool_drop(struct server *srv)
{
	while (srv->idle != NULL)
		stream_discard(srv->idle);
}

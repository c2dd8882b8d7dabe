/* SPDX-License-Identifier: ISC */
/*
 * See dial.h.  Running out of descriptors, memory or ports is our own fault:
 * it is not held against a server.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "health.h"
#include "lookup.h"
#include "server.h"

#define DIAL_AGAIN	20	/* ms until a full backlog is tried again */
#define DIAL_OURS	(-2)	/* failed, and not for the server's fault */

static int
error_is_ours(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS || error == EADDRNOTAVAIL;
}

static void
dial_error(struct dial *d, const char *what, const char *why)
{
	(void)snprintf(d->error, DIAL_ERROR, "%s: %s", what, why);
}

/* Its share: what can be tried after this must have its time too. */
static void
dial_share(struct dial *d, size_t addrs)
{
	int64_t	 now = d->loop->clock(), left;

	left = d->by > now ? d->by - now : 0;
	d->due = now + left /
	    (int64_t)(addrs + health_count(d->server->next, now));
}

static void
dial_take(struct dial *d, struct server *srv)
{
	d->server = srv;
	d->era = health_take(srv, d->arg);
	d->try = 0;
	d->resolved = 0;
}

static void
dial_failed(struct dial *d)
{
	(void)health_failed(d->server, d->era, d->arg, d->error,
	    d->loop->clock());
}

void
dial_stop(struct dial *d)
{
	if (d->fd == -1)
		return;
	(void)event_del(&d->wr);
	(void)close(d->fd);
	d->fd = -1;
}

/* One address: -1 tells of this one only. */
static int
try_address(struct dial *d)
{
	const struct address	*a = &d->server->addrs[d->try];
	int			 error;

	d->fd = server_socket(a);
	error = errno;
	if (d->fd == -1 && error == EAGAIN && a->ss.ss_family == AF_UNIX) {
		d->state = DIAL_WAIT;
		d->again = d->loop->clock() + DIAL_AGAIN;
		return 0;
	}
	if (d->fd == -1) {
		dial_error(d, "connect", strerror(error));
		return a->call != NULL || error_is_ours(error) ? DIAL_OURS :
		    -1;
	}
	d->state = DIAL_CONNECT;
	(void)event_assign(&d->wr, d->loop->base, d->fd, EV_WRITE,
	    d->writable, d->arg);
	if (error == 0)
		return 1;
	if (event_add(&d->wr, NULL) == 0)
		return 0;
	dial_stop(d);
	dial_error(d, "connect", strerror(ENOMEM));
	return DIAL_OURS;
}

/* All addresses of this server, from d->try on. */
static int
try_server(struct dial *d)
{
	struct server	*srv = d->server;
	int		 r;

	if (!d->resolved && lookup_needed(srv, d->loop->clock())) {
		dial_share(d, 1);
		d->state = DIAL_LOOKUP;
		if (lookup_begin(d->resolver, srv) == 0)
			return 0;
		dial_error(d, "lookup", strerror(ENOMEM));
		return DIAL_OURS;
	}
	if (srv->naddrs == 0)
		dial_error(d, "lookup", srv->lookup_error);
	for (; d->try < srv->naddrs; d->try++) {
		dial_share(d, srv->naddrs - d->try);
		if ((r = try_address(d)) != -1)
			return r;
	}
	return -1;
}

static int
try_all(struct dial *d)
{
	struct server	*srv;
	int		 r;

	while ((r = try_server(d)) == -1) {
		dial_failed(d);
		srv = health_next(d->server->next, d->loop->clock());
		if (srv == NULL)
			break;
		dial_take(d, srv);
	}
	return r == DIAL_OURS ? -1 : r;
}

int
dial_begin(struct dial *d, struct server *srv, int64_t by)
{
	d->fd = -1;
	d->by = by;
	dial_take(d, srv);
	return try_all(d);
}

static int
try_other(struct dial *d)
{
	dial_stop(d);
	d->try++;
	return try_all(d);
}

int
dial_ready(struct dial *d)
{
	int		 error = 0;
	socklen_t	 len = sizeof(error);

	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0)
		return 1;
	dial_error(d, "connect", strerror(error));
	return try_other(d);
}

static int
dial_late(struct dial *d, int all)
{
	dial_error(d, d->state == DIAL_LOOKUP ? "lookup" : "connect",
	    "timed out");
	if (all) {
		dial_failed(d);
		return -1;
	}
	if (d->state != DIAL_LOOKUP)
		return try_other(d);
	/* Its addresses of old may still do. */
	d->resolved = 1;
	return try_all(d);
}

int
dial_wake(struct dial *d, int64_t reply_by)
{
	int64_t	 now = d->loop->clock();
	int	 over = reply_by != 0 && now >= reply_by;
	int	 r;

	if (d->state == DIAL_LOOKUP && d->resolved)
		return try_all(d);
	if (now >= d->due || over)
		return dial_late(d, now >= d->by || over);
	if (d->state != DIAL_WAIT || now < d->again)
		return 0;
	if ((r = try_address(d)) == -1)
		return try_other(d);
	return r == DIAL_OURS ? -1 : r;
}

int64_t
dial_due(const struct dial *d)
{
	return d->state == DIAL_WAIT && d->again < d->due ? d->again : d->due;
}

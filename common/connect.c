/* SPDX-License-Identifier: ISC */
/*
 * From a backend to a connected socket: names are looked up by evdns, so that
 * none ever blocks; each address of a server gets its share of the time left,
 * then the next server that is worth trying.  Nothing was sent by then, so
 * failing over is free.
 *
 * Fails by -1 and backend->error.  Running out of descriptors, memory or
 * ports is our own fault: it is not held against a server.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "backend.h"
#include "backend_stream.h"
#include "log.h"
#include "stream.h"

#define CONNECT_AGAIN	20	/* ms until a full backlog is tried again */
#define LOOKUP_FRESH	60000	/* ms; getaddrinfo does not tell the TTL */
#define LOOKUP_STALE	5000	/* after a failed one, old addresses serve */

#define CONNECT_OURS	(-2)	/* failed, and not for the server's fault */

struct lookup {
	struct server	*server;	/* NULL: forgotten */
};

/* A socket that is connecting or connected (errno tells), or -1. */
int
connect_address(const struct address *a)
{
	int	 fd, one = 1, saved;

	fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -1;
	if (a->ss.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	errno = 0;
	if (connect(fd, (const struct sockaddr *)&a->ss, a->len) == 0 ||
	    errno == EINPROGRESS || errno == EINTR)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static int
connect_ours(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS || error == EADDRNOTAVAIL;
}

static void
connect_error(struct stream *s, const char *what, const char *why)
{
	(void)snprintf(s->backend->error, sizeof(s->backend->error), "%s: %s",
	    what, why);
}

/* Its share: what can be tried after this must have its time too. */
static void
connect_share(struct stream *s, size_t addrs)
{
	int64_t	 now = s->backend->clock(), left;

	left = s->connect_by > now ? s->connect_by - now : 0;
	s->due = now + left /
	    (int64_t)(addrs + server_count(s->server->next, now));
}

static void
connect_drop(struct stream *s)
{
	if (s->fd == -1)
		return;
	event_del(&s->wr);
	(void)close(s->fd);
	s->fd = -1;
}

/* Wake those who wait for it: not from here, in the middle of evdns. */
static void
lookup_done(struct server *srv)
{
	struct stream	*s;

	for (s = srv->backend->live; s != NULL; s = s->next) {
		if (s->server == srv && s->state == STREAM_LOOKUP) {
			s->resolved = 1;
			stream_soon(s);
		}
	}
}

static void
lookup_keep(struct server *srv, int error, const struct evutil_addrinfo *ai)
{
	struct address	*a;

	if (error != 0 || ai == NULL) {
		srv->backend->dns_bad = 1;
		srv->lookup_error = evutil_gai_strerror(error);
		if (srv->naddrs != 0)
			srv->fresh = srv->backend->clock() + LOOKUP_STALE;
		return;
	}
	srv->fresh = srv->backend->clock() + LOOKUP_FRESH;
	srv->naddrs = 0;
	for (; ai != NULL && srv->naddrs < SERVER_ADDRS; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(a->ss))
			continue;
		a = &srv->addrs[srv->naddrs++];
		memcpy(&a->ss, ai->ai_addr, ai->ai_addrlen);
		a->len = ai->ai_addrlen;
	}
}

static void
lookup_answer(int error, struct evutil_addrinfo *res, void *arg)
{
	struct lookup	*l = arg;
	struct server	*srv = l->server;

	free(l);
	if (srv != NULL) {
		srv->lookup = NULL;
		srv->backend->lookups--;
		lookup_keep(srv, error, res);
		lookup_done(srv);
	}
	if (res != NULL)
		evutil_freeaddrinfo(res);
}

/* After a failure resolv.conf is read again: it may have changed. */
static int
lookup_start(struct backend *b)
{
	int	 flags = DNS_OPTIONS_ALL;

	if (b->dns == NULL) {
		b->dns = evdns_base_new(b->base,
		    EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		if (b->dns == NULL)
			return -1;
	} else if (b->dns_bad && b->lookups == 0) {
		/* The hosts file would be added to what is known of it. */
		flags &= ~DNS_OPTION_HOSTSFILE;
		(void)evdns_base_clear_nameservers_and_suspend(b->dns);
	} else
		return 0;
	b->dns_bad = 0;
	/* Without that file it asks 127.0.0.1. */
	(void)evdns_base_resolv_conf_parse(b->dns, flags, b->resolv_conf);
	(void)evdns_base_resume(b->dns);
	return 0;
}

static int
lookup_server(struct server *srv)
{
	struct evutil_addrinfo	 hints;

	if (srv->lookup != NULL)
		return 0;
	if (lookup_start(srv->backend) == -1)
		return -1;
	if ((srv->lookup = calloc(1, sizeof(*srv->lookup))) == NULL)
		return -1;
	srv->lookup->server = srv;
	srv->lookup_error = "timed out";
	srv->backend->lookups++;
	memset(&hints, 0, sizeof(hints));
	hints.ai_family = srv->family;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_protocol = IPPROTO_TCP;
	/* The answer may come before this returns. */
	(void)evdns_getaddrinfo(srv->backend->dns, srv->host, srv->port,
	    &hints, lookup_answer, srv->lookup);
	return 0;
}

void
connect_forget(struct server *srv)
{
	if (srv->lookup != NULL)
		srv->lookup->server = NULL;
	srv->lookup = NULL;
}

/* One address: -1 tells of this one only. */
static int
connect_try(struct stream *s)
{
	const struct address	*a = &s->server->addrs[s->try];
	int			 error;

	s->fd = connect_address(a);
	error = errno;
	if (s->fd == -1 && error == EAGAIN && a->ss.ss_family == AF_UNIX) {
		s->state = STREAM_WAIT;
		s->again = s->backend->clock() + CONNECT_AGAIN;
		return 0;
	}
	if (s->fd == -1) {
		connect_error(s, "connect", strerror(error));
		return connect_ours(error) ? CONNECT_OURS : -1;
	}
	s->state = STREAM_CONNECT;
	event_assign(&s->wr, s->backend->base, s->fd, EV_WRITE,
	    stream_writable, s);
	if (error == 0)
		return 1;
	if (event_add(&s->wr, NULL) == 0)
		return 0;
	connect_drop(s);
	connect_error(s, "connect", strerror(ENOMEM));
	return CONNECT_OURS;
}

/* All addresses of this server, from s->try on. */
static int
connect_server(struct stream *s)
{
	struct server	*srv = s->server;
	int		 r;

	if (srv->host != NULL && !s->resolved &&
	    s->backend->clock() >= srv->fresh) {
		connect_share(s, 1);
		s->state = STREAM_LOOKUP;
		if (lookup_server(srv) == 0)
			return 0;
		connect_error(s, "lookup", strerror(ENOMEM));
		return CONNECT_OURS;
	}
	if (srv->naddrs == 0)
		connect_error(s, "lookup", srv->lookup_error);
	for (; s->try < srv->naddrs; s->try++) {
		connect_share(s, srv->naddrs - s->try);
		if ((r = connect_try(s)) != -1)
			return r;
	}
	return -1;
}

int
connect_next(struct stream *s)
{
	struct server	*srv;
	int		 r;

	while ((r = connect_server(s)) == -1) {
		server_failed(s, s->backend->error);
		srv = server_next(s->server->next, s->backend->clock());
		if (srv == NULL)
			break;
		server_take(srv, s);
	}
	return r == CONNECT_OURS ? -1 : r;
}

static int
connect_other(struct stream *s)
{
	connect_drop(s);
	s->try++;
	return connect_next(s);
}

int
connect_ready(struct stream *s)
{
	int		 error = 0;
	socklen_t	 len = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0)
		return 1;
	connect_error(s, "connect", strerror(error));
	return connect_other(s);
}

static int
connect_late(struct stream *s, int64_t now)
{
	connect_error(s, s->state == STREAM_LOOKUP ? "lookup" : "connect",
	    "timed out");
	if (now >= s->connect_by || (s->reply_by != 0 && now >= s->reply_by)) {
		server_failed(s, s->backend->error);
		return -1;
	}
	if (s->state != STREAM_LOOKUP)
		return connect_other(s);
	/* Its addresses of old may still do. */
	s->resolved = 1;
	return connect_next(s);
}

int
connect_wake(struct stream *s)
{
	int64_t	 now = s->backend->clock();
	int	 r;

	if (s->state == STREAM_LOOKUP && s->resolved)
		return connect_next(s);
	if (now >= s->due || (s->reply_by != 0 && now >= s->reply_by))
		return connect_late(s, now);
	if (s->state != STREAM_WAIT || now < s->again)
		return 0;
	if ((r = connect_try(s)) == -1)
		return connect_other(s);
	return r == CONNECT_OURS ? -1 : r;
}

/* Returns 0, or why not. */
static int
check_address(const struct address *a, int64_t ms)
{
	struct pollfd	 pfd = { .events = POLLOUT };
	int		 error = 0, n;
	socklen_t	 len = sizeof(error);

	if ((pfd.fd = connect_address(a)) == -1)
		return errno;
	if ((n = poll(&pfd, 1, ms > 1 << 30 ? 1 << 30 : (int)ms)) == 0)
		error = ETIMEDOUT;
	else if (n == -1 || getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &error,
	    &len) == -1)
		error = errno;
	(void)close(pfd.fd);
	return error;
}

static const char *
check_host(struct server *srv, int64_t ms)
{
	struct addrinfo	 hints, *res, *ai;
	struct address	 a;
	int		 error;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = srv->family;
	hints.ai_socktype = SOCK_STREAM;
	if ((error = getaddrinfo(srv->host, srv->port, &hints, &res)) != 0)
		return gai_strerror(error);
	error = ETIMEDOUT;
	for (ai = res; ai != NULL && error != 0; ai = ai->ai_next) {
		memcpy(&a.ss, ai->ai_addr, ai->ai_addrlen);
		a.len = ai->ai_addrlen;
		error = check_address(&a, ms);
	}
	freeaddrinfo(res);
	return error == 0 ? NULL : strerror(error);
}

int
backend_check(struct backend *b, int64_t ms)
{
	struct server	*srv;
	const char	*why;
	int		 error, ret = -1;

	for (srv = b->servers; srv != NULL; srv = srv->next) {
		if (srv->host != NULL)
			why = check_host(srv, ms);
		else
			why = (error = check_address(&srv->addrs[0], ms)) == 0 ?
			    NULL : strerror(error);
		if (why == NULL)
			ret = 0;
		else
			log_warnx("%s: %s: %s", b->name, srv->label, why);
	}
	return ret;
}

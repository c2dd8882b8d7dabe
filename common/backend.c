/* SPDX-License-Identifier: ISC */
/*
 * A service and its servers, see backend.h.
 *
 * backend_new() exits if memory is out; all else returns what is wrong.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/util.h>

#include "backend.h"
#include "clock.h"
#include "health.h"
#include "log.h"
#include "server.h"
#include "stream.h"
#include "stream_private.h"

struct backend *
backend_new(const char *name)
{
	struct backend	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->name = strdup(name)) == NULL ||
	    (b->scratch = malloc(SCRATCH_SIZE)) == NULL)
		fatal("%s", name);
	b->rest_max = HEALTH_REST_MAX;
	b->loop.clock = clock_ms;
	b->resolver.loop = &b->loop;
	b->resolver.resolv_conf = "/etc/resolv.conf";
	b->resolver.done = stream_resolved;
	b->resolver.arg = b;
	return b;
}

void
backend_free(struct backend *b)
{
	struct server	*srv;

	if (b == NULL)
		return;
	while (b->live != NULL)
		stream_close(b->live);
	while ((srv = b->servers) != NULL) {
		pool_drop(srv);
		lookup_forget(srv);
		b->servers = srv->next;
		server_free(srv);
	}
	lookup_end(&b->resolver);
	free(b->name);
	free(b->scratch);
	free(b);
}

static void
add(struct backend *b, struct server *srv)
{
	struct server	**last;

	srv->service = b->name;
	srv->rest_max = b->rest_max;
	for (last = &b->servers; *last != NULL; last = &(*last)->next)
		continue;
	*last = srv;
}

const char *
backend_add(struct backend *b, const char *where, int port)
{
	struct server	*srv;
	const char	*error;

	if ((error = server_new(where, port, &srv)) == NULL)
		add(b, srv);
	return error;
}

const char *
backend_add_call(struct backend *b, const char *label, int (*call)(void *),
    void *arg)
{
	struct server	*srv;
	const char	*error;

	if ((error = server_new_call(label, call, arg, &srv)) == NULL)
		add(b, srv);
	return error;
}

void
backend_start(struct backend *b, struct event_base *base)
{
	/* Opens its source of randomness now: later the sandbox may not. */
	(void)evutil_secure_rng_init();
	b->loop.base = base;
}

void
backend_pool(struct backend *b, size_t max, int64_t ms)
{
	b->maxidle = ms > 0 ? max : 0;
	b->idle_ms = ms;
}

void
backend_rest(struct backend *b, int64_t ms)
{
	struct server	*srv;

	/* A quarter of it is for the jitter. */
	b->rest_max = ms < 4 ? 4 : ms > HEALTH_REST_MAX ? HEALTH_REST_MAX : ms;
	for (srv = b->servers; srv != NULL; srv = srv->next)
		srv->rest_max = b->rest_max;
}

int
backend_ready(const struct backend *b)
{
	return health_next(b->servers, b->loop.clock()) != NULL;
}

int
backend_probes(const struct backend *b)
{
	struct server	*srv = health_next(b->servers, b->loop.clock());

	return srv != NULL && srv->until != 0;
}

int64_t
backend_wait(const struct backend *b)
{
	int64_t		 now = b->loop.clock(), wait = b->rest_max;
	struct server	*srv;

	if (health_next(b->servers, now) != NULL)
		return 0;
	for (srv = b->servers; srv != NULL; srv = srv->next) {
		if (srv->probe == NULL && srv->until - now < wait)
			wait = srv->until - now;
	}
	return wait;
}

const char *
backend_why(const struct backend *b)
{
	static char	 why[512];
	struct server	*srv, *first = b->servers;
	int64_t		 now = b->loop.clock();

	for (srv = b->servers; srv != NULL; srv = srv->next) {
		if (srv->until < first->until)
			first = srv;
	}
	if (first == NULL)
		(void)snprintf(why, sizeof(why), "%s: no server", b->name);
	else if (backend_ready(b))
		(void)snprintf(why, sizeof(why), "%s: %s", b->name,
		    b->error[0] != '\0' ? b->error : "ready");
	else if (now >= first->until)
		(void)snprintf(why, sizeof(why), "%s: %s: %s (being tried)",
		    b->name, first->label, first->why);
	else
		(void)snprintf(why, sizeof(why),
		    "%s: %s: %s (next try in %lld s)", b->name, first->label,
		    first->why, (long long)(first->until - now + 999) / 1000);
	return why;
}

/* Returns 0, or why not. */
static int
check_address(const struct address *a, int64_t ms)
{
	struct pollfd	 pfd = { .events = POLLOUT };
	int		 error = 0, n;
	socklen_t	 len = sizeof(error);

	if ((pfd.fd = server_socket(a)) == -1)
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
	memset(&a, 0, sizeof(a));
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

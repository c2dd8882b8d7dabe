/* SPDX-License-Identifier: ISC */
/*
 * Where a service lives: the list of servers as the operator wrote it, and
 * the health of each.  A failure counts once, however many streams it hits:
 * streams that were begun before it know nothing new.
 *
 * backend_new() exits if memory is out; all else returns what is wrong.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "backend.h"
#include "backend_stream.h"
#include "compat.h"
#include "log.h"
#include "stream.h"

#define REST_MIN	1000
#define REST_MAX	300000

#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyz" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

static int64_t
backend_clock(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct backend *
backend_new(const char *name)
{
	struct backend	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->name = strdup(name)) == NULL ||
	    (b->scratch = malloc(SCRATCH_SIZE)) == NULL)
		fatal("%s", name);
	b->clock = backend_clock;
	b->resolv_conf = "/etc/resolv.conf";
	return b;
}

static void
server_free(struct server *srv)
{
	if (srv == NULL)
		return;
	free(srv->label);
	free(srv->host);
	free(srv);
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
		connect_forget(srv);
		b->servers = srv->next;
		server_free(srv);
	}
	/* Its look-ups end in the next round of the loop, if there is one. */
	if (b->dns != NULL)
		evdns_base_free(b->dns, 1);
	free(b->name);
	free(b->scratch);
	free(b);
}

static const char *
server_unix(struct server *srv, const char *path)
{
	struct sockaddr_un	*un;
	size_t			 len = strlen(path) + sizeof("unix:");

	un = (struct sockaddr_un *)&srv->addrs[0].ss;
	if (*path != '/')
		return "not an absolute path";
	if (strlcpy(un->sun_path, path, sizeof(un->sun_path)) >=
	    sizeof(un->sun_path))
		return "path too long for a socket";
	un->sun_family = AF_UNIX;
	srv->addrs[0].len = sizeof(*un);
	srv->naddrs = 1;
	if ((srv->label = malloc(len)) == NULL)
		return "out of memory";
	(void)snprintf(srv->label, len, "unix:%s", path);
	return NULL;
}

/* Cut "host:port" or "[v6]:port" in place; *port is NULL if there is none. */
static const char *
split_host(char *text, char **host, char **port)
{
	char	*end;

	*port = NULL;
	if (*text != '[') {
		*host = text;
		end = strchr(text, ':');
		if (end != NULL && strchr(end + 1, ':') != NULL)
			return "an IPv6 address needs [] around it";
	} else {
		*host = text + 1;
		if ((end = strchr(text, ']')) == NULL)
			return "missing ]";
		*end++ = '\0';
		if (*end != '\0' && *end != ':')
			return "something after ]";
	}
	if (end != NULL && *end == ':') {
		*end = '\0';
		*port = end + 1;
	}
	return **host == '\0' ? "no host" : NULL;
}

/* A literal address needs no look-up.  Returns 0 if it is none. */
static int
server_literal(struct server *srv, const char *host)
{
	struct addrinfo	 hints, *ai;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (getaddrinfo(host, srv->port, &hints, &ai) != 0)
		return 0;
	memcpy(&srv->addrs[0].ss, ai->ai_addr, ai->ai_addrlen);
	srv->addrs[0].len = ai->ai_addrlen;
	srv->naddrs = 1;
	freeaddrinfo(ai);
	return 1;
}

static const char *
server_host(struct server *srv, const char *host, int brackets)
{
	int	 v6, literal = server_literal(srv, host);
	size_t	 len;

	v6 = literal && srv->addrs[0].ss.ss_family == AF_INET6;
	if (brackets && !v6)
		return "not an IPv6 address";
	if (srv->family == AF_INET6 && literal && !v6)
		return "not an IPv6 address";
	if (!literal && host[strspn(host, NAME_CHARS)] != '\0')
		return "not a host name";
	if (!literal && (srv->host = strdup(host)) == NULL)
		return "out of memory";
	len = strlen(host) + sizeof("[]:65535");
	if ((srv->label = malloc(len)) == NULL)
		return "out of memory";
	(void)snprintf(srv->label, len, v6 ? "[%s]:%s" : "%s:%s", host,
	    srv->port);
	return NULL;
}

static const char *
server_inet(struct server *srv, const char *where, int port)
{
	char		 text[300], *host, *p;
	const char	*error;

	if (strlcpy(text, where, sizeof(text)) >= sizeof(text))
		return "name too long";
	if ((error = split_host(text, &host, &p)) != NULL)
		return error;
	if (p != NULL) {
		port = strtonum(p, 1, 65535, &error);
		if (error != NULL)
			return "not a port number";
	}
	if (port == 0)
		return "no port";
	(void)snprintf(srv->port, sizeof(srv->port), "%d", port & 0xffff);
	return server_host(srv, host, text[0] == '[');
}

static const char *
server_parse(struct server *srv, const char *where, int port)
{
	if (*where == '/')
		return server_unix(srv, where);
	if (strncmp(where, "unix:", 5) == 0)
		return server_unix(srv, where + 5);
	if (strncmp(where, "inet6:", 6) == 0) {
		srv->family = AF_INET6;
		return server_inet(srv, where + 6, port);
	}
	if (strncmp(where, "inet:", 5) == 0)
		where += 5;
	return server_inet(srv, where, port);
}

const char *
backend_add(struct backend *b, const char *where, int port)
{
	struct server	*srv, **last;
	const char	*error;

	if ((srv = calloc(1, sizeof(*srv))) == NULL)
		return "out of memory";
	srv->backend = b;
	srv->family = AF_UNSPEC;
	if ((error = server_parse(srv, where, port)) != NULL) {
		server_free(srv);
		return error;
	}
	for (last = &b->servers; *last != NULL; last = &(*last)->next)
		continue;
	*last = srv;
	return NULL;
}

void
backend_start(struct backend *b, struct event_base *base)
{
	/* Opens its source of randomness now: later the sandbox may not. */
	(void)evutil_secure_rng_init();
	b->base = base;
}

void
backend_pool(struct backend *b, size_t max, int64_t ms)
{
	b->maxidle = ms > 0 ? max : 0;
	b->idle_ms = ms;
}

struct server *
server_next(struct server *srv, int64_t now)
{
	for (; srv != NULL; srv = srv->next) {
		if (srv->until == 0 ||
		    (now >= srv->until && srv->probe == NULL))
			return srv;
	}
	return NULL;
}

size_t
server_count(struct server *srv, int64_t now)
{
	size_t	 n = 0;

	while ((srv = server_next(srv, now)) != NULL) {
		n++;
		srv = srv->next;
	}
	return n;
}

void
server_take(struct server *srv, struct stream *s)
{
	s->server = srv;
	s->era = srv->era;
	s->try = 0;
	s->resolved = 0;
	if (srv->until != 0)
		srv->probe = s;
}

void
server_left(struct stream *s)
{
	if (s->server->probe == s)
		s->server->probe = NULL;
}

void
server_worked(struct stream *s)
{
	struct server	*srv = s->server;

	if (srv->until == 0 || s->era != srv->era)
		return;
	srv->until = 0;
	srv->probe = NULL;
	log_info("%s: %s: works again", srv->backend->name, srv->label);
}

/* Only now: a frame and then nonsense, again and again, is a failure. */
void
server_ended(struct stream *s)
{
	server_worked(s);
	if (s->era == s->server->era && s->server->until == 0)
		s->server->fails = 0;
}

static int64_t
server_rest(unsigned int fails)
{
	int64_t		 rest = REST_MAX;
	unsigned int	 random;

	if (fails < 10 && REST_MIN << (fails - 1) < REST_MAX)
		rest = REST_MIN << (fails - 1);
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return rest - (int64_t)(random % (unsigned int)(rest / 4));
}

void
server_failed(struct stream *s, const char *why)
{
	struct server	*srv = s->server;
	int64_t		 rest;

	server_left(s);
	if (s->era != srv->era)
		return;
	srv->era++;
	if (srv->fails < 10)
		srv->fails++;
	rest = server_rest(srv->fails);
	srv->until = srv->backend->clock() + rest;
	(void)strlcpy(srv->why, why, sizeof(srv->why));
	pool_drop(srv);
	log_peer("%s: %s: %s; it rests for %lld s", srv->backend->name,
	    srv->label, why, (long long)(rest + 999) / 1000);
}

int
backend_ready(const struct backend *b)
{
	return server_next(b->servers, b->clock()) != NULL;
}

const char *
backend_why(const struct backend *b)
{
	static char	 why[512];
	struct server	*srv, *first = b->servers;
	int64_t		 now = b->clock();

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

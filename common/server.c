/* SPDX-License-Identifier: ISC */
/*
 * Where a server is: as the operator wrote it, and as a socket.  Fails by
 * saying what is wrong; errno for sockets.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox.h"
#include "server.h"

#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyz" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

void
server_free(struct server *srv)
{
	if (srv == NULL)
		return;
	free(srv->label);
	free(srv->host);
	free(srv);
}

static const char *
parse_unix(struct server *srv, const char *path)
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
	sandbox_socket(path);
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
parse_literal(struct server *srv, const char *host)
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
parse_host(struct server *srv, const char *host, int brackets)
{
	int	 v6, literal = parse_literal(srv, host);
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
	/* DHCP replaces it; the hosts file is beside it. */
	if (!literal)
		sandbox_path("/etc/resolv.conf", "r");
	len = strlen(host) + sizeof("[]:65535");
	if ((srv->label = malloc(len)) == NULL)
		return "out of memory";
	(void)snprintf(srv->label, len, v6 ? "[%s]:%s" : "%s:%s", host,
	    srv->port);
	return NULL;
}

static const char *
parse_inet(struct server *srv, const char *where, int port)
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
	return parse_host(srv, host, text[0] == '[');
}

static const char *
parse_where(struct server *srv, const char *where, int port)
{
	if (*where == '/')
		return parse_unix(srv, where);
	if (strncmp(where, "unix:", 5) == 0)
		return parse_unix(srv, where + 5);
	if (strncmp(where, "inet6:", 6) == 0) {
		srv->family = AF_INET6;
		return parse_inet(srv, where + 6, port);
	}
	if (strncmp(where, "inet:", 5) == 0)
		where += 5;
	return parse_inet(srv, where, port);
}

const char *
server_new(const char *where, int port, struct server **out)
{
	struct server	*srv;
	const char	*error;

	if ((srv = calloc(1, sizeof(*srv))) == NULL)
		return "out of memory";
	srv->family = AF_UNSPEC;
	if ((error = parse_where(srv, where, port)) != NULL) {
		server_free(srv);
		return error;
	}
	*out = srv;
	return NULL;
}

const char *
server_new_call(const char *label, int (*call)(void *), void *arg,
    struct server **out)
{
	struct server	*srv;

	if ((srv = calloc(1, sizeof(*srv))) == NULL ||
	    (srv->label = strdup(label)) == NULL) {
		server_free(srv);
		return "out of memory";
	}
	srv->family = AF_UNSPEC;
	srv->addrs[0].call = call;
	srv->addrs[0].arg = arg;
	srv->naddrs = 1;
	*out = srv;
	return NULL;
}

int
server_socket(const struct address *a)
{
	int	 fd, one = 1, saved;

	if (a->call != NULL) {
		fd = a->call(a->arg);
		if (fd != -1)
			errno = 0;
		return fd;
	}
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

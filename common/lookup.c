/* SPDX-License-Identifier: ISC */
/*
 * See lookup.h.  Fails by -1 if memory is out; what a name server says wrong
 * is kept with the server as lookup_error.
 */

#include <netinet/in.h>

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "lookup.h"
#include "server.h"

#define LOOKUP_FRESH	60000	/* ms; getaddrinfo does not tell the TTL */
#define LOOKUP_STALE	5000	/* after a failed one, old addresses serve */

struct lookup {
	struct resolver	*resolver;
	struct server	*server;	/* NULL: forgotten */
};

int
lookup_needed(const struct server *srv, int64_t now)
{
	return srv->host != NULL && now >= srv->fresh;
}

static void
lookup_keep(struct resolver *r, struct server *srv, int error,
    const struct evutil_addrinfo *ai)
{
	int64_t		 now = r->loop->clock();
	struct address	*a;

	if (error != 0 || ai == NULL) {
		r->bad = 1;
		srv->lookup_error = evutil_gai_strerror(error);
		if (srv->naddrs != 0)
			srv->fresh = now + LOOKUP_STALE;
		return;
	}
	srv->fresh = now + LOOKUP_FRESH;
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
	struct resolver	*r = l->resolver;

	free(l);
	if (srv != NULL) {
		srv->lookup = NULL;
		r->lookups--;
		lookup_keep(r, srv, error, res);
		r->done(srv, r->arg);
	}
	if (res != NULL)
		evutil_freeaddrinfo(res);
}

/* After a failure resolv.conf is read again: it may have changed. */
static int
lookup_start(struct resolver *r)
{
	int	 flags = DNS_OPTIONS_ALL;

	if (r->dns == NULL) {
		r->dns = evdns_base_new(r->loop->base,
		    EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		if (r->dns == NULL)
			return -1;
	} else if (r->bad && r->lookups == 0) {
		/* The hosts file would be added to what is known of it. */
		flags &= ~DNS_OPTION_HOSTSFILE;
		(void)evdns_base_clear_nameservers_and_suspend(r->dns);
	} else
		return 0;
	r->bad = 0;
	/* Without that file it asks 127.0.0.1. */
	(void)evdns_base_resolv_conf_parse(r->dns, flags, r->resolv_conf);
	(void)evdns_base_resume(r->dns);
	return 0;
}

int
lookup_begin(struct resolver *r, struct server *srv)
{
	struct evutil_addrinfo	 hints;

	if (srv->lookup != NULL)
		return 0;
	if (lookup_start(r) == -1)
		return -1;
	if ((srv->lookup = calloc(1, sizeof(*srv->lookup))) == NULL)
		return -1;
	srv->lookup->server = srv;
	srv->lookup_error = "timed out";
	srv->lookup->resolver = r;
	r->lookups++;
	memset(&hints, 0, sizeof(hints));
	hints.ai_family = srv->family;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_protocol = IPPROTO_TCP;
	/* The answer may come before this returns. */
	(void)evdns_getaddrinfo(r->dns, srv->host, srv->port,
	    &hints, lookup_answer, srv->lookup);
	return 0;
}

void
lookup_forget(struct server *srv)
{
	if (srv->lookup != NULL)
		srv->lookup->server = NULL;
	srv->lookup = NULL;
}

void
lookup_end(struct resolver *r)
{
	if (r->dns != NULL)
		evdns_base_free(r->dns, 1);
	r->dns = NULL;
}

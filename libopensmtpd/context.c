/* SPDX-License-Identifier: ISC */
/*
 * A session as the filter sees it.  Strings are the engine's, which lets the
 * context know of each change; what it does not keep is kept here.
 * Out of memory: context_of() is NULL, or a string is missing.
 */

#include <sys/un.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "library.h"
#include "log.h"

/* How many that ended stay in memory, for answers that come too late. */
#define DEAD_MAX	1024

static struct client	 *dead;
static struct client	**dead_last = &dead;
static unsigned int	  ndead;

static char	 unknown[] = "<unknown>";
static char	*no_rcptto[] = { NULL };

struct client *
context_of(const struct session *s)
{
	struct client	**slot = s->data;

	return *slot;
}

void
context_string(char **dst, const char *s)
{
	free(*dst);
	*dst = strdup(s);
}

static void
no_tx(struct osmtpd_ctx *ctx)
{
	ctx->msgid = 0;
	ctx->mailfrom = NULL;
	ctx->rcptto = no_rcptto;
}

struct client *
context_new(struct session *s)
{
	struct client	**slot = s->data, *c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		log_peer("%016llx answered by on-failure: out of memory",
		    (unsigned long long)s->id);
		return NULL;
	}
	context_update(c, s, OSMTPD_TYPE_REPORT, OSMTPD_PHASE_LINK_CONNECT);
	if (registered.session.create != NULL)
		c->ctx.local_session = registered.session.create(&c->ctx);
	return *slot = c;
}

static enum osmtpd_status
status_of(enum fcrdns fcrdns)
{
	return fcrdns == FCRDNS_PASS ? OSMTPD_STATUS_OK :
	    fcrdns == FCRDNS_FAIL ? OSMTPD_STATUS_PERMFAIL :
	    OSMTPD_STATUS_TEMPFAIL;
}

void
context_update(struct client *c, const struct session *s,
    enum osmtpd_type type, int phase)
{
	struct osmtpd_ctx	*ctx = &c->ctx;

	ctx->type = type;
	ctx->phase = phase;
	ctx->version_minor = filter_protocol();
	ctx->tm.tv_sec = s->time / 1000000;
	ctx->tm.tv_nsec = s->time % 1000000 * 1000;
	ctx->incoming = !s->outgoing;
	ctx->reqid = s->id;
	ctx->rdns = s->rdns != NULL ? s->rdns : unknown;
	ctx->fcrdns = status_of(s->fcrdns);
	ctx->identity = s->helo;
	ctx->ciphers = s->tls;
	no_tx(ctx);
	if (s->tx == NULL)
		return;
	ctx->msgid = s->tx->id;
	ctx->mailfrom = s->tx->from;
	if (s->tx->rcpt != NULL)
		ctx->rcptto = s->tx->rcpt;
}

static void
set_path(struct sockaddr_storage *ss, const char *path, size_t len)
{
	struct sockaddr_un	*un = (struct sockaddr_un *)ss;

	un->sun_family = AF_UNIX;
	if (len >= sizeof(un->sun_path))
		len = sizeof(un->sun_path) - 1;
	memcpy(un->sun_path, path, len);
}

static void
set_ip(struct sockaddr_storage *ss, const struct addr *a)
{
	struct sockaddr_in	*in = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*in6 = (struct sockaddr_in6 *)ss;

	if (a->family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
	} else if (a->family == AF_INET6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		memcpy(&in6->sin6_addr, a->ip, 16);
	}
}

/* "192.0.2.1:25", "[2001:db8::1]:25", "unix:/path", "local" */
static void
set_address(struct sockaddr_storage *ss, const char *s, size_t len,
    const struct addr *a)
{
	memset(ss, 0, sizeof(*ss));
	if (len >= 5 && memcmp(s, "unix:", 5) == 0)
		set_path(ss, s + 5, len - 5);
	else if (proto_is(s, len, "local"))
		set_path(ss, "", 0);
	else
		set_ip(ss, a);
}

void
context_link(struct client *c, const struct session *s, const char *arg)
{
	struct sockaddr_storage	*ss[] = { NULL, NULL, &c->ctx.src, &c->ctx.dst };
	const struct addr	*a[] = { NULL, NULL, &s->src, &s->dst };
	size_t			 len = strlen(arg), n, i;
	const char		*f;

	for (i = 0; i < 4 && (f = proto_field(&arg, &len, &n)) != NULL; i++)
		if (ss[i] != NULL)
			set_address(ss[i], f, n, a[i]);
}

void
context_tx_end(struct session *s)
{
	struct client	*c = context_of(s);
	void		*data;

	if (c == NULL)
		return;
	data = c->ctx.local_message;
	if (data != NULL && registered.message.destroy != NULL)
		registered.message.destroy(&c->ctx, data);
	c->ctx.local_message = NULL;
	c->ctx.evpid = 0;
	no_tx(&c->ctx);
}

static void
bury(struct client *c)
{
	*dead_last = c;
	dead_last = &c->next_dead;
	if (++ndead <= DEAD_MAX)
		return;
	c = dead;
	dead = c->next_dead;
	ndead--;
	free(c);
}

void
context_end(struct session *s)
{
	struct client	*c = context_of(s);
	struct osmtpd_ctx	*ctx;

	if (c == NULL)
		return;
	ctx = &c->ctx;
	if (ctx->local_session != NULL && registered.session.destroy != NULL)
		registered.session.destroy(ctx, ctx->local_session);
	free(ctx->greeting.identity);
	free(c->helo);
	c->helo = NULL;
	/* Token 0 is nobody's question, and no message. */
	c->message = 0;
	memset(ctx, 0, sizeof(*ctx));
	ctx->rcptto = no_rcptto;
	bury(c);
}

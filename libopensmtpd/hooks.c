/* SPDX-License-Identifier: ISC */
/*
 * What the engine calls, turned into what the filter wants to be called with.
 * A report that lacks a field is not told.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

static const uint8_t phases[PHASE_MAX] = {
	[PHASE_CONNECT] = OSMTPD_PHASE_CONNECT,
	[PHASE_HELO] = OSMTPD_PHASE_HELO,
	[PHASE_EHLO] = OSMTPD_PHASE_EHLO,
	[PHASE_STARTTLS] = OSMTPD_PHASE_STARTTLS,
	[PHASE_AUTH] = OSMTPD_PHASE_AUTH,
	[PHASE_MAIL_FROM] = OSMTPD_PHASE_MAIL_FROM,
	[PHASE_RCPT_TO] = OSMTPD_PHASE_RCPT_TO,
	[PHASE_DATA] = OSMTPD_PHASE_DATA,
	[PHASE_RSET] = OSMTPD_PHASE_RSET,
	[PHASE_QUIT] = OSMTPD_PHASE_QUIT,
	[PHASE_NOOP] = OSMTPD_PHASE_NOOP,
	[PHASE_COMMIT] = OSMTPD_PHASE_COMMIT,
};

static const uint8_t reports[REPORT_MAX] = {
	[REPORT_LINK_CONNECT] = OSMTPD_PHASE_LINK_CONNECT,
	[REPORT_LINK_GREETING] = OSMTPD_PHASE_LINK_GREETING,
	[REPORT_LINK_IDENTIFY] = OSMTPD_PHASE_LINK_IDENTIFY,
	[REPORT_LINK_TLS] = OSMTPD_PHASE_LINK_TLS,
	[REPORT_LINK_AUTH] = OSMTPD_PHASE_LINK_AUTH,
	[REPORT_LINK_DISCONNECT] = OSMTPD_PHASE_LINK_DISCONNECT,
	[REPORT_TX_BEGIN] = OSMTPD_PHASE_TX_BEGIN,
	[REPORT_TX_MAIL] = OSMTPD_PHASE_TX_MAIL,
	[REPORT_TX_RCPT] = OSMTPD_PHASE_TX_RCPT,
	[REPORT_TX_ENVELOPE] = OSMTPD_PHASE_TX_ENVELOPE,
	[REPORT_TX_DATA] = OSMTPD_PHASE_TX_DATA,
	[REPORT_TX_COMMIT] = OSMTPD_PHASE_TX_COMMIT,
	[REPORT_TX_ROLLBACK] = OSMTPD_PHASE_TX_ROLLBACK,
	[REPORT_TX_RESET] = OSMTPD_PHASE_TX_RESET,
	[REPORT_PROTOCOL_CLIENT] = OSMTPD_PHASE_PROTOCOL_CLIENT,
	[REPORT_PROTOCOL_SERVER] = OSMTPD_PHASE_PROTOCOL_SERVER,
	[REPORT_FILTER_RESPONSE] = OSMTPD_PHASE_FILTER_RESPONSE,
	[REPORT_FILTER_REPORT] = OSMTPD_PHASE_FILTER_REPORT,
	[REPORT_TIMEOUT] = OSMTPD_PHASE_TIMEOUT,
};

static enum osmtpd_status
status_of(const char *s, size_t len)
{
	if (proto_is(s, len, "ok") || proto_is(s, len, "pass"))
		return OSMTPD_STATUS_OK;
	if (proto_is(s, len, "permfail") || proto_is(s, len, "fail"))
		return OSMTPD_STATUS_PERMFAIL;
	return OSMTPD_STATUS_TEMPFAIL;
}

/* Who: of the address of a transaction, or of a login. */
static void
tell_who(struct osmtpd_ctx *ctx, const union callback *cb, enum report what,
    const char *arg)
{
	struct proto_outcome	 o;
	enum osmtpd_status	 status;
	char			 who[8192];

	if (proto_outcome(&o, what, ctx->version_minor, arg,
	    strlen(arg)) == -1)
		return;
	status = status_of(o.result, o.result_len);
	(void)snprintf(who, sizeof(who), "%.*s", (int)o.who_len, o.who);
	if (what == REPORT_LINK_AUTH)
		cb->user(ctx, who, status);
	else
		cb->address(ctx, strtoul(arg, NULL, 16), who, status);
}

/* msgid|WHAT */
static void
tell_tx(struct osmtpd_ctx *ctx, const union callback *cb, enum report what,
    const char *arg)
{
	char		*rest;
	uint32_t	 msgid = strtoul(arg, &rest, 16);

	if (*rest == '|')
		rest++;
	if (what == REPORT_TX_ENVELOPE)
		cb->envelope(ctx, msgid, ctx->evpid);
	else if (what == REPORT_TX_DATA)
		cb->data(ctx, msgid, status_of(rest, strlen(rest)));
	else if (what == REPORT_TX_COMMIT)
		cb->commit(ctx, msgid, strtoull(rest, NULL, 10));
	else
		cb->tx(ctx, msgid);
}

static void
tell(struct osmtpd_ctx *ctx, const union callback *cb, enum report what,
    const char *arg)
{
	switch (what) {
	case REPORT_LINK_CONNECT:
		cb->link(ctx, ctx->rdns, ctx->fcrdns, &ctx->src, &ctx->dst);
		break;
	case REPORT_LINK_IDENTIFY:
		cb->text(ctx, ctx->identity != NULL ? ctx->identity : "");
		break;
	case REPORT_LINK_GREETING:
	case REPORT_LINK_TLS:
	case REPORT_PROTOCOL_CLIENT:
	case REPORT_PROTOCOL_SERVER:
	case REPORT_FILTER_RESPONSE:
	case REPORT_FILTER_REPORT:
		cb->text(ctx, arg);
		break;
	case REPORT_LINK_AUTH:
	case REPORT_TX_MAIL:
	case REPORT_TX_RCPT:
		tell_who(ctx, cb, what, arg);
		break;
	case REPORT_TX_BEGIN:
	case REPORT_TX_ENVELOPE:
	case REPORT_TX_DATA:
	case REPORT_TX_COMMIT:
	case REPORT_TX_ROLLBACK:
	case REPORT_TX_RESET:
		tell_tx(ctx, cb, what, arg);
		break;
	case REPORT_LINK_DISCONNECT:
	case REPORT_TIMEOUT:
		cb->none(ctx);
		break;
	case REPORT_MAX:
		break;
	}
}

/* What the engine does not keep of it. */
static void
learn(struct client *c, const struct session *s, enum report what,
    const char *arg)
{
	struct osmtpd_ctx	*ctx = &c->ctx;
	const char		*evpid;

	if (what == REPORT_LINK_CONNECT)
		context_link(c, s, arg);
	else if (what == REPORT_LINK_GREETING)
		context_string(&ctx->greeting.identity, arg);
	else if (what == REPORT_TX_ENVELOPE &&
	    (evpid = strchr(arg, '|')) != NULL)
		ctx->evpid = strtoull(evpid + 1, NULL, 16);
	else if (what == REPORT_TX_BEGIN && registered.message.create != NULL)
		ctx->local_message = registered.message.create(ctx);
}

void
hook_report(struct session *s, enum report what, const char *arg)
{
	union callback	*cb = &registered.tell[what][!s->outgoing];
	struct client	*c = context_of(s);

	if (c == NULL && (what != REPORT_LINK_CONNECT ||
	    (c = context_new(s)) == NULL))
		return;
	context_update(c, s, OSMTPD_TYPE_REPORT, reports[what]);
	learn(c, s, what, arg);
	if (cb->none != NULL)
		tell(&c->ctx, cb, what, arg);
}

void
hook_request(struct session *s, struct request rq, enum phase what,
    const char *arg)
{
	union callback		*cb = &registered.ask[what];
	struct client		*c = context_of(s);
	struct osmtpd_ctx	*ctx;

	if (c == NULL) {
		filter_fail(rq, "out of memory");
		return;
	}
	ctx = &c->ctx;
	context_update(c, s, OSMTPD_TYPE_FILTER, phases[what]);
	ctx->token = rq.serial;
	switch (what) {
	case PHASE_CONNECT:
		cb->connect(ctx, ctx->rdns, &ctx->src);
		break;
	case PHASE_HELO:
	case PHASE_EHLO:
		context_string(&c->helo, arg);
		ctx->identity = c->helo;
		/* FALLTHROUGH */
	case PHASE_AUTH:
	case PHASE_MAIL_FROM:
	case PHASE_RCPT_TO:
		cb->text(ctx, arg);
		break;
	default:
		cb->none(ctx);
	}
}

/* A NUL in it ends it, as it does for smtpd. */
void
hook_line(struct session *s, struct request rq, const char *line, size_t len)
{
	static char	 text[PROTO_LINE_MAX + 1];
	struct client	*c = context_of(s);
	size_t		 dot = 0;

	if (c == NULL) {
		filter_fail(rq, "out of memory");
		return;
	}
	c->ctx.type = OSMTPD_TYPE_FILTER;
	c->ctx.phase = OSMTPD_PHASE_DATA_LINE;
	c->message = rq.serial;
	c->ended = line == NULL;
	if (c->ended) {
		registered.line.text(&c->ctx, ".");
		return;
	}
	if (len > 0 && line[0] == '.')		/* RFC 5321, 4.5.2 */
		text[dot++] = '.';
	memcpy(text + dot, line, len);
	text[dot + len] = '\0';
	registered.line.text(&c->ctx, text);
}

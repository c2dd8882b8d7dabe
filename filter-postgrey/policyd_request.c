/* SPDX-License-Identifier: ISC */
/*
 * What a policy server is told.  No value can end its line: the protocol has
 * no escapes, so all but printable ASCII becomes '?'.  What is too long is cut
 * as postgrey would.
 *
 * etrn_domain is not sent: where it stands postgrey answers otherwise.  Fails
 * for clients without an address only, as postgrey dies of any other word in
 * its place.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "policyd.h"

#define VALUE_MAX	512

struct out {
	char	*buf;
	size_t	 len, size;		/* len may become larger than size */
};

static void
put(struct out *o, const char *p, size_t len)
{
	if (o->len < o->size && len <= o->size - o->len)
		memcpy(o->buf + o->len, p, len);
	o->len += len;
}

/* The first len bytes of a value. */
static void
attr_n(struct out *o, const char *name, const char *value, size_t len)
{
	char	 clean[VALUE_MAX];
	size_t	 i;

	if (len > sizeof(clean))
		len = sizeof(clean);
	for (i = 0; i < len; i++)
		clean[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
	put(o, name, strlen(name));
	put(o, "=", 1);
	put(o, clean, len);
	put(o, "\n", 1);
}

/* NULL is an empty value. */
static void
attr(struct out *o, const char *name, const char *value)
{
	attr_n(o, name, value, value == NULL ? 0 : strlen(value));
}

static void
attr_number(struct out *o, const char *name, uintmax_t value)
{
	char	 text[24];

	(void)snprintf(text, sizeof(text), "%" PRIuMAX, value);
	attr(o, name, text);
}

static void
put_client(struct out *o, const struct session *s)
{
	const char	*rdns = s->rdns != NULL ? s->rdns : "unknown";
	char		 text[ADDR_STRLEN];

	attr(o, "client_address", addr_print(&s->src, text));
	attr(o, "client_name", s->fcrdns == FCRDNS_PASS ? rdns : "unknown");
	attr_number(o, "client_port", s->src.port);
	attr(o, "reverse_client_name", rdns);
}

/* A listener on all addresses does not say which one it was. */
static void
put_server(struct out *o, const struct session *s)
{
	static const uint8_t	 any[16];
	char			 text[ADDR_STRLEN] = "";

	if (s->dst.family != AF_UNSPEC && memcmp(s->dst.ip, any,
	    sizeof(any)) != 0)
		(void)addr_print(&s->dst, text);
	attr(o, "server_address", text);
	attr_number(o, "server_port", s->dst.port);
}

/* What is the same for all recipients of a message. */
static void
put_message(struct out *o, const struct policyd_request *rq)
{
	const struct session	*s = rq->session;
	uint32_t		 msgid = s->tx != NULL ? s->tx->id : 0;
	char			 id[16] = "", instance[32];

	if (s->tx != NULL)
		(void)snprintf(id, sizeof(id), "%08" PRIx32, msgid);
	(void)snprintf(instance, sizeof(instance), "%016" PRIx64 ".%08" PRIx32,
	    s->id, msgid);
	attr(o, "helo_name", rq->helo != NULL ? rq->helo : s->helo);
	attr(o, "sender", rq->sender);
	attr(o, "recipient", rq->recipient);
	attr_number(o, "recipient_count", rq->nrcpt);
	attr(o, "queue_id", id);
	attr(o, "instance", instance);
	attr_number(o, "size", rq->size);
	attr(o, "stress", rq->stress ? "yes" : "");
}

/* smtpd does not tell how a user logged in, nor of client certificates. */
static void
put_user(struct out *o, const struct session *s)
{
	attr(o, "sasl_method", "");
	attr(o, "sasl_username", s->user);
	attr(o, "sasl_sender", "");
	attr(o, "ccert_subject", "");
	attr(o, "ccert_issuer", "");
	attr(o, "ccert_fingerprint", "");
	attr(o, "ccert_pubkey_fingerprint", "");
}

/* "version:cipher:bits" */
static void
put_tls(struct out *o, const char *tls)
{
	static const char *const names[] = {
		"encryption_protocol", "encryption_cipher",
		"encryption_keysize",
	};
	size_t	 i, len;

	if (tls == NULL)
		tls = "";
	for (i = 0; i < 3; i++) {
		len = strcspn(tls, ":");
		attr_n(o, names[i], tls, len);
		tls += len + (tls[len] == ':');
	}
}

size_t
policyd_request(const struct policyd_request *rq, char *buf, size_t size)
{
	const struct session	*s = rq->session;
	struct out		 o = { .buf = buf, .size = size };

	if (s->local ||
	    (s->src.family != AF_INET && s->src.family != AF_INET6))
		return 0;
	attr(&o, "request", "smtpd_access_policy");
	attr(&o, "protocol_state", rq->state);
	attr(&o, "protocol_name", rq->esmtp ? "ESMTP" : "SMTP");
	put_client(&o, s);
	put_server(&o, s);
	put_message(&o, rq);
	put_user(&o, s);
	put_tls(&o, s->tls);
	attr(&o, "policy_context", rq->context);
	put(&o, "\n", 1);
	return o.len <= o.size ? o.len : 0;
}

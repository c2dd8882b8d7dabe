/* SPDX-License-Identifier: ISC */
/*
 * See session.h.  The table is open addressing over pointers, at most half
 * full.  Running out of memory comes back to the caller, who answers by the
 * fail policy; a fact that is broken or missing leaves what was known.
 */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "session.h"

static struct conn	**table;
static size_t		  table_size, count;

static size_t
table_home(uint64_t id)
{
	return (id * 0x9e3779b97f4a7c15ULL >> 20) & (table_size - 1);
}

static size_t
table_place(uint64_t id)
{
	size_t	 i;

	for (i = table_home(id); table[i] != NULL && table[i]->s.id != id;
	    i = (i + 1) & (table_size - 1))
		;
	return i;
}

static int
table_grow(void)
{
	struct conn	**old = table, **new;
	size_t		  old_size = table_size, size, i;

	size = old_size == 0 ? 64 : old_size * 2;
	if ((new = calloc(size, sizeof(*new))) == NULL)
		return -1;
	table = new;
	table_size = size;
	for (i = 0; i < old_size; i++)
		if (old[i] != NULL)
			table[table_place(old[i]->s.id)] = old[i];
	free(old);
	return 0;
}

/* Take one out, and move up those that had to make way for it. */
static void
table_remove(size_t hole)
{
	size_t	 i = hole, home;

	for (;;) {
		table[hole] = NULL;
		do {
			i = (i + 1) & (table_size - 1);
			if (table[i] == NULL)
				return;
			home = table_home(table[i]->s.id);
		} while (hole <= i ? hole < home && home <= i :
		    hole < home || home <= i);
		table[hole] = table[i];
		hole = i;
	}
}

struct conn *
session_find(uint64_t id)
{
	return count == 0 ? NULL : table[table_place(id)];
}

struct conn *
session_new(uint64_t id, size_t data_size)
{
	struct conn	*c;

	if (count * 2 >= table_size && table_grow() == -1)
		return NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (data_size > 0 && (c->s.data = calloc(1, data_size)) == NULL) {
		free(c);
		return NULL;
	}
	c->s.id = id;
	table[table_place(id)] = c;
	count++;
	return c;
}

void
session_free(struct conn *c)
{
	session_tx_end(c);
	table_remove(table_place(c->s.id));
	count--;
	free(c->s.rdns);
	free(c->s.helo);
	free(c->s.tls);
	free(c->s.user);
	free(c->s.data);
	free(c->verdict);
	free(c);
}

size_t
session_count(void)
{
	return count;
}

void
session_tx_end(struct conn *c)
{
	struct tx	*tx = c->s.tx;
	size_t		 i;

	if (tx == NULL)
		return;
	for (i = 0; i < tx->nrcpt; i++)
		free(tx->rcpt[i]);
	free(tx->rcpt);
	free(tx->from);
	free(tx->data);
	free(tx);
	c->s.tx = NULL;
}

static int
set_string(char **dst, const char *s, size_t len)
{
	char	*new;

	if ((new = strndup(s, len)) == NULL)
		return -1;
	free(*dst);
	*dst = new;
	return 0;
}

static void
set_addr(struct addr *a, const char *s, size_t len)
{
	char	 buf[ADDR_STRLEN];

	if (len >= sizeof(buf))
		len = sizeof(buf) - 1;
	memcpy(buf, s, len);
	buf[len] = '\0';
	(void)addr_parse(a, buf);
}

/* rdns|fcrdns|src|dst */
static int
fact_connect(struct session *s, const char *arg, size_t len)
{
	const char	*f;
	size_t		 n;
	int		 error = 0;

	if ((f = proto_field(&arg, &len, &n)) != NULL && n > 0 &&
	    !proto_is(f, n, "<unknown>"))
		error = set_string(&s->rdns, f, n);
	if ((f = proto_field(&arg, &len, &n)) != NULL)
		s->fcrdns = proto_is(f, n, "pass") ? FCRDNS_PASS :
		    proto_is(f, n, "fail") ? FCRDNS_FAIL : FCRDNS_ERROR;
	if ((f = proto_field(&arg, &len, &n)) != NULL) {
		s->local = proto_is(f, n, "local") ||
		    (n >= 5 && memcmp(f, "unix:", 5) == 0);
		set_addr(&s->src, f, n);
	}
	if ((f = proto_field(&arg, &len, &n)) != NULL)
		set_addr(&s->dst, f, n);
	return error;
}

/* HELO|name */
static int
fact_identify(struct session *s, const char *arg, size_t len)
{
	const char	*method, *all = arg;
	size_t		 n, all_len = len;

	method = proto_field(&arg, &len, &n);
	if (arg == NULL || (!proto_is(method, n, "HELO") &&
	    !proto_is(method, n, "EHLO")))
		return set_string(&s->helo, all, all_len);
	return set_string(&s->helo, arg, len);
}

static int
fact_auth(struct session *s, int minor, const char *arg, size_t len)
{
	struct proto_outcome	 o;

	if (proto_outcome(&o, REPORT_LINK_AUTH, minor, arg, len) == -1 ||
	    !proto_is(o.result, o.result_len, "pass"))
		return 0;
	return set_string(&s->user, o.who, o.who_len);
}

static int
fact_begin(struct conn *c, const char *arg, size_t len, size_t tx_size)
{
	struct tx	*tx;
	char		 id[9] = "";

	session_tx_end(c);
	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return -1;
	memcpy(id, arg, len < 8 ? len : 8);
	tx->id = strtoul(id, NULL, 16);
	c->s.tx = tx;
	if ((tx_size > 0 && (tx->data = calloc(1, tx_size)) == NULL) ||
	    (tx->from = strdup("")) == NULL) {
		session_tx_end(c);
		return -1;
	}
	return 0;
}

static int
add_rcpt(struct tx *tx, const char *s, size_t len)
{
	char	**rcpt;

	/* Grows when it is full: at 0, 1, 2, 4, 8 ...; and one for NULL. */
	if ((tx->nrcpt & (tx->nrcpt - 1)) == 0) {
		rcpt = reallocarray(tx->rcpt,
		    tx->nrcpt == 0 ? 2 : tx->nrcpt * 2 + 1, sizeof(*rcpt));
		if (rcpt == NULL)
			return -1;
		tx->rcpt = rcpt;
	}
	if ((tx->rcpt[tx->nrcpt] = strndup(s, len)) == NULL)
		return -1;
	tx->rcpt[++tx->nrcpt] = NULL;
	return 0;
}

static int
fact_address(struct tx *tx, int minor, enum report report, const char *arg,
    size_t len)
{
	struct proto_outcome	 o;

	if (tx == NULL || proto_outcome(&o, report, minor, arg, len) == -1 ||
	    !proto_is(o.result, o.result_len, "ok"))
		return 0;
	proto_mailbox(&o.who, &o.who_len);
	return report == REPORT_TX_MAIL ? set_string(&tx->from, o.who,
	    o.who_len) : add_rcpt(tx, o.who, o.who_len);
}

int
session_fact(struct conn *c, int minor, enum report report, const char *arg,
    size_t len, size_t tx_size)
{
	switch (report) {
	case REPORT_LINK_CONNECT:
		return fact_connect(&c->s, arg, len);
	case REPORT_LINK_IDENTIFY:
		return fact_identify(&c->s, arg, len);
	case REPORT_LINK_TLS:
		return set_string(&c->s.tls, arg, len);
	case REPORT_LINK_AUTH:
		return fact_auth(&c->s, minor, arg, len);
	case REPORT_TX_BEGIN:
		return fact_begin(c, arg, len, tx_size);
	case REPORT_TX_MAIL:
	case REPORT_TX_RCPT:
		return fact_address(c->s.tx, minor, report, arg, len);
	case REPORT_LINK_GREETING:
	case REPORT_LINK_DISCONNECT:
	case REPORT_TX_ENVELOPE:
	case REPORT_TX_DATA:
	case REPORT_TX_COMMIT:
	case REPORT_TX_ROLLBACK:
	case REPORT_TX_RESET:
	case REPORT_PROTOCOL_CLIENT:
	case REPORT_PROTOCOL_SERVER:
	case REPORT_FILTER_RESPONSE:
	case REPORT_FILTER_REPORT:
	case REPORT_TIMEOUT:
	case REPORT_MAX:
		break;
	}
	return 0;
}

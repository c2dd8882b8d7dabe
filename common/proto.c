/* SPDX-License-Identifier: ISC */
/*
 * See proto.h.  Fast where a message has a million lines: one pass over the
 * head of the line, no copy of the rest.
 */

#include <string.h>

#include "proto.h"

static const char *const phase_names[] = {
	[PHASE_CONNECT] = "connect",
	[PHASE_HELO] = "helo",
	[PHASE_EHLO] = "ehlo",
	[PHASE_STARTTLS] = "starttls",
	[PHASE_MAIL_FROM] = "mail-from",
	[PHASE_RCPT_TO] = "rcpt-to",
	[PHASE_DATA] = "data",
	[PHASE_RSET] = "rset",
	[PHASE_QUIT] = "quit",
	[PHASE_NOOP] = "noop",
	[PHASE_COMMIT] = "commit",
	[PHASE_DATA_LINE] = "data-line",
};

static const char *const report_names[] = {
	[REPORT_LINK_CONNECT] = "link-connect",
	[REPORT_LINK_GREETING] = "link-greeting",
	[REPORT_LINK_IDENTIFY] = "link-identify",
	[REPORT_LINK_TLS] = "link-tls",
	[REPORT_LINK_AUTH] = "link-auth",
	[REPORT_LINK_DISCONNECT] = "link-disconnect",
	[REPORT_TX_BEGIN] = "tx-begin",
	[REPORT_TX_MAIL] = "tx-mail",
	[REPORT_TX_RCPT] = "tx-rcpt",
	[REPORT_TX_ENVELOPE] = "tx-envelope",
	[REPORT_TX_DATA] = "tx-data",
	[REPORT_TX_COMMIT] = "tx-commit",
	[REPORT_TX_ROLLBACK] = "tx-rollback",
	[REPORT_TX_RESET] = "tx-reset",
	[REPORT_PROTOCOL_CLIENT] = "protocol-client",
	[REPORT_PROTOCOL_SERVER] = "protocol-server",
	[REPORT_TIMEOUT] = "timeout",
};

/* The value of a hexadecimal digit, 1 more; 0 for what is none. */
static const uint8_t hex_digit[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11,
	['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

const char *
proto_phase_name(int phase)
{
	return phase < PHASE_UNKNOWN ? phase_names[phase] : NULL;
}

const char *
proto_report_name(int report)
{
	return report < REPORT_UNKNOWN ? report_names[report] : NULL;
}

const char *
proto_field(const char **arg, size_t *len, size_t *flen)
{
	const char	*field = *arg, *bar;

	if (field == NULL)
		return NULL;
	if ((bar = memchr(field, '|', *len)) == NULL) {
		*flen = *len;
		*arg = NULL;
		*len = 0;
	} else {
		*flen = bar - field;
		*len -= *flen + 1;
		*arg = bar + 1;
	}
	return field;
}

static int
field_is(const char *field, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(field, word, len) == 0;
}

/* Up to 16 digits; returns -1 if it is no such number. */
static int
parse_id(const char *s, size_t len, uint64_t *id)
{
	uint64_t	 v = 0;
	uint8_t		 digit;

	if (len == 0 || len > 16)
		return -1;
	while (len-- > 0) {
		if ((digit = hex_digit[(uint8_t)*s++]) == 0)
			return -1;
		v = v << 4 | (digit - 1);
	}
	*id = v;
	return 0;
}

/* "0.7": the minor version, or -1. */
static int
parse_version(const char *s, size_t len)
{
	int	 minor = 0;

	if (len < 3 || len > 5 || s[0] != '0' || s[1] != '.')
		return -1;
	for (s += 2, len -= 2; len > 0; s++, len--) {
		if (*s < '0' || *s > '9')
			return -1;
		minor = minor * 10 + (*s - '0');
	}
	return minor;
}

static int
find_name(const char *const *names, int n, const char *s, size_t len)
{
	int	 i;

	for (i = 0; i < n; i++)
		if (names[i] != NULL && field_is(s, len, names[i]))
			return i;
	return n;
}

static int
parse_what(enum proto_kind kind, const char *s, size_t len)
{
	if (kind == PROTO_REPORT)
		return find_name(report_names, REPORT_UNKNOWN, s, len);
	/* Far more of these than of all others. */
	if (len == 9 && memcmp(s, "data-line", 9) == 0)
		return PHASE_DATA_LINE;
	return find_name(phase_names, PHASE_UNKNOWN, s, len);
}

/* "1795290093.752552", always with six digits after the dot. */
static int64_t
parse_time(const char *s, size_t len)
{
	int64_t	 us = 0;
	size_t	 i;

	if (len < 8 || len > 18 || s[len - 7] != '.')
		return 0;
	for (i = 0; i < len; i++) {
		if (i == len - 7)
			continue;
		if (s[i] < '0' || s[i] > '9')
			return 0;
		us = us * 10 + (s[i] - '0');
	}
	return us;
}

static const char *
parse_direction(struct proto_line *l, const char *s, size_t len)
{
	if (field_is(s, len, "smtp-in"))
		l->outgoing = 0;
	else if (field_is(s, len, "smtp-out"))
		l->outgoing = 1;
	else
		return "unknown direction";
	return NULL;
}

/* VERSION|TIME|DIRECTION|EVENT|ID and for a request |TOKEN */
static const char *
parse_head(struct proto_line *l)
{
	const char	*f, *why;
	size_t		 n;

	if ((f = proto_field(&l->arg, &l->len, &n)) == NULL ||
	    (l->minor = parse_version(f, n)) == -1)
		return "no version";
	if ((f = proto_field(&l->arg, &l->len, &n)) == NULL)
		return "no time";
	l->time = parse_time(f, n);
	if ((f = proto_field(&l->arg, &l->len, &n)) == NULL)
		return "no direction";
	if ((why = parse_direction(l, f, n)) != NULL)
		return why;
	if ((f = proto_field(&l->arg, &l->len, &n)) == NULL)
		return "no event";
	l->what = parse_what(l->kind, f, n);
	if ((f = proto_field(&l->arg, &l->len, &n)) == NULL ||
	    parse_id(f, n, &l->session) == -1)
		return "no session id";
	if (l->kind == PROTO_FILTER &&
	    ((f = proto_field(&l->arg, &l->len, &n)) == NULL ||
	    parse_id(f, n, &l->token) == -1))
		return "no token";
	if (l->arg == NULL)
		l->arg = "";
	return NULL;
}

const char *
proto_parse(struct proto_line *l, const char *line, size_t len)
{
	const char	*kind;
	size_t		 n = 0;

	memset(l, 0, sizeof(*l));
	l->arg = line;
	l->len = len;
	kind = proto_field(&l->arg, &l->len, &n);
	if (field_is(kind, n, "filter"))
		l->kind = PROTO_FILTER;
	else if (field_is(kind, n, "report"))
		l->kind = PROTO_REPORT;
	else if (field_is(kind, n, "config")) {
		l->kind = PROTO_CONFIG;
		return l->arg == NULL ? "no key" : NULL;
	} else
		return "unknown kind of line";
	if (l->arg == NULL)
		return "no version";
	return parse_head(l);
}

static void
print_id(char *buf, uint64_t id)
{
	int	 i;

	for (i = 15; i >= 0; i--, id >>= 4)
		buf[i] = "0123456789abcdef"[id & 15];
}

/* Up to 0.4 the token came first. */
static void
print_ids(char *buf, int minor, uint64_t session, uint64_t token)
{
	print_id(buf, minor < 5 ? token : session);
	buf[16] = '|';
	print_id(buf + 17, minor < 5 ? session : token);
	buf[33] = '|';
}

void
proto_prefix(char buf[PROTO_PREFIX], int minor, uint64_t session,
    uint64_t token)
{
	memcpy(buf, "filter-dataline|", 16);
	print_ids(buf + 16, minor, session, token);
}

size_t
proto_result(char buf[PROTO_ANSWER_MAX], int minor, uint64_t session,
    uint64_t token, const char *verdict)
{
	size_t	 len = strlen(verdict);
	const size_t	 head = 14 + 34;

	if (len > PROTO_ANSWER_MAX - head - 1)
		len = PROTO_ANSWER_MAX - head - 1;
	memcpy(buf, "filter-result|", 14);
	print_ids(buf + 14, minor, session, token);
	memcpy(buf + head, verdict, len);
	buf[head + len] = '\n';
	return head + len + 1;
}

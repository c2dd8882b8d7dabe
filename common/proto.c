/* SPDX-License-Identifier: ISC */
/*
 * See proto.h.  Fast where a message has a million lines: one pass over the
 * head of the line, no copy of the rest.
 */

#include <string.h>

#include "proto.h"

struct name {
	const char	*text;
	size_t		 len;
};

#define NAME(text)	{ text, sizeof(text) - 1 }

static const struct name phase_names[] = {
	[PHASE_CONNECT] = NAME("connect"),
	[PHASE_HELO] = NAME("helo"),
	[PHASE_EHLO] = NAME("ehlo"),
	[PHASE_STARTTLS] = NAME("starttls"),
	[PHASE_AUTH] = NAME("auth"),
	[PHASE_MAIL_FROM] = NAME("mail-from"),
	[PHASE_RCPT_TO] = NAME("rcpt-to"),
	[PHASE_DATA] = NAME("data"),
	[PHASE_RSET] = NAME("rset"),
	[PHASE_QUIT] = NAME("quit"),
	[PHASE_NOOP] = NAME("noop"),
	[PHASE_COMMIT] = NAME("commit"),
	[PHASE_DATA_LINE] = NAME("data-line"),
};

static const struct name report_names[] = {
	[REPORT_LINK_CONNECT] = NAME("link-connect"),
	[REPORT_LINK_GREETING] = NAME("link-greeting"),
	[REPORT_LINK_IDENTIFY] = NAME("link-identify"),
	[REPORT_LINK_TLS] = NAME("link-tls"),
	[REPORT_LINK_AUTH] = NAME("link-auth"),
	[REPORT_LINK_DISCONNECT] = NAME("link-disconnect"),
	[REPORT_TX_BEGIN] = NAME("tx-begin"),
	[REPORT_TX_MAIL] = NAME("tx-mail"),
	[REPORT_TX_RCPT] = NAME("tx-rcpt"),
	[REPORT_TX_ENVELOPE] = NAME("tx-envelope"),
	[REPORT_TX_DATA] = NAME("tx-data"),
	[REPORT_TX_COMMIT] = NAME("tx-commit"),
	[REPORT_TX_ROLLBACK] = NAME("tx-rollback"),
	[REPORT_TX_RESET] = NAME("tx-reset"),
	[REPORT_PROTOCOL_CLIENT] = NAME("protocol-client"),
	[REPORT_PROTOCOL_SERVER] = NAME("protocol-server"),
	[REPORT_FILTER_RESPONSE] = NAME("filter-response"),
	[REPORT_FILTER_REPORT] = NAME("filter-report"),
	[REPORT_TIMEOUT] = NAME("timeout"),
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
	return phase < PHASE_UNKNOWN ? phase_names[phase].text : NULL;
}

const char *
proto_report_name(int report)
{
	return report < REPORT_UNKNOWN ? report_names[report].text : NULL;
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

const char *
proto_last(const char *arg, size_t len, size_t *flen, size_t *before)
{
	size_t	 i;

	for (i = len; i > 0 && arg[i - 1] != '|'; i--)
		;
	if (i == 0)
		return NULL;
	*flen = len - i;
	*before = i - 1;
	return arg + i;
}

int
proto_outcome(struct proto_outcome *o, enum report report, int minor,
    const char *arg, size_t len)
{
	size_t	 n;
	int	 auth = report == REPORT_LINK_AUTH;

	if (!auth && (proto_field(&arg, &len, &n) == NULL || arg == NULL))
		return -1;
	o->who = arg;
	o->who_len = len;
	if (minor >= (auth ? 7 : 6))
		o->result = proto_field(&o->who, &o->who_len, &o->result_len);
	else
		o->result = proto_last(arg, len, &o->result_len, &o->who_len);
	return o->result == NULL || o->who == NULL ? -1 : 0;
}

int
proto_is(const char *field, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(field, word, len) == 0;
}

void
proto_mailbox(const char **addr, size_t *len)
{
	const char	*colon;
	size_t		 user = *len;

	while (user > 0 && (*addr)[user - 1] != '@')
		user--;
	if (user == 0)
		user = *len;
	if ((colon = memchr(*addr, ':', user)) == NULL)
		return;
	*len -= colon + 1 - *addr;
	*addr = colon + 1;
}

#define EACH(byte)	((uint64_t)(byte) * 0x0101010101010101ULL)

/* Eight lower-case digits, all at once; returns -1 if they are not. */
static int
parse_hex8(const char *s, uint32_t *v)
{
	const uint8_t	*b = (const uint8_t *)s;
	uint64_t	 x, n;

	/* A compiler makes one load of it. */
	x = (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 |
	    (uint64_t)b[2] << 40 | (uint64_t)b[3] << 32 |
	    (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
	    (uint64_t)b[6] << 8 | b[7];
	/* Letters have bit 6 set, and a low nibble that counts from 1. */
	n = (x & EACH(0x0f)) + 9 * (x >> 6 & EACH(1));
	/* Printed again: from 10 on (bit 4 after adding 6), 39 further. */
	if ((n & EACH(0xf0)) != 0 ||
	    n + EACH('0') + 39 * ((n + EACH(6)) >> 4 & EACH(1)) != x)
		return -1;
	n = (n | n >> 4) & 0x00ff00ff00ff00ffULL;
	n = (n | n >> 8) & 0x0000ffff0000ffffULL;
	*v = n | n >> 16;
	return 0;
}

static int
parse_hex16(const char *s, uint64_t *id)
{
	uint32_t	 high, low;

	if (parse_hex8(s, &high) == -1 || parse_hex8(s + 8, &low) == -1)
		return -1;
	*id = (uint64_t)high << 32 | low;
	return 0;
}

/* Up to 16 digits of any case; returns -1 if it is no such number. */
static int
parse_id(const char *s, size_t len, uint64_t *id)
{
	uint64_t	 v = 0;
	uint8_t		 digit;

	if (len == 16 && parse_hex16(s, id) == 0)	/* as smtpd has it */
		return 0;
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
find_name(const struct name *names, int n, const char *s, size_t len)
{
	int	 i;

	for (i = 0; i < n; i++)
		if (names[i].len == len && names[i].text != NULL &&
		    memcmp(names[i].text, s, len) == 0)
			return i;
	return n;
}

static int
parse_what(enum proto_kind kind, const char *s, size_t len)
{
	if (kind == PROTO_REPORT)
		return find_name(report_names, REPORT_UNKNOWN, s, len);
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
	if (proto_is(s, len, "smtp-in"))
		l->outgoing = 0;
	else if (proto_is(s, len, "smtp-out"))
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

/*
 * The line that comes a million times, as smtpd writes it today.  Returns 0
 * if it is none: then it is parsed the long way.
 */
static int
parse_data_line(struct proto_line *l, const char *line, size_t len)
{
	static const char	 word[] = "|smtp-in|data-line|";
	const size_t		 wlen = sizeof(word) - 1;
	const char		*p;

	if (len < 11 + wlen + 34 || memcmp(line, "filter|0.", 9) != 0 ||
	    line[9] < '0' || line[9] > '9' || line[10] != '|')
		return 0;
	p = line + 11 + 17;	/* behind the time, up to the year 2286 */
	if (*p != '|')
		p = memchr(line + 11, '|', len - 11 - wlen - 33);
	if (p == NULL || (size_t)(line + len - p) < wlen + 34 ||
	    memcmp(p, word, wlen) != 0)
		return 0;
	l->minor = line[9] - '0';
	p += wlen;
	if (p[16] != '|' || p[33] != '|' ||
	    parse_hex16(p, &l->session) == -1 ||
	    parse_hex16(p + 17, &l->token) == -1)
		return 0;
	l->kind = PROTO_FILTER;
	l->outgoing = 0;
	l->what = PHASE_DATA_LINE;
	l->arg = p + 34;
	l->len = len - (l->arg - line);
	return 1;
}

const char *
proto_parse(struct proto_line *l, const char *line, size_t len)
{
	const char	*kind;
	size_t		 n = 0;

	if (parse_data_line(l, line, len))
		return NULL;
	memset(l, 0, sizeof(*l));
	l->arg = line;
	l->len = len;
	kind = proto_field(&l->arg, &l->len, &n);
	if (proto_is(kind, n, "filter"))
		l->kind = PROTO_FILTER;
	else if (proto_is(kind, n, "report"))
		l->kind = PROTO_REPORT;
	else if (proto_is(kind, n, "config")) {
		l->kind = PROTO_CONFIG;
		return l->arg == NULL ? "no key" : NULL;
	} else
		return "unknown kind of line";
	if (l->arg == NULL)
		return "no version";
	return parse_head(l);
}

void
proto_id(char buf[PROTO_ID], uint64_t id)
{
	int	 i;

	for (i = PROTO_ID - 1; i >= 0; i--, id >>= 4)
		buf[i] = "0123456789abcdef"[id & 15];
}

/* Up to 0.4 the token came first. */
static void
print_ids(char *buf, int minor, uint64_t session, uint64_t token)
{
	proto_id(buf, minor < 5 ? token : session);
	buf[16] = '|';
	proto_id(buf + 17, minor < 5 ? session : token);
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

/* SPDX-License-Identifier: ISC */
/*
 * What smtpd does to addresses, done before it: see complete.h.  smtpd's own
 * reading of a field is what counts here, not that of RFC 5322: it cuts the
 * value at commas, reads each piece anew, and appends to those in which it
 * sees no '@'; groups, odd quotes and unclosed brackets come out as they come
 * out there.  Says -1 where smtpd could not be brought to leave a value alone.
 * Linear; two passes, the first one only counts.
 */

#include <stdlib.h>
#include <string.h>

#include "complete.h"

/* As far as smtpd looks at one piece, and at a whole value. */
#define PIECE_MAX	65535
#define VALUE_MAX	65534

/* Since then a '\\' counts in a quoted string, too, when it looks for ','. */
#define VERSION_QUOTED_PAIR	70500

/* "From:", the longest name: what its first line has beside the value. */
#define NAME_LEN	5

struct completion {
	const char	*value;
	size_t		 len;
	const char	*host;
	size_t		 host_len;
	int		 quoted_pair;
};

/* isspace(3) in the C locale. */
static int
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Blanks, and what means more than itself. */
static const char special[256] = {
	[' '] = 1, ['\t'] = 1, ['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1,
	['('] = 1, [')'] = 1, ['"'] = 1, ['\\'] = 1, [','] = 1, ['<'] = 1,
	['>'] = 1, ['@'] = 1, [':'] = 1,
};

/* The ',' that ends the piece at off, or the value's end. */
static size_t
piece_end(const struct completion *c, size_t off)
{
	int comment = 0, escape = 0, quote = 0;
	char ch;

	for (; off < c->len; off++) {
		ch = c->value[off];
		if (!special[(unsigned char)ch]) {
			escape = 0;
			continue;
		}
		if (ch == '(' && !escape && !quote)
			comment++;
		else if (ch == '"' && !escape && !comment)
			quote = !quote;
		else if (ch == ')' && !escape && !quote && comment)
			comment--;
		else if (ch == ',' && !quote && !comment)
			break;		/* "\\," is no exception */
		escape = ch == '\\' && !escape && !comment &&
		    (c->quoted_pair || !quote);
	}
	return off;
}

/* What a piece is made of, as smtpd sees it. */
struct piece {
	int	 comment, escape, quote, bracket;
	int	 has_bracket, has_at, has_colon;
	size_t	 angle;		/* the last '>' */
	size_t	 token;		/* the last byte outside of comments */
};

static void
piece_byte(struct piece *e, size_t i, char ch)
{
	int plain = !e->escape && !e->quote;

	if (!special[(unsigned char)ch]) {
		e->escape = 0;
		if (!e->comment)
			e->token = i;
		return;
	}
	if (ch == '(' && plain)
		e->comment++;
	else if (ch == '"' && !e->escape && !e->comment)
		e->quote = !e->quote;
	else if (ch == ')' && plain && e->comment)
		e->comment--;
	e->escape = ch == '\\' && !e->escape && !e->comment && !e->quote;
	plain = !e->comment && !e->quote;	/* "\\@" is '@' */
	if (ch == '<' && plain)
		e->bracket = e->has_bracket = 1;
	else if (ch == '>' && plain && e->bracket) {
		e->bracket = 0;
		e->angle = i;
	} else if (ch == '@' && plain)
		e->has_at = 1;
	else if (ch == ':' && plain)
		e->has_colon = 1;
	if (!e->comment && ch != ')' && !is_space(ch))
		e->token = i;
}

/*
 * Where "@host" goes into the n bytes at p, or n + 1: nowhere.  The last piece
 * has the value's LF at its end.
 */
static size_t
piece_insert(const char *p, size_t n, int last, size_t host_len)
{
	struct piece e;
	size_t i, all = n + (last ? 1 : 0);

	if (all + 1 + host_len >= PIECE_MAX)
		return n + 1;
	memset(&e, 0, sizeof(e));
	/* Most often '@' is soon there, and no more need be known. */
	for (i = 0; i < all && !e.has_at && !e.has_colon; i++)
		piece_byte(&e, i, i < n ? p[i] : '\n');
	if (e.escape || e.quote || e.comment || e.bracket || e.has_at ||
	    e.has_colon)
		return n + 1;
	if (e.has_bracket) {
		for (i = e.angle - 1; is_space(p[i]); i--)
			;
		return p[i] == '<' ? n + 1 : i + 1;
	}
	/* The first byte, if none is outside of comments. */
	return n == 0 || is_space(p[e.token]) ? n + 1 : e.token + 1;
}

/* A piece, and what becomes of it. */
struct cut {
	size_t	 off, end;
	size_t	 at;		/* of "@host" */
	int	 insert;
};

static void
complete_cut(const struct completion *c, size_t off, struct cut *cut)
{
	size_t n;

	cut->off = off;
	cut->end = piece_end(c, off);
	n = cut->end - off;
	cut->at = off + piece_insert(c->value + off, n, cut->end == c->len,
	    c->host_len);
	cut->insert = cut->at <= cut->end;
	if (!cut->insert)
		cut->at = cut->end;
}

/* How many pieces smtpd appends to. */
static size_t
complete_count(const struct completion *c)
{
	struct cut cut;
	size_t n = 0, off = 0;

	do {
		complete_cut(c, off, &cut);
		n += cut.insert ? 1 : 0;
		off = cut.end + 1;
	} while (cut.end < c->len);
	return n;
}

static char *
complete_put(char *out, const char *p, size_t len)
{
	memcpy(out, p, len);
	return out + len;
}

static void
complete_write(const struct completion *c, char *out)
{
	struct cut cut;
	size_t off = 0;

	do {
		complete_cut(c, off, &cut);
		out = complete_put(out, c->value + off, cut.at - off);
		if (cut.insert) {
			*out++ = '@';
			out = complete_put(out, c->host, c->host_len);
		}
		off = cut.end < c->len ? cut.end + 1 : cut.end;
		out = complete_put(out, c->value + cut.at, off - cut.at);
	} while (cut.end < c->len);
}

/* Lines, and the field as a whole, that smtpd takes as they are. */
static int
value_fits(const char *value, size_t len, size_t line_max)
{
	const char *end = value + len, *nl;
	size_t n = NAME_LEN;

	if (len > VALUE_MAX || memchr(value, '\0', len) != NULL)
		return 0;
	while ((nl = memchr(value, '\n', (size_t)(end - value))) != NULL) {
		if (n + (size_t)(nl - value) > line_max)
			return 0;
		value = nl + 1;
		n = 0;
	}
	return n + (size_t)(end - value) <= line_max;
}

/* By one reading of quoted strings. */
static int
complete_by(struct completion *c, size_t line_max, char **out,
    size_t *out_len)
{
	struct completion again = *c;
	size_t len, n;
	char *buf;

	if (!value_fits(c->value, c->len, line_max))
		return -1;
	if ((n = complete_count(c)) == 0)
		return 0;
	len = c->len + n * (c->host_len + 1);
	if (c->host_len == 0 || len > VALUE_MAX ||
	    (buf = malloc(len + 1)) == NULL)
		return -1;
	complete_write(c, buf);
	buf[len] = '\0';
	again.value = buf;
	again.len = len;
	if (!value_fits(buf, len, line_max) || complete_count(&again) > 0) {
		free(buf);
		return -1;
	}
	*out = buf;
	*out_len = len;
	return 1;
}

/* smtpd did not say how old it is: only what both kinds agree on is sure. */
static int
complete_both(struct completion *c, size_t line_max, char **out,
    size_t *out_len)
{
	char *new = NULL, *old = NULL;
	size_t new_len = 0, old_len = 0;
	int verdict;

	c->quoted_pair = 0;
	verdict = complete_by(c, line_max, &old, &old_len);
	c->quoted_pair = 1;
	if (complete_by(c, line_max, &new, &new_len) != verdict ||
	    new_len != old_len ||
	    (verdict == 1 && memcmp(new, old, new_len) != 0)) {
		free(new);
		verdict = -1;
	} else {
		*out = new;
		*out_len = new_len;
	}
	free(old);
	return verdict;
}

int
complete_addresses(const char *value, size_t len,
    const struct complete_smtpd *smtpd, char **out, size_t *out_len)
{
	struct completion c;

	c.value = value;
	c.len = len;
	c.host = smtpd->host;
	c.host_len = strlen(smtpd->host);
	if (smtpd->version == 0)
		return complete_both(&c, smtpd->line_max, out, out_len);
	c.quoted_pair = smtpd->version >= VERSION_QUOTED_PAIR;
	return complete_by(&c, smtpd->line_max, out, out_len);
}

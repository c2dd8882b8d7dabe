/* SPDX-License-Identifier: ISC */
/*
 * smtpd's own way with addresses: see appends.h.  Two readings of the same
 * bytes, one that looks for commas and one that looks at what is between them;
 * they do not agree about backslashes, and that is how it is there.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "appends.h"

#define BUFFER	65535

struct reading {
	int	 escape, quote, comment;
};

/* pairs: a backslash counts in quotes */
static void
reading_add(struct reading *r, char c, int pairs)
{
	int escaped = r->escape;

	r->escape = 0;
	switch (c) {
	case '(':
		if (!escaped && !r->quote)
			r->comment++;
		break;
	case ')':
		if (!escaped && !r->quote && r->comment > 0)
			r->comment--;
		break;
	case '"':
		if (!escaped && r->comment == 0)
			r->quote ^= 1;
		break;
	case '\\':
		r->escape = !escaped && r->comment == 0 &&
		    (pairs || !r->quote);
		break;
	}
}

/* Where an address ends to which the host is missing; NULL: nowhere. */
static char *
missing(char *buf)
{
	struct reading r = { 0, 0, 0 };
	char *last = buf, *close = NULL, *p;
	int open = 0, angle = 0, at = 0, colon = 0, text;

	for (p = buf; *p != '\0'; p++) {
		reading_add(&r, *p, 0);
		text = r.comment == 0 && !r.quote;
		if (text && *p == '<' && !open)
			open = angle = 1;
		else if (text && *p == '>' && open) {
			open = 0;
			close = p;
		}
		at |= text && *p == '@';
		colon |= text && *p == ':';
		if (r.comment == 0 && *p != ')' && !isspace((unsigned char)*p))
			last = p;
	}
	if (r.escape || r.quote || r.comment > 0 || open || at || colon)
		return NULL;
	if (!angle)
		return *last == '\0' || isspace((unsigned char)*last) ? NULL :
		    last + 1;
	for (close--; isspace((unsigned char)*close); close--)
		;
	return *close == '<' ? NULL : close + 1;
}

static char *
add(char *out, const char *p, size_t len)
{
	memcpy(out, p, len);
	return out + len;
}

/* The buffer is full of one address, or what belongs to it. */
static char *
flush(char *out, char *buf, const char *host)
{
	char *p = missing(buf);
	size_t len = strlen(buf);

	if (p == NULL || len + 1 + strlen(host) >= BUFFER)
		return add(out, buf, len);
	out = add(out, buf, (size_t)(p - buf));
	out = add(out, "@", 1);
	out = add(out, host, strlen(host));
	return add(out, p, len - (size_t)(p - buf));
}

char *
appends(const char *value, const char *host, int old)
{
	struct reading r = { 0, 0, 0 };
	size_t j = 0, len = strlen(value);
	char *buf, *out, *result;

	buf = malloc(len + 2);
	out = result = malloc((len + 2) * (strlen(host) + 2));
	if (buf == NULL || result == NULL)
		abort();
	for (; *value != '\0'; value++) {
		if (*value != '\n')
			reading_add(&r, *value, !old);
		if (*value != ',' || r.quote || r.comment > 0) {
			buf[j++] = *value;
			continue;
		}
		buf[j] = '\0';
		j = 0;
		out = flush(out, buf, host);
		out = add(out, ",", 1);
	}
	buf[j++] = '\n';
	buf[j] = '\0';
	out = flush(out, buf, host);
	out[-1] = '\0';
	free(buf);
	return result;
}

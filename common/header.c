/* SPDX-License-Identifier: ISC */
/*
 * Header fields: where one ends, what it is called, what it says.  Takes any
 * bytes and never fails: what is no field by RFC 5322 comes back as one
 * without a name, so that nothing of a message gets lost.
 */

#include <string.h>
#include <strings.h>

#include "header.h"

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ftext, RFC 5322, 3.6.8 */
static int
is_name(char c)
{
	return c > 32 && c < 127 && c != ':';
}

/* After the line at off and the continuation lines that follow it. */
static size_t
field_end(const char *buf, size_t len, size_t off)
{
	const char *nl;

	do {
		if ((nl = memchr(buf + off, '\n', len - off)) == NULL)
			return len;
		off = (size_t)(nl - buf) + 1;
	} while (off < len && is_blank(buf[off]));
	return off;
}

/* RFC 5322, 2.2; blanks before the ':' are RFC 5322, 4.5.8 */
size_t
header_next(const char *buf, size_t len, size_t off, struct header_field *f)
{
	size_t colon, end, i;

	if (off >= len || buf[off] == '\n')
		return off;
	end = field_end(buf, len, off);
	f->off = off;
	f->len = end - off;
	f->name_len = f->value_off = 0;
	for (i = off; i < end && is_name(buf[i]); i++)
		;
	for (colon = i; colon < end && is_blank(buf[colon]); colon++)
		;
	if (i > off && colon < end && buf[colon] == ':') {
		f->name_len = i - off;
		f->value_off = colon - off + 1;
	}
	return end;
}

/* RFC 5322, 1.2.2 */
int
header_is(const char *buf, const struct header_field *f, const char *name)
{
	return f->name_len > 0 && strlen(name) == f->name_len &&
	    strncasecmp(buf + f->off, name, f->name_len) == 0;
}

/* RFC 5322, 2.2.3 */
size_t
header_value(const char *buf, const struct header_field *f, char *out,
    size_t size)
{
	const char *end, *p;
	size_t len = 0, n = 0;

	p = buf + f->off + f->value_off;
	for (end = buf + f->off + f->len; p < end; p++) {
		if (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n'))
			continue;
		if (n == 0 && is_blank(*p))
			continue;
		if (n + 1 < size)
			out[n] = *p;
		n++;
		if (!is_blank(*p))
			len = n;
	}
	if (size > 0)
		out[len < size ? len : size - 1] = '\0';
	return len;
}

int
header_name_ok(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_name(name[i]))
			return 0;
	return len > 0;
}

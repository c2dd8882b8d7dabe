/* SPDX-License-Identifier: ISC */
/*
 * spamd's own fields in a header that it sent.  SpamAssassin puts them above
 * all others, but for a Return-Path, and leaves some of the client's below
 * (X-Spam-Prev-*, X-Spam): only those on top can be trusted.  The header of a
 * report is all its own.
 *
 * A header that is neither has none: the caller then writes all fields itself.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "markup.h"

#define PREFIX		"X-Spam-"
#define FIELDS_MAX	64	/* of which one may be X-Spam-Status */

size_t
markup_header(const char *buf, size_t len)
{
	const char	*nl = memchr(buf, '\n', len), *p = buf, *end = buf + len;
	int		 crlf = nl != NULL && nl > buf && nl[-1] == '\r';

	while (p < end) {
		if (*p == '\n' || (crlf && *p == '\r' && end - p > 1 &&
		    p[1] == '\n'))
			return (size_t)(p - buf);
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		p = nl + 1;
	}
	return len;
}

int
markup_is_wrapper(const char *header, size_t len)
{
	struct header_field	 f;
	char			 value[512];

	if (header_next(header, len, 0, &f) == 0 ||
	    !header_is(header, &f, "Received"))
		return 0;
	(void)header_value(header, &f, value, sizeof(value));
	return strncmp(value, "from localhost by ", 18) == 0 &&
	    strstr(value, "with SpamAssassin (version ") != NULL;
}

/* Is it called X-Spam-something? */
static int
markup_is_ours(const char *header, const struct header_field *f)
{
	return f->name_len > sizeof(PREFIX) - 1 &&
	    strncasecmp(header + f->off, PREFIX, sizeof(PREFIX) - 1) == 0;
}

size_t
markup_next(const char *header, size_t len, size_t off,
    struct header_field *f)
{
	size_t	 next;
	int	 wrapper = -1;

	for (; (next = header_next(header, len, off, f)) != off; off = next) {
		if (markup_is_ours(header, f))
			return next;
		if (off == 0 && header_is(header, f, "Return-Path"))
			continue;
		if (wrapper == -1)
			wrapper = markup_is_wrapper(header, len);
		if (!wrapper)
			break;
	}
	return 0;
}

void
markup_clean(char *out, const char *raw, size_t len)
{
	char	*p = out;
	size_t	 i = 0;

	while (i < len && (raw[i] == ' ' || raw[i] == '\t'))
		i++;
	for (; i < len; i++)
		if (raw[i] != '\r' && raw[i] != '\0')
			*p++ = raw[i];
	while (p > out && p[-1] == '\n')
		p--;
	*p = '\0';
}

char *
markup_value(const char *raw, size_t len)
{
	char	*value = malloc(len + 1);

	if (value != NULL)
		markup_clean(value, raw, len);
	return value;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A rule's name; what else there could be must not get into the log. */
static int
is_rule(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

/*
 * Names with commas between, and with blanks after these, where the list was
 * folded.  Whatever else comes ends it.
 */
static void
list_copy(const char *p, size_t len, char *out, size_t size)
{
	const char	*end = p + len, *from;
	size_t		 n = 0, part;

	while (size > 0 && p < end) {
		while (p < end && is_blank(*p))
			p++;
		for (from = p; p < end && is_rule(*p); p++)
			;
		part = (size_t)(p - from);
		if (part == 0 || n + (n > 0) + part >= size)
			break;
		if (n > 0)
			out[n++] = ',';
		memcpy(out + n, from, part);
		n += part;
		while (p < end && is_blank(*p))
			p++;
		if (p == end || *p++ != ',')
			break;
	}
	if (size > 0)
		out[n] = '\0';
	if (size > 0 && strcmp(out, "none") == 0)
		out[0] = '\0';
}

/* In what a field says: the list after "tests=", or NULL. */
static const char *
find_tests(const char *p, const char *end)
{
	static const char	 tests[] = "tests=";
	size_t			 n = sizeof(tests) - 1;

	for (; (size_t)(end - p) > n + 1; p++)
		if (is_blank(p[0]) && memcmp(p + 1, tests, n) == 0)
			return p + 1 + n;
	return NULL;
}

void
markup_rules(const char *header, size_t len, char *out, size_t size)
{
	struct header_field	 f;
	const char		*p, *end;
	size_t			 off = 0, n = 0;

	if (size > 0)
		out[0] = '\0';
	while (n++ < FIELDS_MAX &&
	    (off = markup_next(header, len, off, &f)) != 0) {
		if (!header_is(header, &f, "X-Spam-Status"))
			continue;
		end = header + f.off + f.len;
		p = find_tests(header + f.off + f.value_off, end);
		if (p != NULL && !is_blank(*p))
			list_copy(p, (size_t)(end - p), out, size);
		return;
	}
}

void
markup_symbols(const char *p, size_t len, char *out, size_t size)
{
	list_copy(p, len, out, size);
}

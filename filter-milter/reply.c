/* SPDX-License-Identifier: ISC */
/*
 * See reply.h.  smtpd takes one line: a reply of several becomes that.  What is
 * too long is cut.
 */

#include <string.h>

#include "reply.h"

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 5321, 4.2: the code at the front of a line, and what ends it. */
static int
line_code(const char *p, size_t len)
{
	if (len < 3 || (p[0] != '4' && p[0] != '5') || !is_digit(p[1]) ||
	    !is_digit(p[2]) || (len > 3 && p[3] != ' ' && p[3] != '-'))
		return 0;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
}

/* RFC 3463, 2: class "." subject "." detail.  Its length, or 0. */
static size_t
enhanced_code(const char *p, size_t len)
{
	size_t	 i, from, dots = 0;

	if (len < 5 || strchr("245", p[0]) == NULL || p[1] != '.')
		return 0;
	for (i = from = 1; i < len && p[i] == '.' && dots < 2; dots++) {
		for (from = ++i; i < len && is_digit(p[i]); i++)
			;
		if (i == from || i - from > 3)
			return 0;
	}
	return dots == 2 && (i == len || p[i] == ' ') ? i : 0;
}

static size_t
blanks(const char *p, size_t len)
{
	size_t	 n;

	for (n = 0; n < len && (p[n] == ' ' || p[n] == '\t'); n++)
		;
	return n;
}

/* "%%" is what milters have to write for one, as sendmail formats it. */
static size_t
text_add(char *text, size_t n, const char *p, size_t len)
{
	size_t	 i;

	if (n > 0 && len > 0 && n < REPLY_TEXT - 1)
		text[n++] = ' ';
	for (i = 0; i < len && n < REPLY_TEXT - 1; i++) {
		if (p[i] == '%' && i + 1 < len && p[i + 1] == '%')
			i++;
		if (p[i] == '\t')
			text[n++] = ' ';
		else
			text[n++] = p[i] >= ' ' && p[i] <= '~' ? p[i] : '?';
	}
	text[n] = '\0';
	return n;
}

/* A line without its codes, but for the first enhanced one. */
static size_t
line_add(struct reply *r, size_t n, const char *p, size_t len)
{
	size_t	 skip;

	if (line_code(p, len) == r->code) {
		skip = len > 3 ? 4 : 3;
		p += skip, len -= skip;
	}
	skip = blanks(p, len);
	p += skip, len -= skip;
	skip = enhanced_code(p, len);
	if (skip > 0 && (n > 0 || p[0] - '0' != r->code / 100)) {
		skip += blanks(p + skip, len - skip);
		p += skip, len -= skip;
	}
	while (len > 0 && blanks(p + len - 1, 1) > 0)
		len--;
	return text_add(r->text, n, p, len);
}

int
reply_take(struct reply *r, const char *data, size_t len)
{
	const char	*words;
	size_t		 i, from, n = 0;

	len = strnlen(data, len);
	memset(r, 0, sizeof(*r));
	for (i = from = 0; from < len; from = i) {
		while (i < len && data[i] != '\r' && data[i] != '\n')
			i++;
		if (from == 0 && (r->code = line_code(data, i)) == 0)
			return -1;
		n = line_add(r, n, data + from, i - from);
		while (i < len && (data[i] == '\r' || data[i] == '\n'))
			i++;
	}
	if (r->code == 0)
		return -1;
	words = r->code < 500 ? "4.7.1 Try again later" : "5.7.1 Rejected";
	if (n == 0)
		(void)text_add(r->text, 0, words, strlen(words));
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * The words of a structured field: see lexer.h.  A quote or a comment that is
 * never closed takes the rest of the field, and says so in open: whoever finds
 * nothing then can look again with plain set there.
 */

#include <string.h>

#include "lexer.h"

/* RFC 2047, 2: 75 at most; some write more. */
#define ENCODED_MAX	200

static const char	specials[] = ".@,:;<>";

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* '[' and ']' are none, as nobody quotes "[list] Alice". */
static int
is_atom(char c)
{
	return !is_blank(c) && c != '(' && c != ')' && c != '"' &&
	    (c == '\0' || strchr(specials, c) == NULL);
}

void
lexer_init(struct lexer *lx, const char *buf, size_t len, size_t plain)
{
	memset(lx, 0, sizeof(*lx));
	lx->buf = buf;
	lx->len = lx->open = len;
	lx->plain = plain;
	lx->last = TOKEN_END;
}

/* RFC 5322, 3.2.2: after the ')' of the comment at off, which may nest. */
static size_t
skip_comment(struct lexer *lx, size_t off)
{
	size_t begin = off, depth = 0;

	for (; off < lx->len; off++) {
		switch (lx->buf[off]) {
		case '\\':
			off++;
			break;
		case '(':
			depth++;
			break;
		case ')':
			if (--depth == 0)
				return off + 1;
			break;
		}
	}
	lx->open = begin;
	return lx->len;
}

/* Comments, blanks, and a ')' that closes nothing. */
static void
skip_between(struct lexer *lx)
{
	char c;

	while (lx->off < lx->len) {
		c = lx->buf[lx->off];
		if (c == '(' && lx->off < lx->plain)
			lx->off = skip_comment(lx, lx->off);
		else if (is_blank(c) || c == '(' || c == ')' ||
		    (c == '"' && lx->off >= lx->plain))
			lx->off++;
		else
			break;
	}
}

/* RFC 5322, 3.2.4 */
static enum token
lex_quoted(struct lexer *lx)
{
	size_t begin = lx->off++;

	lx->text = lx->buf + lx->off;
	for (; lx->off < lx->len && lx->buf[lx->off] != '"'; lx->off++)
		if (lx->buf[lx->off] == '\\')
			lx->off++;
	if (lx->off >= lx->len) {
		lx->open = begin;
		lx->off = lx->len;
	}
	lx->text_len = (size_t)(lx->buf + lx->off - lx->text);
	if (lx->off < lx->len)
		lx->off++;
	return TOKEN_QUOTED;
}

/* RFC 5322, 3.4.1; one without ']' ends with its mailbox. */
static enum token
lex_literal(struct lexer *lx)
{
	char c;

	while (lx->off < lx->len) {
		c = lx->buf[lx->off];
		if (c == ',' || c == ';' || c == '>')
			break;
		lx->off++;
		if (c == ']')
			break;
	}
	lx->text_len = (size_t)(lx->buf + lx->off - lx->text);
	return TOKEN_LITERAL;
}

/* After the next '?' of an encoded-word, or 0. */
static size_t
encoded_part(const struct lexer *lx, size_t off, size_t end)
{
	for (; off < end && !is_blank(lx->buf[off]); off++)
		if (lx->buf[off] == '?')
			return off + 1;
	return 0;
}

/* RFC 2047, 2: "=?charset?encoding?text?=" at off; its end, or 0. */
static size_t
encoded_end(const struct lexer *lx, size_t off)
{
	size_t end = lx->len;
	int i;

	if (end - off > ENCODED_MAX)
		end = off + ENCODED_MAX;
	if (end - off < 2 || lx->buf[off] != '=' || lx->buf[off + 1] != '?')
		return 0;
	off += 2;
	for (i = 0; i < 3; i++)
		if ((off = encoded_part(lx, off, end)) == 0)
			return 0;
	return off < end && lx->buf[off] == '=' ? off + 1 : 0;
}

/* RFC 5322, 3.2.3, and a '\\' before what is none; but "\\<" opens. */
static enum token
lex_word(struct lexer *lx)
{
	size_t end = encoded_end(lx, lx->off), off = lx->off;

	if (end > 0)
		off = end;
	for (; off < lx->len && is_atom(lx->buf[off]); off++)
		if (lx->buf[off] == '\\' && off + 1 < lx->len &&
		    lx->buf[off + 1] != '<' && !is_blank(lx->buf[off + 1]))
			off++;
	lx->text_len = off - lx->off;
	lx->off = off;
	return TOKEN_WORD;
}

enum token
lexer_next(struct lexer *lx)
{
	int at = lx->last == TOKEN_CHAR && *lx->text == '@';

	skip_between(lx);
	lx->text = lx->buf + lx->off;
	lx->text_len = 1;
	if (lx->off >= lx->len)
		lx->last = TOKEN_END;
	else if (*lx->text == '"')
		lx->last = lex_quoted(lx);
	else if (at && *lx->text == '[')
		lx->last = lex_literal(lx);
	else if (is_atom(*lx->text))
		lx->last = lex_word(lx);
	else {
		lx->off++;
		lx->last = TOKEN_CHAR;
	}
	return lx->last;
}

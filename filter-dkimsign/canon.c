/* SPDX-License-Identifier: ISC */
/*
 * Canonicalisation.  Most lines of most messages need nothing but their CRLF,
 * so what needs more is looked for eight bytes at a time, and all else is
 * copied in one piece.  Never fails: any bytes have a canonical form.
 */

#include <stdint.h>
#include <string.h>

#include "canon.h"
#include "hfield.h"

#define WORD(c)		(0x0101010101010101ULL * (c))

/* A field on its way: a hash is slow with small pieces. */
struct field_out {
	struct canon_sink	 sink;
	size_t			 used;
	char			 buf[1024];
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
block_flush(struct canon_body *b)
{
	if (b->used > 0)
		b->sink.put(b->sink.arg, b->block, b->used);
	b->used = 0;
}

static void
block_put(struct canon_body *b, const char *p, size_t len)
{
	size_t n;

	while ((n = sizeof(b->block) - b->used) < len) {
		memcpy(b->block + b->used, p, n);
		b->used += n;
		block_flush(b);
		p += n;
		len -= n;
	}
	memcpy(b->block + b->used, p, len);
	b->used += len;
}

/* A part of a line: the empty ones before it are no tail. */
static void
text_put(struct canon_body *b, const char *p, size_t len)
{
	for (; b->empty > 0; b->empty--)
		block_put(b, "\r\n", 2);
	block_put(b, p, len);
	b->text = b->any = 1;
}

/* The high bit of each byte of w that is the one pattern is made of. */
static uint64_t
word_find(uint64_t w, uint64_t pattern)
{
	w ^= pattern;
	return ~(((w & WORD(0x7f)) + WORD(0x7f)) | w | WORD(0x7f));
}

/*
 * How much of it stays as it is: up to a tab, a blank before another, or one
 * that may be the line's last.  It begins with no blank.
 */
static size_t
plain_len(const char *p, size_t len)
{
	uint64_t next, w;
	size_t i;

	for (i = 0; len - i > 8; i += 8) {
		memcpy(&w, p + i, 8);
		memcpy(&next, p + i + 1, 8);
		if ((word_find(next, WORD('\t')) | (word_find(w, WORD(' ')) &
		    word_find(next, WORD(' ')))) != 0)
			break;
	}
	for (; i < len; i++)
		if (p[i] == '\t' || (p[i] == ' ' &&
		    (i + 1 == len || is_blank(p[i + 1]))))
			break;
	return i;
}

/* RFC 6376, 3.4.4 */
static void
relaxed_put(struct canon_body *b, const char *p, size_t len)
{
	size_t n;

	for (; len > 0; p += n, len -= n) {
		if (is_blank(*p)) {
			b->blank = 1;
			n = 1;
			continue;
		}
		if (b->blank)
			text_put(b, " ", 1);
		b->blank = 0;
		n = plain_len(p, len);
		text_put(b, p, n);
	}
}

/* RFC 4870, 3.4.2.2: not even CRs stay. */
static void
nofws_put(struct canon_body *b, const char *p, size_t len)
{
	size_t n, skip;

	for (; len > 0; p += n + skip, len -= n + skip) {
		for (n = 0; n < len && !is_blank(p[n]) && p[n] != '\r'; n++)
			;
		skip = n < len;
		if (n > 0)
			text_put(b, p, n);
	}
}

/* The next bytes of a line, as far as smtpd will let them through. */
static void
line_put(struct canon_body *b, const char *p, size_t len)
{
	size_t room;

	if (len == 0)
		return;
	if (b->wide == 0 && *p == '.')	/* RFC 5321, 4.5.2 */
		b->wide = 1;
	room = b->wide < b->line_max ? b->line_max - b->wide : 0;
	if (len > room)
		len = room;
	b->wide += len;
	if (len == 0)
		return;
	switch (b->how) {
	case CANON_SIMPLE:
		text_put(b, p, len);
		break;
	case CANON_RELAXED:
		relaxed_put(b, p, len);
		break;
	case CANON_NOFWS:
		nofws_put(b, p, len);
		break;
	}
}

static void
line_end(struct canon_body *b)
{
	if (b->text)
		block_put(b, "\r\n", 2);
	else
		b->empty++;
	b->wide = 0;
	b->text = b->blank = 0;
}

void
canon_body_begin(struct canon_body *b, enum canon how, size_t line_max,
    struct canon_sink sink)
{
	b->how = how;
	b->line_max = line_max;
	b->sink = sink;
	b->empty = b->wide = b->used = 0;
	b->text = b->blank = b->any = 0;
}

void
canon_body_feed(struct canon_body *b, const char *p, size_t len)
{
	const char *nl;

	while ((nl = memchr(p, '\n', len)) != NULL) {
		line_put(b, p, (size_t)(nl - p));
		line_end(b);
		len -= (size_t)(nl - p) + 1;
		p = nl + 1;
	}
	line_put(b, p, len);
}

void
canon_body_end(struct canon_body *b)
{
	if (b->text)
		line_end(b);
	if (b->how == CANON_SIMPLE && !b->any)	/* RFC 6376, 3.4.3 */
		block_put(b, "\r\n", 2);
	block_flush(b);
}

static void
out_flush(struct field_out *o)
{
	if (o->used > 0)
		o->sink.put(o->sink.arg, o->buf, o->used);
	o->used = 0;
}

static void
out_char(struct field_out *o, char c)
{
	if (o->used == sizeof(o->buf))
		out_flush(o);
	o->buf[o->used++] = c;
}

/* As it is, but for the line ends. */
static void
simple_field(struct field_out *o, const struct hfield *f)
{
	size_t i;

	for (i = 0; i < f->len; i++) {
		if (f->raw[i] == '\n')
			out_char(o, '\r');
		out_char(o, f->raw[i]);
	}
}

/* RFC 6376, 3.4.2; RFC 5322, 2.2.3: only the CRLF of a fold goes. */
static void
relaxed_field(struct field_out *o, const struct hfield *f)
{
	size_t i;
	int blank = 0, text = 0;
	char c;

	for (i = 0; i < f->name_len; i++) {
		c = f->raw[i];
		out_char(o, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	out_char(o, ':');
	for (i = f->value_off; i < f->len; i++) {
		c = f->raw[i];
		if (c == '\n')
			continue;
		if (is_blank(c)) {
			blank = 1;
			continue;
		}
		if (blank && text)
			out_char(o, ' ');
		out_char(o, c);
		blank = 0;
		text = 1;
	}
}

/* RFC 4870, 3.4.2.2 */
static void
nofws_field(struct field_out *o, const struct hfield *f)
{
	size_t i;
	char c;

	for (i = 0; i < f->len; i++) {
		c = f->raw[i];
		if (!is_blank(c) && c != '\r' && c != '\n')
			out_char(o, c);
	}
}

static void
field_put(struct field_out *o, enum canon how, const struct hfield *f)
{
	switch (how) {
	case CANON_SIMPLE:
		simple_field(o, f);
		break;
	case CANON_RELAXED:
		relaxed_field(o, f);
		break;
	case CANON_NOFWS:
		nofws_field(o, f);
		break;
	}
}

void
canon_field(enum canon how, const struct hfield *f, struct canon_sink sink)
{
	struct field_out o;

	o.sink = sink;
	o.used = 0;
	field_put(&o, how, f);
	out_char(&o, '\r');
	out_char(&o, '\n');
	out_flush(&o);
}

void
canon_own_field(enum canon how, const struct hfield *f,
    struct canon_sink sink)
{
	struct field_out o;

	o.sink = sink;
	o.used = 0;
	field_put(&o, how, f);
	out_flush(&o);
}

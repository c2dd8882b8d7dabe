/* SPDX-License-Identifier: ISC */
/*
 * Canonicalisation of any bytes, cut anywhere, is what the RFCs' text says when
 * it is followed step by step: a line at a time, blank by blank.
 * The first byte says how (by three) and which line_max (0: none), the second
 * how long the pieces are; the rest is a body, and a header field.
 */

#include <string.h>

#include "canon.h"
#include "fuzz.h"
#include "header.h"
#include "hfield.h"

struct text {
	char	*p;
	size_t	 len;
	size_t	 size;
};

static void
text_put(void *arg, const void *p, size_t len)
{
	struct text *t = arg;

	FUZZ_CHECK(len <= t->size - t->len);
	memcpy(t->p + t->len, p, len);
	t->len += len;
}

static struct text
text_new(size_t len)
{
	struct text t = { NULL, 0, len * 2 + 8 };

	FUZZ_CHECK((t.p = malloc(t.size)) != NULL);
	return t;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Runs of blanks become one; for nofws nothing, and CRs go too. */
static void
squeeze(struct text *t, enum canon how)
{
	size_t i, n = 0;

	for (i = 0; i < t->len; i++) {
		if (how == CANON_NOFWS && (is_blank(t->p[i]) ||
		    t->p[i] == '\r' || t->p[i] == '\n'))
			continue;
		if (how == CANON_RELAXED && is_blank(t->p[i])) {
			if (n > 0 && t->p[n - 1] == ' ')
				continue;
			t->p[n++] = ' ';
		} else
			t->p[n++] = t->p[i];
	}
	t->len = n;
	if (how == CANON_RELAXED && t->len > 0 && t->p[t->len - 1] == ' ')
		t->len--;
}

/* One line as smtpd lets it through, then made canonical. */
static void
reference_line(struct text *out, enum canon how, size_t max, const char *p,
    size_t len)
{
	struct text t = text_new(len);

	if (len > 0 && *p == '.')
		max--;
	text_put(&t, p, len < max ? len : max);
	if (how != CANON_SIMPLE)
		squeeze(&t, how);
	text_put(out, t.p, t.len);
	text_put(out, "\r\n", 2);
	free(t.p);
}

static void
reference_body(struct text *out, enum canon how, size_t max, const char *p,
    size_t len)
{
	const char *nl;
	size_t n;

	while (len > 0) {
		nl = memchr(p, '\n', len);
		n = nl != NULL ? (size_t)(nl - p) : len;
		reference_line(out, how, max, p, n);
		n += nl != NULL;
		p += n;
		len -= n;
	}
	while (out->len >= 4 && memcmp(out->p + out->len - 4, "\r\n\r\n", 4)
	    == 0)
		out->len -= 2;
	if (out->len == 2 && how != CANON_SIMPLE)
		out->len = 0;
	if (out->len == 0 && how == CANON_SIMPLE)
		text_put(out, "\r\n", 2);
}

static void
check_body(enum canon how, size_t max, size_t piece, const char *p,
    size_t len)
{
	static struct canon_body b;
	struct text got = text_new(len), want = text_new(len);
	size_t n;

	reference_body(&want, how, max, p, len);
	canon_body_begin(&b, how, max, (struct canon_sink){ text_put, &got });
	for (; len > 0; p += n, len -= n) {
		n = len < piece ? len : piece;
		canon_body_feed(&b, p, n);
		piece = piece * 5 % 251 + 1;
	}
	canon_body_end(&b);
	FUZZ_CHECK(got.len == want.len &&
	    memcmp(got.p, want.p, got.len) == 0);
	free(got.p);
	free(want.p);
}

static void
reference_field(struct text *out, enum canon how, const struct hfield *f)
{
	struct text t = text_new(f->len);
	size_t i;

	for (i = 0; i < f->len; i++) {
		if (f->raw[i] == '\n' && how == CANON_SIMPLE)
			text_put(&t, "\r\n", 2);
		else if (f->raw[i] != '\n')
			text_put(&t, &f->raw[i], 1);
	}
	if (how == CANON_RELAXED) {
		for (i = 0; i < f->name_len; i++)
			if (t.p[i] >= 'A' && t.p[i] <= 'Z')
				t.p[i] |= 0x20;
		text_put(out, t.p, f->name_len);
		text_put(out, ":", 1);
		i = (size_t)((char *)memchr(t.p, ':', t.len) - t.p) + 1;
		while (i < t.len && is_blank(t.p[i]))
			i++;
		memmove(t.p, t.p + i, t.len - i);
		t.len -= i;
	}
	if (how != CANON_SIMPLE)
		squeeze(&t, how);
	text_put(out, t.p, t.len);
	text_put(out, "\r\n", 2);
	free(t.p);
}

static void
check_fields(enum canon how, const char *p, size_t len)
{
	struct text got, want;
	struct header_field h;
	struct hfield f;
	size_t next, off;

	for (off = 0; (next = header_next(p, len, off, &h)) != off;
	    off = next) {
		if (h.name_len == 0)
			continue;
		f = (struct hfield){ p + off, h.len, h.name_len, h.value_off };
		f.len -= p[next - 1] == '\n';
		got = text_new(f.len);
		want = text_new(f.len);
		reference_field(&want, how, &f);
		canon_field(how, &f, (struct canon_sink){ text_put, &got });
		FUZZ_CHECK(got.len == want.len &&
		    memcmp(got.p, want.p, got.len) == 0);
		got.len = 0;
		canon_own_field(how, &f, (struct canon_sink){ text_put, &got });
		FUZZ_CHECK(got.len == want.len - 2 &&
		    memcmp(got.p, want.p, got.len) == 0);
		free(got.p);
		free(want.p);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 2;
	enum canon how;
	size_t max;

	if (size < 2)
		return 0;
	how = (enum canon)(data[0] % 3);
	max = data[0] / 3 > 0 ? data[0] / 3 : 65485;
	check_body(how, max, (size_t)data[1] + 1, p, size - 2);
	check_fields(how, p, size - 2);
	return 0;
}

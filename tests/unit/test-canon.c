/* SPDX-License-Identifier: ISC */
/*
 * Canonicalisation: the RFC's examples, its corners, and that it does not
 * matter how a body is cut on its way.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "bytes.h"
#include "canon.h"
#include "header.h"
#include "hfield.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))
#define NO_MAX		65485

struct body {
	const char	*what;
	const char	*in;
	const char	*simple;
	const char	*relaxed;
	const char	*nofws;
};

static const struct body bodies[] = {
	{ "RFC 6376, 3.4.5", " C \nD \t E\n\n\n",
	    " C \r\nD \t E\r\n", " C\r\nD E\r\n", "C\r\nDE\r\n" },
	{ "nothing", "", "\r\n", "", "" },
	{ "an empty line", "\n", "\r\n", "", "" },
	{ "empty lines", "\n\n\n\n", "\r\n", "", "" },
	{ "one line", "a\n", "a\r\n", "a\r\n", "a\r\n" },
	{ "no LF at the end", "a\nb", "a\r\nb\r\n", "a\r\nb\r\n",
	    "a\r\nb\r\n" },
	{ "blanks without LF at the end", "a\n \t", "a\r\n \t\r\n", "a\r\n",
	    "a\r\n" },
	{ "empty lines in between stay", "\n\na\n\n\nb\n\n",
	    "\r\n\r\na\r\n\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\n\r\nb\r\n",
	    "\r\n\r\na\r\n\r\n\r\nb\r\n" },
	{ "lines of blanks", "a\n \n\t\nb\n  \n",
	    "a\r\n \r\n\t\r\nb\r\n  \r\n", "a\r\n\r\n\r\nb\r\n",
	    "a\r\n\r\n\r\nb\r\n" },
	{ "only lines of blanks", " \n\t \n", " \r\n\t \r\n", "", "" },
	{ "one blank stays in front", "   a\n\tb\n \t c\n",
	    "   a\r\n\tb\r\n \t c\r\n", " a\r\n b\r\n c\r\n",
	    "a\r\nb\r\nc\r\n" },
	{ "blanks at the end go", "a \nb\t\nc \t \n",
	    "a \r\nb\t\r\nc \t \r\n", "a\r\nb\r\nc\r\n", "a\r\nb\r\nc\r\n" },
	{ "a tab is a blank", "a\tb\n", "a\tb\r\n", "a b\r\n", "ab\r\n" },
	{ "a blank and a tab", "abcdefg \thijklmn\n",
	    "abcdefg \thijklmn\r\n", "abcdefg hijklmn\r\n",
	    "abcdefghijklmn\r\n" },
	{ "a tab as the ninth", "abcdefgh\tijklmnop\n",
	    "abcdefgh\tijklmnop\r\n", "abcdefgh ijklmnop\r\n",
	    "abcdefghijklmnop\r\n" },
	{ "two blanks at a word's end", "abcdefg  hijklmnop qrs\n",
	    "abcdefg  hijklmnop qrs\r\n", "abcdefg hijklmnop qrs\r\n",
	    "abcdefghijklmnopqrs\r\n" },
	{ "VT, FF, NBSP are data", "a \v \f \240\n",
	    "a \v \f \240\r\n", "a \v \f \240\r\n", "a\v\f\240\r\n" },
	{ "a CR is data", "a\rb\n\r\nc\r\n", "a\rb\r\n\r\r\nc\r\r\n",
	    "a\rb\r\n\r\r\nc\r\r\n", "ab\r\n\r\nc\r\n" },
	{ "a CR at the end is no empty line", "a\n\r\n", "a\r\n\r\r\n",
	    "a\r\n\r\r\n", "a\r\n" },
	{ "blanks before a CR", "a \r\n", "a \r\r\n", "a \r\r\n", "a\r\n" },
	{ "dots", ".\n..\n. a\n", ".\r\n..\r\n. a\r\n",
	    ".\r\n..\r\n. a\r\n", ".\r\n..\r\n.a\r\n" },
	{ "bytes above 127", "\303\244\200 \377\n", "\303\244\200 \377\r\n",
	    "\303\244\200 \377\r\n", "\303\244\200\377\r\n" },
};

static void
bytes_put(void *arg, const void *p, size_t len)
{
	assert_true(len > 0 && len <= CANON_BLOCK);
	assert_int_equal(bytes_add(arg, p, len), 0);
}

static struct canon_sink
bytes_sink(struct bytes *b)
{
	return (struct canon_sink){ bytes_put, b };
}

/* In pieces of so many bytes; "" if it is empty. */
static void
body_make(struct bytes *out, enum canon how, size_t max, const char *in,
    size_t len, size_t piece)
{
	static struct canon_body b;
	size_t n;

	memset(&b, 0xa5, sizeof(b));
	canon_body_begin(&b, how, max, bytes_sink(out));
	for (; len > 0; in += n, len -= n) {
		n = len < piece ? len : piece;
		canon_body_feed(&b, in, n);
	}
	canon_body_end(&b);
}

static void
body_check(const char *what, enum canon how, size_t max, const char *in,
    const char *want)
{
	struct bytes out;
	size_t len = strlen(in), piece;

	for (piece = 1; piece <= len + 1; piece++) {
		memset(&out, 0, sizeof(out));
		body_make(&out, how, max, in, len, piece);
		if (out.len != strlen(want) || (out.len > 0 &&
		    memcmp(out.data, want, out.len) != 0))
			fail_msg("%s, canon %d in pieces of %zu: \"%.*s\"",
			    what, how, piece, (int)out.len,
			    out.len > 0 ? out.data : "");
		bytes_clear(&out);
	}
}

static void
bodies_become_canonical_however_cut(void **state)
{
	const struct body *b;
	size_t i;

	for (i = 0; i < COUNT(bodies); i++) {
		b = &bodies[i];
		body_check(b->what, CANON_SIMPLE, NO_MAX, b->in, b->simple);
		body_check(b->what, CANON_RELAXED, NO_MAX, b->in, b->relaxed);
		body_check(b->what, CANON_NOFWS, NO_MAX, b->in, b->nofws);
	}
}

static void
hash_check(enum canon how, const char *in, const char *want)
{
	unsigned char hash[32], text[48];
	struct bytes out = { 0 };

	body_make(&out, how, NO_MAX, in, strlen(in), 7);
	assert_int_equal(EVP_Digest(out.len > 0 ? out.data : "", out.len,
	    hash, NULL, EVP_sha256(), NULL), 1);
	(void)EVP_EncodeBlock(text, hash, sizeof(hash));
	assert_string_equal((char *)text, want);
	bytes_clear(&out);
}

/* RFC 6376, 3.4.3, 3.4.4 and A.2 */
static void
known_bodies_have_their_known_hashes(void **state)
{
	hash_check(CANON_SIMPLE, "",
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	hash_check(CANON_SIMPLE, "\n\n",
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	hash_check(CANON_RELAXED, " \n\n",
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	hash_check(CANON_SIMPLE,
	    "Hi.\n\nWe lost the game. Are you hungry yet?\n\nJoe.\n",
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	hash_check(CANON_RELAXED,
	    "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n\n",
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

/* A dot at the begin travels as two: RFC 5321, 4.5.2 */
static void
what_smtpd_cuts_is_not_there(void **state)
{
	static const struct {
		const char	*in, *simple, *relaxed;
	} t[] = {
		{ "12345\n", "12345\r\n", "12345\r\n" },
		{ "123456\n7\n", "12345\r\n7\r\n", "12345\r\n7\r\n" },
		{ "123456789", "12345\r\n", "12345\r\n" },
		{ ".2345\n", ".234\r\n", ".234\r\n" },
		{ ".234\n", ".234\r\n", ".234\r\n" },
		{ "..345\n", "..34\r\n", "..34\r\n" },
		{ "1.3456\n", "1.345\r\n", "1.345\r\n" },
		{ "123  6\n", "123  \r\n", "123\r\n" },
		{ "1   56\n", "1   5\r\n", "1 5\r\n" },
		{ "     6\n", "     \r\n", "" },
		{ "a\n      \n", "a\r\n     \r\n", "a\r\n" },
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++) {
		body_check(t[i].in, CANON_SIMPLE, 5, t[i].in, t[i].simple);
		body_check(t[i].in, CANON_RELAXED, 5, t[i].in, t[i].relaxed);
	}
}

/* Across blocks: text, empty lines that turn out to be none, a tail. */
static void
large_bodies_are_whole(void **state)
{
	struct bytes in = { 0 }, out = { 0 }, want = { 0 };
	char line[128];
	size_t i, n;

	for (i = 0; i < 2000; i++) {
		n = (size_t)snprintf(line, sizeof(line), "%zu  %.*s\tx ", i,
		    (int)(i % 90), "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
		    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
		assert_int_equal(bytes_add(&in, line, n), 0);
		assert_int_equal(bytes_add(&in, "\n\n", 2), 0);
		n = (size_t)snprintf(line, sizeof(line), "%zu %.*s x\r\n\r\n",
		    i, (int)(i % 90), i % 90 == 0 ? "" :
		    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
		    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
		/* With nothing between the blanks they are one run. */
		if (i % 90 == 0)
			n = (size_t)snprintf(line, sizeof(line),
			    "%zu x\r\n\r\n", i);
		assert_int_equal(bytes_add(&want, line, n), 0);
	}
	want.len -= 2;		/* the last empty line */
	for (n = 1; n < 100000; n = n * 3 + 1) {
		body_make(&out, CANON_RELAXED, NO_MAX, in.data, in.len, n);
		assert_int_equal(out.len, want.len);
		assert_memory_equal(out.data, want.data, out.len);
		bytes_clear(&out);
	}
	bytes_clear(&in);
	bytes_clear(&want);
}

struct field {
	const char	*in;
	const char	*simple;
	const char	*relaxed;
	const char	*nofws;
};

static const struct field field_table[] = {
	/* RFC 6376, 3.4.5 */
	{ "A: X\n", "A: X\r\n", "a:X\r\n", "A:X\r\n" },
	{ "B : Y\t\n\tZ  \n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n",
	    "B:YZ\r\n" },
	/* empty ones */
	{ "A:\n", "A:\r\n", "a:\r\n", "A:\r\n" },
	{ "A: \t\n", "A: \t\r\n", "a:\r\n", "A:\r\n" },
	{ "A:\n \n  \n", "A:\r\n \r\n  \r\n", "a:\r\n", "A:\r\n" },
	/* nothing before the fold, and a fold of blanks only */
	{ "Subject:\n    x\n", "Subject:\r\n    x\r\n", "subject:x\r\n",
	    "Subject:x\r\n" },
	{ "Subject: x\n  \n\ty\n", "Subject: x\r\n  \r\n\ty\r\n",
	    "subject:x y\r\n", "Subject:xy\r\n" },
	{ "Subject: x\n  \n", "Subject: x\r\n  \r\n", "subject:x\r\n",
	    "Subject:x\r\n" },
	/* case of the value stays, colons too */
	{ "X-A: B:C  :D\n", "X-A: B:C  :D\r\n", "x-a:B:C :D\r\n",
	    "X-A:B:C:D\r\n" },
	/* CR, VT, FF, NBSP and others are data */
	{ "A: \v x\f \240\303\n", "A: \v x\f \240\303\r\n",
	    "a:\v x\f \240\303\r\n", "A:\vx\f\240\303\r\n" },
	{ "A: x \r\n\ty\n", "A: x \r\r\n\ty\r\n", "a:x \r y\r\n",
	    "A:xy\r\n" },
};

/* As header.c finds it. */
static struct hfield
field_of(const char *line)
{
	struct header_field f;

	assert_int_equal(header_next(line, strlen(line), 0, &f),
	    strlen(line));
	return (struct hfield){ line, f.len - 1, f.name_len, f.value_off };
}

static void
field_check(enum canon how, const char *in, const char *want)
{
	struct bytes out = { 0 };
	struct hfield f = field_of(in);

	canon_field(how, &f, bytes_sink(&out));
	if (out.len != strlen(want) || memcmp(out.data, want, out.len) != 0)
		fail_msg("\"%s\", canon %d: \"%.*s\"", in, how, (int)out.len,
		    out.data);
	bytes_clear(&out);
	canon_own_field(how, &f, bytes_sink(&out));
	assert_int_equal(out.len, strlen(want) - 2);
	assert_memory_equal(out.data, want, out.len);
	bytes_clear(&out);
}

static void
fields_become_canonical(void **state)
{
	const struct field *f;
	size_t i;

	for (i = 0; i < COUNT(field_table); i++) {
		f = &field_table[i];
		field_check(CANON_SIMPLE, f->in, f->simple);
		field_check(CANON_RELAXED, f->in, f->relaxed);
		field_check(CANON_NOFWS, f->in, f->nofws);
	}
}

static void
long_fields_are_whole(void **state)
{
	struct bytes in = { 0 }, out = { 0 };
	struct hfield f;
	size_t i;

	assert_int_equal(bytes_add(&in, "References:", 11), 0);
	for (i = 0; i < 3000; i++)
		assert_int_equal(bytes_add(&in, " \n <a@b>", 8), 0);
	f = (struct hfield){ in.data, in.len, 10, 11 };
	canon_field(CANON_RELAXED, &f, bytes_sink(&out));
	assert_int_equal(out.len, 11 + 3000 * 6 - 1 + 2);
	assert_memory_equal(out.data, "references:<a@b> <a@b> ", 23);
	assert_memory_equal(out.data + out.len - 9, "> <a@b>\r\n", 9);
	bytes_clear(&out);
	canon_field(CANON_SIMPLE, &f, bytes_sink(&out));
	assert_int_equal(out.len, 11 + 3000 * 9 + 2);
	bytes_clear(&out);
	bytes_clear(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_become_canonical_however_cut),
		cmocka_unit_test(known_bodies_have_their_known_hashes),
		cmocka_unit_test(what_smtpd_cuts_is_not_there),
		cmocka_unit_test(large_bodies_are_whole),
		cmocka_unit_test(fields_become_canonical),
		cmocka_unit_test(long_fields_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

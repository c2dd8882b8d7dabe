/* SPDX-License-Identifier: ISC */
/*
 * What is sent, piece by piece: the head, and the message without a part.
 * And the same compressed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "ask.h"
#include "message.h"
#include "message_engine.h"
#include "pack.h"
#include "source.h"
#include "spool.h"

static const struct {
	const char	*head;
	size_t		 skip, skip_end, limit;
	const char	*sent;		/* of "abc\ndefg\n" */
} texts[] = {
	{ NULL, 0, 0, SIZE_MAX, "abc\ndefg\n" },
	{ "X\n", 0, 0, SIZE_MAX, "X\nabc\ndefg\n" },
	{ "X\n", 0, 4, SIZE_MAX, "X\ndefg\n" },
	{ "X\n", 1, 3, SIZE_MAX, "X\na\ndefg\n" },
	{ "X\n", 4, 9, SIZE_MAX, "X\nabc\n" },
	{ "X\n", 0, 9, SIZE_MAX, "X\n" },
	{ NULL, 0, 9, SIZE_MAX, "" },
	{ "X\n", 0, 0, 0, "X\n" },
	{ "X\n", 0, 0, 5, "X\nabc\nd" },
	{ "X\n", 0, 4, 2, "X\nde" },
	{ "X\n", 2, 4, 3, "X\nabd" },
	{ "X\n", 0, 0, 9, "X\nabc\ndefg\n" },
	/* Out of bounds. */
	{ NULL, 4, 100, SIZE_MAX, "abc\n" },
	{ NULL, 100, 200, SIZE_MAX, "abc\ndefg\n" },
	{ NULL, 4, 2, SIZE_MAX, "abc\ndefg\n" },
};

static struct ask_text
text_of(size_t i)
{
	struct ask_text	 t;

	memset(&t, 0, sizeof(t));
	t.head = (char *)(uintptr_t)texts[i].head;
	t.head_len = texts[i].head == NULL ? 0 : strlen(texts[i].head);
	t.skip = texts[i].skip;
	t.skip_end = texts[i].skip_end;
	t.limit = texts[i].limit;
	return t;
}

static struct message *
message_small(void)
{
	struct message	*m = message_new();

	assert_non_null(m);
	message_append(m, "abc", 3);
	message_append(m, "defg", 4);
	return m;
}

static void
all_is_sent_but_what_is_skipped(void **state)
{
	struct message	*m = message_small();
	struct ask_text	 t;
	struct source	 src;
	char		 sent[64];
	const char	*p;
	size_t		 i, len, n, left;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		t = text_of(i);
		source_message(&src, &t, m);
		left = src.left;
		for (n = 0; (p = source_next(&src, &len)) != NULL; n += len) {
			assert_in_range(len, 1, sizeof(sent) - 1 - n);
			memcpy(sent + n, p, len);
		}
		sent[n] = '\0';
		assert_string_equal(sent, texts[i].sent);
		assert_int_equal(left, n);
		assert_int_equal(src.left, 0);
	}
	message_free(m);
}

#define LINES	30000

static struct message *
message_big(void)
{
	struct message	*m = message_new();
	char		 line[100];
	int		 i, n;

	for (i = 0; i < LINES; i++) {
		n = snprintf(line, sizeof(line), "%d of many lines %d", i,
		    i * 7919);
		message_append(m, line, (size_t)n);
	}
	return m;
}

static uint32_t
source_sum(struct source *src, size_t *total)
{
	const char	*p;
	size_t		 len;
	uLong		 sum = crc32(0, NULL, 0);

	for (*total = 0; (p = source_next(src, &len)) != NULL; *total += len) {
		assert_in_range(len, 1, 65536);
		sum = crc32(sum, (const Bytef *)p, (uInt)len);
	}
	return (uint32_t)sum;
}

static void
pieces_are_small_and_a_copy_begins_anew(void **state)
{
	struct message	*m = message_big();
	struct ask_text	 t = text_of(1);
	struct source	 src, again;
	size_t		 first, second;
	uint32_t	 sum;

	source_message(&src, &t, m);
	again = src;
	assert_true(src.left > 700000);
	sum = source_sum(&src, &first);
	assert_int_equal(first, message_size(m) + 2);
	assert_int_equal(sum, source_sum(&again, &second));
	assert_int_equal(first, second);
	message_free(m);
}

/* Inflates all of it and compares. */
static void
packed_is(struct spool *s, uint32_t want, size_t total)
{
	static unsigned char	 out[4096];
	const char		*p;
	size_t			 off, len, n = 0;
	uLong			 sum = crc32(0, NULL, 0);
	z_stream		 z;
	int			 r = Z_OK;

	memset(&z, 0, sizeof(z));
	assert_int_equal(inflateInit(&z), Z_OK);
	for (off = 0; (p = spool_at(s, off, &len)) != NULL; off += len) {
		z.next_in = (unsigned char *)(uintptr_t)p;
		z.avail_in = (uInt)len;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			r = inflate(&z, Z_NO_FLUSH);
			assert_true(r == Z_OK || r == Z_STREAM_END ||
			    r == Z_BUF_ERROR);
			sum = crc32(sum, out, (uInt)(sizeof(out) -
			    z.avail_out));
			n += sizeof(out) - z.avail_out;
		} while (z.avail_out == 0);
	}
	assert_int_equal(r, Z_STREAM_END);
	assert_int_equal(n, total);
	assert_int_equal(sum, want);
	(void)inflateEnd(&z);
}

static void
what_is_compressed_is_the_same_text(void **state)
{
	struct message	*m = message_big();
	struct ask_text	 t = text_of(2);
	struct source	 src;
	struct pack	*p;
	size_t		 total;
	uint32_t	 sum;
	int		 r, steps = 0;

	source_message(&src, &t, m);
	sum = source_sum(&src, &total);
	p = pack_new(&t, m);
	assert_non_null(p);
	while ((r = pack_step(p)) == 0)
		steps++;
	assert_int_equal(r, 1);
	assert_in_range(steps, 2, 10);
	packed_is(pack_spool(p), sum, total);
	pack_free(p);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(all_is_sent_but_what_is_skipped),
		cmocka_unit_test(pieces_are_small_and_a_copy_begins_anew),
		cmocka_unit_test(what_is_compressed_is_the_same_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

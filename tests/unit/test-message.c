/* SPDX-License-Identifier: ISC */
/*
 * A message as it is read and as it goes on, in memory and in a file, with
 * buffers that are smaller than its lines.  A warning fails the test.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "mail.h"
#include "message.h"
#include "message_engine.h"
#include "spool.h"

#define MAX	65485

static unsigned int	warnings;

void
log_warnx(const char *fmt, ...)
{
	warnings++;
}

const char *
log_safe(const char *s)
{
	return s;
}

#define HEAD	"A: 1\nB: 2\n 2\nC:3\n"
#define MSG	HEAD "\nbody\n"

static const size_t limits[] = { SPOOL_MEMORY, 0, 1, 5, 16 };

#define NLIMITS	(sizeof(limits) / sizeof(limits[0]))

static int
setup(void **state)
{
	warnings = 0;
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return 0;
}

static int
teardown(void **state)
{
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return spool_memory() == 0 && warnings == 0 ? 0 : -1;
}

static void
fields_can_be_read(void **state)
{
	const char *in = "A: 1\nB : 2\n 2\nfoo\nA:3\n\nA: body\n";
	struct message *m;
	const char *name, *value;
	size_t i, len;

	for (i = 0; i < NLIMITS; i++) {
		spool_limits(limits[i], SPOOL_MEMORY_ALL);
		m = mail_new(in);
		assert_int_equal(message_nfields(m), 4);
		name = message_name(m, 1, &len);
		assert_int_equal(len, 1);
		value = message_value(m, 1, &len);
		assert_int_equal(len, 5);
		(void)message_at(m, message_body(m), &len);
		assert_memory_equal(name, "B", 1);
		assert_memory_equal(value, " 2\n 2", 5);
		(void)message_name(m, 2, &len);
		assert_int_equal(len, 0);
		value = message_value(m, 2, &len);
		assert_int_equal(len, 3);
		assert_memory_equal(value, "foo", 3);
		value = message_value(m, 3, &len);
		assert_int_equal(len, 1);
		assert_memory_equal(value, "3", 1);
		assert_null(message_name(m, 4, &len));
		assert_null(message_value(m, 4, &len));
		message_free(m);
	}
}

static void
fields_are_found_by_name(void **state)
{
	struct message *m = mail_new("a: 1\nB: 2\nA: 3\nAA: 4\nA: 5\n\nA: x\n");

	assert_int_equal(message_find(m, "A", 0), 0);
	assert_int_equal(message_find(m, "A", 1), 2);
	assert_int_equal(message_find(m, "A", 1), 2);
	assert_int_equal(message_find(m, "A", 2), 4);
	assert_int_equal(message_find(m, "A", 3), -1);
	assert_int_equal(message_find(m, "A", 0), 0);
	assert_int_equal(message_find(m, "A", 2), 4);
	assert_int_equal(message_find(m, "b", 0), 1);
	assert_int_equal(message_find(m, "b", 1), -1);
	assert_int_equal(message_find(m, "aA", 0), 3);
	assert_int_equal(message_find(m, "C", 0), -1);
	message_free(m);
}

static void
bytes_and_lines_can_be_read(void **state)
{
	struct message *m;
	const char *p;
	char got[64];
	size_t i, len, n, off;

	for (i = 0; i < NLIMITS; i++) {
		spool_limits(limits[i], SPOOL_MEMORY_ALL);
		m = mail_new(MSG);
		assert_int_equal(message_size(m), strlen(MSG));
		assert_int_equal(message_body(m), strlen(HEAD) + 1);
		for (n = 0; (p = message_at(m, n, &len)) != NULL; n += len)
			memcpy(got + n, p, len);
		assert_int_equal(n, strlen(MSG));
		assert_memory_equal(got, MSG, n);
		off = strlen(HEAD);
		p = message_line(m, &off, &len);
		assert_non_null(p);
		assert_int_equal(len, 0);
		p = message_line(m, &off, &len);
		assert_int_equal(len, 4);
		assert_memory_equal(p, "body", 4);
		assert_null(message_line(m, &off, &len));
		assert_int_equal(off, strlen(MSG));
		assert_null(message_error(m));
		message_free(m);
	}
	m = mail_new(HEAD);
	assert_int_equal(message_body(m), strlen(HEAD));
	message_free(m);
}

/* A line of n bytes, the first of which is c, may be cut to max. */
static void
line_comes_out(char c, size_t n, size_t max, size_t want)
{
	struct message *m = message_new();
	const char *p;
	size_t i, len;
	char *line;

	line = malloc(n);
	assert_non_null(line);
	memset(line, 'x', n);
	line[0] = c;
	message_append(m, line, n);
	message_append(m, "next", 4);
	for (i = 0; i < 2; i++) {
		p = message_next(m, max, &len);
		assert_non_null(p);
		assert_int_equal(len, want);
		assert_memory_equal(p, line, len);
		assert_int_equal(message_cut(m), want < n);
		p = message_next(m, max, &len);
		assert_non_null(p);
		assert_int_equal(len, 4);
		assert_memory_equal(p, "next", 4);
		assert_null(message_next(m, max, &len));
		assert_int_equal(message_cut(m), want < n);
		assert_null(message_error(m));
		message_discard_edits(m);
	}
	message_free(m);
	free(line);
}

static void
long_lines_are_cut(void **state)
{
	size_t i;

	for (i = 0; i < NLIMITS; i++) {
		spool_limits(limits[i], SPOOL_MEMORY_ALL);
		line_comes_out('x', 100, 100, 100);
		line_comes_out('x', 101, 100, 100);
		line_comes_out('.', 99, 100, 99);
		line_comes_out('.', 100, 100, 99);
		line_comes_out('x', MAX, MAX, MAX);
		line_comes_out('.', MAX, MAX, MAX - 1);
		line_comes_out('x', SPOOL_LINE, MAX, MAX);
		line_comes_out('x', SPOOL_LINE + 1, MAX, MAX);
		line_comes_out('x', 2 * SPOOL_LINE, MAX, MAX);
		line_comes_out('.', 1000000, MAX, MAX - 1);
		line_comes_out('x', SPOOL_LINE + 1, 1000000, SPOOL_LINE);
	}
}

static void
many_small_messages_cost_little(void **state)
{
	struct message *m[1000];
	char line[77];
	size_t i, j;

	memset(line, 'x', sizeof(line));
	for (i = 0; i < 1000; i++) {
		m[i] = message_new();
		for (j = 0; j < 25; j++)
			message_append(m[i], line, sizeof(line));
	}
	assert_true(spool_memory() <= 1000 * 4096);
	for (i = 0; i < 1000; i++)
		message_free(m[i]);
	message_free(NULL);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(fields_can_be_read),
		TEST(fields_are_found_by_name),
		TEST(bytes_and_lines_can_be_read),
		TEST(long_lines_are_cut),
		TEST(many_small_messages_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Edits of a message.  Each case runs with the message in memory and in a
 * file, with buffers that are smaller than its lines.  A warning that is not
 * expected fails the test.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
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

enum act { NONE, PREPEND, INSERT, INSERT_RAW, CHANGE, RAW, DELETE, BODY };

struct step {
	enum act	 act;
	size_t		 field;
	const char	*name;
	const char	*value;
};

struct edit_case {
	const char	*what;
	const char	*in;
	struct step	 steps[6];
	const char	*out;
	unsigned int	 warnings;
};

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

#define DEL(i)	{ DELETE, i, NULL, NULL }
#define NOTHING	{ NONE, 0, NULL, NULL }
#define HEAD	"A: 1\nB: 2\n 2\nC:3\n"
#define MSG	HEAD "\nbody\n"

static const struct edit_case cases[] = {
	{ "no edits", MSG, { NOTHING }, MSG, 0 },
	{ "an empty message", "", { NOTHING }, "", 0 },
	{ "no header", "\nbody\n", { NOTHING }, "\nbody\n", 0 },
	{ "empty lines in the body", "A: 1\n\n\n.\n..\n\n", { NOTHING },
	    "A: 1\n\n\n.\n..\n\n", 0 },
	{ "later ones are prepended above", MSG,
	    { { PREPEND, 0, "X", "1" }, { PREPEND, 0, "Y", "2" } },
	    "Y: 2\nX: 1\n" MSG, 0 },
	{ "prepended goes above inserted", MSG,
	    { { PREPEND, 0, "X", "1" }, { INSERT, 0, "Y", "2" } },
	    "X: 1\nY: 2\n" MSG, 0 },
	{ "inserted ones keep their order", MSG,
	    { { INSERT, 1, "X", "1" }, { INSERT, 1, "Y", "2" } },
	    "A: 1\nX: 1\nY: 2\nB: 2\n 2\nC:3\n\nbody\n", 0 },
	{ "inserted at the end of the header", MSG,
	    { { INSERT, 3, "X", "1" } }, HEAD "X: 1\n\nbody\n", 0 },
	{ "a folded value", MSG, { { PREPEND, 0, "X", "1\n\t2\n 3" } },
	    "X: 1\n\t2\n 3\n" MSG, 0 },
	{ "a changed one keeps its name", "aBc \t:1\n 1\nD: 2\n\n",
	    { { CHANGE, 0, NULL, "new" } }, "aBc \t: new\nD: 2\n\n", 0 },
	{ "all that comes after the colon", "aBc \t: 1\n 1\nD: 2\n\n",
	    { { RAW, 0, NULL, "new" }, { RAW, 1, NULL, "\n\tx" } },
	    "aBc \t:new\nD:\n\tx\n\n", 0 },
	{ "inserted with all that comes after the colon", MSG,
	    { { INSERT_RAW, 1, "X", "1" }, { INSERT_RAW, 3, "Y", "\n\t2" } },
	    "A: 1\nX:1\nB: 2\n 2\nC:3\nY:\n\t2\n\nbody\n", 0 },
	{ "the last change counts", MSG,
	    { { CHANGE, 1, NULL, "x" }, { CHANGE, 1, NULL, "y\n z" } },
	    "A: 1\nB: y\n z\nC:3\n\nbody\n", 0 },
	{ "deleted with its folds", MSG, { DEL(1) },
	    "A: 1\nC:3\n\nbody\n", 0 },
	{ "deleted for good", MSG, { DEL(1), { CHANGE, 1, NULL, "x" } },
	    "A: 1\nC:3\n\nbody\n", 0 },
	{ "deleted twice", MSG, { DEL(1), DEL(1) },
	    "A: 1\nC:3\n\nbody\n", 0 },
	{ "all deleted", MSG, { DEL(2), DEL(0), DEL(1) },
	    "\nbody\n", 0 },
	{ "deleted, then inserted there", MSG,
	    { DEL(1), { INSERT, 1, "X", "1" } },
	    "A: 1\nX: 1\nC:3\n\nbody\n", 0 },
	{ "the last deleted, one inserted after it", MSG,
	    { DEL(2), { INSERT, 3, "X", "1" } },
	    "A: 1\nB: 2\n 2\nX: 1\n\nbody\n", 0 },
	{ "edits out of order", MSG,
	    { { CHANGE, 2, NULL, "x" }, { INSERT, 2, "X", "1" },
	    DEL(0), { PREPEND, 0, "Y", "2" } },
	    "Y: 2\nB: 2\n 2\nX: 1\nC: x\n\nbody\n", 0 },
	{ "edits of an empty message", "",
	    { { PREPEND, 0, "X", "1" }, { INSERT, 0, "Y", "2" },
	    { BODY, 0, NULL, "b\n" } }, "X: 1\nY: 2\n\nb\n", 0 },
	{ "edits without a header", "\nbody\n",
	    { { PREPEND, 0, "X", "1" }, { INSERT, 0, "Y", "2" } },
	    "X: 1\nY: 2\n\nbody\n", 0 },
	{ "header only", HEAD, { { INSERT, 3, "X", "1" }, DEL(0) },
	    "B: 2\n 2\nC:3\nX: 1\n", 0 },
	{ "a continuation first", " x\nA: 1\n\n", { DEL(0) },
	    "A: 1\n\n", 0 },
	{ "a line without colon", "A: 1\nfoo\n bar\nB: 2\n\n",
	    { DEL(2), { INSERT, 1, "X", "1" } },
	    "A: 1\nX: 1\nfoo\n bar\n\n", 0 },
	{ "a new body", MSG, { { BODY, 0, NULL, "one\r\ntwo\n\n3\r4\r\r\n5" } },
	    HEAD "\none\ntwo\n\n3\r4\r\n5\n", 0 },
	{ "a new body in pieces", MSG, { { BODY, 0, NULL, "one\r" },
	    { BODY, 0, NULL, "\ntwo\r" }, { BODY, 0, NULL, "\r" },
	    { BODY, 0, NULL, "" }, { BODY, 0, NULL, "3\r" } },
	    HEAD "\none\ntwo\r\r3\r\n", 0 },
	{ "an empty new body", MSG, { { BODY, 0, NULL, "" } }, HEAD "\n", 0 },
	{ "an empty new body, header only", HEAD, { { BODY, 0, NULL, "" } },
	    HEAD, 0 },
	{ "a new body, header only", HEAD,
	    { { BODY, 0, NULL, "x\n" }, DEL(2) },
	    "A: 1\nB: 2\n 2\n\nx\n", 0 },
	{ "names that must not be", MSG,
	    { { PREPEND, 0, "", "1" }, { PREPEND, 0, "X Y", "1" },
	    { INSERT, 0, "X:", "1" }, { INSERT, 0, "X\n", "1" } }, MSG, 4 },
	{ "values that must not be", MSG,
	    { { PREPEND, 0, "X", "1\nY: 2" }, { PREPEND, 0, "X", "1\n" },
	    { CHANGE, 0, NULL, "1\n\n 2" }, { INSERT, 0, "X", "1\r\n 2" },
	    { CHANGE, 0, NULL, "1\r2" } }, MSG, 5 },
	{ "fields that are not there", "A: 1\nfoo\n\nbody\n",
	    { { INSERT, 3, "X", "1" }, { CHANGE, 2, NULL, "1" },
	    DEL(2), { CHANGE, 1, NULL, "1" } },
	    "A: 1\nfoo\n\nbody\n", 4 },
};

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

/* And then there is nothing more. */
static void
message_is(struct message *m, const char *what, const char *want)
{
	size_t	 len;

	mail_is(m, what, want);
	assert_null(message_next(m, MAX, &len));
	assert_int_equal(message_cut(m), 0);
}

static void
message_edit(struct message *m, const struct step *s)
{
	switch (s->act) {
	case NONE:
		break;
	case PREPEND:
		message_prepend(m, s->name, s->value);
		break;
	case INSERT:
		message_insert(m, s->field, s->name, s->value);
		break;
	case INSERT_RAW:
		message_insert_raw(m, s->field, s->name, s->value);
		break;
	case CHANGE:
		message_change(m, s->field, s->value);
		break;
	case RAW:
		message_change_raw(m, s->field, s->value);
		break;
	case DELETE:
		message_delete(m, s->field);
		break;
	case BODY:
		message_replace_body(m, s->value, strlen(s->value));
		break;
	}
}

static void
edits_are_merged(void **state)
{
	const struct edit_case *c;
	struct message *m;
	size_t i, j, k;

	for (i = 0; i < NLIMITS; i++)
		for (j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			c = &cases[j];
			spool_limits(limits[i], SPOOL_MEMORY_ALL);
			warnings = 0;
			m = mail_new(c->in);
			for (k = 0; k < 6; k++)
				message_edit(m, &c->steps[k]);
			if (warnings != c->warnings)
				fail_msg("%s: %u warnings", c->what, warnings);
			message_is(m, c->what, c->out);
			message_discard_edits(m);
			message_is(m, c->what, c->in);
			for (k = 0; k < 6; k++)
				message_edit(m, &c->steps[k]);
			assert_int_equal(message_apply(m), 0);
			assert_int_equal(message_size(m), strlen(c->out));
			message_is(m, c->what, c->out);
			message_discard_edits(m);
			message_is(m, c->what, c->in);
			message_free(m);
			assert_int_equal(spool_memory(), 0);
		}
	warnings = 0;
}

static void
long_lines_of_an_edit_are_cut(void **state)
{
	struct message *m = mail_new(MSG);
	size_t len;

	message_prepend(m, "X", "0123456789");
	message_replace_body(m, "0123456789", 10);
	assert_non_null(message_next(m, 10, &len));
	assert_int_equal(len, 10);
	assert_int_equal(message_cut(m), 1);
	message_free(m);
}

static void
discarding_edits_begins_anew(void **state)
{
	struct message *m = mail_new(MSG);
	char line[SPOOL_LINE + 10];
	size_t len;

	message_prepend(m, "X", "1\n 2");
	assert_non_null(message_next(m, 2, &len));
	assert_int_equal(message_cut(m), 1);
	message_discard_edits(m);
	message_is(m, "no edits", MSG);
	message_free(m);

	m = message_new();
	memset(line, 'x', sizeof(line));
	message_append(m, line, sizeof(line));
	message_append(m, "y", 1);
	assert_non_null(message_next(m, MAX, &len));
	message_discard_edits(m);
	assert_non_null(message_next(m, MAX, &len));
	assert_int_equal(len, MAX);
	assert_non_null(message_next(m, MAX, &len));
	assert_int_equal(len, 1);
	message_free(m);
}

static void
a_full_disk_is_told(int in_body)
{
	struct message *m = mail_new(MSG);
	char block[1000];
	int i;
	size_t len;

	memset(block, 'x', sizeof(block));
	for (i = 0; i < 100; i++)
		if (in_body)
			message_replace_body(m, block, sizeof(block));
		else
			message_append(m, block, sizeof(block));
	assert_non_null(message_error(m));
	assert_non_null(strstr(message_error(m), strerror(EFBIG)));
	message_prepend(m, "X", "1");
	if (!in_body)
		assert_null(message_next(m, MAX, &len));
	for (i = 0; i < 20 && message_next(m, MAX, &len) != NULL; i++)
		;
	assert_true(i < 20);
	assert_null(message_next(m, MAX, &len));
	errno = 0;
	assert_int_equal(message_apply(m), -1);
	assert_int_equal(errno, EFBIG);
	message_discard_edits(m);
	if (in_body)
		message_is(m, "the old body", MSG);
	else {
		assert_non_null(message_error(m));
		assert_null(message_next(m, MAX, &len));
		assert_int_equal(message_nfields(m), 0);
	}
	message_free(m);
}

static void
a_full_disk_is_told_and_the_message_ends(void **state)
{
	struct rlimit full, saved;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	full = saved;
	full.rlim_cur = 20000;
	(void)signal(SIGXFSZ, SIG_IGN);
	spool_limits(0, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	a_full_disk_is_told(0);
	a_full_disk_is_told(1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
}

/* 6 MB of fields, in memory and in a file: seconds if anything is quadratic. */
static void
a_header_may_be_as_large_as_the_message(void **state)
{
	const size_t n = 2 * 1000 * 1000;
	struct message *m;
	size_t i, len, lines;
	int file;

	for (file = 0; file < 2; file++) {
		spool_limits(file ? 0 : SPOOL_MEMORY, SPOOL_MEMORY_ALL);
		m = message_new();
		for (i = 0; i < n; i++)
			message_append(m, "a:", 2);
		assert_int_equal(message_nfields(m), n);
		for (i = 0; i < 100000; i++)
			assert_int_equal(message_find(m, "A", i), i);
		for (i = 0; i < 100000; i++)
			message_delete(m, (i * 7919) % n);
		message_insert(m, n, "b", "c");
		if (file)
			assert_int_equal(message_apply(m), 0);
		for (lines = 0; message_next(m, MAX, &len) != NULL; lines++)
			;
		assert_int_equal(lines, n - 100000 + 1);
		assert_null(message_error(m));
		message_free(m);
	}
}

static void
an_index_too_large_is_an_error_of_the_edits(void **state)
{
	struct message *m;
	size_t i, len, lines = 0;

	spool_limits(SPOOL_MEMORY, 1000 * 1000);
	m = message_new();
	for (i = 0; i < 300 * 1000; i++)
		message_append(m, "a", 1);
	assert_int_equal(message_nfields(m), 0);
	assert_non_null(message_error(m));
	assert_true(spool_memory() <= 1000 * 1000);
	message_discard_edits(m);
	assert_null(message_error(m));
	while (message_next(m, MAX, &len) != NULL)
		lines++;
	assert_int_equal(lines, 300 * 1000);

	/* Who edits again must not think that there is no header. */
	message_discard_edits(m);
	assert_int_equal(message_nfields(m), 0);
	assert_non_null(message_error(m));
	message_discard_edits(m);
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	assert_int_equal(message_nfields(m), 300 * 1000);
	assert_null(message_error(m));
	message_free(m);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(edits_are_merged),
		TEST(long_lines_of_an_edit_are_cut),
		TEST(discarding_edits_begins_anew),
		TEST(a_full_disk_is_told_and_the_message_ends),
		TEST(a_header_may_be_as_large_as_the_message),
		TEST(an_index_too_large_is_an_error_of_the_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

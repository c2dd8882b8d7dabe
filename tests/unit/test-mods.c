/* SPDX-License-Identifier: ISC */
/*
 * What milters change, and where it goes.  A warning that is not expected
 * fails the test.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "filter.h"
#include "logged.h"
#include "mail.h"
#include "message.h"
#include "message_engine.h"
#include "mods.h"
#include "spool.h"

#define MAX	65485
#define RCVD	"Received: from a by b; id 1\n"
#define HEAD	RCVD "A: 1\nb: 2\n 2\nA:3\n"
#define MSG	HEAD "\nbody\n"
#define HIDE	0		/* the field RCVD */

#define ADD(name, value)	{ 'h', 0, name, value, NULL, 0 }
#define INS(i, name, value)	{ 'i', i, name, value, NULL, 0 }
#define CHG(i, name, value)	{ 'm', i, name, value, NULL, 0 }
#define DEL(i, name)		{ 'm', i, name, "", NULL, 0 }
#define BODY(text)		{ 'b', 0, NULL, NULL, text, sizeof(text) - 1 }

struct mods_case {
	const char	*what;
	int		 leadspc;
	struct change	 changes[6];
	const char	*out;
	int		 warnings;
};

static const struct mods_case cases[] = {
	{ "added at the end, in order", 0,
	    { ADD("X", "1"), ADD("Y", "2") }, HEAD "X: 1\nY: 2\n\nbody\n", 0 },
	{ "inserted above all", 0, { INS(0, "X", "1") }, "X: 1\n" MSG, 0 },
	{ "inserted below smtpd's own", 0, { INS(1, "X", "1") },
	    RCVD "X: 1\nA: 1\nb: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "later ones move earlier ones", 0,
	    { INS(1, "X", "1"), INS(1, "Y", "2"), INS(2, "Z", "3") },
	    RCVD "Y: 2\nZ: 3\nX: 1\nA: 1\nb: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "inserted beyond the end", 0,
	    { INS(100, "X", "1"), INS(UINT32_MAX, "Y", "2"), INS(4, "Z", "3") },
	    HEAD "Z: 3\nX: 1\nY: 2\n\nbody\n", 0 },
	{ "inserted before one that was added", 0,
	    { ADD("X", "1"), INS(4, "Y", "2"), ADD("Z", "3") },
	    HEAD "Y: 2\nX: 1\nZ: 3\n\nbody\n", 0 },
	{ "changed, the name as it was", 0, { CHG(1, "B", "9") },
	    RCVD "A: 1\nb: 9\nA:3\n\nbody\n", 0 },
	{ "the second of a name", 0, { CHG(2, "a", "9") },
	    RCVD "A: 1\nb: 2\n 2\nA: 9\n\nbody\n", 0 },
	{ "0 is the first", 0, { CHG(0, "a", "9") },
	    RCVD "A: 9\nb: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "one that is not there is added", 0,
	    { CHG(1, "X", "1"), CHG(3, "A", "4") },
	    HEAD "X: 1\nA: 4\n\nbody\n", 0 },
	{ "and not twice", 0, { CHG(1, "X", "1"), CHG(1, "x", "2") },
	    HEAD "X: 2\n\nbody\n", 0 },
	{ "deleted", 0, { DEL(1, "A"), DEL(1, "B") },
	    RCVD "A:3\n\nbody\n", 0 },
	{ "in any case", 0, { DEL(1, "B"), DEL(1, "a") },
	    RCVD "A:3\n\nbody\n", 0 },
	{ "deleted ones still count", 0, { DEL(1, "A"), DEL(2, "A") },
	    RCVD "b: 2\n 2\n\nbody\n", 0 },
	{ "from the last to the first", 0, { DEL(2, "A"), DEL(1, "A") },
	    RCVD "b: 2\n 2\n\nbody\n", 0 },
	{ "nothing to delete", 0, { DEL(3, "A"), DEL(1, "X") }, MSG, 0 },
	{ "deleted, and there again", 0, { DEL(1, "A"), CHG(1, "A", "9") },
	    RCVD "A: 9\nb: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "changed, then deleted", 0, { CHG(1, "B", "9"), DEL(1, "B") },
	    RCVD "A: 1\nA:3\n\nbody\n", 0 },
	{ "the hidden one is not found", 0,
	    { DEL(1, "Received"), CHG(1, "Received", "x") },
	    HEAD "Received: x\n\nbody\n", 0 },
	{ "its own count, where they are", 0,
	    { INS(0, "A", "0"), CHG(2, "A", "9"), ADD("A", "8"), DEL(4, "A"),
	    DEL(1, "A") }, RCVD "A: 9\nb: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "those that came later do not", 0,
	    { DEL(1, "A"), INS(0, "A", "0"), INS(2, "B", "7"), DEL(1, "B") },
	    "A: 0\n" RCVD "b: 2\n 2\nA:3\n\nbody\n", 0 },
	{ "blanks as they come", 1,
	    { ADD("X", "1"), INS(0, "Y", " 2"), CHG(1, "A", "\t3"),
	    CHG(2, "A", " 4"), ADD("Z", "") },
	    "Y: 2\n" RCVD "A:\t3\nb: 2\n 2\nA: 4\nX:1\nZ:\n\nbody\n", 0 },
	{ "an empty value is one", 0, { ADD("X", ""), CHG(1, "Y", "\n") },
	    HEAD "X: \nY: \n\nbody\n", 0 },
	{ "folds", 0, { ADD("X", "\n\t1\n 2"), ADD("Y", "1\n2\r\n3\r\n") },
	    HEAD "X: \n\t1\n 2\nY: 1\n\t2\n\t3\n\nbody\n", 0 },
	{ "lines that look empty", 0,
	    { ADD("X", "1\n\n2\n \t\n 3\r\n\r\n\t"), ADD("Y", "\n\n") },
	    HEAD "X: 1\n\t2\n 3\nY: \n\nbody\n", 0 },
	{ "a carriage return by itself", 0,
	    { ADD("X", "1\r2\r\r\n3\r\n\r4\n\r\r\n\r") },
	    HEAD "X: 1 2 \n\t3\n 4\n\nbody\n", 0 },
	{ "bytes above 127", 0, { ADD("X", "\303\244") },
	    HEAD "X: \303\244\n\nbody\n", 0 },
	{ "names that are none", 0, { ADD("", "1"), INS(0, "A:", "1"),
	    ADD("A b", "1"), CHG(1, "\303\244", "1"), ADD("X\n", "1"),
	    ADD("X", "1") }, HEAD "X: 1\n\nbody\n", 5 },
	{ "another body", 0,
	    { BODY("one\r"), BODY("\ntwo\n"), BODY(""), BODY("x") },
	    HEAD "\none\ntwo\nx\n", 0 },
	{ "no body", 0, { BODY("") }, HEAD "\n", 0 },
	{ "body and header", 0, { DEL(1, "A"), BODY("x\r\n"), DEL(2, "A") },
	    RCVD "b: 2\n 2\n\nx\n", 0 },
	{ "what smtpd can't be told", 0,
	    { BODY("\0x\0\0y\r\n\0.\0\r\nz"), BODY("\0"), BODY("z\0") },
	    HEAD "\nxy\n.\nzz\n", 0 },
};

/* That of smtpd 6.8. */
size_t
filter_line_max(void)
{
	return 1997;
}

static int
setup(void **state)
{
	warnings = 0;
	return 0;
}

static int
teardown(void **state)
{
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return spool_memory() == 0 && warnings == 0 ? 0 : -1;
}

static void
take(struct mods *mods, char command, uint32_t index, const char *name,
    const char *value)
{
	struct change	 c = { command, index, name, value, NULL, 0 };

	assert_int_equal(mods_take(mods, &c), 0);
}

/* In memory and in files; applied, and applied for another milter. */
static void
changes_go_where_they_belong(void **state)
{
	const struct mods_case	*c;
	struct message		*m;
	struct mods		*mods;
	size_t			 i, j;

	for (i = 0; i < 4 * sizeof(cases) / sizeof(cases[0]); i++) {
		c = &cases[i / 4];
		spool_limits(i % 4 < 2 ? SPOOL_MEMORY : 1, SPOOL_MEMORY_ALL);
		m = mail_new(MSG);
		mods = mods_new(m, HIDE, c->leadspc);
		assert_non_null(mods);
		assert_int_equal(mods_any(mods), 0);
		for (j = 0; j < 6 && c->changes[j].command != '\0'; j++)
			assert_int_equal(mods_take(mods, &c->changes[j]), 0);
		assert_int_equal(mods_any(mods), 1);
		assert_int_equal(warnings, c->warnings);
		warnings = 0;
		assert_int_equal(mods_apply(mods), 0);
		mods_free(mods);
		if (i % 2)
			assert_int_equal(message_apply(m), 0);
		mail_is(m, c->what, c->out);
		message_free(m);
	}
}

static void
what_was_not_applied_changes_nothing(void **state)
{
	struct message	*m = mail_new(MSG);
	struct mods	*mods = mods_new(m, HIDE, 0);
	struct change	 body = BODY("x");

	take(mods, 'h', 0, "X", "1");
	assert_int_equal(mods_take(mods, &body), 0);
	mods_free(mods);
	mail_is(m, "as it was", MSG);
	message_free(m);
}

static void
a_line_that_smtpd_cuts_is_a_warning(void **state)
{
	struct message	*m = mail_new(MSG);
	struct mods	*mods = mods_new(m, HIDE, 0);
	char		 value[3000];

	memset(value, 'v', sizeof(value));
	value[1994] = '\n';
	value[sizeof(value) - 1] = '\0';
	take(mods, 'h', 0, "X", value);		/* "X: " and 1994 */
	assert_int_equal(warnings, 0);
	take(mods, 'h', 0, "XX", value);
	assert_int_equal(warnings, 1);
	value[1994] = 'v';
	value[1000] = '\n';
	take(mods, 'm', 1, "A", value);		/* a TAB and 1998 */
	assert_int_equal(warnings, 2);
	warnings = 0;
	mods_free(mods);
	message_free(m);
}

static void
the_next_milter_does_not_see_what_was_deleted(void **state)
{
	struct message	*m = mail_new(MSG);
	struct mods	*mods = mods_new(m, HIDE, 0);
	struct change	 body = BODY("one");

	take(mods, 'm', 1, "A", "");
	take(mods, 'i', 0, "X", "1");
	assert_int_equal(mods_take(mods, &body), 0);
	assert_int_equal(mods_apply(mods), 0);
	mods_free(mods);
	assert_int_equal(message_apply(m), 0);

	mods = mods_new(m, 1, 0);
	take(mods, 'm', 1, "A", "9");
	take(mods, 'i', 2, "Y", "2");
	body.body = "two";
	assert_int_equal(mods_take(mods, &body), 0);
	assert_int_equal(mods_apply(mods), 0);
	mods_free(mods);
	mail_is(m, "two milters",
	    "X: 1\n" RCVD "Y: 2\nb: 2\n 2\nA: 9\n\ntwo\n");
	message_free(m);
}

/* Neither client nor milter gets more than its bytes worth of our time. */
static void
many_fields(const char *one, const char *other, int backwards)
{
	const uint32_t	 n = 200 * 1000;
	struct message	*m = message_new();
	struct mods	*mods;
	clock_t		 begun = clock();
	uint32_t	 i, at;
	size_t		 len, lines = 0;

	for (i = 0; i < n; i++)
		message_append(m, i % 2 ? other : one, 3);
	mods = mods_new(m, SIZE_MAX, 0);
	for (i = 0; i < n; i++) {
		at = backwards ? n - 1 - i : i;
		if (strcmp(one, other) == 0)
			take(mods, 'm', at + 1, "a", "");
		else
			take(mods, 'm', at / 2 + 1, at % 2 ? "b" : "a", "");
		take(mods, 'i', i * 7919 % (n + i), "c", "x");
	}
	assert_int_equal(mods_apply(mods), 0);
	mods_free(mods);
	while (message_next(m, MAX, &len) != NULL)
		lines++;
	assert_int_equal(lines, n);
	message_free(m);
	assert_true((clock() - begun) / CLOCKS_PER_SEC < 8);
}

static void
many_fields_take_no_more_time_each(void **state)
{
	many_fields("a:1", "a:1", 0);
	many_fields("a:1", "a:1", 1);
	many_fields("a:1", "b:1", 0);
}

/* As many slow clients with large mail at a time can have it. */
static void
a_small_change_is_made_though_memory_is_used_up(void **state)
{
	struct message	*m = mail_new(MSG);
	struct mods	*mods;
	struct change	 body = BODY("new");
	size_t		 n = 1024 * 1024 - spool_memory();

	spool_limits(SPOOL_MEMORY, 1024 * 1024);
	assert_int_equal(spool_reserve(n), 0);
	mods = mods_new(m, HIDE, 0);
	take(mods, 'h', 0, "X", "1");
	take(mods, 'm', 1, "A", "");
	assert_int_equal(mods_take(mods, &body), 0);
	assert_int_equal(mods_apply(mods), 0);
	mods_free(mods);
	mail_is(m, "changed", RCVD "b: 2\n 2\nA:3\nX: 1\n\nnew\n");
	message_free(m);
	spool_release(n);
}

static void
memory_has_an_end(void **state)
{
	struct message	*m = mail_new(MSG);
	struct mods	*mods = mods_new(m, HIDE, 0);
	struct change	 c = ADD("X", "1");
	size_t		 i;

	spool_limits(SPOOL_MEMORY, 4 * 1024 * 1024);
	for (i = 0; i < 1000 * 1000 && mods_take(mods, &c) == 0; i++)
		;
	assert_in_range(i, 10000, 200000);
	assert_true(spool_memory() <= 4 * 1024 * 1024 + 131072);
	mods_free(mods);

	/* There it was enough; where it goes needs more. */
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	mods = mods_new(m, HIDE, 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(mods_take(mods, &c), 0);
	spool_limits(SPOOL_MEMORY, 10000);
	assert_int_equal(mods_apply(mods), -1);
	mods_free(mods);
	message_free(m);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(changes_go_where_they_belong),
		TEST(what_was_not_applied_changes_nothing),
		TEST(a_line_that_smtpd_cuts_is_a_warning),
		TEST(the_next_milter_does_not_see_what_was_deleted),
		TEST(many_fields_take_no_more_time_each),
		TEST(a_small_change_is_made_though_memory_is_used_up),
		TEST(memory_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

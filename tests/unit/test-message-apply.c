/* SPDX-License-Identifier: ISC */
/*
 * Edits that become the message, so that others can follow; test-message-edit
 * applies each of its cases too.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail.h"
#include "message.h"
#include "message_engine.h"
#include "spool.h"

#define MAX	65485
#define HEAD	"A: 1\nB: 2\n 2\nC:3\n"
#define MSG	HEAD "\nbody\n"

static int
teardown(void **state)
{
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return spool_memory() == 0 ? 0 : -1;
}

static void
edits_go_on_where_others_were_applied(void **state)
{
	struct message *m = mail_new(MSG);
	size_t len;

	message_delete(m, 0);
	message_insert(m, 3, "X", "1");
	message_replace_body(m, "new\n\n", 5);
	assert_int_equal(message_apply(m), 0);
	assert_int_equal(message_nfields(m), 3);
	assert_int_equal(message_find(m, "A", 0), -1);
	assert_int_equal(message_find(m, "X", 0), 2);
	assert_memory_equal(message_value(m, 2, &len), " 1", 2);
	assert_int_equal(message_body(m), strlen("B: 2\n 2\nC:3\nX: 1\n\n"));

	message_change(m, 2, "2");
	message_prepend(m, "Y", "3");
	message_replace_body(m, "newer", 5);
	assert_int_equal(message_apply(m), 0);
	message_delete(m, 1);
	assert_string_equal(mail_text(m), "Y: 3\nC:3\nX: 2\n\nnewer\n");
	message_discard_edits(m);
	assert_int_equal(message_find(m, "A", 0), 0);
	assert_int_equal(message_body(m), strlen(HEAD "\n"));
	assert_string_equal(mail_text(m), MSG);
	message_free(m);
}

/* What is not whole any more stays known as cut. */
static void
a_line_that_apply_cuts_is_known(void **state)
{
	char line[SPOOL_LINE + 10];
	struct message *m = message_new();
	size_t len;

	memset(line, 'x', sizeof(line));
	message_append(m, "A: 1", 4);
	message_append(m, "", 0);
	message_append(m, line, sizeof(line));
	message_append(m, line, MAX + 1);
	message_append(m, "y", 1);
	message_delete(m, 0);
	assert_int_equal(message_apply(m), 0);
	assert_int_equal(message_cut(m), 1);
	assert_int_equal(message_size(m), 1 + SPOOL_LINE + 1 + MAX + 2 + 2);
	message_discard_edits(m);
	assert_int_equal(message_cut(m), 0);

	/* Whole so far; too long only for smtpd. */
	message_free(m);
	m = message_new();
	message_append(m, line, MAX + 1);
	message_prepend(m, "X", "1");
	assert_int_equal(message_apply(m), 0);
	assert_int_equal(message_cut(m), 0);
	while (message_next(m, MAX, &len) != NULL)
		;
	assert_int_equal(message_cut(m), 1);
	message_free(m);
}

/* The message fits, the edited one does not. */
static void
no_room_for_applied_edits_is_told(void **state)
{
	struct rlimit full, saved;
	struct message *m = mail_new(MSG);
	char block[1001] = "";
	int i;

	memset(block, 'x', sizeof(block) - 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	full = saved;
	full.rlim_cur = 20000;
	(void)signal(SIGXFSZ, SIG_IGN);
	spool_limits(0, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (i = 0; i < 15; i++)
		message_append(m, block, sizeof(block) - 1);
	for (i = 0; i < 15; i++)
		message_prepend(m, "X", block);
	assert_null(message_error(m));
	assert_int_equal(message_apply(m), -1);
	assert_int_equal(errno, EFBIG);
	assert_non_null(message_error(m));
	message_discard_edits(m);
	assert_null(message_error(m));
	assert_int_equal(message_find(m, "A", 0), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	message_free(m);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(edits_go_on_where_others_were_applied),
		TEST(a_line_that_apply_cuts_is_known),
		TEST(no_room_for_applied_edits_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

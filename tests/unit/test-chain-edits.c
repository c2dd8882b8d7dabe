/* SPDX-License-Identifier: ISC */
/*
 * The chain of milters: what they change in a message, and what becomes of it
 * if that can't be done.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chain_rig.h"

static void
each_milter_sees_what_the_one_before_changed(void **state)
{
	pass(EVENT_MAIL);
	put(EVENT_MESSAGE);
	says(0, ANSWER_CONTINUE);
	assert_int_equal(applied, 0);
	change(1, SMFIR_ADDHEADER);
	change(1, SMFIR_REPLBODY);
	assert_int_equal(mods_applied, 0);
	says(1, ANSWER_CONTINUE);
	assert_int_equal(mods_applied, 1);
	assert_int_equal(applied, 1);
	change(2, SMFIR_CHGHEADER);
	says(2, ANSWER_ACCEPT);
	assert_int_equal(mods_applied, 2);
	assert_int_equal(applied, 1);	/* the engine does the last ones */
	assert_string_equal(said, "proceed");
}

static void
what_a_failed_milter_changed_is_not_done(void **state)
{
	servers[0].on_failure = FAILURE_ACCEPT;
	put(EVENT_MESSAGE);
	change(0, SMFIR_ADDHEADER);
	change(0, SMFIR_ADDRCPT);
	says(0, ANSWER_FAILED);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_int_equal(mods_applied + applied, 0);
	chain_committed(chain);
	assert_int_equal(went, 0);	/* no copy either */
	assert_string_equal(said, "proceed");
}

/* clamav-milter adds fields, and then refuses. */
static void
a_refusal_holds_though_its_changes_cannot_be_made(void **state)
{
	servers[0].on_failure = servers[1].on_failure = FAILURE_ACCEPT;
	mods_fail = 1;
	put(EVENT_MESSAGE);
	change(0, SMFIR_ADDHEADER);
	says_reply(0, ANSWER_REPLY, 550, "5.7.1 Virus");
	assert_string_equal(said, "reject 550 5.7.1 Virus");
	mods_fail = 0;
	chain_reset(chain);
	put(EVENT_MESSAGE);
	says(0, ANSWER_CONTINUE);
	apply_fails = join_fails = 1;
	change(1, SMFIR_ADDHEADER);
	change(1, SMFIR_ADDRCPT);
	says(1, ANSWER_REJECT);
	assert_string_equal(said, "reject 550 5.7.1 Command rejected");
	assert_int_equal(mods_applied, 0);
}

/* The message may be half of the old and half of the new one. */
static void
a_message_that_cannot_be_changed_is_refused(void **state)
{
	static int *const	 fails[] = { &mods_fail, &apply_fails,
				    &join_fails };
	size_t			 i;
	int			 milter;

	discard_is = SETTLED_ACCEPT;
	for (milter = 0; milter < MILTERS; milter++)
		servers[milter].on_failure = FAILURE_ACCEPT;
	for (i = 0; i < 2 * sizeof(fails) / sizeof(fails[0]); i++) {
		*fails[i / 2] = 1;
		put(EVENT_MESSAGE);
		change(0, SMFIR_ADDHEADER);
		change(0, SMFIR_ADDRCPT);
		says(0, i % 2 ? ANSWER_CONTINUE : ANSWER_DISCARD);
		assert_string_equal(said, "reject 451 5.7.1 Settled");
		*fails[i / 2] = 0;
		chain_reset(chain);
	}
	/* One that fails itself has changed nothing. */
	mods_fail = 1;
	put(EVENT_MESSAGE);
	change(0, SMFIR_ADDHEADER);
	says(0, ANSWER_FAILED);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
}

static void
what_smtpd_cannot_do_is_settled_at_the_end(void **state)
{
	wishes_are = SETTLED_TEMPFAIL;
	put(EVENT_MESSAGE);
	says(0, ANSWER_CONTINUE);
	says(1, ANSWER_CONTINUE);
	assert_string_equal(said, "");
	says(2, ANSWER_CONTINUE);
	assert_string_equal(said, "reject 451 5.7.1 Settled");
	wishes_are = SETTLED_ACCEPT;
	copy_fails = 1;
	chain_reset(chain);
	put(EVENT_MESSAGE);
	says(0, ANSWER_CONTINUE);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_memory_equal(said, "reject 451", 10);
}

static void
a_copy_goes_when_the_message_is_accepted(void **state)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		put(EVENT_MESSAGE);
		change(0, SMFIR_ADDRCPT);
		says(0, ANSWER_CONTINUE);
		says(1, ANSWER_CONTINUE);
		says(2, ANSWER_CONTINUE);
		if (i == 0)
			chain_committed(chain);
		chain_reset(chain);
		assert_int_equal(went, 1);
		assert_int_equal(freed, i);
	}
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(each_milter_sees_what_the_one_before_changed),
		T(what_a_failed_milter_changed_is_not_done),
		T(a_refusal_holds_though_its_changes_cannot_be_made),
		T(a_message_that_cannot_be_changed_is_refused),
		T(what_smtpd_cannot_do_is_settled_at_the_end),
		T(a_copy_goes_when_the_message_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What smtpd is told when there is no worker: by policy and phase, for what a
 * dead worker owed, and for what comes meanwhile.
 */

#include "wire.h"

#include "fallback.h"

static struct shared	*sh;
static struct channel	 ch;

static int
setup(void **state)
{
	sh = guard_map();
	return channel_init(&ch, sh, -1);
}

/* A new life, with nothing said and nothing owed. */
static int
fresh(void **state)
{
	memset(sh, 0, sizeof(*sh));
	sh->facts.minor = 7;
	channel_resume(&ch);
	return 0;
}

static void
say(const char *line, enum failure policy)
{
	struct proto_line	 l;
	const char		*p;
	size_t			 len;

	wire_line(sh, line);
	assert_non_null(p = channel_line(&ch, &len));
	assert_null(proto_parse(&l, p, len));
	fallback_line(&ch, &l, policy);
	channel_publish(&ch);
}

static void
owe(uint64_t session, enum owed owed, int phase)
{
	struct debt	 d = { .session = session, .token = session + 0x10,
			    .owed = owed, .phase = phase };

	assert_int_equal(channel_owe(&ch, &d), 0);
}

static void
recover(enum failure policy, unsigned int n)
{
	unsigned int	 next = 0, paid = 0;

	assert_true(fallback_recover(&ch, policy, &next, &paid));
	assert_int_equal(paid, n);
	channel_publish(&ch);
}

static void
a_verdict_is_what_the_phase_can_bear(void **state)
{
	int	 phase;

	for (phase = 0; phase < PHASE_MAX; phase++) {
		const char *soft = fallback_verdict(FAILURE_TEMPFAIL, phase);
		const char *hard = fallback_verdict(FAILURE_REJECT, phase);

		assert_string_equal(fallback_verdict(FAILURE_ACCEPT, phase),
		    "proceed");
		if (phase == PHASE_QUIT || phase == PHASE_RSET ||
		    phase == PHASE_NOOP) {
			assert_string_equal(soft, "proceed");
			assert_string_equal(hard, "proceed");
		} else if (phase == PHASE_CONNECT) {
			assert_memory_equal(soft, "disconnect|421 4.", 17);
			assert_memory_equal(hard, "disconnect|554 5.", 17);
		} else {
			assert_memory_equal(soft, "reject|451 4.", 13);
			assert_memory_equal(hard, "reject|550 5.", 13);
		}
	}
}

static void
open_requests_are_paid_by_policy(void **state)
{
	owe(1, OWED_ANSWER, PHASE_MAIL_FROM);
	recover(FAILURE_REJECT, 1);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "11",
	    "reject|550 5.3.0 Mail filter failed"));
	assert_int_equal(wire_debts(sh), 0);
}

/* Whatever the policy: nobody knows what the worker would have said. */
static void
an_open_commit_is_refused_even_by_accept(void **state)
{
	owe(1, OWED_ANSWER, PHASE_COMMIT);
	recover(FAILURE_ACCEPT, 1);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "11",
	    FALLBACK_LOST));
	assert_int_equal(wire_debts(sh), 0);
}

static void
a_message_in_flight_is_swallowed_and_refused(void **state)
{
	owe(1, OWED_LINES, PHASE_DATA_LINE);
	recover(FAILURE_ACCEPT, 1);
	say(WIRE_REQUEST("data-line", "01", "11", "the rest"), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), "");
	say(WIRE_REQUEST("data-line", "01", "11", "."), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_LINE("01", "11", "."));
	say(WIRE_REQUEST("commit", "01", "12", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "12",
	    FALLBACK_LOST));
	assert_int_equal(wire_debts(sh), 0);
}

static void
a_dot_that_is_owed_is_paid_at_once(void **state)
{
	owe(1, OWED_DOT, PHASE_DATA_LINE);
	recover(FAILURE_ACCEPT, 1);
	assert_string_equal(wire_take(sh), WIRE_LINE("01", "11", "."));
	say(WIRE_REQUEST("commit", "01", "12", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "12",
	    FALLBACK_LOST));
}

/* The verdict was in the dead worker's memory. */
static void
a_verdict_that_is_owed_is_lost(void **state)
{
	owe(1, OWED_VERDICT, PHASE_DATA_LINE);
	recover(FAILURE_ACCEPT, 1);
	assert_string_equal(wire_take(sh), "");
	say(WIRE_REQUEST("commit", "01", "12", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "12",
	    FALLBACK_LOST));
}

static void
a_lost_message_that_is_dropped_owes_nothing(void **state)
{
	static const char *const ends[] = {
		WIRE_REPORT("tx-reset", "01", "|1"),
		WIRE_REPORT("tx-rollback", "01", "|1"),
		WIRE_REPORT("link-disconnect", "01", ""),
	};
	size_t	 i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		owe(1, OWED_LINES, PHASE_DATA_LINE);
		recover(FAILURE_ACCEPT, 1);
		assert_int_equal(wire_debts(sh), 1);
		say(ends[i], FAILURE_ACCEPT);
		assert_int_equal(wire_debts(sh), 0);
	}
	assert_string_equal(wire_take(sh), "");
}

/* As many as there is room for, and not one byte into other memory. */
static void
a_full_ring_is_paid_in_steps(void **state)
{
	unsigned int	 next = 0, paid = 0, turns = 0, i;
	int		 done;

	for (i = 1; i <= 200; i++)
		owe(i, OWED_ANSWER, PHASE_RCPT_TO);
	wire_leave_room(sh, 2 * PROTO_ANSWER_MAX);
	channel_resume(&ch);
	do {
		done = fallback_recover(&ch, FAILURE_TEMPFAIL, &next, &paid);
		assert_int_equal(ch.over_len, 0);
		channel_publish(&ch);
		ring_store(&sh->out.tail, sh->out.head);
		if (!done)
			wire_leave_room(sh, 2 * PROTO_ANSWER_MAX);
		channel_resume(&ch);
	} while (turns++ < 1000 && !done);
	assert_true(turns > 1);
	assert_int_equal(paid, 200);
	assert_int_equal(wire_debts(sh), 0);
}

/* None that waited is answered twice, none is forgotten. */
static void
a_ring_without_room_pays_nothing(void **state)
{
	unsigned int	 next = 0, paid = 0;

	owe(1, OWED_ANSWER, PHASE_RCPT_TO);
	wire_leave_room(sh, PROTO_ANSWER_MAX - 1);
	channel_resume(&ch);
	assert_false(fallback_recover(&ch, FAILURE_ACCEPT, &next, &paid));
	assert_int_equal(paid, 0);
	assert_int_equal(wire_debts(sh), 1);
	ring_store(&sh->out.tail, sh->out.head);
	assert_true(fallback_recover(&ch, FAILURE_ACCEPT, &next, &paid));
	channel_publish(&ch);
	assert_string_equal(wire_take(sh), WIRE_RESULT("01", "11", "proceed"));
}

static void
a_message_goes_through_untouched_if_the_policy_is_accept(void **state)
{
	say(WIRE_REQUEST("data-line", "02", "07", "..dots | and bars"),
	    FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_LINE("02", "07",
	    "..dots | and bars"));
	say(WIRE_REQUEST("data-line", "02", "07", "."), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_LINE("02", "07", "."));
	say(WIRE_REQUEST("commit", "02", "08", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "08", "proceed"));
	assert_int_equal(wire_debts(sh), 0);
}

static void
a_message_is_swallowed_and_refused_if_it_is_not(void **state)
{
	say(WIRE_REQUEST("data-line", "02", "07", "secret"), FAILURE_TEMPFAIL);
	say(WIRE_REQUEST("data-line", "02", "07", "."), FAILURE_TEMPFAIL);
	assert_string_equal(wire_take(sh), WIRE_LINE("02", "07", "."));
	say(WIRE_REQUEST("commit", "02", "08", ""), FAILURE_TEMPFAIL);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "08",
	    FALLBACK_LOST));
}

static void
a_message_that_the_filter_must_see_is_refused_even_by_accept(void **state)
{
	sh->facts.must_see = 1;
	say(WIRE_REQUEST("data-line", "02", "07", "X-Spam: No"),
	    FAILURE_ACCEPT);
	say(WIRE_REQUEST("data-line", "02", "07", "."), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_LINE("02", "07", "."));
	say(WIRE_REQUEST("commit", "02", "08", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "08",
	    FALLBACK_LOST));
	assert_int_equal(wire_debts(sh), 0);
	/* All else is accepted. */
	say(WIRE_REQUEST("mail-from", "02", "09", "<a@example.org>"),
	    FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "09", "proceed"));
}

/* Nothing can be owed: its end went on alone, and must not be a message. */
static void
a_message_that_found_no_room_is_refused(void **state)
{
	size_t	 i;

	for (i = 0; i < LEDGER_SLOTS; i++) {
		sh->ledger.debts[i].session = 1000 + i;
		sh->ledger.debts[i].owed = OWED_LINES;
	}
	sh->facts.must_see = 1;
	say(WIRE_REQUEST("data-line", "02", "07", "a"), FAILURE_ACCEPT);
	say(WIRE_REQUEST("data-line", "02", "07", "."), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_LINE("02", "07", "."));
	say(WIRE_REQUEST("commit", "02", "08", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "08",
	    FALLBACK_LOST));
}

/* One line had to be cut, and nobody would know at its end. */
static void
a_cut_message_that_found_no_room_is_refused(void **state)
{
	char	 line[PROTO_LINE_MAX];
	size_t	 i;

	for (i = 0; i < LEDGER_SLOTS; i++) {
		sh->ledger.debts[i].session = 1000 + i;
		sh->ledger.debts[i].owed = OWED_LINES;
	}
	(void)snprintf(line, sizeof(line), "%s%0*d",
	    WIRE_REQUEST("data-line", "02", "07", ""), 65500, 0);
	say(line, FAILURE_ACCEPT);
	(void)wire_take(sh);
	say(WIRE_REQUEST("data-line", "02", "07", "."), FAILURE_ACCEPT);
	(void)wire_take(sh);
	say(WIRE_REQUEST("commit", "02", "08", ""), FAILURE_ACCEPT);
	assert_string_equal(wire_take(sh), WIRE_RESULT("02", "08",
	    FALLBACK_LOST));
}

static void
a_line_from_elsewhere_in_the_chain_goes_on(void **state)
{
	struct proto_line	 l;
	const char		*p;
	size_t			 len;
	size_t			 i;

	sh->facts.must_see = 1;
	for (i = 0; i < 2; i++) {
		wire_line(sh, i == 0 ?
		    WIRE_REQUEST("data-line", "02", "07", "..dots") :
		    WIRE_REQUEST("data-line", "02", "07", "."));
		assert_non_null(p = channel_line(&ch, &len));
		assert_null(proto_parse(&l, p, len));
		fallback_echo(&ch, &l);
		channel_publish(&ch);
		assert_string_equal(wire_take(sh), i == 0 ?
		    WIRE_LINE("02", "07", "..dots") :
		    WIRE_LINE("02", "07", "."));
	}
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest	 tests[] = {
		TEST(a_verdict_is_what_the_phase_can_bear),
		TEST(open_requests_are_paid_by_policy),
		TEST(an_open_commit_is_refused_even_by_accept),
		TEST(a_message_in_flight_is_swallowed_and_refused),
		TEST(a_dot_that_is_owed_is_paid_at_once),
		TEST(a_verdict_that_is_owed_is_lost),
		TEST(a_lost_message_that_is_dropped_owes_nothing),
		TEST(a_full_ring_is_paid_in_steps),
		TEST(a_ring_without_room_pays_nothing),
		TEST(a_message_goes_through_untouched_if_the_policy_is_accept),
		TEST(a_message_is_swallowed_and_refused_if_it_is_not),
		TEST(a_message_that_the_filter_must_see_is_refused_even_by_accept),
		TEST(a_message_that_found_no_room_is_refused),
		TEST(a_cut_message_that_found_no_room_is_refused),
		TEST(a_line_from_elsewhere_in_the_chain_goes_on),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

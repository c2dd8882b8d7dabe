/* SPDX-License-Identifier: ISC */
/*
 * Lines from smtpd, hooks that do odd things, and what smtpd is told: the
 * engine on a mapping of its own, without processes.
 */

#include "engine_rig.h"

static struct shared		*sh;
static struct request		 held;
static size_t			 recipients;
static int			 ended, wanted = 1, asked, answering;
static char			 told[256];	/* by any_report */

/* Lines go on, but for those that a hook would do odd things with. */
static void
on_line(struct session *s, struct request rq, const char *line, size_t len)
{
	held = rq;
	if (line == NULL)
		filter_proceed(rq);
	else if (len == 4 && memcmp(line, "HOLD", 4) == 0)
		;
	else if (len == 5 && memcmp(line, "SPLIT", 5) == 0)
		filter_line(rq, "X-A: b\nX-B: c\n", 14);
	else if (len == 4 && memcmp(line, "FAIL", 4) == 0)
		filter_fail(rq, "by test");
	else
		filter_line(rq, line, len);
}

static void
on_commit(struct session *s, const char *arg)
{
	assert_non_null(s->tx);
	recipients = s->tx->nrcpt;
}

static void
on_tx_end(struct session *s)
{
	ended++;
}

static int
on_wants(struct session *s)
{
	asked++;
	return wanted;
}

static void
on_any_report(struct session *s, enum report what, const char *arg)
{
	size_t	 len = strlen(told);

	(void)snprintf(told + len, sizeof(told) - len, "%s(%s)",
	    proto_report_name(what), what == REPORT_LINK_CONNECT ? "" : arg);
	if (answering) {
		filter_line(held, "late", 4);
		filter_proceed(held);
	}
}

static void
on_any_request(struct session *s, struct request rq, enum phase what,
    const char *arg)
{
	filter_reject(rq, 550, "%s %s", proto_phase_name(what), arg);
}

static const struct filter	 filter = {
	.name = "test",
	.any_phases = 1 << PHASE_RCPT_TO | 1 << PHASE_AUTH,
	.any_reports = 1 << REPORT_FILTER_RESPONSE,
	.any_report = on_any_report,
	.any_request = on_any_request,
	.outgoing = 1,
	.tx_size = 8,
	.tx_end = on_tx_end,
	.report = { [REPORT_TX_COMMIT] = on_commit },
	.line = on_line,
	.wants = on_wants,
};

static int
setup(void **state)
{
	engine.deadline = 1000000;
	return (sh = engine_rig(&filter)) == NULL ? -1 : 0;
}

/* A new worker: it knows no session. */
static int
fresh(void **state)
{
	static const uint64_t	 ids[] = { 1, 9 };
	struct conn		*c;
	size_t			 i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if ((c = session_find(ids[i])) != NULL)
			engine_end(c);
	channel_publish(&engine.channel);
	engine_rig_fresh(sh);
	engine.policy = FAILURE_ACCEPT;
	recipients = ended = asked = answering = 0;
	told[0] = '\0';
	wanted = 1;
	return 0;
}

static void
say(const char *line)
{
	engine_rig_say(sh, line);
}

static void
expect(const char *want)
{
	assert_string_equal(wire_take(sh), want);
}

static void
a_line_with_newlines_is_as_many_lines(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "SPLIT"));
	expect(WIRE_LINE("01", "07", "X-A: b") WIRE_LINE("01", "07", "X-B: c"));
}

/* What the hook held back, nobody knows: accept would lose it. */
static void
a_line_hook_that_fails_refuses_the_message(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "one"));
	say(WIRE_REQUEST("data-line", "01", "07", "HOLD"));
	say(WIRE_REQUEST("data-line", "01", "07", "FAIL"));
	say(WIRE_REQUEST("data-line", "01", "07", "."));
	expect(WIRE_LINE("01", "07", "one") WIRE_LINE("01", "07", "."));
	say(WIRE_REQUEST("commit", "01", "08", ""));
	expect(WIRE_RESULT("01", "08",
	    "reject|451 4.3.0 Mail filter failed, try again later"));
}

/* smtpd does not send them to such a filter; if it did, it would want them back. */
static void
lines_that_nobody_asked_for_go_on(void **state)
{
	static const struct filter	 deaf = { .name = "deaf" };

	engine.filter = &deaf;
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "..one"));
	say(WIRE_REQUEST("data-line", "01", "07", "."));
	engine.filter = &filter;
	expect(WIRE_LINE("01", "07", "..one") WIRE_LINE("01", "07", "."));
	say(WIRE_REQUEST("commit", "01", "08", ""));
	expect(WIRE_RESULT("01", "08", "proceed"));
}

/* But a worker that dies under it still costs a 451: the debt is there. */
static void
a_message_that_is_not_wanted_goes_on_as_it_comes(void **state)
{
	wanted = 0;
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "SPLIT"));
	expect(WIRE_LINE("01", "07", "SPLIT"));
	say(WIRE_REQUEST("data-line", "01", "07", "..x"));
	say(WIRE_REQUEST("data-line", "01", "07", "HOLD"));
	expect(WIRE_LINE("01", "07", "..x") WIRE_LINE("01", "07", "HOLD"));
	assert_int_equal(ledger_find(&sh->ledger, 1)->owed, OWED_LINES);
	say(WIRE_REQUEST("data-line", "01", "07", "."));
	expect(WIRE_LINE("01", "07", "."));
	say(WIRE_REQUEST("commit", "01", "08", ""));
	expect(WIRE_RESULT("01", "08", "proceed"));
	assert_int_equal(asked, 1);
	assert_int_equal(wire_debts(sh), 0);

	/* The next message is another matter. */
	wanted = 1;
	say(WIRE_REQUEST("data-line", "01", "09", "HOLD"));
	expect("");
	assert_int_equal(asked, 2);
}

/* Two of the same filter in a chain: smtpd asks this process twice. */
static void
the_second_of_two_in_a_chain_lets_pass(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "0a", "SPLIT"));
	(void)wire_take(sh);
	say(WIRE_REQUEST("data-line", "01", "0b", "SPLIT"));
	say(WIRE_REQUEST("data-line", "01", "0b", "..x"));
	expect(WIRE_LINE("01", "0b", "SPLIT") WIRE_LINE("01", "0b", "..x"));
	say(WIRE_REQUEST("data-line", "01", "0a", "."));
	say(WIRE_REQUEST("data-line", "01", "0b", "."));
	expect(WIRE_LINE("01", "0a", ".") WIRE_LINE("01", "0b", "."));
	say(WIRE_REQUEST("commit", "01", "0c", ""));
	say(WIRE_REQUEST("commit", "01", "0d", ""));
	expect(WIRE_RESULT("01", "0c", "proceed")
	    WIRE_RESULT("01", "0d", "proceed"));
	assert_int_equal(wire_debts(sh), 0);
}

static const char *const	 ends[] = {
	WIRE_REPORT("tx-rollback", "01", "|1"),
	WIRE_REPORT("tx-reset", "01", "|1"),
	WIRE_REPORT("link-disconnect", "01", ""),
};

static void
who_is_told_of_the_end_can_not_answer(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		say(WIRE_CONNECT("01"));
		say(WIRE_REQUEST("data-line", "01", "07", "HOLD"));
		answering = 1;
		say(ends[i]);
		answering = 0;
		expect("");
	}
}

static void
a_message_that_is_dropped_owes_nothing(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		say(WIRE_CONNECT("01"));
		say(WIRE_REQUEST("data-line", "01", "07", "x"));
		assert_int_equal(wire_debts(sh), 1);
		say(ends[i]);
		assert_int_equal(wire_debts(sh), 0);
		say(WIRE_CONNECT("01"));
		say(WIRE_REQUEST("data-line", "01", "07", "x"));
		say(WIRE_REQUEST("data-line", "01", "07", "."));
		assert_int_equal(wire_debts(sh), 1);
		say(ends[i]);
		assert_int_equal(wire_debts(sh), 0);
	}
}

/* The "." waits for room when the client goes. */
static void
a_session_that_ends_while_its_end_waits_owes_nothing(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "x"));
	wire_leave_room(sh, 0);
	channel_resume(&engine.channel);
	say(WIRE_REQUEST("data-line", "01", "07", "."));
	assert_int_equal(wire_debts(sh), 1);
	say(WIRE_REPORT("link-disconnect", "01", ""));
	ring_store(&sh->out.tail, sh->out.head);
	turn();
	expect(WIRE_LINE("01", "07", "."));
	assert_int_equal(wire_debts(sh), 0);
}

/* Every slot within reach is somebody else's. */
static void
the_first_line_is_not_lost_for_want_of_a_slot(void **state)
{
	size_t	 i;

	for (i = 0; i < LEDGER_SLOTS; i++) {
		sh->ledger.debts[i].session = 1000 + i;
		sh->ledger.debts[i].owed = OWED_LINES;
	}
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "first"));
	say(WIRE_REQUEST("data-line", "01", "07", "second"));
	say(WIRE_REQUEST("data-line", "01", "07", "."));
	expect(WIRE_LINE("01", "07", "first") WIRE_LINE("01", "07", "second")
	    WIRE_LINE("01", "07", "."));
	say(WIRE_REQUEST("commit", "01", "08", ""));
	expect(WIRE_RESULT("01", "08", "proceed"));
}

static void
an_answer_to_a_session_that_is_gone_is_dropped(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REQUEST("data-line", "01", "07", "x"));
	(void)wire_take(sh);
	say(WIRE_REPORT("link-disconnect", "01", ""));
	filter_line(held, "late", 4);
	filter_reject(held, 550, "late");
	turn();
	expect("");
}

#define OUT(event, arg)	"report|0.7|1.000001|smtp-out|" event		\
	"|0000000000000009" arg

/* smtpd says rollback and reset for one refused recipient, then commits. */
static void
an_outgoing_transaction_ends_with_its_commit(void **state)
{
	say(OUT("link-connect", "|a|pass|192.0.2.1:1|192.0.2.2:25"));
	say(OUT("tx-begin", "|00000001"));
	say(OUT("tx-mail", "|00000001|ok|a@example.com"));
	say(OUT("tx-rcpt", "|00000001|ok|x@example.org"));
	say(OUT("tx-rcpt", "|00000001|permfail|y@example.org"));
	say(OUT("tx-rollback", "|00000001"));
	say(OUT("tx-reset", "|00000001"));
	say(OUT("tx-rcpt", "|00000001|ok|z@example.org"));
	assert_int_equal(ended, 0);
	say(OUT("tx-commit", "|00000001|99"));
	assert_int_equal(recipients, 2);
	assert_int_equal(ended, 1);
}

static void
one_hook_is_asked_and_told_all(void **state)
{
	say(WIRE_CONNECT("01"));
	say(WIRE_REPORT("filter-response", "01", "|connected|proceed"));
	say(WIRE_REPORT("filter-report", "01", "|builtin|x|y"));
	say(WIRE_REPORT("never-heard-of", "01", "|x"));
	assert_string_equal(told, "link-connect()"
	    "filter-response(connected|proceed)filter-report(builtin|x|y)");
	say(WIRE_REQUEST("rcpt-to", "01", "02", "joe@example.com"));
	say(WIRE_REQUEST("auth", "01", "03", "PLAIN"));
	say(WIRE_REQUEST("quit", "01", "04", ""));
	expect(WIRE_RESULT("01", "02", "reject|550 rcpt-to joe@example.com")
	    WIRE_RESULT("01", "03", "reject|550 auth PLAIN")
	    WIRE_RESULT("01", "04", "proceed"));
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest	 tests[] = {
		TEST(a_line_with_newlines_is_as_many_lines),
		TEST(a_line_hook_that_fails_refuses_the_message),
		TEST(lines_that_nobody_asked_for_go_on),
		TEST(a_message_that_is_not_wanted_goes_on_as_it_comes),
		TEST(the_second_of_two_in_a_chain_lets_pass),
		TEST(who_is_told_of_the_end_can_not_answer),
		TEST(a_message_that_is_dropped_owes_nothing),
		TEST(a_session_that_ends_while_its_end_waits_owes_nothing),
		TEST(the_first_line_is_not_lost_for_want_of_a_slot),
		TEST(an_answer_to_a_session_that_is_gone_is_dropped),
		TEST(an_outgoing_transaction_ends_with_its_commit),
		TEST(one_hook_is_asked_and_told_all),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

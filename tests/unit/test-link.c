/* SPDX-License-Identifier: ISC */
/*
 * What a milter is told and when, and what its answers end: a milter's own
 * state must be met, as it says nothing at all to what it does not expect.
 */

#include "link_rig.h"

#include "message_engine.h"

#define MAIL	"From: joe\nSubject: hello\n\nHello\n.\nworld"

static void
a_session_is_told_in_order(void **state)
{
	struct message	*m = mail_new(MAIL);

	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_CONTINUE);
	seen_is("(OcC");
	assert_string_equal(peer.last['O'],
	    "\1\1\1\6\1\1\1\377\1\37\377\377");
	assert_int_equal(ask(0, EVENT_HELO), ANSWER_CONTINUE);
	seen_is("hH");
	assert_string_equal(peer.last['H'], "mail.example.net\1");
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("mM");
	assert_string_equal(peer.last['M'], "<joe@example.net>\1SIZE=100\1");
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_DATA), ANSWER_CONTINUE);
	seen_is("rRtT");
	assert_true(link_wants_message(links[0]));
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	seen_is("LLnNBeE");
	assert_string_equal(peer.last['L'], "Subject\1hello\1");
	assert_string_equal(peer.last['B'], "Hello\r\n.\r\nworld\r\n");
	assert_string_equal(peer.last['E'], "");
	assert_false(link_wants_message(links[0]));
	link_abort(links[0]);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("mM");
	link_close(links[0]);
	links[0] = NULL;
	seen_is("AQ)");
	message_free(m);
}

static void
our_own_received_and_what_is_no_field_are_not_shown(void **state)
{
	struct message	*m = mail_new("Received: us\nA: 1\nno field\nB: 2\n"
			    "C:3\n\n");

	peer.protocol = SMFIP_HDR_LEADSPC;
	talk(0);
	peer.seen[0] = '\0';
	assert_int_equal(ask_message(0, m, 0), ANSWER_CONTINUE);
	seen_is("LLLnNeE");
	assert_string_equal(peer.last['L'], "C\0013\1");
	message_free(m);
}

static void
what_it_does_not_want_is_not_sent_but_its_macros_are(void **state)
{
	struct message	*m = mail_new(MAIL);

	peer.protocol = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL |
	    SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOHDRS | SMFIP_NOEOH |
	    SMFIP_NOBODY;
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_HELO), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_RCPT), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_DATA), NOT_ASKED);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	seen_is("(OchmrtneE");
	message_free(m);
}

static void
what_it_does_not_answer_is_not_waited_for(void **state)
{
	struct message	*m = mail_new(MAIL);

	peer.protocol = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
	    SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH |
	    SMFIP_NR_BODY;
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_HELO), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_RCPT), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_DATA), NOT_ASKED);
	seen_is("(OcChHmMrRtT");
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	seen_is("LLnNBeE");
	message_free(m);
}

static void
a_version_is_told_no_more_than_it_knows(void **state)
{
	struct message	*m = mail_new(MAIL);

	peer.version = 2;
	peer.actions = SMFI_V2_ACTS;
	talk(0);
	assert_int_equal(ask(0, EVENT_UNKNOWN), NOT_ASKED);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	seen_is("(OcChHmMrRLLNBeE");
	message_free(m);
}

/* Each answer at each event: what it is, and is there more of the message? */
static const struct {
	enum link_event	 at;
	const char	*say;
	int		 kind, code;
	int		 more;		/* RCPT, or the message, after it */
} verdicts[] = {
	{ EVENT_CONNECT, "a", ANSWER_ACCEPT, 0, 0 },
	{ EVENT_CONNECT, "r", ANSWER_REJECT, 0, 0 },
	{ EVENT_CONNECT, "t", ANSWER_TEMPFAIL, 0, 0 },
	{ EVENT_CONNECT, "d", ANSWER_CONTINUE, 0, 0 },
	{ EVENT_CONNECT, "4", ANSWER_SHUTDOWN, 0, 0 },
	{ EVENT_CONNECT, "y421 4.7.0 Off\1", ANSWER_REPLY, 421, 0 },
	{ EVENT_HELO, "a", ANSWER_ACCEPT, 0, 0 },
	{ EVENT_HELO, "r", ANSWER_REJECT, 0, 0 },
	{ EVENT_HELO, "d", ANSWER_CONTINUE, 0, 0 },
	{ EVENT_HELO, "y550 5.7.1 No\1", ANSWER_REPLY, 550, 0 },
	{ EVENT_MAIL, "a", ANSWER_ACCEPT, 0, 0 },
	{ EVENT_MAIL, "r", ANSWER_REJECT, 0, 0 },
	{ EVENT_MAIL, "t", ANSWER_TEMPFAIL, 0, 0 },
	{ EVENT_MAIL, "d", ANSWER_DISCARD, 0, 0 },
	{ EVENT_MAIL, "s", ANSWER_CONTINUE, 0, 1 },
	{ EVENT_MAIL, "4", ANSWER_SHUTDOWN, 0, 0 },
	{ EVENT_RCPT, "a", ANSWER_ACCEPT, 0, 0 },
	{ EVENT_RCPT, "d", ANSWER_DISCARD, 0, 0 },
	{ EVENT_RCPT, "r", ANSWER_REJECT, 0, 1 },
	{ EVENT_RCPT, "t", ANSWER_TEMPFAIL, 0, 1 },
	{ EVENT_RCPT, "y451 4.7.1 Grey\1", ANSWER_REPLY, 451, 1 },
	{ EVENT_RCPT, "4", ANSWER_SHUTDOWN, 0, 0 },
	{ EVENT_DATA, "a", ANSWER_ACCEPT, 0, 0 },
	{ EVENT_DATA, "r", ANSWER_REJECT, 0, 0 },
	{ EVENT_DATA, "y554 5.7.1 No\1", ANSWER_REPLY, 554, 0 },
};

static const char	letters[] = "CHMRT";

static void
each_verdict_ends_as_much_as_it_should(void **state)
{
	struct turn	 turns[2] = { { 0, 1, NULL } };
	int		 e, r;
	size_t		 i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		(void)rig_setup(NULL);
		turns[0].on = letters[verdicts[i].at];
		turns[0].say = verdicts[i].say;
		peer.turns = turns;
		for (e = EVENT_CONNECT; e < (int)verdicts[i].at; e++)
			assert_int_equal(ask(0, (enum link_event)e),
			    ANSWER_CONTINUE);
		r = ask(0, verdicts[i].at);
		if (r != verdicts[i].kind ||
		    heard[0].a.reply.code != verdicts[i].code)
			fail_msg("%zu: %d %d %s", i, r,
			    heard[0].a.reply.code, heard[0].why);
		if (link_wants_message(links[0]) != verdicts[i].more)
			fail_msg("%zu: wants %d", i, !verdicts[i].more);
		r = ask(0, EVENT_RCPT);
		if (r != (verdicts[i].more ? ANSWER_CONTINUE : NOT_ASKED))
			fail_msg("%zu: then %d", i, r);
		/* Nothing is left over that the next message could meet. */
		if (verdicts[i].kind != ANSWER_ACCEPT ||
		    verdicts[i].at >= EVENT_MAIL) {
			assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
			assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
		} else
			assert_int_equal(ask(0, EVENT_MAIL), NOT_ASKED);
		(void)rig_teardown(NULL);
	}
	(void)rig_setup(NULL);
}

static const struct {
	char		 on;
	int		 nth;
	const char	*say;
	int		 kind;
	const char	*seen;
} contents[] = {
	{ 'L', 1, "a", ANSWER_ACCEPT, "L" },
	{ 'L', 2, "r", ANSWER_REJECT, "LL" },
	{ 'L', 1, "s", ANSWER_CONTINUE, "LnNBBeE" },
	{ 'L', 2, "s", ANSWER_CONTINUE, "LLnNBBeE" },
	{ 'N', 1, "t", ANSWER_TEMPFAIL, "LLnN" },
	{ 'N', 1, "s", ANSWER_CONTINUE, "LLnNBBeE" },
	{ 'B', 1, "d", ANSWER_DISCARD, "LLnNB" },
	{ 'B', 1, "s", ANSWER_CONTINUE, "LLnNBeE" },
	{ 'B', 2, "s", ANSWER_CONTINUE, "LLnNBBeE" },
	{ 'B', 2, "y550 5.7.1 No\1", ANSWER_REPLY, "LLnNBB" },
	{ 'E', 1, "a", ANSWER_ACCEPT, "LLnNBBeE" },
	{ 'E', 1, "r", ANSWER_REJECT, "LLnNBBeE" },
	{ 'E', 1, "d", ANSWER_DISCARD, "LLnNBBeE" },
	{ 'E', 1, "4", ANSWER_SHUTDOWN, "LLnNBBeEQ)" },
	{ 'E', 1, "p\np\nc", ANSWER_CONTINUE, "LLnNBBeE" },
	{ 'L', 1, "p\nc", ANSWER_CONTINUE, "LLnNBBeE" },
	{ 'E', 1, "*\nhX\1b\1\nt", ANSWER_TEMPFAIL, "LLnNBBeE" },
};

static void
each_verdict_on_content_is_the_end_of_it(void **state)
{
	struct turn	 turns[2] = { { 0, 1, NULL } };
	struct message	*m;
	int		 r;
	size_t		 i;

	for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		(void)rig_setup(NULL);
		turns[0].on = contents[i].on;
		turns[0].nth = contents[i].nth;
		turns[0].say = contents[i].say;
		peer.turns = turns;
		m = mail_new("A: b\nC: d\n");
		message_append(m, "", 0);
		for (r = 0; r < 1000; r++)
			message_append(m, "0123456789012345678901234567890123"
			    "456789012345678901234567890123456789", 70);
		talk(0);
		peer.seen[0] = '\0';
		r = ask_message(0, m, SIZE_MAX);
		if (r != contents[i].kind)
			fail_msg("%zu: %d %s", i, r, heard[0].why);
		seen_is(contents[i].seen);
		assert_false(link_wants_message(links[0]));
		assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
		message_free(m);
		(void)rig_teardown(NULL);
	}
	(void)rig_setup(NULL);
}

static void
changes_come_before_the_answer(void **state)
{
	static const struct turn turns[] = {
		{ 'E', 0, "hX-A\1 b\1\ni\1\1\1\1X-B\1c\1\nm\1\1\1\2Subject\1\1"
		    "\nb0123\n+<a@example.org>\1\n-<b@example.org>\1\nqbad\1"
		    "\np\nee@example.org\1\na" },
		{ 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);

	peer.turns = turns;
	talk(0);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_ACCEPT);
	assert_string_equal(heard[0].changes, "h0 X-A= b; i0 X-B=c; "
	    "m2 Subject=; b4; +0 <a@example.org>=; -0 <b@example.org>=; "
	    "q0 bad=; e0 e@example.org=; ");
	message_free(m);
}

static void
an_aborted_message_is_followed_by_helo_and_mail(void **state)
{
	talk(0);
	peer.seen[0] = '\0';
	link_abort(links[0]);
	link_abort(links[0]);
	assert_false(link_wants_message(links[0]));
	assert_int_equal(ask(0, EVENT_RCPT), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("AhHmM");
	/* Without an abort; and EHLO again after STARTTLS. */
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("AhHmM");
	assert_int_equal(ask(0, EVENT_HELO), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("AhHmM");
}

static void
an_unknown_command_is_told_and_its_answer_is_not_taken_for_another(
    void **state)
{
	static const struct turn turns[] = {
		{ 'U', 0, "@50\nr" }, { 'M', 0, "t" }, { 0, 0, NULL } };

	peer.turns = turns;
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_HELO), ANSWER_CONTINUE);
	peer.seen[0] = '\0';
	assert_int_equal(ask(0, EVENT_UNKNOWN), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_UNKNOWN), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_TEMPFAIL);
	seen_is("UmM");
	assert_string_equal(peer.last['U'], "FROB it\1");
}

static void
nothing_is_told_that_would_end_a_message(void **state)
{
	talk(0);
	peer.seen[0] = '\0';
	assert_int_equal(ask(0, EVENT_UNKNOWN), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	seen_is("rR");
}

static void
the_milters_lists_of_macros_hold(void **state)
{
	static const char	 lists[] = "\0\0\0\0{client_addr} j\0"
				    "\0\0\0\2\0";

	peer.macros = lists;
	peer.macros_len = sizeof(lists) - 1;
	talk(0);
	seen_is("(OcChHMrRtT");
	assert_string_equal(peer.last['c'],
	    "C{client_addr}\001192.0.2.7\1j\1mx.example.org\1");
}

/* The engine answered by itself: its message is gone. */
static void
what_nobody_wants_any_more_is_not_gone_on_with(void **state)
{
	static const struct turn	 slow[] = { { 'L', 1, "@50\nc" },
					    { 0, 0, NULL } };
	struct message			*m = mail_new(MAIL);

	peer.turns = slow;
	talk(0);
	peer.seen[0] = '\0';
	heard[0].n = 0;
	put(0, EVENT_MESSAGE, m, SIZE_MAX);
	message_free(m);
	heard[0].unwanted = 1;
	run_ms(200);
	seen_is("LAQ)");
	assert_int_equal(heard[0].n, 0);
	heard[0].unwanted = 0;
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
}

static void
close_here(struct link *l, int i)
{
	link_close(l);
	links[i] = NULL;
}

static void
mail_here(struct link *l, int i)
{
	heard[i].then = NULL;
	heard[i].n = 0;
	link_abort(l);
	assert_int_equal(link_ask(l, EVENT_MAIL, NULL, NULL, SIZE_MAX), 1);
}

static void
it_can_be_closed_and_asked_from_its_answer(void **state)
{
	static const struct turn turns[] = {
		{ 'E', 1, "a\na" }, { 'C', 2, "!" }, { 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);

	peer.turns = turns;
	talk(0);
	heard[0].then = close_here;
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_ACCEPT);
	heard[0].then = close_here;
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_FAILED);
	heard[0].then = NULL;
	talk(0);
	heard[0].then = mail_here;
	put(0, EVENT_RCPT, NULL, SIZE_MAX);
	assert_int_equal(await(0), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(a_session_is_told_in_order),
		TEST(our_own_received_and_what_is_no_field_are_not_shown),
		TEST(what_it_does_not_want_is_not_sent_but_its_macros_are),
		TEST(what_it_does_not_answer_is_not_waited_for),
		TEST(a_version_is_told_no_more_than_it_knows),
		cmocka_unit_test_teardown(
		    each_verdict_ends_as_much_as_it_should, rig_teardown),
		cmocka_unit_test_teardown(
		    each_verdict_on_content_is_the_end_of_it, rig_teardown),
		TEST(changes_come_before_the_answer),
		TEST(an_aborted_message_is_followed_by_helo_and_mail),
		TEST(an_unknown_command_is_told_and_its_answer_is_not_taken_for_another),
		TEST(nothing_is_told_that_would_end_a_message),
		TEST(the_milters_lists_of_macros_hold),
		TEST(what_nobody_wants_any_more_is_not_gone_on_with),
		TEST(it_can_be_closed_and_asked_from_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

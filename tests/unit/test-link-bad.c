/* SPDX-License-Identifier: ISC */
/*
 * Milters that misbehave in every way: what is asked has failed, the connection
 * is closed, nothing else of this message passes, and the next one has a new
 * connection.
 */

#include "link_rig.h"

#include <errno.h>

#include "clock.h"
#include "message_engine.h"

#define MAIL	"From: joe\nSubject: hello\n\nHello\n.\nworld"

/* All events have this long, in ms. */
static void
patience(int ms)
{
	milter.connect = milter.command = milter.content = ms;
}

/*
 * The first event that failed, or EVENT_MAX.  Only the one called hasty is
 * over soon, if it is.
 */
static enum link_event
converse(struct message *m, enum link_event hasty)
{
	int	 e, r;

	for (e = EVENT_CONNECT; e < EVENT_MESSAGE; e++) {
		patience(e == (int)hasty ? 100 : 10000);
		r = ask(0, (enum link_event)e);
		if (r == ANSWER_FAILED)
			return (enum link_event)e;
		assert_true(r == ANSWER_CONTINUE);
	}
	patience(hasty == EVENT_MESSAGE ? 100 : 10000);
	if (ask_message(0, m, SIZE_MAX) == ANSWER_FAILED)
		return EVENT_MESSAGE;
	assert_int_equal(heard[0].a.kind, ANSWER_CONTINUE);
	return EVENT_MAX;
}

static const struct {
	const char	*say;
	const char	*on;		/* after these; the first is */
	const char	*why;
} bad[] = {
	{ "!", "OCHMRTLNBE", "hung up after" },
	{ "#00\n!", "OCHMRTLNBE", "hung up in the middle of a packet" },
	{ "#000000\n!", "OE", "hung up in the middle of a packet" },
	{ "#0000000563\n!", "OCHMRTLNBE", "in the middle of a packet" },
	{ "#00000000", "OCHMRTLNBE", "protocol error" },
	{ "#ffffffff63", "OCHMRTLNBE", "protocol error" },
	{ "#0010000163", "OCHMRTLNBE", "protocol error" },
	{ "#000ffff04f", "OE", "timed out" },
	{ "#48545450", "O", "protocol error" },
	{ "x", "CHMRTLNBE", "protocol error: answer x after" },
	{ "x", "O", "negotiation: no negotiation" },
	{ "c", "O", "negotiation: no negotiation" },
	{ "p", "O", "negotiation: no negotiation" },
	{ "O", "O", "negotiation: a short negotiation" },
	{ "O\1\1\1\7\1\1\1\1\1\1\1\1", "O", "negotiation: version 7" },
	{ "O\1\1\1\6\1\1\1\1\1\1\1", "O", "negotiation: a short" },
	{ "O\1\1\1\6\1\1\1\1\100\1\1\1", "O", "negotiation: protocol bits" },
	{ "O\1\1\1\6\1\1\1\1\1\1\1\1", "CHMRTLNBE", "answer O after" },
	{ "f", "CHMRTLNBE", "protocol error: answer f after" },
	{ "l\1\1\1\1j\1", "CHMRTLNBE", "protocol error: answer l after" },
	{ "hX-A\1b\1\nc", "CHMRTLNB", "protocol error: answer h after" },
	{ "bhello\nc", "B", "protocol error: answer b after body" },
	{ "qno\1\nc", "R", "protocol error: answer q after rcpt" },
	{ "hX-A\1b\nc", "E", "malformed h after end of message" },
	{ "m\1\1\1", "E", "malformed m after end of message" },
	{ "+", "E", "malformed + after end of message" },
	{ "cc", "CHMRTLNBE", "answer c after" },
	{ "pp", "CE", "answer p after" },
	{ "y", "CHMRTLNBE", "malformed y after" },
	{ "y250 fine\1", "CHMRTLNBE", "malformed y after" },
	{ "y\1", "E", "malformed y after" },
	{ "c\nc", "MRTLNB", "protocol error: unasked c" },
	{ "c\nc\nc\nc\nc\nc\nc\nc\nc", "ML", "protocol error: unasked c" },
	{ "c\nr", "MRTLNB", "protocol error: unasked r" },
	{ "c\nhX\1y\1", "NB", "protocol error: unasked h" },
	{ "", "OCHMRTLNBE", "timed out after" },
	{ "p", "HMTLB", "timed out after" },
	{ "p\np\np\np\np\np\np\np", "CE", "timed out after" },
	{ "*\np\nhX-A\1b\1", "E", "timed out after" },
	{ "@500\nc", "CRBE", "timed out after" },
};

/* Which event a command belongs to. */
static enum link_event
event_of(char on)
{
	const char	*all = "CHMRT", *p = strchr(all, on);

	if (on == 'O')
		return EVENT_CONNECT;
	return p == NULL ? EVENT_MESSAGE : (enum link_event)(p - all);
}

static void
the_next_message_is_fine(size_t i, struct message *m)
{
	int64_t	 end = clock_ms() + 10000;
	int	 r;

	/* While it rests it has failed, too; not for long. */
	while ((r = ask(0, EVENT_MAIL)) == ANSWER_FAILED && clock_ms() < end)
		run_ms(5);
	if (r != ANSWER_CONTINUE)
		fail_msg("%zu: %d %s", i, r, heard[0].why);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_DATA), ANSWER_CONTINUE);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	assert_int_equal(peer.open, 1);
}

static void
misbehave(size_t i, char on)
{
	struct turn	 turns[2] = { { on, 1, bad[i].say } };
	struct message	*m = mail_new(MAIL);
	enum link_event	 e, is = event_of(on);

	(void)rig_setup(NULL);
	peer.turns = turns;
	e = converse(m, strncmp(bad[i].why, "timed out", 9) == 0 ? is :
	    EVENT_MAX);
	/* What came behind a good answer is noticed at the next event. */
	if (e != is && (strncmp(bad[i].say, "c\n", 2) != 0 || e != is + 1))
		fail_msg("%zu %c: at %d %s", i, on, e, heard[0].why);
	if (strstr(heard[0].why, bad[i].why) == NULL)
		fail_msg("%zu %c: %s", i, on, heard[0].why);
	patience(10000);
	if (e >= EVENT_MAIL) {
		assert_true(link_wants_message(links[0]));
		assert_int_equal(ask(0, EVENT_RCPT), ANSWER_FAILED);
		assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_FAILED);
	} else
		assert_false(e == EVENT_HELO && ask(0, EVENT_HELO) !=
		    NOT_ASKED);
	run_until(&peer.open, 0);
	link_abort(links[0]);
	the_next_message_is_fine(i, m);
	assert_int_equal(peer.conns, 2);
	message_free(m);
	(void)rig_teardown(NULL);
}

static void
each_has_failed(void **state)
{
	const char	*on;
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (on = bad[i].on; *on != '\0'; on++)
			misbehave(i, *on);
	(void)rig_setup(NULL);
}

/* Not a failure: all bytes one by one, from the negotiation on. */
static void
single_bytes_are_as_good(void **state)
{
	static const struct turn turns[] = {
		{ 'O', 0, "*\nO\1\1\1\6\1\1\1\1\1\1\1\1" },
		{ 'C', 0, "*\nc" }, { 'H', 0, "*\np\nc" }, { 'L', 0, "*\nc" },
		{ 'E', 0, "*\nhX-A\1b\1\nb0123\na" }, { 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);

	peer.turns = turns;
	talk(0);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_ACCEPT);
	assert_string_equal(heard[0].changes, "h0 X-A=b; b4; ");
	message_free(m);
}

static void
progress_is_waited_for_and_then_silence_is_not(void **state)
{
	static const struct turn turns[] = {
		{ 'E', 1, "@500\np\n@500\np\n@500\np\n@500\np\n@500\nc" },
		{ 'E', 2, "@500\np\n@500\nhX\1y\1\n@500\np" },
		{ 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);
	int64_t		 began;

	milter.content = 2000;
	peer.turns = turns;
	talk(0);
	began = clock_ms();
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	assert_in_range(clock_ms() - began, milter.content, 12000);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	began = clock_ms();
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_FAILED);
	assert_in_range(clock_ms() - began, 1490 + milter.content, 12000);
	why_is(0, "timed out after end of message");
	message_free(m);
}

static void
a_greeting_is_no_negotiation(void **state)
{
	static const struct turn turns[] = {
		{ '(', 0, "#3232302065786d706c65" }, { 0, 0, NULL } };

	peer.turns = turns;
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_FAILED);
	why_is(0, "protocol error");
}

static void
what_comes_while_nothing_is_asked_ends_the_connection(void **state)
{
	static const struct turn turns[] = {
		{ 'T', 1, "c\n@30\nc" }, { 'H', 2, "c\n@30\n4" },
		{ 'H', 4, "c\n@30\np" }, { 'H', 5, "c\n@30\n!" },
		{ 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);
	int		 i;

	peer.turns = turns;
	talk(0);
	run_until(&peer.open, 0);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_FAILED);
	why_is(0, "unasked c");
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_FAILED);
	link_abort(links[0]);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(ask(i, EVENT_CONNECT), ANSWER_CONTINUE);
		assert_int_equal(ask(i, EVENT_HELO), ANSWER_CONTINUE);
		/* That it works on something does no harm. */
		run_ms(60);
		run_until(&peer.open, i == 2);
		run_ms(5);
		assert_int_equal(ask(i, EVENT_MAIL), ANSWER_CONTINUE);
		assert_int_equal(ask(i, EVENT_RCPT), ANSWER_CONTINUE);
		link_close(links[i]);
		links[i] = NULL;
	}
	message_free(m);
}

static void
a_late_answer_after_an_abort_is_nobodys(void **state)
{
	static const struct turn turns[] = {
		{ 'R', 1, "@50\nr" }, { 'E', 1, "@50\nr" }, { 'C', 1, "@50\nr" },
		{ 0, 0, NULL } };
	struct message	*m = mail_new(MAIL);

	peer.turns = turns;
	put(0, EVENT_CONNECT, NULL, SIZE_MAX);
	run_until(&peer.count['C'], 1);
	link_abort(links[0]);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	put(0, EVENT_RCPT, NULL, SIZE_MAX);
	run_until(&peer.count['R'], 1);
	link_abort(links[0]);
	/* Its recipient has not been heard: the message must not pass. */
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_FAILED);
	assert_true(link_wants_message(links[0]));
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	heard[0].n = 0;
	put(0, EVENT_MESSAGE, m, SIZE_MAX);
	run_until(&peer.count['E'], 1);
	link_abort(links[0]);
	message_free(m);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	run_ms(100);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_CONTINUE);
	assert_int_equal(peer.conns, 4);
	assert_int_equal(peer.open, 1);
}

static void
one_that_is_not_there_has_failed_at_once(void **state)
{
	peer_shut();
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_FAILED);
	why_is(0, "No such file");
	assert_null(strstr(heard[0].why, "after"));
	assert_int_equal(ask(0, EVENT_HELO), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_FAILED);
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_FAILED);
	link_abort(links[0]);
	peer_reopen();
	run_ms(60);
	/* What it has missed it is told. */
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("(OcChHmM");
	/* It dies between two commands, and between two messages. */
	peer_cut();
	assert_int_equal(ask(0, EVENT_RCPT), ANSWER_FAILED);
	why_is(0, "after rcpt");
	link_abort(links[0]);
	run_ms(60);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	link_abort(links[0]);
	run_ms(10);
	peer_cut();
	run_ms(10);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	seen_is("(OcChHmMA(OcChHmM");
}

static void
what_it_says_to_the_client_anew_is_the_answer_to_mail(void **state)
{
	static const struct turn turns[] = {
		{ 'C', 2, "y550 5.7.1 Now I know you\1" }, { 'H', 2, "t" },
		{ 'C', 4, "a" }, { 0, 0, NULL } };

	peer.turns = turns;
	talk(0);
	link_abort(links[0]);
	run_ms(10);
	peer_cut();
	run_ms(10);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_REPLY);
	assert_int_equal(heard[0].a.reply.code, 550);
	assert_int_equal(ask(0, EVENT_RCPT), NOT_ASKED);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_TEMPFAIL);
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_ACCEPT);
	assert_int_equal(ask(0, EVENT_MAIL), NOT_ASKED);
	assert_false(link_wants_message(links[0]));
	assert_int_equal(peer.conns, 4);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_teardown(each_has_failed, rig_teardown),
		TEST(single_bytes_are_as_good),
		TEST(progress_is_waited_for_and_then_silence_is_not),
		TEST(a_greeting_is_no_negotiation),
		TEST(what_comes_while_nothing_is_asked_ends_the_connection),
		TEST(a_late_answer_after_an_abort_is_nobodys),
		TEST(one_that_is_not_there_has_failed_at_once),
		TEST(what_it_says_to_the_client_anew_is_the_answer_to_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The chain of milters, behind a filter that answers by junk or rewrite: smtpd
 * then does not ask us.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "chain_rig.h"
#include "client.h"

#define RCPTS	2

static char	 from[] = "joe@example.com";
static char	 rcpts[RCPTS][16] = { "ann@example.org", "bob@example.org" };
static char	*list[RCPTS + 1] = { rcpts[0], rcpts[1] };

/* The client says so, and if it is not asked smtpd takes it all the same. */
static void
command(const char *line)
{
	client_command(&client, line);
	chain_command(chain);
}

static void
begun(void)
{
	memset(&tx, 0, sizeof(tx));
	tx.from = from;
	tx.rcpt = list;
	session.tx = &tx;
	chain_began(chain);
}

static void
judged(int accepted)
{
	tx.nrcpt += accepted;
	chain_judged(chain);
}

static void
mail_missed(void)
{
	command("MAIL FROM:<joe@example.com> SIZE=1");
	begun();
}

static void
rcpt_missed(void)
{
	command("RCPT TO:<x> NOTIFY=NEVER");
	judged(1);
}

static void
all_say(enum answer_kind kind, int times)
{
	int	 i;

	for (i = 0; i < times * MILTERS; i++) {
		assert_string_equal(said, "");
		says(i % MILTERS, kind);
	}
}

static void
told_is(const char *what)
{
	assert_string_equal(told, what);
	*told = '\0';
}

static void
mail_is_told_at_rcpt(void **state)
{
	mail_missed();
	command("RCPT TO:<arg> NOTIFY=NEVER");
	put(EVENT_RCPT);
	all_say(ANSWER_CONTINUE, 2);
	assert_string_equal(said, "proceed");
	judged(1);
	told_is("M<joe@example.com> R<arg>NOTIFY=NEVER ");
	command("DATA");
	pass(EVENT_DATA);
	told_is("T ");
	assert_true(chain_wants_message(chain));
	pass(EVENT_MESSAGE);
	told_is("E ");
}

static void
recipients_are_told_before_the_next(void **state)
{
	command("MAIL FROM:<arg>");
	pass(EVENT_MAIL);
	begun();
	rcpt_missed();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	all_say(ANSWER_CONTINUE, 2);
	judged(0);
	rcpt_missed();
	command("DATA");
	put(EVENT_DATA);
	all_say(ANSWER_CONTINUE, 2);
	assert_string_equal(said, "proceed");
	told_is("M<arg> R<ann@example.org> R<arg> R<bob@example.org> T ");
	pass(EVENT_MESSAGE);
}

static void
nobody_is_told_twice(void **state)
{
	int	 i;

	command("MAIL FROM:<arg>");
	pass(EVENT_MAIL);
	begun();
	for (i = 0; i < RCPTS; i++) {
		command("RCPT TO:<arg>");
		pass(EVENT_RCPT);
		judged(1);
		/* smtpd may say something of it once more. */
		command("NOOP");
		judged(0);
	}
	command("DATA");
	pass(EVENT_DATA);
	pass(EVENT_MESSAGE);
	told_is("M<arg> R<arg> R<arg> T E ");
}

static void
all_of_it_is_told_at_the_end_of_the_message(void **state)
{
	mail_missed();
	rcpt_missed();
	rcpt_missed();
	command("DATA");
	assert_true(chain_wants_message(chain));
	put(EVENT_MESSAGE);
	all_say(ANSWER_CONTINUE, 5);
	assert_string_equal(said, "proceed");
	told_is("M<joe@example.com> R<ann@example.org> R<bob@example.org> "
	    "T E ");
}

/* The message is refused: smtpd has what it is about. */
static void
a_refusal_is_the_answer_to_what_is_asked(void **state)
{
	static const enum link_event	 asked[] = { EVENT_RCPT, EVENT_DATA,
					    EVENT_MESSAGE };
	size_t				 i;

	for (i = 0; i < 2 * sizeof(asked) / sizeof(asked[0]); i++) {
		chain_reset(chain);
		mail_missed();
		rcpt_missed();
		command("");
		put(asked[i / 2]);
		if (i % 2)
			all_say(ANSWER_CONTINUE, 1);	/* to MAIL */
		says(0, ANSWER_CONTINUE);
		says(1, ANSWER_REJECT);
		assert_string_equal(said, "reject 550 5.7.1 Command rejected");
		put(EVENT_RCPT);
		assert_string_equal(said, "reject 550 5.7.1 Command rejected");
		assert_true(chain_wants_message(chain));
		put(EVENT_MESSAGE);
		assert_string_equal(said, "reject 550 5.7.1 Command rejected");
	}
}

static void
a_failure_is_by_policy(void **state)
{
	servers[0].on_failure = FAILURE_ACCEPT;
	mail_missed();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	says(0, ANSWER_FAILED);
	assert_string_equal(said, "");
	says(1, ANSWER_FAILED);
	assert_memory_equal(said, "reject 451", 10);
	put(EVENT_DATA);
	assert_memory_equal(said, "reject 451", 10);
}

static void
what_was_known_of_another_mail_is_not_of_this(void **state)
{
	command("MAIL FROM:<arg>");
	pass(EVENT_MAIL);		/* and then another filter refused */
	mail_missed();
	assert_int_equal(links[0].aborted, 2);
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	all_say(ANSWER_CONTINUE, 2);
	told_is("M<arg> M<joe@example.com> R<arg> ");
	/* Nor is a refusal. */
	command("MAIL FROM:<arg>");
	put(EVENT_MAIL);
	says(0, ANSWER_REJECT);
	mail_missed();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	all_say(ANSWER_CONTINUE, 2);
	assert_string_equal(said, "proceed");
}

static void
a_missed_mail_can_go_to_the_sink(void **state)
{
	sink_address = "sink@localhost";
	mail_missed();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	says(0, ANSWER_DISCARD);
	assert_string_equal(said, "rewrite <sink@localhost>");
	judged(1);
	command("DATA");
	assert_false(chain_wants_message(chain));
	/* Not if smtpd has a recipient. */
	mail_missed();
	rcpt_missed();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	says(0, ANSWER_DISCARD);
	assert_string_equal(said, "reject 550 5.7.1 Settled");
}

/* It would get what was to be discarded, and that unseen. */
static void
a_missed_recipient_is_not_in_the_sink(void **state)
{
	sink_address = "sink@localhost";
	command("MAIL FROM:<arg>");
	put(EVENT_MAIL);
	says(0, ANSWER_DISCARD);
	begun();
	command("RCPT TO:<arg>");
	put(EVENT_RCPT);
	assert_string_equal(said, "rewrite <sink@localhost>");
	judged(1);
	assert_false(chain_wants_message(chain));
	rcpt_missed();
	assert_true(chain_wants_message(chain));
	command("DATA");
	put(EVENT_DATA);
	says(0, ANSWER_DISCARD);
	assert_string_equal(said, "reject 550 5.7.1 Settled");
}

/* DATA, with all before it missed; only the first milter must answer. */
static void
put_until_the_deadline(void)
{
	deadline = 100;
	servers[1].on_failure = servers[2].on_failure = FAILURE_ACCEPT;
	mail_missed();
	rcpt_missed();
	command("DATA");
	put(EVENT_DATA);
}

static void
the_deadline_is_for_what_was_missed_too(void **state)
{
	put_until_the_deadline();
	says(0, ANSWER_CONTINUE);
	assert_string_equal(said, "");
	/* The first was in time, but has not heard of the rest. */
	(void)event_base_dispatch(base);
	assert_memory_equal(said, "reject 451", 10);
	told_is("M<joe@example.com> ");
}

/* As when it accepted all of the message. */
static void
who_wants_no_more_is_not_late(void **state)
{
	put_until_the_deadline();
	links[0].not_wanted = 1;
	links[0].aborted = 0;
	says(0, ANSWER_ACCEPT);
	(void)event_base_dispatch(base);
	assert_string_equal(said, "proceed");
	assert_int_equal(links[0].aborted, 0);
	assert_true(links[1].aborted > 0);
}

/* Another filter refused the DATA that milters have heard. */
static void
a_recipient_that_is_missed_after_data_is_out_of_order(void **state)
{
	command("MAIL FROM:<arg>");
	pass(EVENT_MAIL);
	begun();
	command("RCPT TO:<arg>");
	pass(EVENT_RCPT);
	judged(1);
	command("DATA");
	pass(EVENT_DATA);
	rcpt_missed();
	command("DATA");
	put(EVENT_MESSAGE);
	assert_string_equal(said, "reject 451 4.5.1 Out of order, start again "
	    "with RSET");
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(mail_is_told_at_rcpt),
		T(recipients_are_told_before_the_next),
		T(nobody_is_told_twice),
		T(all_of_it_is_told_at_the_end_of_the_message),
		T(a_refusal_is_the_answer_to_what_is_asked),
		T(a_failure_is_by_policy),
		T(what_was_known_of_another_mail_is_not_of_this),
		T(a_missed_mail_can_go_to_the_sink),
		T(a_missed_recipient_is_not_in_the_sink),
		T(the_deadline_is_for_what_was_missed_too),
		T(who_wants_no_more_is_not_late),
		T(a_recipient_that_is_missed_after_data_is_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The chain of milters: who is asked, what the client is told, and for how
 * long.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "chain_rig.h"

static void
all_are_asked_in_order(void **state)
{
	enum link_event	 e;
	int		 i;

	for (e = EVENT_CONNECT; e <= EVENT_MESSAGE; e++) {
		put(e);
		for (i = 0; i < MILTERS; i++) {
			assert_string_equal(said, "");
			assert_false(links[(i + 1) % MILTERS].asked);
			says(i, i == 1 ? ANSWER_ACCEPT : ANSWER_CONTINUE);
		}
		assert_string_equal(said, "proceed");
	}
}

static void
who_does_not_want_it_is_passed_over(void **state)
{
	links[0].not_wanted = links[2].not_wanted = 1;
	put(EVENT_MAIL);
	says(1, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
	assert_true(chain_wants_message(chain));
	links[1].not_wanted = 1;
	put(EVENT_RCPT);
	assert_string_equal(said, "proceed");
	assert_false(chain_wants_message(chain));
}

static void
an_answer_means_this_to_the_client(void **state)
{
	static const struct {
		enum link_event	 event;
		enum answer_kind kind;
		int		 code;
		const char	*said;
	}		 cases[] = {
		{ EVENT_CONNECT, ANSWER_REJECT, 0,
		    "disconnect 554 5.7.1 Command rejected" },
		{ EVENT_CONNECT, ANSWER_TEMPFAIL, 0, "disconnect 451 4.7.1 "
		    "Service unavailable, try again later" },
		{ EVENT_CONNECT, ANSWER_REPLY, 550, "disconnect 550 text" },
		{ EVENT_CONNECT, ANSWER_SHUTDOWN, 0, "disconnect 421 4.7.0 "
		    "Service not available, closing channel" },
		{ EVENT_HELO, ANSWER_REJECT, 0,
		    "reject 550 5.7.1 Command rejected" },
		{ EVENT_HELO, ANSWER_REPLY, 421, "disconnect 421 text" },
		{ EVENT_MAIL, ANSWER_REPLY, 451, "reject 451 text" },
		{ EVENT_RCPT, ANSWER_REJECT, 0,
		    "reject 550 5.7.1 Command rejected" },
		{ EVENT_DATA, ANSWER_TEMPFAIL, 0, "reject 451 4.7.1 "
		    "Service unavailable, try again later" },
		{ EVENT_MESSAGE, ANSWER_REPLY, 554, "reject 554 text" },
		{ EVENT_MESSAGE, ANSWER_SHUTDOWN, 0, "disconnect 421 4.7.0 "
		    "Service not available, closing channel" },
		{ EVENT_MAIL, ANSWER_DISCARD, 0, "reject 550 5.7.1 Settled" },
		{ EVENT_MESSAGE, ANSWER_DISCARD, 0,
		    "reject 550 5.7.1 Settled" },
		{ EVENT_MAIL, ANSWER_FAILED, 0, "reject 451 4.7.1 "
		    "Service unavailable, try again later" },
		{ EVENT_MESSAGE, ANSWER_FAILED, 0, "reject 451 4.7.1 "
		    "Service unavailable, try again later" },
	};
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (i > 0)
			(void)setup(state);
		put(cases[i].event);
		says(0, ANSWER_CONTINUE);
		says_reply(1, cases[i].kind, cases[i].code, "text");
		assert_string_equal(said, cases[i].said);
		assert_int_equal(links[2].events, 0);
		/* A recipient's fate is not the message's. */
		if (cases[i].event >= EVENT_MAIL)
			assert_int_equal(links[0].aborted >
			    (cases[i].event == EVENT_MAIL),
			    cases[i].event != EVENT_RCPT);
		if (i + 1 < sizeof(cases) / sizeof(cases[0]))
			(void)teardown(state);
	}
}

static void
a_refusal_at_helo_holds_for_the_session(void **state)
{
	put(EVENT_HELO);
	says_reply(0, ANSWER_REPLY, 550, "5.7.1 Go");
	put(EVENT_MAIL);
	assert_string_equal(said, "reject 550 5.7.1 Go");
	put(EVENT_HELO);
	assert_string_equal(said, "reject 550 5.7.1 Go");
	chain_reset(chain);
	put(EVENT_MAIL);
	assert_string_equal(said, "reject 550 5.7.1 Go");
}

static void
a_refusal_at_data_holds_until_the_message_is_over(void **state)
{
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
	put(EVENT_DATA);
	says(0, ANSWER_REJECT);
	put(EVENT_DATA);
	assert_string_equal(said, "reject 550 5.7.1 Command rejected");
	put(EVENT_RCPT);
	assert_string_equal(said, "reject 550 5.7.1 Command rejected");
	chain_reset(chain);
	pass(EVENT_MAIL);
	put(EVENT_RCPT);
	says(0, ANSWER_REJECT);
	/* Of a recipient, only for that one. */
	pass(EVENT_RCPT);
	pass(EVENT_DATA);
}

/* Else the rest of the message would pass a milter that has not seen it. */
static void
a_failure_at_rcpt_holds_for_the_message(void **state)
{
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
	put(EVENT_RCPT);
	says(0, ANSWER_FAILED);
	assert_memory_equal(said, "reject 451", 10);
	links[0].not_wanted = 1;
	put(EVENT_RCPT);
	assert_memory_equal(said, "reject 451", 10);
	put(EVENT_DATA);
	assert_memory_equal(said, "reject 451", 10);
	put(EVENT_MESSAGE);
	assert_memory_equal(said, "reject 451", 10);
	links[0].not_wanted = 0;
	pass(EVENT_MAIL);
}

static void
each_milter_has_its_own_policy(void **state)
{
	servers[0].on_failure = FAILURE_ACCEPT;
	servers[1].on_failure = FAILURE_REJECT;
	put(EVENT_MAIL);
	says(0, ANSWER_FAILED);
	assert_string_equal(said, "");
	says(1, ANSWER_FAILED);
	assert_string_equal(said, "reject 550 5.5.0 Command rejected");
}

static void
at_connect_and_helo_failures_wait(void **state)
{
	put(EVENT_CONNECT);
	says(0, ANSWER_FAILED);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_FAILED);
	assert_string_equal(said, "proceed");
	put(EVENT_HELO);
	says(0, ANSWER_FAILED);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
	put(EVENT_MAIL);
	says(0, ANSWER_FAILED);
	assert_memory_equal(said, "reject 451", 10);
}

static void
discard_goes_to_the_sink(void **state)
{
	sink_address = "sink@localhost";
	put(EVENT_MAIL);
	says(0, ANSWER_CONTINUE);
	says(1, ANSWER_DISCARD);
	assert_string_equal(said, "proceed");
	assert_int_equal(links[2].events, 0);
	links[0].events = 0;
	put(EVENT_RCPT);
	assert_string_equal(said, "rewrite <sink@localhost>");
	put(EVENT_DATA);
	assert_string_equal(said, "proceed");
	assert_false(chain_wants_message(chain));
	assert_int_equal(links[0].events, 0);
	/* The next one is another. */
	pass(EVENT_MAIL);
	put(EVENT_RCPT);
	says(0, ANSWER_DISCARD);
	assert_string_equal(said, "rewrite <sink@localhost>");
}

static void
discard_is_too_late_for_the_sink(void **state)
{
	sink_address = "sink@localhost";
	session.tx = &tx;
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
	tx.nrcpt = 1;
	chain_judged(chain);
	put(EVENT_RCPT);
	says(0, ANSWER_DISCARD);
	assert_string_equal(said, "reject 550 5.7.1 Settled");
	chain_reset(chain);
	session.tx = NULL;
	discard_is = SETTLED_ACCEPT;
	put(EVENT_MESSAGE);
	says(0, ANSWER_DISCARD);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
	assert_false(marked);
}

/* At MAIL smtpd would mark all of the session. */
static void
a_discard_as_junk_marks_this_message(void **state)
{
	discard_is = SETTLED_JUNK;
	put(EVENT_MAIL);
	says(0, ANSWER_DISCARD);
	says(1, ANSWER_CONTINUE);
	says(2, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
	links[0].not_wanted = links[1].not_wanted = links[2].not_wanted = 1;
	assert_true(chain_wants_message(chain));
	put(EVENT_MESSAGE);
	assert_string_equal(said, "proceed");
	assert_true(marked);
	chain_reset(chain);
	put(EVENT_MAIL);
	assert_false(chain_wants_message(chain));
	put(EVENT_MESSAGE);
	assert_false(marked);
}

/* smtpd 7.9 takes HELO at any time, and goes on if another filter does not. */
static void
helo_ends_the_message(void **state)
{
	sink_address = "sink@localhost";
	session.tx = &tx;
	put(EVENT_MAIL);
	says(0, ANSWER_DISCARD);
	links[1].events = 0;
	pass(EVENT_HELO);
	assert_int_equal(links[1].events, 1U << EVENT_HELO);
	put(EVENT_RCPT);
	assert_memory_equal(said, "reject 451", 10);
	assert_true(chain_wants_message(chain));
	put(EVENT_DATA);
	assert_memory_equal(said, "reject 451", 10);
	chain_reset(chain);
	session.tx = NULL;
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
}

/* Milters do not hear of a second DATA, nor of recipients after it. */
static void
data_is_asked_once(void **state)
{
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
	pass(EVENT_RCPT);
	pass(EVENT_DATA);
	put(EVENT_RCPT);
	assert_memory_equal(said, "reject 451", 10);
	put(EVENT_DATA);
	assert_memory_equal(said, "reject 451", 10);
	chain_reset(chain);
	pass(EVENT_MAIL);
	pass(EVENT_RCPT);
	pass(EVENT_DATA);
	pass(EVENT_MESSAGE);
}

static void
the_deadline_is_for_all_of_them(void **state)
{
	deadline = 100;
	put(EVENT_MAIL);
	says(0, ANSWER_CONTINUE);
	(void)event_base_dispatch(base);
	assert_memory_equal(said, "reject 451", 10);
	assert_true(links[1].aborted > 0);
}

static void
those_that_are_left_at_the_deadline_are_not_asked(void **state)
{
	deadline = 100;
	servers[1].on_failure = servers[2].on_failure = FAILURE_ACCEPT;
	put(EVENT_MESSAGE);
	says(0, ANSWER_CONTINUE);
	(void)event_base_dispatch(base);
	assert_string_equal(said, "proceed");
	assert_int_equal(links[2].events, 0);
	/* What comes later in the message would be out of order for it. */
	assert_int_equal(links[2].aborted, 1);
}

static void
an_answer_for_nobody_is_dropped(void **state)
{
	put(EVENT_MAIL);
	open_serial = 0;		/* the engine answered it */
	says(0, ANSWER_REJECT);
	assert_string_equal(said, "");
	put(EVENT_RCPT);
	open_serial = 0;
	put(EVENT_RCPT);		/* the old one is still being asked */
	assert_true(links[0].aborted > 0);
	says(0, ANSWER_REJECT);
	assert_memory_equal(said, "reject 550", 10);
}

static void
unknown_commands_are_told(void **state)
{
	chain_tell(chain, EVENT_UNKNOWN, "XYZZY");
	assert_int_equal(links[2].events, 1U << EVENT_UNKNOWN);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(all_are_asked_in_order),
		T(who_does_not_want_it_is_passed_over),
		T(an_answer_means_this_to_the_client),
		T(a_refusal_at_helo_holds_for_the_session),
		T(a_refusal_at_data_holds_until_the_message_is_over),
		T(a_failure_at_rcpt_holds_for_the_message),
		T(each_milter_has_its_own_policy),
		T(at_connect_and_helo_failures_wait),
		T(discard_goes_to_the_sink),
		T(discard_is_too_late_for_the_sink),
		T(a_discard_as_junk_marks_this_message),
		T(helo_ends_the_message),
		T(data_is_asked_once),
		T(the_deadline_is_for_all_of_them),
		T(those_that_are_left_at_the_deadline_are_not_asked),
		T(an_answer_for_nobody_is_dropped),
		T(unknown_commands_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

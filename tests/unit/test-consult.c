/* SPDX-License-Identifier: ISC */
/*
 * What policy servers may do with a question, and what becomes of it.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consult_rig.h"

static void
serve_once(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	serve_answer(fd, serve_read(fd));
}

/* Answers one; hangs up when it is asked another. */
static void
serve_one_more(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	serve_answer(fd, serve_read(fd));
	(void)serve_read(fd);
}

static void
serve_bytes(int fd, int conn)
{
	static const char	 text[] = "x=y\r\naction=450 for 1\r\n\r\n";
	size_t			 i;

	(void)serve_read(fd);
	for (i = 0; i < sizeof(text) - 1; i++) {
		if (write(fd, text + i, 1) != 1)
			return;
		(void)usleep(1000);
	}
	peer_mute(fd, conn);
}

static void
serve_death(int fd, int conn)
{
	(void)serve_read(fd);
}

static void
serve_half(int fd, int conn)
{
	(void)serve_read(fd);
	peer_say(fd, "action=450 f");
}

/* It dies of the first, and is itself again. */
static void
serve_half_once(int fd, int conn)
{
	if (conn == 0)
		serve_half(fd, conn);
	else
		serve_well(fd, conn);
}

static void
serve_nonsense(int fd, int conn)
{
	(void)serve_read(fd);
	peer_say(fd, "220 mx.example.org ESMTP\r\n");
	peer_mute(fd, conn);
}

static void
serve_endless(int fd, int conn)
{
	(void)serve_read(fd);
	peer_say(fd, "action=OK\n");
	for (;;)
		peer_say(fd, "x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n");
}

static void
serve_unknown(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	(void)serve_read(fd);
	peer_say(fd, "action=FROB it\n\n");
	serve_well(fd, conn);
}

/* One question, two answers: at once, or one later. */
static void
serve_twice(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	(void)serve_read(fd);
	peer_say(fd, "action=450 for 1\n\naction=OK\n\n");
	peer_mute(fd, conn);
}

static void
serve_twice_slowly(int fd, int conn)
{
	int	 n;

	__sync_fetch_and_add(&seen->conns, 1);
	n = serve_read(fd);
	serve_answer(fd, n);
	(void)usleep(20000);
	serve_answer(fd, n);
	peer_mute(fd, conn);
	__sync_fetch_and_add(&seen->hangups, 1);
}

static void
serve_mute(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	peer_mute(fd, conn);
}

static void
one_connection_serves_many(void **state)
{
	int	 i;

	server_start(0, serve_well);
	servers_are(1);
	for (i = 1; i <= 20; i++) {
		put(i);
		run_done(i);
		well(i);
	}
	assert_int_equal(seen->conns, 1);
	assert_int_equal(seen->requests, 20);
	assert_int_equal(warnings, 0);
}

static void
four_connections_share_a_crowd(void **state)
{
	int	 i;

	server_start(0, serve_well);
	servers_are(1);
	for (i = 1; i <= 500; i++)
		put(i);
	run_done(500);
	for (i = 1; i <= 500; i++)
		well(i);
	assert_in_range(seen->conns, 1, 4);
	assert_int_equal(seen->requests, 500);
}

static void
the_context_is_sent(void **state)
{
	server_start(0, serve_well);
	servers_are(1);
	put(1);
	run_done(1);
	assert_non_null(strstr(seen->last, "\npolicy_context=the context\n"));
	assert_non_null(strstr(seen->last, "\nstress=\n"));
}

static void
who_has_no_address_is_not_asked_about(void **state)
{
	struct session		 s = { .local = 1 };
	struct policyd_request	 prq = { .session = &s, .state = "RCPT" };
	struct request		 rq = { .session = 1 };
	int			 i;

	server_start(0, serve_well);
	servers_are(1);
	for (i = 0; i < 2; i++) {
		s.src.family = i == 0 ? AF_UNSPEC : AF_INET;
		rq.session = (uint64_t)i;
		consult(&prq, rq, asked);
		run_done(i + 1);
		assert_int_equal(outcomes[i].answered, 1);
		assert_int_equal(outcomes[i].answer.action, POLICYD_PASS);
		assert_string_equal(outcomes[i].answer.word, "not asked");
	}
	assert_int_equal(seen->requests, 0);
}

static void
one_that_closes_after_each_answer(void **state)
{
	int	 i;

	server_start(0, serve_once);
	servers_are(1);
	for (i = 1; i <= 100; i++)
		put(i);
	run_done(100);
	/* And one by one, with no time for us to see it close. */
	for (i = 101; i <= 110; i++) {
		put(i);
		run_done(i);
	}
	for (i = 1; i <= 110; i++)
		well(i);
	assert_int_equal(seen->conns, 110);
	assert_int_equal(warnings, 0);
}

static void
a_stale_connection_costs_no_try(void **state)
{
	consult_config.tries = 1;
	server_start(0, serve_one_more);
	servers_are(1);
	put(1);
	run_done(1);
	put(2);
	run_done(2);
	well(1);
	well(2);
	assert_int_equal(seen->conns, 2);
	assert_int_equal(warnings, 0);
}

static void
answers_come_byte_by_byte(void **state)
{
	server_start(0, serve_bytes);
	servers_are(1);
	put(1);
	run_done(1);
	well(1);
}

static void
one_that_dies_is_asked_once_more(void **state)
{
	server_start(0, serve_death);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "hung up without an answer");
	assert_int_equal(seen->requests, 2);
}

static void
half_an_answer_is_none(void **state)
{
	server_start(0, serve_half);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "hung up in the middle of its answer");
	assert_int_equal(seen->requests, 2);
}

static void
half_an_answer_and_then_a_whole_one(void **state)
{
	server_start(0, serve_half_once);
	servers_are(1);
	put(1);
	run_done(1);
	well(1);
	assert_int_equal(seen->requests, 2);
}

static void
nonsense_is_logged_and_not_asked_for_again(void **state)
{
	server_start(0, serve_nonsense);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "this is no answer");
	assert_int_equal(seen->requests, 1);
	assert_int_equal(warnings, 2);
}

static void
an_answer_without_end_is_none(void **state)
{
	server_start(0, serve_endless);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "this is no answer");
	assert_int_equal(seen->requests, 1);
}

static void
an_unknown_action_fails_and_the_connection_stays(void **state)
{
	server_start(0, serve_unknown);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "unknown action");
	assert_non_null(strstr(logged, "action=FROB it"));
	put(2);
	run_done(2);
	well(2);
	assert_int_equal(seen->conns, 2);	/* serve_well() counts too */
}

static void
two_answers_are_one_too_many(void **state)
{
	server_start(0, serve_twice);
	servers_are(1);
	put(1);
	run_done(1);
	well(1);
	put(2);
	run_done(2);
	assert_string_equal(outcomes[2].answer.text, "4.7.1 for 1");
	assert_int_equal(seen->conns, 2);
}

static void
an_answer_to_nothing_ends_the_connection(void **state)
{
	int64_t	 end;
	int	 i;

	server_start(0, serve_twice_slowly);
	servers_are(1);
	for (i = 1; i <= 3; i++) {
		put(i);
		run_done(i);
		well(i);
		end = now_ms() + 5000;
		while (seen->hangups < i && now_ms() < end)
			run_ms(10);
	}
	assert_int_equal(seen->conns, 3);
}

static void
silence_is_not_asked_for_again(void **state)
{
	consult_config.timeout = 400;
	server_start(0, serve_mute);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "timed out");
	assert_in_range(outcomes[1].ms, 390, 3000);
	assert_int_equal(seen->conns, 1);
}

static void
silence_ends_with_the_deadline(void **state)
{
	consult_config.timeout = 400;
	deadline_ms = 200;
	server_start(0, serve_mute);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "timed out");
	assert_in_range(outcomes[1].ms, 170, 390);
}

static void
a_full_backlog_is_waited_for(void **state)
{
	int	 i;

	consult_config.timeout = 400;
	server_start(0, NULL);
	servers_are(1);
	for (i = 1; i <= 4; i++)
		put(i);
	run_done(4);
	for (i = 1; i <= 4; i++)
		failed(i, "timed out");
}

static void
a_client_that_left_hears_nothing(void **state)
{
	consult_config.connections = 1;
	server_start(0, serve_well);
	servers_are(1);
	put(1);
	run_done(1);
	put(2);
	put(3);
	(void)kill(-servers[0].pid, SIGSTOP);
	run_ms(50);
	/* One is asked, one waits. */
	session_gone[2] = session_gone[3] = 1;
	put(4);
	(void)kill(-servers[0].pid, SIGCONT);
	run_done(2);
	well(4);
	assert_int_equal(outcomes[2].done + outcomes[3].done, 0);
	assert_int_equal(seen->conns, 1);
	assert_int_equal(seen->requests, 3);
}

#define TEST(f)	\
	cmocka_unit_test_setup_teardown(f, consult_setup, consult_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(one_connection_serves_many),
		TEST(four_connections_share_a_crowd),
		TEST(the_context_is_sent),
		TEST(who_has_no_address_is_not_asked_about),
		TEST(one_that_closes_after_each_answer),
		TEST(a_stale_connection_costs_no_try),
		TEST(answers_come_byte_by_byte),
		TEST(one_that_dies_is_asked_once_more),
		TEST(half_an_answer_is_none),
		TEST(half_an_answer_and_then_a_whole_one),
		TEST(nonsense_is_logged_and_not_asked_for_again),
		TEST(an_answer_without_end_is_none),
		TEST(an_unknown_action_fails_and_the_connection_stays),
		TEST(two_answers_are_one_too_many),
		TEST(an_answer_to_nothing_ends_the_connection),
		TEST(silence_is_not_asked_for_again),
		TEST(silence_ends_with_the_deadline),
		TEST(a_full_backlog_is_waited_for),
		TEST(a_client_that_left_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

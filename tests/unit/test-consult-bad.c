/* SPDX-License-Identifier: ISC */
/*
 * Policy servers that die, are silent or talk nonsense.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consult_rig.h"

static void
serve_death(int fd, int conn)
{
	(void)serve_read(fd);
}

/* Closed with something unread: the client's connection is reset. */
static void
serve_reset(int fd, int conn)
{
	char	 c;

	if (read(fd, &c, 1) == 1)
		__sync_fetch_and_add(&seen->conns, 1);
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
one_that_resets_is_asked_once_more(void **state)
{
	server_start(0, serve_reset);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "Connection reset");
	assert_int_equal(seen->conns, 2);
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
	consult_config.timeout = 2000;
	deadline_ms = 200;
	server_start(0, serve_mute);
	servers_are(1);
	put(1);
	run_done(1);
	failed(1, "timed out");
	assert_in_range(outcomes[1].ms, 170, 1900);
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

#define TEST(f)	\
	cmocka_unit_test_setup_teardown(f, consult_setup, consult_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(one_that_dies_is_asked_once_more),
		TEST(one_that_resets_is_asked_once_more),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

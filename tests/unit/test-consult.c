/* SPDX-License-Identifier: ISC */
/*
 * Policy servers that answer, each in its own way, and what is asked of them.
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
		TEST(a_client_that_left_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Questions that wait: for a connection, for a server that is back; and what
 * is done while there are several servers, or none.
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
#include <event2/event.h>

#include "consult_rig.h"

/* Hangs up when asked on the first connection. */
static void
serve_second(int fd, int conn)
{
	if (conn == 0)
		(void)serve_read(fd);
	else
		serve_well(fd, conn);
}

static void
serve_slowly(int fd, int conn)
{
	int	 n;

	__sync_fetch_and_add(&seen->conns, 1);
	for (;;) {
		n = serve_read(fd);
		(void)usleep(30000);
		serve_answer(fd, n);
	}
}

static void
freeze(int i)
{
	(void)kill(-servers[i].pid, SIGSTOP);
}

static void
thaw(int i)
{
	(void)kill(-servers[i].pid, SIGCONT);
}

static void
all_well(int first, int n)
{
	int	 i;

	for (i = first; i < first + n; i++)
		well(i);
}

static void
the_first_is_asked_first(void **state)
{
	int	 i;

	consult_config.connections = 1;
	server_start(0, serve_well);
	servers_are(1);
	for (i = 1; i <= 50; i++)
		put(i);
	for (i = 1; i <= 50; i++) {
		run_done(i);
		well(i);
	}
	assert_int_equal(seen->conns, 1);
}

static void
a_full_queue_refuses_the_last(void **state)
{
	int	 i;

	consult_config.connections = 2;
	consult_config.queue_max = 3;
	server_start(0, serve_slowly);
	servers_are(1);
	for (i = 1; i <= 7; i++)
		put(i);
	run_done(2);
	failed(6, "the queue is full");
	failed(7, "the queue is full");
	run_done(7);
	all_well(1, 5);
}

static void
no_queue_at_all(void **state)
{
	consult_config.connections = 2;
	consult_config.queue_max = 0;
	server_start(0, serve_slowly);
	servers_are(1);
	put(1);
	put(2);
	put(3);
	run_done(1);
	failed(3, "the queue is full");
	run_done(3);
	all_well(1, 2);
}

static void
stress_begins_at_half(void **state)
{
	int	 i;

	consult_config.connections = 1;
	consult_config.queue_max = 4;
	server_start(0, serve_well);
	servers_are(1);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(consult_stressed(), 0);
		put(i);
	}
	assert_int_equal(consult_stressed(), 1);
	put(4);
	run_done(4);
	assert_int_equal(seen->stressed, 1);
	assert_int_equal(consult_stressed(), 0);
}

static void
nobody_waits_longer_than_the_deadline(void **state)
{
	consult_config.connections = 1;
	deadline_ms = 300;
	server_start(0, peer_mute);
	servers_are(1);
	put(1);
	run_ms(100);
	put(2);
	put(3);
	run_done(3);
	failed(1, "timed out");
	assert_in_range(outcomes[1].ms, 260, 2000);
	/* These never had a connection, or no time. */
	assert_in_range(outcomes[2].ms, 0, 2000);
	assert_in_range(outcomes[3].ms, 0, 2000);
}

static void
an_absent_server_is_waited_for(void **state)
{
	consult_config.tries = 20;
	consult_config.retry_delay = 50;
	server_absent(0);
	servers_are(1);
	put(1);
	put(2);
	run_ms(40);
	assert_int_equal(ndone, 0);
	server_restart(0, serve_well);
	run_done(2);
	all_well(1, 2);
	assert_int_equal(warnings, 1);
}

static void
each_outage_is_waited_for(void **state)
{
	an_absent_server_is_waited_for(state);
	/* Longer than questions wait. */
	run_ms(1100);
	peer_stop(&servers[0]);
	put(3);
	put(4);
	run_ms(40);
	assert_int_equal(ndone, 2);
	server_restart(0, serve_well);
	run_done(4);
	all_well(3, 2);
}

static void
but_not_for_ever(void **state)
{
	consult_config.tries = 10;
	consult_config.retry_delay = 60;
	server_absent(0);
	servers_are(1);
	put(1);
	put(2);
	run_done(2);
	failed(1, "Connection refused");
	failed(2, "Connection refused");
	assert_in_range(outcomes[1].ms, 500, 3000);
	/* By now it is known. */
	put(3);
	put(4);
	run_done(4);
	failed(3, "Connection refused");
	failed(4, "Connection refused");
	assert_in_range(outcomes[4].ms, 0, 400);
	server_restart(0, serve_well);
	run_ms(150);
	put(5);
	run_done(5);
	well(5);
}

static void
a_server_that_dies_is_forgiven(void **state)
{
	int	 i;

	consult_config.connections = 1;
	consult_config.retry_delay = 2000;
	server_start(0, serve_second);
	servers_are(1);
	for (i = 1; i <= 10; i++)
		put(i);
	run_done(10);
	all_well(1, 10);
}

static void
one_that_is_put_again_comes_first(void **state)
{
	int	 i;

	consult_config.connections = 1;
	server_start(0, serve_second);
	servers_are(1);
	for (i = 1; i <= 3; i++)
		put(i);
	run_done(1);
	well(1);
	run_done(3);
}

static void
a_killed_server_is_asked_when_it_is_back(void **state)
{
	int	 i;

	server_start(0, serve_well);
	servers_are(1);
	for (i = 1; i <= 4; i++)
		put(i);
	run_done(4);
	freeze(0);
	for (i = 5; i <= 20; i++)
		put(i);
	run_ms(50);
	assert_int_equal(ndone, 4);
	/* Killed with four questions in hand, and twelve in the queue. */
	server_restart(0, serve_well);
	run_done(20);
	all_well(1, 20);
}

static void
a_frozen_server_and_then_it_is_back(void **state)
{
	int	 i;

	consult_config.timeout = 1000;
	consult_config.retry_delay = 50;
	server_start(0, serve_well);
	servers_are(1);
	put(1);
	run_done(1);
	freeze(0);
	for (i = 2; i <= 10; i++)
		put(i);
	run_done(10);
	for (i = 2; i <= 5; i++)
		failed(i, "timed out");
	/* Those that waited know it from the first four. */
	for (i = 6; i <= 10; i++) {
		failed(i, "timed out");
		assert_in_range(outcomes[i].ms, 900, 5000);
	}
	/* While one mail tries it, no other waits. */
	run_ms(150);
	put(11);
	run_ms(20);
	put(12);
	run_done(11);
	failed(12, "being tried");
	assert_in_range(outcomes[12].ms, 0, 900);
	thaw(0);
	run_done(12);
	well(11);
	put(13);
	run_done(13);
	well(13);
}

static void
the_second_server_takes_over(void **state)
{
	int	 i;

	server_absent(0);
	server_start(1, serve_well);
	servers_are(2);
	for (i = 1; i <= 10; i++)
		put(i);
	run_done(10);
	all_well(1, 10);
	for (i = 1; i <= 10; i++)
		assert_in_range(outcomes[i].ms, 0, 390);
}

static void
it_takes_over_from_a_silent_one_too(void **state)
{
	consult_config.timeout = 400;
	server_start(0, peer_mute);
	server_start(1, serve_well);
	servers_are(2);
	put(1);
	run_done(1);
	well(1);
	assert_in_range(outcomes[1].ms, 390, 3000);
	put(2);
	run_done(2);
	well(2);
}

static void
the_first_server_is_preferred_when_it_is_back(void **state)
{
	consult_config.timeout = 3000;
	server_absent(0);
	server_start(1, serve_well);
	servers_are(2);
	put(1);
	run_done(1);
	well(1);
	server_restart(0, serve_well);
	run_ms(150);
	freeze(1);
	put(2);
	run_done(2);
	well(2);
	assert_in_range(outcomes[2].ms, 0, 2500);
}

static void
none_of_two_servers(void **state)
{
	server_absent(0);
	server_absent(1);
	servers_are(2);
	put(1);
	run_done(1);
	failed(1, "Connection refused");
}

static void
idle_connections_are_closed(void **state)
{
	consult_config.max_idle = 50;
	server_start(0, serve_well);
	servers_are(1);
	put(1);
	run_done(1);
	run_ms(150);
	put(2);
	run_done(2);
	all_well(1, 2);
	assert_int_equal(seen->conns, 2);
}

static void
stopped_in_the_middle(void **state)
{
	int	 i;

	server_start(0, peer_mute);
	servers_are(1);
	for (i = 1; i <= 10; i++)
		put(i);
	run_ms(10);
	/* The teardown frees them all: ASan looks. */
	assert_int_equal(ndone, 0);
}

static void
a_thousand_in_the_queue(void **state)
{
	int	 i;

	server_start(0, serve_well);
	servers_are(1);
	for (i = 0; i < 1000; i++)
		put(i);
	run_done(1000);
	all_well(0, 1000);
	assert_int_equal(seen->conns, 4);
}

#define TEST(f)	\
	cmocka_unit_test_setup_teardown(f, consult_setup, consult_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(the_first_is_asked_first),
		TEST(a_full_queue_refuses_the_last),
		TEST(no_queue_at_all),
		TEST(stress_begins_at_half),
		TEST(nobody_waits_longer_than_the_deadline),
		TEST(an_absent_server_is_waited_for),
		TEST(each_outage_is_waited_for),
		TEST(but_not_for_ever),
		TEST(a_server_that_dies_is_forgiven),
		TEST(one_that_is_put_again_comes_first),
		TEST(a_killed_server_is_asked_when_it_is_back),
		TEST(a_frozen_server_and_then_it_is_back),
		TEST(the_second_server_takes_over),
		TEST(it_takes_over_from_a_silent_one_too),
		TEST(the_first_server_is_preferred_when_it_is_back),
		TEST(none_of_two_servers),
		TEST(idle_connections_are_closed),
		TEST(stopped_in_the_middle),
		TEST(a_thousand_in_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The guard alone: smtpd gets each answer once, whatever becomes of workers.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"

static void
a_first_worker_that_gives_up_ends_the_guard(void **state)
{
	rig_bad(0, 1, FAIL, 1);
	rig_start(FAILURE_ACCEPT, 1000);
	assert_int_equal(rig_status_within(5000), 1);
	(void)rig_cleanup(state);
	rig_bad(1, 2, FAIL, 3);
	rig_start(FAILURE_ACCEPT, 1000);
	assert_int_equal(rig_status_within(5000), 3);
	assert_int_equal(rig->starts, 2);
}

static void
first_workers_that_all_die_end_the_guard(void **state)
{
	rig_bad(0, 100, STRIKE, SIGSEGV);
	rig_start(FAILURE_ACCEPT, 1000);
	assert_int_equal(rig_status_within(9000), 1);
	assert_int_equal(rig->starts, 5);
}

static void
deaths_before_ready_are_made_up_for(void **state)
{
	static const int	 sigs[] = { SIGKILL, SIGSEGV, SIGABRT };
	size_t			 i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		(void)rig_fresh(state);
		rig_bad(0, 3, STRIKE, sigs[i]);
		rig_begin(FAILURE_ACCEPT, 1000);
		assert_int_equal(rig->starts, 4);
		rig_hang_up();
	}
}

/* Half of the handshake is gone with it. */
static void
a_death_within_the_handshake_is_made_up_for(void **state)
{
	rig_bad(0, 1, CONSUME, SIGKILL);
	rig_start(FAILURE_ACCEPT, 1000);
	rig_say("config|admd|mx\nconfig|subsystem|smtp-in\nconfig|ready\n");
	rig_nap(100);
	rig->bad_to = 0;
	/* The first one may have read, and rig_said, it all. */
	assert_int_equal(rig_hear(1, 3000), 1);
	assert_int_equal(rig_hear(2, 100), 1);
	assert_string_equal(rig_said, "register|ready\n");
	assert_int_equal(rig->starts, 2);
	rig_hang_up();
}

static void
a_fork_that_fails_does_not_eat_the_handshake(void **state)
{
	rig->fork_fails = 1;
	rig_begin(FAILURE_ACCEPT, 1000);
	assert_int_equal(rig->fork_fails, 0);
	rig_hang_up();
}

static void
deaths_under_load_lose_and_repeat_nothing(void **state)
{
	static const int	 sigs[] = { SIGKILL, SIGSEGV, SIGABRT };
	unsigned int		 n;

	rig_begin(FAILURE_ACCEPT, 5000);
	for (n = 1; n <= 3000; n++) {
		rig_ask(n % 10 == 0 ? "helo" : "connect", n);
		if (n % 100 == 50) {
			/* Those that are held are paid for by its death. */
			(void)rig_hear(n / 2, 2);
			rig_strike(sigs[n / 100 % 3]);
		}
	}
	rig_nap(50);
	rig_strike(SIGKILL);
	assert_int_equal(rig_hear(3000, 10000), 3000);
	assert_int_equal(rig_hear(3001, 50), 3000);
	rig_answered_once(3000);
	assert_true(rig->starts > 5);
	rig_hang_up();
}

static void
a_frozen_worker_is_killed_after_the_deadline(void **state)
{
	int64_t	 began;

	rig_begin(FAILURE_ACCEPT, 800);
	rig_ask("helo", 1);
	rig_nap(50);
	began = rig_now();
	rig_strike(SIGSTOP);
	assert_int_equal(rig_hear(1, 9000), 1);
	assert_in_range(rig_now() - began, 500, 5000);
	rig_ask("connect", 2);
	assert_int_equal(rig_hear(2, 5000), 2);
	rig_answered_once(2);
	assert_int_equal(rig->starts, 2);
	rig_hang_up();
}

static void
an_idle_worker_is_left_alone(void **state)
{
	rig_begin(FAILURE_ACCEPT, 200);
	rig_nap(1000);
	assert_int_equal(rig->starts, 1);
	rig_hang_up();
}

static void
two_signals_are_the_workers_the_rest_nobodys(void **state)
{
	static const int	 deaf[] = { SIGTERM, SIGINT, SIGPIPE, SIGUSR2 };
	size_t			 i;

	rig_begin(FAILURE_ACCEPT, 5000);
	(void)kill(rig_guard, SIGHUP);
	rig_nap(50);
	(void)kill(rig_guard, SIGUSR1);
	for (i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++) {
		(void)kill(rig_guard, deaf[i]);
		rig_strike(deaf[i]);
	}
	rig_ask("connect", 1);
	assert_int_equal(rig_hear(1, 5000), 1);
	rig_nap(50);
	assert_int_equal(rig->hups, 1);
	assert_int_equal(rig->usrs, 1);
	assert_int_equal(rig->starts, 1);
	rig_hang_up();
}

static void
the_end_comes_within_a_second_whatever_the_worker_does(void **state)
{
	pid_t	 pid;

	rig_begin(FAILURE_ACCEPT, 5000);
	pid = rig->worker;
	rig_strike(SIGSTOP);
	rig_hang_up();
	assert_int_equal(kill(pid, 0), -1);

	rig_begin(FAILURE_ACCEPT, 5000);	/* before the death is noticed */
	rig_strike(SIGKILL);
	rig_hang_up();

	rig_begin(FAILURE_ACCEPT, 5000);	/* while it rests */
	rig_bad(0, 1000, FAIL, 1);
	rig_strike(SIGKILL);
	rig_nap(300);
	rig_hang_up();
}

/* As a program may have done, or who started it. */
static void
blocked_signals_do_not_hide_a_death(void **state)
{
	sigset_t	 all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	rig_begin(FAILURE_ACCEPT, 5000);
	(void)sigemptyset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	rig_strike(SIGKILL);
	rig_ask("connect", 1);
	assert_int_equal(rig_hear(1, 5000), 1);
	assert_int_equal(rig->starts, 2);
	rig_hang_up();
}

static void
want_of_kernel_memory_is_no_hang_up(void **state)
{
	rig_begin(FAILURE_ACCEPT, 5000);
	rig->no_buffers = 3;
	rig_ask("connect", 1);
	assert_int_equal(rig_hear(1, 5000), 1);
	assert_int_equal(rig->no_buffers, 0);
	rig_hang_up();
}

/* More is owed than there is room for, and there is no memory for the rest. */
static void
debts_are_paid_without_memory(void **state)
{
	unsigned int	 n;

	rig_begin(FAILURE_TEMPFAIL, 5000);
	for (n = 1; n <= 12000; n++)
		rig_ask("helo", n);
	rig_nap(300);
	rig->no_memory = 1;
	rig_bad(0, 1000, STRIKE, SIGKILL);
	rig_strike(SIGKILL);
	rig_nap(300);
	assert_int_equal(rig_hear(12000, 5000), 12000);
	rig_answered_once(12000);
	rig_hang_up();
}

/* Starts that take long, and then fail: nobody waits for the last of them. */
static void
slow_failures_keep_no_debt_waiting(void **state)
{
	rig_begin(FAILURE_ACCEPT, 300);
	rig_ask("helo", 1);
	rig_nap(50);
	rig_bad(0, 1000, SLOW, 1);
	rig_strike(SIGKILL);
	assert_int_equal(rig_hear(1, 900), 1);
	rig_ask("connect", 2);
	assert_int_equal(rig_hear(2, 8000), 2);
	rig_answered_once(2);
	/* And from now on at once. */
	rig_ask("connect", 3);
	assert_int_equal(rig_hear(3, 900), 3);
	rig_hang_up();
}

static void
waiting_costs_nothing(void **state)
{
	unsigned int	 n;

	rig_start(FAILURE_ACCEPT, 100);		/* for smtpd to say ready */
	rig_nap(100);
	assert_true(rig_cost() < 200);
	rig_say("config|ready\n");
	assert_int_equal(rig_hear(1, 5000), 1);
	for (n = 1; n <= 12000; n++)		/* for smtpd to read */
		rig_ask("connect", n);
	rig_nap(200);
	assert_true(rig_cost() < 200);
	assert_int_equal(rig_hear(12001, 5000), 12001);
	rig_hang_up();
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, rig_fresh, rig_cleanup)
	const struct CMUnitTest	 tests[] = {
		TEST(a_first_worker_that_gives_up_ends_the_guard),
		TEST(first_workers_that_all_die_end_the_guard),
		TEST(deaths_before_ready_are_made_up_for),
		TEST(a_death_within_the_handshake_is_made_up_for),
		TEST(a_fork_that_fails_does_not_eat_the_handshake),
		TEST(deaths_under_load_lose_and_repeat_nothing),
		TEST(a_frozen_worker_is_killed_after_the_deadline),
		TEST(an_idle_worker_is_left_alone),
		TEST(two_signals_are_the_workers_the_rest_nobodys),
		TEST(the_end_comes_within_a_second_whatever_the_worker_does),
		TEST(blocked_signals_do_not_hide_a_death),
		TEST(want_of_kernel_memory_is_no_hang_up),
		TEST(debts_are_paid_without_memory),
		TEST(slow_failures_keep_no_debt_waiting),
		TEST(waiting_costs_nothing),
	};

	/* Workers write to a guard that is gone. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * No server works: who waits for one, for how long, and what is tried.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ask_config.h"
#include "ask_rig.h"

static const struct part	 fine[] = {
	{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 }, { .act = ACT_END } };
static const struct part	 mute[] = {
	{ ACT_MUTE, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };
static const struct part	 dies[] = {
	{ ACT_ANSWER, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };

static void
start_later(int fd, short what, void *arg)
{
	spamd_start(0, fine);
}

static void
mail_waits_for_a_restart(void **state)
{
	struct event	*ev = event_new(loop, -1, 0, start_later, NULL);
	struct timeval	 tv = { 0, 400000 };

	ask_config.retry_delay = 400;
	servers_are(1);
	put(1);
	put(2);
	(void)event_add(ev, &tv);
	run_done(2);
	event_free(ev);
	all_answered(1, 2);
	assert_int_equal(spamds[0].pings, 1);
	assert_int_equal(outcomes[1].tries, 1);
}

static void
nobody_waits_for_one_that_never_comes(void **state)
{
	int64_t	 began = now_ms();
	int	 i;

	servers_are(1);
	for (i = 1; i <= 20; i++)
		put(i);
	run_done(20);
	/* 3 times 50 ms. */
	assert_in_range(now_ms() - began, 140, 3000);
	why_is(1, "connect: No such file");
	why_is(20, "connect: No such file");
}

/* The next try, a tenth of a second off, decides. */
static void
after_a_long_outage_the_next_try_decides(void **state)
{
	int64_t	 began;

	ask_config.retry_delay = 500;
	servers_are(1);
	put(1);
	run_done(1);
	began = now_ms();
	put(2);
	run_done(2);
	assert_in_range(now_ms() - began, 0, 1000);
	why_is(2, "connect: No such file");
	spamd_start(0, fine);
	put(3);
	run_done(3);
	all_answered(3, 1);
}

static void
each_outage_has_its_own_patience(void **state)
{
	struct event	*ev = event_new(loop, -1, 0, start_later, NULL);
	struct timeval	 tv = { 0, 300000 };

	ask_config.retry_delay = 300;
	servers_are(1);
	put(1);
	run_done(1);
	why_is(1, "connect: No such file");
	start_later(-1, 0, NULL);
	put(2);
	run_done(2);
	all_answered(2, 1);
	spamd_stop(0);
	put(3);
	(void)event_add(ev, &tv);
	run_done(3);
	event_free(ev);
	all_answered(3, 1);
}

/* One that failed while another worked was no outage. */
static void
an_outage_begins_when_the_last_server_fails(void **state)
{
	struct event	*ev = event_new(loop, -1, 0, start_later, NULL);
	struct timeval	 tv = { 0, 150000 };

	ask_config.retry_delay = 300;
	spamd_start(0, dies);
	spamd_start(1, fine);
	servers_are(2);
	put(1);
	run_done(1);
	all_answered(1, 1);
	run_ms(950);
	spamd_stop(0);
	spamd_stop(1);
	put(2);
	(void)event_add(ev, &tv);
	run_done(2);
	event_free(ev);
	all_answered(2, 1);
}

static void
a_frozen_server_costs_one_mail_and_then_pings(void **state)
{
	deadline_ms = 300;
	spamd_start(0, mute);
	spamds[0].ping_mute = 1;
	servers_are(1);
	put(1);
	run_done(1);
	why_is(1, "timed out");
	put(2);
	run_done(2);
	why_is(2, "timed out");
	assert_int_equal(spamds[0].conns, 1);
	assert_int_equal(spamds[0].pings, 1);
}

static void
frozen_servers_do_not_hold_up_the_one_that_works(void **state)
{
	int64_t	 began;
	int	 i;

	deadline_ms = 600;
	for (i = 0; i < 2; i++) {
		spamd_start(i, mute);
		spamds[i].ping_mute = 1;
	}
	spamd_start(2, fine);
	servers_are(3);
	put(1);
	run_done(1);
	put(2);
	run_done(2);
	why_is(2, "timed out");
	run_ms(150);
	deadline_ms = 60000;
	began = now_ms();
	put(3);
	run_done(3);
	all_answered(3, 1);
	assert_in_range(now_ms() - began, 0, 2000);
	assert_int_equal(spamds[0].pings, 1);
	assert_int_equal(spamds[1].pings, 1);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, spamd_setup, spamd_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(mail_waits_for_a_restart),
		TEST(nobody_waits_for_one_that_never_comes),
		TEST(after_a_long_outage_the_next_try_decides),
		TEST(each_outage_has_its_own_patience),
		TEST(an_outage_begins_when_the_last_server_fails),
		TEST(a_frozen_server_costs_one_mail_and_then_pings),
		TEST(frozen_servers_do_not_hold_up_the_one_that_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

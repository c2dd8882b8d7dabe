/* SPDX-License-Identifier: ISC */
/*
 * Questions that wait for a slot, those that are put again, and those whose
 * client leaves meanwhile.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ask_config.h"
#include "ask_rig.h"
#include "message_engine.h"

static const struct part	 fine[] = {
	{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 }, { .act = ACT_END } };
static const struct part	 slow[] = {
	{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 30 }, { .act = ACT_END } };
static const struct part	 mute[] = {
	{ ACT_MUTE, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };
static const struct part	 dies[] = {
	{ ACT_ANSWER, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };
static const struct part	 dies_once[] = {
	{ ACT_ANSWER, NULL, 0, 0, 0, 0 },
	{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 }, { .act = ACT_END } };

static void
slots_are_not_exceeded_and_the_first_is_served_first(void **state)
{
	int	 i;

	ask_config.max_concurrent = 2;
	spamd_start(0, slow);
	servers_are(1);
	for (i = 1; i <= 7; i++)
		put(i);
	run_done(7);
	all_answered(1, 7);
	assert_int_equal(spamds[0].open_max, 2);
	assert_string_equal(spamds[0].order, "1 2 3 4 5 6 7 ");
	assert_in_range(outcomes[7].queued_ms, 80, 5000);
	assert_true(outcomes[1].queued_ms + 60 < outcomes[7].queued_ms);
}

static void
a_full_queue_refuses_the_last(void **state)
{
	int	 i;

	ask_config.max_concurrent = 1;
	ask_config.queue_max = 2;
	spamd_start(0, slow);
	servers_are(1);
	for (i = 1; i <= 5; i++)
		put(i);
	run_done(2);
	why_is(4, "the queue is full");
	why_is(5, "the queue is full");
	run_done(5);
	all_answered(1, 3);
}

static void
nobody_waits_longer_than_queue_timeout(void **state)
{
	int64_t	 began = now_ms();

	ask_config.max_concurrent = 1;
	ask_config.queue_timeout = 200;
	deadline_ms = 2000;
	spamd_start(0, mute);
	servers_are(1);
	put(1);
	put(2);
	run_done(1);
	assert_in_range(now_ms() - began, 200, 1500);
	why_is(2, "(1 of 1 busy)");
	run_done(2);
	why_is(1, "timed out");
}

static void
a_queue_ends_at_the_deadline_too(void **state)
{
	ask_config.max_concurrent = 1;
	spamd_start(0, mute);
	servers_are(1);
	put(1);
	deadline_ms = 400;
	put(2);
	run_done(1);
	why_is(2, "waited for 0 s (1 of 1 busy)");
}

static void
a_server_that_dies_is_asked_again(void **state)
{
	spamd_start(0, dies_once);
	servers_are(1);
	put(1);
	run_done(1);
	all_answered(1, 1);
	assert_int_equal(outcomes[1].tries, 2);
	assert_int_equal(spamds[0].conns, 2);
	/* It was probed by a PING, not by the mail. */
	assert_int_equal(spamds[0].pings, 1);
}

static void
a_mail_that_kills_it_is_tried_three_times(void **state)
{
	spamd_start(0, dies);
	servers_are(1);
	put(1);
	run_done(1);
	why_is(1, "hung up without an answer");
	assert_int_equal(spamds[0].conns, 3);
}

static void
one_that_is_put_again_comes_before_others(void **state)
{
	ask_config.max_concurrent = 1;
	spamd_start(0, dies_once);
	servers_are(1);
	put(1);
	put(2);
	put(3);
	run_done(3);
	all_answered(1, 3);
	assert_string_equal(spamds[0].order, "1 1 2 3 ");
}

static void
the_second_server_takes_over_at_once(void **state)
{
	spamd_start(0, dies);
	spamd_start(1, fine);
	servers_are(2);
	put(1);
	run_done(1);
	all_answered(1, 1);
	assert_int_equal(outcomes[1].tries, 2);
	assert_int_equal(spamds[0].conns, 1);
	assert_int_equal(spamds[1].conns, 1);
}

static void
the_second_server_takes_over_from_one_that_is_not_there(void **state)
{
	spamd_start(1, fine);
	servers_are(2);
	put(1);
	run_done(1);
	all_answered(1, 1);
	assert_int_equal(spamds[1].conns, 1);
}

static void
clients_that_leave_are_forgotten_wherever_they_are(void **state)
{
	ask_config.max_concurrent = 1;
	spamd_start(0, mute);
	servers_are(1);
	put(1);
	put(2);
	put(3);
	run_ms(50);
	assert_int_equal(spamds[0].conns, 1);
	session_gone[2] = 1;
	ask_forget(2);		/* waits */
	session_gone[1] = 1;
	ask_forget(1);		/* is asked */
	spamds[0].parts = fine;
	run_done(1);
	all_answered(3, 1);
	session_gone[4] = 1;
	put(4);
	ask_forget(4);		/* has just asked */
	run_ms(50);
	assert_int_equal(ndone, 1);
	assert_int_equal(spamds[0].conns, 2);
}

static void
a_client_may_leave_while_it_is_sent_or_answered(void **state)
{
	static const struct part deaf[] = {
		{ ACT_DEAF, NULL, 0, 0, 0, 0 },
		{ ACT_ANSWER, "SPAMD/1.1 0 EX_OK\r\nContent-", 0, 1, 0, 0 },
		{ ACT_ANSWER, OK_REPLY, 0, 1, 0, 0 },
		{ .act = ACT_END } };
	int	 i;

	spamd_start(0, deaf);
	servers_are(1);
	put_size(1, 4 * 1024 * 1024);
	run_ms(50);
	put(2);
	run_ms(50);
	put(3);
	run_ms(50);
	assert_int_equal(spamds[0].conns, 3);
	for (i = 1; i <= 3; i++) {
		session_gone[i] = 1;
		ask_forget((uint64_t)i);
	}
	run_ms(1200);
	assert_int_equal(ndone, 0);
}

static void
a_client_may_leave_while_no_server_is_there(void **state)
{
	servers_are(1);
	put(1);
	put(2);
	run_ms(20);
	session_gone[1] = 1;
	ask_forget(1);
	run_done(1);
	assert_int_equal(outcomes[1].done, 0);
	why_is(2, "connect: No such file");
}

/* The engine's deadline is later than ours, but who knows. */
static void
one_that_the_engine_has_answered_is_dropped(void **state)
{
	ask_config.max_concurrent = 1;
	spamd_start(0, slow);
	servers_are(1);
	put(1);
	put(2);
	put(3);
	session_gone[2] = 1;
	run_done(2);
	all_answered(1, 1);
	all_answered(3, 1);
	assert_int_equal(spamds[0].conns, 2);
}

static void
compressed_text_is_as_long_as_it_says(void **state)
{
	ask_config.compress = 1;
	spamd_start(0, fine);
	servers_are(1);
	put_size(1, 3 * 1024 * 1024);
	run_done(1);
	all_answered(1, 1);
	assert_non_null(strstr(spamds[0].head, "\r\nCompress: zlib\r\n"));
	assert_int_equal(spamds[0].bad, 0);
	assert_in_range(spamds[0].got, 1000, 300000);
}

static void
one_that_is_being_compressed_can_be_forgotten(void **state)
{
	ask_config.compress = 1;
	spamd_start(0, fine);
	servers_are(1);
	put_size(1, 3 * 1024 * 1024);
	(void)event_base_loop(loop, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	session_gone[1] = 1;
	ask_forget(1);
	run_ms(100);
	assert_int_equal(spamds[0].conns, 0);
}

/* The engine's deadline: the message is nobody's any more. */
static void
expire(int fd, short what, void *arg)
{
	int	*n = arg;

	session_gone[*n] = 1;
	message_free(messages[*n]);
	messages[*n] = NULL;
}

static void
leave(int fd, short what, void *arg)
{
	int	*n = arg;

	session_gone[*n] = 1;
	ask_forget((uint64_t)*n);
}

static void
stall(int fd, short what, void *arg)
{
	(void)usleep(600000);
}

static void
after(int ms, event_callback_fn cb, void *arg)
{
	struct timeval	 tv = { 0, ms * 1000 };

	(void)event_base_once(loop, -1, EV_TIMEOUT, cb, arg, &tv);
}

static void
to_compress_takes_no_longer_than_the_deadline(void **state)
{
	int	 n = 1;

	ask_config.compress = 1;
	deadline_ms = 20;
	spamd_start(0, fine);
	servers_are(1);
	put_size(1, 60 * 1024 * 1024);
	after(30, expire, &n);
	run_ms(200);
	why_is(1, "timed out");
	assert_int_equal(spamds[0].conns, 0);
}

/* The machine stood still, and then all happens at once. */
static void
none_is_begun_after_its_deadline(void **state)
{
	int	 first = 1, second = 2;

	ask_config.max_concurrent = 1;
	deadline_ms = 300;
	spamd_start(0, mute);
	servers_are(1);
	after(100, stall, NULL);
	after(150, leave, &first);
	after(550, expire, &second);
	put(1);
	put_size(2, 4 * 1024 * 1024);
	run_ms(1000);
	why_is(2, "timed out");
	assert_int_equal(spamds[0].conns, 1);
}

static void
two_hundred_on_five_slots(void **state)
{
	int	 i;

	spamd_start(0, fine);
	servers_are(1);
	for (i = 0; i < 200; i++)
		put(i);
	run_done(200);
	all_answered(0, 200);
	assert_in_range(spamds[0].open_max, 1, 5);
	assert_int_equal(spamds[0].conns, 200);
	assert_int_equal(ask_metrics[0].value, 0);
	assert_int_equal(ask_metrics[1].value, 0);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, spamd_setup, spamd_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(slots_are_not_exceeded_and_the_first_is_served_first),
		TEST(a_full_queue_refuses_the_last),
		TEST(nobody_waits_longer_than_queue_timeout),
		TEST(a_queue_ends_at_the_deadline_too),
		TEST(a_server_that_dies_is_asked_again),
		TEST(a_mail_that_kills_it_is_tried_three_times),
		TEST(one_that_is_put_again_comes_before_others),
		TEST(the_second_server_takes_over_at_once),
		TEST(the_second_server_takes_over_from_one_that_is_not_there),
		TEST(clients_that_leave_are_forgotten_wherever_they_are),
		TEST(a_client_may_leave_while_it_is_sent_or_answered),
		TEST(a_client_may_leave_while_no_server_is_there),
		TEST(one_that_the_engine_has_answered_is_dropped),
		TEST(compressed_text_is_as_long_as_it_says),
		TEST(one_that_is_being_compressed_can_be_forgotten),
		TEST(to_compress_takes_no_longer_than_the_deadline),
		TEST(none_is_begun_after_its_deadline),
		TEST(two_hundred_on_five_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

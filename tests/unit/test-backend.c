/* SPDX-License-Identifier: ISC */
/*
 * What a backend makes of its servers' failures: fail-over, rest, probe, and
 * the pool.  The clock of those tests that are about rest is our own.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "peer.h"

static int64_t	 fake;

static int64_t
fake_clock(void)
{
	return fake;
}

static void
serve_once(int fd, int n)
{
	char	 buf[256];
	ssize_t	 len;

	if ((len = read(fd, buf, sizeof(buf))) <= 0)
		return;
	(void)!write(fd, buf, (size_t)len);
	(void)!read(fd, buf, sizeof(buf));
}

static void
a_stale_connection_is_told_and_not_held_against_the_server(void **state)
{
	struct client	 c;
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve_once);
	b = backend_to(p.where);
	backend_pool(b, 4, 60000);
	assert_true(client_ask(&c, b, "one\n", RELEASE));
	assert_int_equal(b->nidle, 1);
	memset(&c, 0, sizeof(c));
	client_open(&c, b, "two\n", 2000);
	assert_int_equal(stream_reused(c.s), 1);
	run_until(&c.gones);
	assert_int_equal(c.ups + c.ins, 0);
	assert_true(backend_ready(b));
	assert_true(client_ask(&c, b, "three\n", CLOSE));
	backend_free(b);
	peer_stop(&p);
}

static void
serve_hangup(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "bye\n");
}

static void
serve_twice(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "first\n");
	(void)usleep(30000);
	peer_say(fd, "unasked\n");
	(void)pause();
}

static void
a_pooled_connection_that_is_not_quiet_is_not_used(void **state)
{
	void		(*serve[])(int, int) = { serve_hangup, serve_twice };
	struct client	 c;
	struct peer	 p;
	struct backend	*b;
	int		 i;

	for (i = 0; i < 4; i++) {
		peer_start(&p, serve[i / 2]);
		b = backend_to(p.where);
		backend_pool(b, 4, 60000);
		assert_true(client_ask(&c, b, "one\n", RELEASE));
		/* Either the loop sees it or the next who wants it. */
		if (i % 2 == 0)
			run_ms(80);
		else
			(void)usleep(80000);
		assert_true(client_ask(&c, b, "two\n", NOTHING));
		assert_string_not_equal(c.last, "unasked\n");
		assert_int_equal(stream_reused(c.s), 0);
		backend_free(b);
		peer_stop(&p);
	}
}

static void
the_pool_has_a_limit_and_its_connections_expire(void **state)
{
	static struct client	 c[4];
	struct peer		 p;
	struct backend		*b;
	int			 i;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	backend_pool(b, 2, 100);
	for (i = 0; i < 4; i++) {
		c[i].on_in = RELEASE;
		client_open(&c[i], b, "hello\n", 2000);
	}
	for (i = 0; i < 4; i++)
		run_until(&c[i].ins);
	assert_int_equal(b->nidle, 2);
	run_ms(250);
	assert_int_equal(b->nidle, 0);
	/* Two frames, one asked for: what is left would be the next's reply. */
	assert_true(client_ask(&c[0], b, "hello\nworld\n", RELEASE));
	assert_int_equal(b->nidle, 0);
	backend_free(b);
	peer_stop(&p);
}

static void
a_failure_empties_the_pool(void **state)
{
	static struct client	 c[3];
	struct peer		 p;
	struct backend		*b;
	int			 i;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	backend_pool(b, 3, 60000);
	for (i = 0; i < 3; i++) {
		c[i].on_in = i == 2 ? FAIL : RELEASE;
		client_open(&c[i], b, "hello\n", 2000);
	}
	for (i = 0; i < 3; i++)
		run_until(&c[i].ins);
	assert_int_equal(b->nidle, 0);
	assert_false(backend_ready(b));
	backend_free(b);
	peer_stop(&p);
}

static void
ten_thousand_requests_take_one_connection(void **state)
{
	struct client	 c;
	struct peer	 p;
	struct backend	*b;
	int		 i;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	backend_pool(b, 1, 60000);
	for (i = 0; i < 10000; i++) {
		assert_true(client_ask(&c, b, "request\n", RELEASE));
		assert_int_equal(c.ups, i == 0);
	}
	assert_int_equal(b->nidle, 1);
	backend_free(b);
	peer_stop(&p);
}

static void
the_second_server_serves_while_the_first_rests(void **state)
{
	struct client	 c;
	struct peer	 first, second;
	struct backend	*b;
	char		 where[128];

	peer_refuse(&first, 0);
	peer_start(&second, peer_echo);
	b = backend_to(first.where);
	assert_null(backend_add(b, second.where, 0));
	b->loop.clock = fake_clock;
	assert_true(client_ask(&c, b, "request\n", NOTHING));
	assert_string_equal(stream_peer(c.s), b->servers->next->label);
	stream_close(c.s);
	/* The first comes back, at the same place. */
	(void)snprintf(where, sizeof(where), "%s", first.where);
	assert_int_equal(listen(first.fd, 5), 0);
	assert_true(client_ask(&c, b, "request\n", NOTHING));
	assert_string_equal(stream_peer(c.s), b->servers->next->label);
	stream_close(c.s);
	fake += 1000;
	client_open(&c, b, NULL, 2000);
	assert_string_equal(stream_peer(c.s), b->servers->label);
	assert_non_null(strstr(stream_peer(c.s), where));
	backend_free(b);
	peer_stop(&first);
	peer_stop(&second);
}

static void
rest_doubles_with_jitter_up_to_five_minutes(void **state)
{
	struct client	 c = { .s = NULL };
	struct backend	*b = backend_to("/nonexistent/x.sock");
	int64_t		 rest, want = 1000, sum = 0;
	int		 i;

	b->loop.clock = fake_clock;
	for (i = 0; i < 40; i++) {
		client_open(&c, b, NULL, 2000);
		assert_null(c.s);
		rest = b->servers->until - fake;
		assert_in_range(rest, want * 3 / 4, want);
		assert_false(backend_ready(b));
		if (i >= 9)
			sum += rest;
		fake += rest - 1;
		assert_false(backend_ready(b));
		fake++;
		assert_true(backend_ready(b));
		want = want * 2 > 300000 ? 300000 : want * 2;
	}
	/* 31 of them and none with jitter: not in this life. */
	assert_true(sum < 31 * 300000);
	backend_free(b);
}

static void
a_server_that_stays_away_is_told_once_a_minute(void **state)
{
	struct client	 c = { .s = NULL };
	struct backend	*b = backend_to("/nonexistent/x.sock");
	int		 i, before = warnings;

	b->loop.clock = fake_clock;
	backend_rest(b, 1000);
	for (i = 0; i < 119; i++) {
		client_open(&c, b, NULL, 2000);
		assert_null(c.s);
		fake += 1000;
	}
	assert_int_equal(warnings - before, 2);
	backend_free(b);
}

static void
rest_can_have_a_lower_limit(void **state)
{
	struct client	 c = { .s = NULL };
	struct backend	*b = backend_to("/nonexistent/x.sock");
	int64_t		 rest;
	int		 i;

	b->loop.clock = fake_clock;
	backend_rest(b, 1500);
	assert_int_equal(backend_wait(b), 0);
	for (i = 0; i < 12; i++) {
		client_open(&c, b, NULL, 2000);
		assert_null(c.s);
		rest = b->servers->until - fake;
		assert_in_range(rest, i == 0 ? 750 : 1125, i == 0 ? 1000 :
		    1500);
		assert_int_equal(backend_wait(b), rest);
		assert_false(backend_probes(b));
		fake += rest;
		assert_int_equal(backend_wait(b), 0);
		assert_true(backend_probes(b));
	}
	backend_free(b);
}

static void
a_probe_in_flight_is_waited_for(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	b->loop.clock = fake_clock;
	backend_rest(b, 1500);
	client_open(&c, b, "!\n", 2000);
	run_until(&c.gones);
	fake += 1000;
	assert_true(backend_probes(b));
	memset(&c, 0, sizeof(c));
	client_open(&c, b, "yes\n", 2000);
	assert_non_null(c.s);
	assert_false(backend_probes(b));
	assert_int_equal(backend_wait(b), 1500);
	run_until(&c.ins);
	assert_int_equal(backend_wait(b), 0);
	assert_false(backend_probes(b));
	backend_free(b);
	peer_stop(&p);
}

static void
one_stream_at_a_time_probes(void **state)
{
	struct client	 c[3] = { { .s = NULL } };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	b->loop.clock = fake_clock;
	client_open(&c[0], b, "!\n", 2000);
	run_until(&c[0].gones);
	assert_int_equal(b->servers->fails, 1);
	fake += 1000;
	client_open(&c[0], b, NULL, 2000);
	assert_non_null(c[0].s);
	client_open(&c[1], b, NULL, 2000);
	assert_null(c[1].s);
	assert_non_null(strstr(backend_why(b), "(being tried)"));
	/* One that leaves without a verdict makes room for the next. */
	stream_close(c[0].s);
	assert_true(client_ask(&c[1], b, "works\n", NOTHING));
	assert_non_null(strstr(logged, "works again"));
	client_open(&c[2], b, NULL, 2000);
	assert_non_null(c[2].s);
	stream_close(c[1].s);
	assert_int_equal(b->servers->fails, 0);
	backend_free(b);
	peer_stop(&p);
}

static void
nonsense_after_good_frames_still_doubles(void **state)
{
	struct client	 c;
	struct peer	 p;
	struct backend	*b;
	int		 i;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	b->loop.clock = fake_clock;
	for (i = 1; i < 5; i++) {
		assert_true(client_ask(&c, b, "nonsense\n", FAIL));
		assert_int_equal(c.gones, 0);
		assert_int_equal(b->servers->fails, i);
		fake = b->servers->until;
	}
	backend_free(b);
	peer_stop(&p);
}

static void
one_crash_counts_once_for_all_its_streams(void **state)
{
	static struct client	 c[20];
	struct peer		 p;
	struct backend		*b;
	int			 i;

	peer_start(&p, peer_mute);
	b = backend_to(p.where);
	b->loop.clock = fake_clock;
	for (i = 0; i < 20; i++)
		client_open(&c[i], b, "request\n", 2000);
	for (i = 0; i < 20; i++)
		run_until(&c[i].ups);
	peer_stop(&p);
	warnings = 0;
	for (i = 0; i < 20; i++) {
		run_until(&c[i].gones);
		fake += 500;
	}
	assert_int_equal(b->servers->fails, 1);
	assert_int_equal(warnings, 1);
	backend_free(b);
}

/* The other end has answered already. */
static int
here(void *arg)
{
	int	*error = arg, fd[2];

	if (*error != 0) {
		errno = *error;
		return -1;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fd), 0);
	peer_say(fd[1], "here\n");
	(void)dup2(fd[1], 200);
	(void)close(fd[1]);
	return fd[0];
}

static void
a_server_may_be_in_this_process(void **state)
{
	struct client	 c;
	struct backend	*b = backend_new("test");
	int		 error = 0;

	assert_null(backend_add_call(b, "in here", here, &error));
	backend_start(b, loop);
	assert_int_equal(backend_check(b, 100), 0);
	assert_true(client_ask(&c, b, "one\n", NOTHING));
	assert_string_equal(c.last, "here\n");
	assert_string_equal(stream_peer(c.s), "in here");
	stream_close(c.s);
	error = EAGAIN;		/* ours: no reason to leave it alone */
	assert_false(client_ask(&c, b, "two\n", CLOSE));
	error = 0;
	assert_true(client_ask(&c, b, "three\n", NOTHING));
	stream_close(c.s);
	backend_free(b);
	(void)close(200);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_server_may_be_in_this_process),
		cmocka_unit_test(a_stale_connection_is_told_and_not_held_against_the_server),
		cmocka_unit_test(a_pooled_connection_that_is_not_quiet_is_not_used),
		cmocka_unit_test(the_pool_has_a_limit_and_its_connections_expire),
		cmocka_unit_test(a_failure_empties_the_pool),
		cmocka_unit_test(ten_thousand_requests_take_one_connection),
		cmocka_unit_test(the_second_server_serves_while_the_first_rests),
		cmocka_unit_test(rest_doubles_with_jitter_up_to_five_minutes),
		cmocka_unit_test(a_server_that_stays_away_is_told_once_a_minute),
		cmocka_unit_test(rest_can_have_a_lower_limit),
		cmocka_unit_test(a_probe_in_flight_is_waited_for),
		cmocka_unit_test(one_stream_at_a_time_probes),
		cmocka_unit_test(nonsense_after_good_frames_still_doubles),
		cmocka_unit_test(one_crash_counts_once_for_all_its_streams)
	};

	return cmocka_run_group_tests(tests, peer_setup, peer_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * Streams against servers that misbehave in every way that a server can.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "peer.h"

static int	 ready;		/* the server, after ask() */

/* One request to one server; the loop runs until the stream is gone. */
static void
ask(struct client *c, void (*serve)(int, int), int64_t ms)
{
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve);
	b = backend_to(p.where);
	client_open(c, b, "request\n", ms);
	assert_non_null(c->s);
	run_until(&c->gones);
	assert_int_equal(c->gones, 1);
	ready = backend_ready(b);
	backend_free(b);
	peer_stop(&p);
}

static void
serve_close(int fd, int n)
{
}

static void
a_server_that_closes_at_once_ends_in_order(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_close, 2000);
	assert_int_equal(c.ins, 0);
	assert_int_equal(c.left, 0);
	/* Closed with our request unread, it may as well be a reset. */
	if (strcmp(c.why, "-") != 0)
		assert_non_null(strstr(c.why, ": "));
	assert_false(ready);
}

static void
serve_half(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "hal");
}

static void
half_a_reply_is_counted_as_left(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_half, 2000);
	assert_int_equal(c.ins, 0);
	assert_string_equal(c.why, "-");
	assert_int_equal(c.left, 3);
	assert_false(ready);
}

static void
serve_reset(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "enough\n");
}

/* Who had its answer and reads no more is well: others need not suffer. */
static void
a_reset_after_the_answer_is_no_failure(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve_reset);
	b = backend_to(p.where);
	client_open(&c, b, "request\nand more\n", 2000);
	run_until(&c.gones);
	assert_int_equal(c.ins, 1);
	assert_string_equal(c.why, "read: Connection reset by peer");
	assert_true(backend_ready(b));
	backend_free(b);
	peer_stop(&p);
}

static void
serve_bytes(int fd, int n)
{
	const char	*p;
	char		 one[2] = "";

	peer_read_line(fd);
	for (p = "slowly\nmore\n"; *p != '\0'; p++) {
		one[0] = *p;
		peer_say(fd, one);
		(void)usleep(2000);
	}
}

static void
single_bytes_make_whole_frames(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_bytes, 2000);
	assert_int_equal(c.ins, 2);
	assert_string_equal(c.last, "more\n");
	assert_true(ready);
	assert_int_equal(c.left, 0);
}

static void
serve_two(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "one\ntwo\nth");
	(void)usleep(20000);
	peer_say(fd, "ree\nfour\nrest");
	(void)usleep(20000);
	peer_say(fd, "less\nsix\nend");
}

static void
frames_that_come_together_are_taken_apart(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_two, 2000);
	assert_int_equal(c.ins, 6);
	assert_string_equal(c.last, "six\n");
	assert_int_equal(c.left, 3);
}

static void
closing_at_the_first_of_two_frames_hides_the_second(void **state)
{
	struct client	 c = { .on_in = CLOSE };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve_two);
	b = backend_to(p.where);
	client_open(&c, b, "request\n", 2000);
	run_until(&c.ins);
	run_ms(50);
	assert_int_equal(c.ins, 1);
	assert_string_equal(c.last, "one\n");
	assert_int_equal(c.gones, 0);
	assert_true(backend_ready(b));
	backend_free(b);
	peer_stop(&p);
}

static void
serve_garbage(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "good\n!bad\n");
	(void)pause();
}

static void
what_is_no_frame_is_a_protocol_error(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_garbage, 2000);
	assert_int_equal(c.ins, 1);
	assert_string_equal(c.why, "protocol error");
	assert_int_equal(c.left, 5);
	assert_false(ready);
}

static void
serve_endless(int fd, int n)
{
	char	 buf[100];

	memset(buf, 'x', sizeof(buf));
	while (write(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		(void)usleep(500);
}

static void
an_answer_without_an_end_is_too_long(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_endless, 5000);
	assert_string_equal(c.why, "too long");
	assert_false(ready);
}

static void
serve_long(int fd, int n)
{
	char	 buf[1001];

	peer_read_line(fd);
	memset(buf, 'x', sizeof(buf));
	buf[999] = '\n';
	(void)!write(fd, buf, 1000);
	(void)usleep(20000);
	buf[999] = 'x';
	buf[1000] = '\n';
	(void)!write(fd, buf, 1001);
	(void)pause();
}

static void
the_longest_frame_passes_and_one_byte_more_does_not(void **state)
{
	struct client	 c = { .s = NULL };

	ask(&c, serve_long, 2000);
	assert_int_equal(c.ins, 1);
	assert_int_equal(c.last_len, 1000);
	assert_string_equal(c.why, "too long");
}

static void
serve_greeting(int fd, int n)
{
	peer_say(fd, "welcome\n");
	peer_echo(fd, n);
}

static void
a_greeting_comes_before_any_request(void **state)
{
	struct client	 c = { .on_in = CLOSE };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve_greeting);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	run_until(&c.ins);
	assert_string_equal(c.last, "welcome\n");
	assert_int_equal(c.ups, 1);
	backend_free(b);
	peer_stop(&p);
}

static void
a_server_that_never_answers_meets_the_deadline(void **state)
{
	struct client	 c = { .s = NULL };
	int64_t		 before = now_ms(), took;

	ask(&c, peer_mute, 150);
	took = now_ms() - before;
	assert_int_equal(c.ups, 1);
	assert_string_equal(c.why, "timed out");
	assert_false(ready);
	assert_in_range(took, 150, 2000);
}

static void
serve_late(int fd, int n)
{
	peer_read_line(fd);
	(void)usleep(250000);
	peer_say(fd, "late\n");
}

static void
a_longer_deadline_set_later_holds(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, serve_late);
	b = backend_to(p.where);
	client_open(&c, b, "request\n", 100);
	assert_int_equal(stream_write(c.s, "", 0, 3000), 0);
	run_until(&c.gones);
	assert_int_equal(c.ins, 1);
	assert_string_equal(c.why, "-");
	backend_free(b);
	peer_stop(&p);
}

static void
closing_inside_of_every_callback_is_silent(void **state)
{
	struct client	 up = { .on_up = CLOSE }, in = { .on_in = CLOSE },
			 sent = { .on_sent = CLOSE },
			 gone = { .on_gone = CLOSE }, last = { .s = NULL };
	struct peer	 p;
	struct backend	*b;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	client_open(&up, b, "a\n", 2000);
	client_open(&in, b, "b\n", 2000);
	client_open(&sent, b, "c\n", 2000);
	client_open(&gone, b, "!\n", 2000);
	run_until(&gone.gones);
	client_open(&last, b, NULL, 2000);
	run_ms(50);
	assert_int_equal(up.ups, 1);
	assert_int_equal(up.ins + up.gones, 0);
	assert_int_equal(in.ins, 1);
	assert_int_equal(in.gones, 0);
	assert_int_equal(sent.sents, 1);
	assert_int_equal(sent.ins + sent.gones, 0);
	assert_string_equal(gone.why, "protocol error");
	backend_free(b);
	peer_stop(&p);
}

static void
many_streams_at_once_keep_apart(void **state)
{
	static struct client	 c[50];
	char			 text[50][32];
	struct peer		 p;
	struct backend		*b;
	int			 i;

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	for (i = 0; i < 50; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "number %d\n", i);
		client_open(&c[i], b, text[i], 5000);
	}
	for (i = 0; i < 50; i++) {
		run_until(&c[i].ins);
		assert_string_equal(c[i].last, text[i]);
	}
	/* Half of them are closed with the backend. */
	for (i = 0; i < 25; i++)
		stream_close(c[i].s);
	backend_free(b);
	peer_stop(&p);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_server_that_closes_at_once_ends_in_order),
		cmocka_unit_test(half_a_reply_is_counted_as_left),
		cmocka_unit_test(a_reset_after_the_answer_is_no_failure),
		cmocka_unit_test(single_bytes_make_whole_frames),
		cmocka_unit_test(frames_that_come_together_are_taken_apart),
		cmocka_unit_test(closing_at_the_first_of_two_frames_hides_the_second),
		cmocka_unit_test(what_is_no_frame_is_a_protocol_error),
		cmocka_unit_test(an_answer_without_an_end_is_too_long),
		cmocka_unit_test(the_longest_frame_passes_and_one_byte_more_does_not),
		cmocka_unit_test(a_greeting_comes_before_any_request),
		cmocka_unit_test(a_server_that_never_answers_meets_the_deadline),
		cmocka_unit_test(a_longer_deadline_set_later_holds),
		cmocka_unit_test(closing_inside_of_every_callback_is_silent),
		cmocka_unit_test(many_streams_at_once_keep_apart)
	};

	return cmocka_run_group_tests(tests, peer_setup, peer_teardown);
}

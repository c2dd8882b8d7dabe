/* SPDX-License-Identifier: ISC */
/*
 * Writing to servers that read slowly, not at all, or only the beginning.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "peer.h"

static void
writing_inside_of_up_and_in_works(void **state)
{
	struct client	 c = { .on_up = WRITE, .on_in = WRITE };
	struct peer	 p;
	struct backend	*b;

	peer_start_tcp(&p, peer_echo);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	c.say = "again\n";
	while (c.ins < 100 && c.gones == 0)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	assert_int_equal(c.ins, 100);
	assert_string_equal(c.last, "again\n");
	assert_string_equal(stream_peer(c.s), p.where);
	backend_free(b);
	peer_stop(&p);
}

#define BIG	(10 * 1024 * 1024)

static void
serve_count(int fd, int n)
{
	static char	 buf[65536];
	char		 text[32];
	size_t		 i, total = 0;
	ssize_t		 len;

	(void)usleep(50000);
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (i = 0; i < (size_t)len; i++) {
			if (buf[i] != (char)((total + i) % 251))
				_exit(1);
		}
		total += (size_t)len;
		(void)usleep(100);
	}
	(void)snprintf(text, sizeof(text), "%zu\n", total);
	peer_say(fd, text);
}

static void
ten_megabytes_reach_a_slow_reader_and_finish_ends_them(void **state)
{
	struct client	 c = { .on_sent = FINISH };
	struct peer	 p;
	struct backend	*b;
	char		*big = malloc(BIG);
	size_t		 i;

	assert_non_null(big);
	for (i = 0; i < BIG; i++)
		big[i] = (char)(i % 251);
	peer_start(&p, serve_count);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	assert_int_equal(stream_write(c.s, big, BIG / 2, 9000), 0);
	assert_int_equal(stream_write(c.s, big + BIG / 2, BIG / 2, 0), 0);
	assert_int_equal(stream_pending(c.s), BIG);
	free(big);
	run_until(&c.gones);
	assert_int_equal(c.sents, 1);
	assert_string_equal(c.last, "10485760\n");
	assert_string_equal(c.why, "-");
	backend_free(b);
	peer_stop(&p);
}

static void
serve_pause(int fd, int n)
{
	for (;;)
		(void)pause();
}

static void
the_deadline_holds_while_writing(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;
	char		*big = calloc(1, BIG);
	int64_t		 before = now_ms();

	peer_start(&p, serve_pause);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	assert_int_equal(stream_write(c.s, big, BIG, 150), 0);
	free(big);
	run_until(&c.gones);
	assert_string_equal(c.why, "timed out");
	assert_int_equal(c.sents, 0);
	assert_in_range(now_ms() - before, 150, 2000);
	backend_free(b);
	peer_stop(&p);
}

static void
serve_early(int fd, int n)
{
	peer_read_line(fd);
	peer_say(fd, "no thanks\n");
}

static void
an_answer_before_the_request_was_all_sent_is_heard(void **state)
{
	struct client	 c = { .on_in = CLOSE };
	struct peer	 p;
	struct backend	*b;
	char		*big = calloc(1, BIG);

	peer_start(&p, serve_early);
	b = backend_to(p.where);
	client_open(&c, b, "request\n", 2000);
	assert_int_equal(stream_write(c.s, big, BIG, 2000), 0);
	free(big);
	run_until(&c.ins);
	assert_string_equal(c.last, "no thanks\n");
	backend_free(b);
	peer_stop(&p);
}

static void
nothing_can_be_written_after_finish(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;

	peer_start_tcp(&p, serve_count);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	stream_finish(c.s);
	assert_int_equal(stream_write(c.s, "x", 1, 100), -1);
	run_until(&c.gones);
	assert_string_equal(c.last, "0\n");
	backend_free(b);
	peer_stop(&p);
}

static void
a_deadline_can_be_set_after_finish(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;
	int64_t		 before = now_ms();

	peer_start(&p, serve_pause);
	b = backend_to(p.where);
	client_open(&c, b, "request\n", 2000);
	stream_finish(c.s);
	assert_int_equal(stream_write(c.s, NULL, 0, 150), 0);
	run_until(&c.gones);
	assert_string_equal(c.why, "timed out");
	assert_in_range(now_ms() - before, 150, 2000);
	backend_free(b);
	peer_stop(&p);
}

static int	 report[2];

static void
serve_report(int fd, int n)
{
	char	 buf[64];
	ssize_t	 len;

	while ((len = read(fd, buf, sizeof(buf))) > 0)
		(void)!write(report[1], buf, (size_t)len);
}

static void
the_last_word_before_close_is_said(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;
	char		 got[8] = "";

	assert_int_equal(pipe(report), 0);
	peer_start(&p, serve_report);
	(void)close(report[1]);
	b = backend_to(p.where);
	client_open(&c, b, NULL, 2000);
	run_until(&c.ups);
	assert_int_equal(stream_write(c.s, "QUIT\n", 5, 0), 0);
	stream_close(c.s);
	(void)!read(report[0], got, sizeof(got) - 1);
	assert_string_equal(got, "QUIT\n");
	(void)close(report[0]);
	backend_free(b);
	peer_stop(&p);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(writing_inside_of_up_and_in_works),
		cmocka_unit_test(ten_megabytes_reach_a_slow_reader_and_finish_ends_them),
		cmocka_unit_test(the_deadline_holds_while_writing),
		cmocka_unit_test(an_answer_before_the_request_was_all_sent_is_heard),
		cmocka_unit_test(nothing_can_be_written_after_finish),
		cmocka_unit_test(a_deadline_can_be_set_after_finish),
		cmocka_unit_test(the_last_word_before_close_is_said)
	};

	return cmocka_run_group_tests(tests, peer_setup, peer_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * The log: one line a call and one packet a line, or one for all that is held
 * back; never waits, says what it dropped; no control byte and no stranger's
 * byte gets through.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "stderr.h"

static char	 got[1 << 20];

static void
lines_have_the_name_in_front_where_smtpd_does_not_add_it(void **state)
{
	stderr_start();
	log_init("filter-x");
	log_info("a=%d", 1);
	errno = ENOENT;
	log_warn("file");
	assert_int_equal(errno, ENOENT);
	log_warnx("wrong");
	log_debug("hidden");
	assert_string_equal(stderr_stop(), "filter-x: a=1\n"
	    "filter-x: file: No such file or directory\n"
	    "filter-x: wrong\n");
}

static void
a_line_is_cut_and_stays_one_line(void **state)
{
	char		 big[3 * LOG_LINE_MAX];
	const char	*said;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	stderr_start();
	log_init("n");
	log_info("%s", big);
	log_info("a\nb\rc\td\033\177e");
	said = stderr_stop();
	assert_int_equal(strcspn(said, "\n"), LOG_LINE_MAX);
	assert_string_equal(said + LOG_LINE_MAX, "\nn: a?b?c?d??e\n");
}

/* stderr as smtpd makes it.  Returns the other end, non-blocking. */
static int
socket_start(int *saved, int type)
{
	int	 pair[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small,
	    sizeof(small)), 0);
	assert_true((*saved = dup(STDERR_FILENO)) != -1);
	assert_int_equal(dup2(pair[0], STDERR_FILENO), STDERR_FILENO);
	(void)close(pair[0]);
	assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
	log_init("filter-x");
	return pair[1];
}

static void
socket_stop(int saved, int peer)
{
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);
	(void)close(peer);
}

/* All that is to be read now, as a string; what was there stays in front. */
static const char *
drain_after(size_t len, int fd)
{
	ssize_t	 n;

	while ((n = read(fd, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return got;
}

static const char *
drain(int fd)
{
	return drain_after(0, fd);
}

static void
on_a_socket_each_line_is_one_packet_without_a_name(void **state)
{
	int	 saved, peer = socket_start(&saved, SOCK_DGRAM);
	char	 buf[64];
	ssize_t	 n;

	log_info("one");
	log_info("two");
	n = recv(peer, buf, sizeof(buf), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(buf, "one\n", 4);
	n = recv(peer, buf, sizeof(buf), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(buf, "two\n", 4);
	socket_stop(saved, peer);
}

static void
what_is_held_back_is_one_packet_and_comes_before_a_warning(void **state)
{
	int		 saved, i, peer = socket_start(&saved, SOCK_DGRAM);
	const char	*p;
	char		 buf[64];

	log_hold(1);
	log_info("one");
	log_info("two");
	assert_string_equal(drain(peer), "");
	log_flush();
	assert_int_equal(recv(peer, buf, sizeof(buf), 0), 8);
	assert_memory_equal(buf, "one\ntwo\n", 8);
	log_info("three");
	log_warnx("four");
	assert_int_equal(recv(peer, buf, sizeof(buf), 0), 11);
	assert_memory_equal(buf, "three\nfour\n", 11);
	log_info("five");
	log_hold(0);
	assert_string_equal(drain(peer), "five\n");
	log_info("six");
	assert_string_equal(drain(peer), "six\n");
	log_hold(1);
	/* More than it can hold: the first ones go out. */
	for (i = 0; i < 100; i++)
		log_info("%099d", i);
	p = drain(peer);
	assert_in_range(strlen(p), 100, 9900);
	log_hold(0);
	p = drain_after(strlen(p), peer);
	for (i = 0; i < 100; i++, p += 100)
		assert_int_equal(atoi(p), i);
	assert_string_equal(p, "");
	socket_stop(saved, peer);
}

static void
a_full_socket_drops_whole_lines_and_the_number_is_told(void **state)
{
	int		 saved, peer = socket_start(&saved, SOCK_STREAM);
	unsigned long	 sent = 0, lines = 0, dropped;
	size_t		 len = 0;
	ssize_t		 n;
	const char	*p;

	/* Would wait for ever here if it waited. */
	for (; sent < 3000; sent++)
		log_info("%0100lu", sent);
	/* What it kept comes when there is room, bit by bit. */
	for (; (n = read(peer, got + len, 500)) > 0; len += (size_t)n)
		log_flush();
	got[len] = '\0';
	for (p = got; *p != '\0'; p += 101, lines++) {
		assert_int_equal(strcspn(p, "\n"), 100);
		assert_int_equal(strtoul(p, NULL, 10), lines);
	}
	assert_in_range(lines, 1, 2999);
	log_info("after");
	p = drain(peer);
	assert_int_equal(sscanf(p, "%lu log lines dropped", &dropped), 1);
	assert_int_equal(dropped, sent - lines);
	assert_non_null(strstr(p, "\nafter\n"));
	log_info("more");
	assert_string_equal(drain(peer), "more\n");
	socket_stop(saved, peer);
}

/* It held lines back when it died; what it left may be anything. */
static void
lines_of_a_dead_process_are_said(void **state)
{
	static struct log_lines	 dead, next;

	stderr_start();
	log_init("n");
	log_share(&dead);
	log_hold(1);
	log_info("one");
	log_info("two");
	log_share(&next);
	log_adopt(&dead);
	log_adopt(&dead);
	dead.len = LOG_BUF + 1;
	log_adopt(&dead);
	dead.off = 2;
	dead.len = 1;
	log_adopt(&dead);
	memcpy(dead.text, "x\ny\033z!", 7);
	dead.off = 0;
	dead.len = 7;
	log_adopt(&dead);
	log_hold(0);
	assert_string_equal(stderr_stop(), "n: one\nn: two\nx\ny?z!\n");
}

static void
a_closed_socket_is_no_reason_to_die(void **state)
{
	int	 saved, peer = socket_start(&saved, SOCK_STREAM);

	(void)close(peer);
	errno = EAGAIN;
	log_info("nobody there");
	assert_int_equal(errno, EAGAIN);
	socket_stop(saved, -1);
}

static void
peers_get_five_lines_a_second_then_a_number(void **state)
{
	struct timespec	 pause = { .tv_sec = 0 }, now;
	const char	*p;
	int		 i, lines = 0;

	/* Early in a second, or the burst falls into two of them. */
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	pause.tv_nsec = 1000000000 - now.tv_nsec;
	if (pause.tv_nsec == 1000000000)
		pause.tv_nsec = 1;
	(void)nanosleep(&pause, NULL);
	stderr_start();
	log_init(NULL);
	for (i = 0; i < 1000; i++)
		log_peer("bad line %d", i);
	pause.tv_sec = 1;
	pause.tv_nsec = 10000000;
	(void)nanosleep(&pause, NULL);
	log_info("next");
	log_peer("bad again");
	p = stderr_stop();
	assert_non_null(strstr(p, "bad line 4\n"
	    "995 more warnings about peers left out\nnext\nbad again\n"));
	for (; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 8);
}

static void
debug_and_trace_need_v_and_two_v(void **state)
{
	stderr_start();
	log_init(NULL);
	assert_int_equal(log_level(), 0);
	log_debug("d0");
	log_verbose();
	log_debug("d1");
	log_trace("t1");
	log_verbose();
	log_trace("t2");
	assert_int_equal(log_level(), 2);
	assert_string_equal(stderr_stop(), "d1\nt2\n");
}

static void
fatal_says_why_and_exits_with_1(void **state)
{
	int	 i, status;
	pid_t	 pid;

	stderr_start();
	log_init(NULL);
	for (i = 0; i < 2; i++) {
		assert_true((pid = fork()) != -1);
		if (pid == 0) {
			errno = EACCES;
			if (i == 0)
				fatal("a");
			fatalx("b");
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 1);
	}
	assert_string_equal(stderr_stop(), "a: Permission denied\nb\n");
}

static void
strangers_bytes_are_made_safe(void **state)
{
	char	 big[1000];

	assert_string_equal(log_safe(NULL), "-");
	assert_string_equal(log_safe(""), "-");
	assert_string_equal(log_safe("user+x@[192.0.2.1]!~"),
	    "user+x@[192.0.2.1]!~");
	assert_string_equal(log_safe("a b=\"c'\\\n\r\t\033\177\200\377"),
	    "a\\040b\\075\\042c\\047\\134\\012\\015\\011\\033\\177\\200\\377");
	assert_string_equal(log_safe_n("a\0b", 3), "a\\000b");
	assert_string_equal(log_safe_n("abc", 2), "ab");
	assert_string_equal(log_safe_n("abc", 0), "-");
	memset(big, '\n', sizeof(big));
	assert_int_equal(strlen(log_safe_n(big, sizeof(big))), 4 * 255);
	memset(big, 'x', sizeof(big));
	assert_int_equal(strlen(log_safe_n(big, sizeof(big))), 255);
}

static void
sentences_stay_readable_in_quotes(void **state)
{
	assert_string_equal(log_quote("no answer in time"),
	    "\"no answer in time\"");
	assert_string_equal(log_quote("say \"a=b\"\n\\"),
	    "\"say \\042a=b\\042\\012\\134\"");
	assert_string_equal(log_quote(""), "\"\"");
}

static void
eight_safe_strings_fit_on_one_line(void **state)
{
	const char	*s[8];
	char		 in[2] = "a";
	int		 i;

	for (i = 0; i < 8; i++, in[0]++)
		s[i] = log_safe(in);
	for (i = 0; i < 8; i++)
		assert_int_equal(s[i][0], 'a' + i);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    lines_have_the_name_in_front_where_smtpd_does_not_add_it),
		cmocka_unit_test(a_line_is_cut_and_stays_one_line),
		cmocka_unit_test(
		    on_a_socket_each_line_is_one_packet_without_a_name),
		cmocka_unit_test(
		    what_is_held_back_is_one_packet_and_comes_before_a_warning),
		cmocka_unit_test(
		    a_full_socket_drops_whole_lines_and_the_number_is_told),
		cmocka_unit_test(lines_of_a_dead_process_are_said),
		cmocka_unit_test(a_closed_socket_is_no_reason_to_die),
		cmocka_unit_test(peers_get_five_lines_a_second_then_a_number),
		cmocka_unit_test(debug_and_trace_need_v_and_two_v),
		cmocka_unit_test(fatal_says_why_and_exits_with_1),
		cmocka_unit_test(strangers_bytes_are_made_safe),
		cmocka_unit_test(sentences_stay_readable_in_quotes),
		cmocka_unit_test(eight_safe_strings_fit_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

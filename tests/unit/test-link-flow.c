/* SPDX-License-Identifier: ISC */
/*
 * How much goes to a milter at a time: of a message, and of sessions.
 */

#include "link_rig.h"

#include <sys/resource.h>

#include <errno.h>

#include "bytes.h"
#include "clock.h"
#include "content.h"
#include "message_engine.h"
#include "spool.h"

#define NR_CONTENT	(SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)
#define BIG		(20 * 1024 * 1024)

/* The body as it should come: CRLF at the end of lines. */
static uint32_t
body_sum(struct message *m, size_t *size)
{
	size_t		 off = message_body(m), len;
	const char	*p;
	uint32_t	 n = 0;

	for (*size = 0; (p = message_line(m, &off, &len)) != NULL;
	    *size += len + 2)
		n = sum(sum(n, p, len), "\r\n", 2);
	return n;
}

/* Resident pages, from the kernel; -1 where it does not tell. */
static long
resident(void)
{
	FILE	*f = fopen("/proc/self/statm", "r");
	long	 all, pages = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld %ld", &all, &pages) != 2)
		pages = -1;
	(void)fclose(f);
	return pages;
}

static void
shown_whole(uint32_t protocol, size_t step)
{
	struct message	*m = message_big(BIG);
	size_t		 size;
	uint32_t	 n = body_sum(m, &size);

	peer.protocol = protocol;
	peer.step = step;
	talk(0);
	if (ask_message(0, m, SIZE_MAX) != ANSWER_CONTINUE)
		fail_msg("%s", heard[0].why);
	assert_int_equal(peer.body_len, size);
	assert_int_equal(peer.body_sum, n);
	assert_in_range(peer.longest, 65000, 65535);
	assert_int_equal(peer.count['E'], 1);
	message_free(m);
}

static void
twenty_megabytes_with_an_answer_to_each_piece(void **state)
{
	shown_whole(0, 0);
	assert_in_range(peer.count['B'], BIG / 65535, BIG / 65535 + 20);
}

static void
twenty_megabytes_without(void **state)
{
	shown_whole(NR_CONTENT, 0);
}

static void
twenty_megabytes_to_a_slow_reader(void **state)
{
	/* Each piece in time, all together not: it is no timeout. */
	milter.content = 3000;
	shown_whole(NR_CONTENT, 25000);
}

/* With each piece that it reads it says that it is at it. */
static void
a_slow_reader_that_makes_progress_is_waited_for(void **state)
{
	struct message	*m = message_big(200000);
	struct turn	 turns[] = { { 'N', 0, NULL }, { 0, 0, NULL } };
	char		 say[5 * 3000 + 1];
	int64_t		 began;
	size_t		 i;

	for (i = 0; i < sizeof(say) - 1; i += 5)
		memcpy(say + i, "p\n@1\n", 5);
	say[i] = '\0';
	turns[0].say = say;
	peer.protocol = NR_CONTENT;
	peer.turns = turns;
	milter.content = 1000;
	talk(0);
	peer.step = 150;
	began = clock_ms();
	if (ask_message(0, m, SIZE_MAX) != ANSWER_CONTINUE)
		fail_msg("%s", heard[0].why);
	assert_true(clock_ms() - began > milter.content);
	message_free(m);
}

static void
what_a_milter_does_not_read_costs_no_memory(void **state)
{
	struct message	*m = message_big(BIG);
	int64_t		 began;
	long		 before;

	peer.protocol = NR_CONTENT;
	talk(0);
	/* It falls asleep: a byte a ms is less than it is sent. */
	peer.step = 1;
	milter.content = 300;
	run_ms(5);
	before = resident();
	began = clock_ms();
	put(0, EVENT_MESSAGE, m, SIZE_MAX);
	run_ms(100);
	/* 256 kB, and what malloc() does, with a sanitizer too: of 20 MB. */
	assert_in_range(resident() - before + 256, 0, 512);
	assert_int_equal(await(0), ANSWER_FAILED);
	assert_in_range(clock_ms() - began, 290, 3000);
	why_is(0, "timed out in the middle of a message");
	message_free(m);
}

static void
a_message_in_a_file_is_shown_as_well(void **state)
{
	spool_limits(10000, 20000);
	shown_whole(NR_CONTENT, 0);
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
}

/* Fields of all sizes around what fits into a packet. */
static void
no_packet_is_longer_than_libmilter_takes(void **state)
{
	struct message	*m;
	char		*line = malloc(70000);
	size_t		 len;

	assert_non_null(line);
	memset(line, 'x', 70000);
	memcpy(line, "X-Long: ", 8);
	talk(0);
	for (len = 65525; len < 65550; len++) {
		m = mail_new("A: b\n");
		message_append(m, line, len);
		message_append(m, "Z: b", 4);
		assert_int_equal(ask_message(0, m, SIZE_MAX),
		    ANSWER_CONTINUE);
		message_free(m);
		assert_in_range(peer.longest, 65520, 65535);
		assert_string_equal(peer.last['L'], "Z\1b\1");
		assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	}
	free(line);
}

/* No field by RFC 5322, and longer than a packet: all of it. */
static void
what_may_be_text_is_shown_whole(void **state)
{
	struct message	*m = mail_new("A: b\n");
	char		 line[60000];
	int		 i;

	memset(line, 'x', sizeof(line));
	memcpy(line, " y:", 3);
	talk(0);
	message_append(m, "x y: z", 6);
	for (i = 0; i < 5; i++)
		message_append(m, line, sizeof(line));
	/* A name that fills a line. */
	line[0] = line[2] = 'x';
	line[1] = ' ';
	line[sizeof(line) - 1] = ':';
	message_append(m, line, sizeof(line));
	message_append(m, " end", 4);
	message_append(m, "B: c", 4);
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	assert_int_equal(peer.count['L'], 1 + 5 + 1 + 1);
	assert_string_equal(peer.last['L'], "B\1c\1");
	assert_in_range(peer.longest, 65520, 65535);
	message_free(m);
}

/* Lines of one length: each place of CR and LF at the end of a packet. */
static void
no_crlf_is_torn(void **state)
{
	struct content	 c;
	struct message	*m;
	struct bytes	 out = { NULL, 0, 0, 0 };
	struct packet	 p;
	char		 line[64];
	size_t		 len, size, n, shown;
	uint32_t	 s, want;

	memset(line, '.', sizeof(line));
	for (len = 0; len < 64; len++) {
		m = mail_new("A: b\n\n");
		for (n = 0; n < 150000; n += len + 1)
			message_append(m, line, len);
		want = body_sum(m, &size);
		content_begin(&c, m, SIZE_MAX);
		content_skip(&c, SMFIC_HEADER);
		for (s = 0, shown = 0; c.next != 0; bytes_clear(&out)) {
			assert_int_equal(content_put(&c, &out, 1), 0);
			packet_open(out.data, out.len, &p);
			if (p.command != SMFIC_BODY)
				continue;
			assert_in_range(p.len, 1, 65535);
			s = sum(s, p.data, p.len);
			shown += p.len;
			if (p.data[p.len - 1] == '\r' || p.data[0] == '\n')
				fail_msg("%zu: torn", len);
		}
		assert_int_equal(shown, size);
		assert_int_equal(s, want);
		message_free(m);
	}
}

static void
a_message_without_body_or_header_has_none(void **state)
{
	static const struct {
		const char	*text, *seen;
	} messages[] = {
		{ "A: b\n", "LnNeE" },
		{ "A: b\n\n", "LnNeE" },
		{ "\nhello\n", "nNBeE" },
		{ "\n", "nNeE" },
		{ "no field\n", "nNeE" },
	};
	struct message	*m;
	size_t		 i;

	talk(0);
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		m = mail_new(messages[i].text);
		peer.seen[0] = '\0';
		assert_int_equal(ask_message(0, m, SIZE_MAX),
		    ANSWER_CONTINUE);
		seen_is(messages[i].seen);
		message_free(m);
		assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
		run_ms(5);
	}
}

/* All in a message: who comes too late waits for the first that is done. */
static void
no_more_connections_than_there_may_be(void **state)
{
	int	 i;

	milter.max = 3;
	for (i = 0; i < 3; i++)
		talk(i);
	for (i = 3; i < 6; i++)
		put(i, EVENT_CONNECT, NULL, SIZE_MAX);
	run_ms(20);
	assert_int_equal(milter.waiting.n, 3);
	assert_int_equal(peer.conns, 3);
	link_abort(links[1]);
	assert_int_equal(await(3), ANSWER_CONTINUE);
	/* It is idle, and others wait: on and on. */
	assert_int_equal(await(4), ANSWER_CONTINUE);
	assert_int_equal(await(5), ANSWER_CONTINUE);
	assert_int_equal(milter.waiting.n, 0);
	run_ms(20);
	run_until(&peer.open, 3);
	/* Whose connection was given away has another when it is needed. */
	assert_int_equal(ask(1, EVENT_MAIL), ANSWER_CONTINUE);
	assert_int_equal(ask(3, EVENT_HELO), NOT_ASKED);
	put(3, EVENT_MAIL, NULL, SIZE_MAX);
	put(4, EVENT_MAIL, NULL, SIZE_MAX);
	run_ms(20);
	link_close(links[4]);
	links[4] = NULL;
	link_close(links[0]);
	links[0] = NULL;
	assert_int_equal(await(3), ANSWER_CONTINUE);
	assert_int_equal(milter.connected.n, 3);
	run_ms(20);
	run_until(&peer.open, 3);
}

static void
who_waits_for_too_long_has_failed(void **state)
{
	struct message	*m = mail_new("A: b\n\nc\n");

	milter.max = 1;
	talk(0);
	milter.connect = 50;
	assert_int_equal(ask(1, EVENT_CONNECT), ANSWER_FAILED);
	why_is(1, "all connections are busy");
	milter.connect = 10000;
	put(2, EVENT_MAIL, NULL, SIZE_MAX);
	put(3, EVENT_MAIL, NULL, SIZE_MAX);
	link_abort(links[2]);
	assert_int_equal(milter.waiting.n, 1);
	/* Refused, or through: it has no need of it any more. */
	assert_int_equal(ask_message(0, m, SIZE_MAX), ANSWER_CONTINUE);
	assert_int_equal(await(3), ANSWER_CONTINUE);
	assert_int_equal(ask(3, EVENT_RCPT), ANSWER_CONTINUE);
	milter.connect = 50;
	assert_int_equal(ask(2, EVENT_MAIL), ANSWER_FAILED);
	message_free(m);
}

static void
step_on(struct link *l, int i)
{
	static const enum link_event	 after[EVENT_MAX] = {
		[EVENT_CONNECT] = EVENT_HELO, [EVENT_HELO] = EVENT_MAIL,
		[EVENT_MAIL] = EVENT_RCPT, [EVENT_RCPT] = EVENT_MAX };
	static enum link_event		 at[LINKS];
	int				 r = 0;

	assert_in_range(milter.connected.n, 1, 128);
	while (r == 0) {
		if ((at[i] = after[at[i]]) == EVENT_MAX) {
			link_abort(l);
			return;
		}
		r = link_ask(l, at[i], "mail.example.net", NULL, SIZE_MAX);
		assert_int_not_equal(r, -1);
	}
}

static void
five_hundred_sessions_share_them(void **state)
{
	int64_t	 end = clock_ms() + 60000;
	int	 i, failed = 0, left = 500;

	milter.connect = milter.command = 60000;
	for (i = 0; i < 500; i++) {
		heard[i].then = step_on;
		put(i, EVENT_CONNECT, NULL, SIZE_MAX);
	}
	assert_int_equal(milter.connected.n, 128);
	while (left > 0 && clock_ms() < end) {
		run_ms(10);
		for (left = failed = i = 0; i < 500; i++) {
			left += link_wants_message(links[i]) ||
			    heard[i].n < 2;
			failed += heard[i].a.kind == ANSWER_FAILED;
		}
	}
	assert_int_equal(left, 0);
	assert_int_equal(failed, 0);
	assert_int_equal(milter.waiting.n, 0);
	run_ms(20);
	assert_in_range(peer.open, 1, 128);
	assert_int_equal(peer.count['R'], 500);
}

static void
a_slow_milter_delays_only_who_asked_it(void **state)
{
	static const struct turn turns[] = {
		{ 'R', 1, "" }, { 'E', 1, "@900\n@900\nc" }, { 0, 0, NULL } };
	struct message	*m = mail_new("A: b\n\nc\n");

	milter.command = 500;
	milter.content = 10000;
	peer.turns = turns;
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
	put(0, EVENT_RCPT, NULL, SIZE_MAX);
	talk(1);
	put(1, EVENT_MESSAGE, m, SIZE_MAX);
	talk(2);
	assert_int_equal(await(0), ANSWER_FAILED);
	/* Not held against it. */
	talk(3);
	assert_int_equal(heard[1].n, 0);
	assert_int_equal(await(1), ANSWER_CONTINUE);
	message_free(m);
}

static void
without_descriptors_it_has_failed(void **state)
{
	struct rlimit	 old, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(ask(0, EVENT_CONNECT), ANSWER_FAILED);
	why_is(0, strerror(EMFILE));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	/* Our fault: it is tried again at once. */
	assert_int_equal(ask(0, EVENT_MAIL), ANSWER_CONTINUE);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(twenty_megabytes_with_an_answer_to_each_piece),
		TEST(twenty_megabytes_without),
		TEST(twenty_megabytes_to_a_slow_reader),
		TEST(a_slow_reader_that_makes_progress_is_waited_for),
		TEST(what_a_milter_does_not_read_costs_no_memory),
		TEST(a_message_in_a_file_is_shown_as_well),
		TEST(what_may_be_text_is_shown_whole),
		TEST(no_packet_is_longer_than_libmilter_takes),
		TEST(no_crlf_is_torn),
		TEST(a_message_without_body_or_header_has_none),
		TEST(no_more_connections_than_there_may_be),
		TEST(who_waits_for_too_long_has_failed),
		TEST(five_hundred_sessions_share_them),
		TEST(a_slow_milter_delays_only_who_asked_it),
		TEST(without_descriptors_it_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

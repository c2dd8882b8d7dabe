/* SPDX-License-Identifier: ISC */
/*
 * What comes of a question, for each thing that a server may do with it.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ask_config.h"
#include "message.h"
#include "message_engine.h"
#include "ask_rig.h"

#define HEAD		"SPAMD/1.1 0 EX_OK\r\n"
#define SPAM		"Spam: True ; 15.3 / 5.0\r\n"

static const struct {
	const char	*name;
	enum spamd_verb	 verb;
	struct part	 part;
	const char	*why;		/* NULL: answered */
	const char	*body;
	int64_t		 at_least;	/* ms */
} replies[] = {
	{ "whole", SPAMD_HEADERS, { ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 },
	    NULL, "X-Spam-Level: *\r\n\n", 0 },
	{ "a byte at a time", SPAMD_HEADERS,
	    { ACT_ANSWER, OK_REPLY, 1, 0, 0, 0 },
	    NULL, "X-Spam-Level: *\r\n\n", 50 },
	{ "it does not hang up", SPAMD_HEADERS,
	    { ACT_ANSWER, OK_REPLY, 0, 1, 0, 0 },
	    NULL, "X-Spam-Level: *\r\n\n", 900 },
	{ "symbols", SPAMD_SYMBOLS,
	    { ACT_ANSWER, HEAD "Content-length: 5\r\n" SPAM "\r\nA,B_C", 0,
	    0, 0, 0 }, NULL, "A,B_C", 0 },
	{ "no length", SPAMD_SYMBOLS,
	    { ACT_ANSWER, HEAD SPAM "\r\nA,B_C", 1, 0, 0, 0 },
	    NULL, "A,B_C", 0 },
	{ "no length in what is delivered", SPAMD_PROCESS,
	    { ACT_ANSWER, HEAD SPAM "\r\nSubject: x\r\n\r\n", 0, 0, 0, 0 },
	    "no length in its reply", NULL, 0 },
	{ "an empty message", SPAMD_PROCESS,
	    { ACT_ANSWER, HEAD "Content-length: 0\r\n" SPAM "\r\n", 0, 0, 0,
	    0 }, "no length in its reply", NULL, 0 },
	{ "no score", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD "Content-length: 2\r\n\r\nx\n", 0, 0, 0, 0 },
	    "no score in its reply", NULL, 0 },
	{ "short", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD "Content-length: 10\r\n" SPAM "\r\nabc", 0, 0,
	    0, 0 }, "hung up in the middle of its reply", NULL, 0 },
	{ "half a head", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD SPAM, 0, 0, 0, 0 },
	    "hung up in the middle of its reply", NULL, 0 },
	{ "one byte", SPAMD_HEADERS, { ACT_ANSWER, "S", 0, 0, 0, 0 },
	    "hung up in the middle of its reply", NULL, 0 },
	{ "long, at once", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD "Content-length: 2\r\n" SPAM "\r\nabc", 0, 0,
	    0, 0 }, "longer than it said", NULL, 0 },
	{ "long, later", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD "Content-length: 2\r\n" SPAM "\r\nabc", 1, 0,
	    0, 0 }, "longer than it said", NULL, 0 },
	{ "longer than is good", SPAMD_HEADERS,
	    { ACT_ANSWER, HEAD "Content-length: 1048577\r\n" SPAM "\r\n", 0,
	    0, 0, 0 }, "its reply is too long", NULL, 0 },
	{ "endless body", SPAMD_SYMBOLS,
	    { ACT_EARLY, HEAD SPAM "\r\nA,B,C,D,E,F,G", 0, 0, 0, 0 },
	    NULL, "A,B,C,D,E,F,G", 0 },
	{ "another server", SPAMD_HEADERS,
	    { ACT_EARLY, "220 mx.example.org ESMTP\r\n", 0, 1, 0, 0 },
	    "this is no spamd", NULL, 0 },
	{ "a page", SPAMD_HEADERS,
	    { ACT_ANSWER, "HTTP/1.1 400 Bad Request\r\n\r\n<html>", 0, 0, 0,
	    0 }, "this is no spamd", NULL, 0 },
	{ "76", SPAMD_HEADERS,
	    { ACT_ANSWER, "SPAMD/1.0 76 Bad header line: FROB\r\n", 0, 0, 0,
	    0 }, ": 76 Bad header line: FROB", NULL, 0 },
	{ "69, before all is sent", SPAMD_HEADERS,
	    { ACT_EARLY, "SPAMD/1.0 69 Service Unavailable: no\n\r\n", 0, 0,
	    0, 0 }, ": 69 Service Unavailable: no", NULL, 0 },
	{ "79", SPAMD_HEADERS,
	    { ACT_ANSWER, "SPAMD/1.0 79 Timeout: (3 second timeout)\r\n", 0,
	    0, 0, 0 },
	    ": timed out: 79 Timeout: (3 second timeout)", NULL, 0 },
	{ "told", SPAMD_TELL,
	    { ACT_ANSWER, HEAD "DidSet: local\r\n\r\n\r\n", 0, 0, 0, 0 },
	    NULL, "\r\n", 0 },
};

static void
each_reply_is_an_answer_or_says_why_not(void **state)
{
	struct part	 parts[2] = { { ACT_END, NULL, 0, 0, 0, 0 } };
	size_t		 i;
	int64_t		 began;

	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		(void)spamd_setup(NULL);
		parts[0] = replies[i].part;
		spamd_start(0, parts);
		servers_are(1);
		began = now_ms();
		put_verb(1, replies[i].verb);
		assert_int_equal(ndone, 0);
		run_done(1);
		if (now_ms() - began < replies[i].at_least)
			fail_msg("%s: too early", replies[i].name);
		if (outcomes[1].answered != (replies[i].why == NULL) ||
		    (replies[i].why != NULL && strstr(outcomes[1].why,
		    replies[i].why) == NULL))
			fail_msg("%s: %s", replies[i].name, outcomes[1].why);
		if (replies[i].body != NULL)
			assert_string_equal(outcomes[1].body,
			    replies[i].body);
		/* Once, whatever it was: not a byte may be asked for twice. */
		assert_int_equal(spamds[0].conns, 1);
		assert_int_equal(spamds[0].bad, 0);
		(void)spamd_teardown(NULL);
	}
	(void)spamd_setup(NULL);
	servers_are(0);
}

static void
the_request_is_exact(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 }, { .act = ACT_END } };
	static const char	 body[] = "Return-Path: <a@example.net>\n"
				    "Subject: test\n\n1\n";

	spamd_start(0, parts);
	servers_are(1);
	put(1);
	run_done(1);
	assert_string_equal(spamds[0].head, "HEADERS SPAMC/1.5\r\n"
	    "Content-length: 46\r\nUser: joe\r\n\r\n");
	assert_int_equal(spamds[0].got, sizeof(body) - 1);
	assert_int_equal(spamds[0].sum, sum_bytes(0, body, sizeof(body) - 1));
	assert_true(outcomes[1].answered);
	assert_int_equal(outcomes[1].tries, 1);
	assert_int_equal(outcomes[1].reply.spam, 0);
	assert_int_equal(outcomes[1].reply.score * 10, 15);
}

static void
an_endless_reply_is_cut_off(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, HEAD SPAM "\r\nX: y\r\n\r\n", 0, 0, 1, 0 },
		{ .act = ACT_END } };

	spamd_start(0, parts);
	servers_are(1);
	put_verb(1, SPAMD_SYMBOLS);
	run_done(1);
	assert_non_null(strstr(outcomes[1].why, "its reply is too long"));
}

#define BIG	(20 * 1024 * 1024)

static void
twenty_megabytes_go_out_in_pieces(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, OK_REPLY, 0, 0, 0, 0 }, { .act = ACT_END } };
	const char	*p, *q;
	uint32_t	 sum;
	size_t		 len, off, size;

	spamd_start(0, parts);
	servers_are(1);
	put_size(1, BIG);
	run_done(1);
	assert_true(outcomes[1].answered);
	size = message_size(messages[1]);
	assert_true(size >= BIG - 1001);
	assert_int_equal(spamds[0].bad, 0);
	p = "Return-Path: <a@example.net>\n";
	sum = sum_bytes(0, p, strlen(p));
	for (off = 20; (q = message_at(messages[1], off, &len)) != NULL;
	    off += len)
		sum = sum_bytes(sum, q, len);
	assert_int_equal(spamds[0].got, strlen(p) + size - 20);
	assert_int_equal(spamds[0].sum, sum);
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
a_server_that_does_not_read_costs_no_memory(void **state)
{
	static const struct part parts[] = {
		{ ACT_DEAF, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };
	long	 before;

	deadline_ms = 600;
	spamd_start(0, parts);
	servers_are(1);
	put_size(1, BIG);
	before = resident();
	run_ms(200);
	assert_in_range(resident() - before + 256, 0, 512);
	run_done(1);
	assert_non_null(strstr(outcomes[1].why, ": timed out"));
}

static void
silence_is_over_before_the_deadline(void **state)
{
	static const struct part parts[] = {
		{ ACT_MUTE, NULL, 0, 0, 0, 0 }, { .act = ACT_END } };
	int64_t	 began = now_ms();

	deadline_ms = 500;
	spamd_start(0, parts);
	servers_are(1);
	put(1);
	run_done(1);
	assert_in_range(now_ms() - began, 440, 3000);
	assert_non_null(strstr(outcomes[1].why, ": timed out"));
	assert_int_equal(spamds[0].conns, 1);
}

static void
a_stop_in_the_middle_is_over_before_the_deadline(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, HEAD "Content-length: 9\r\n" SPAM "\r\nX", 0, 1,
		    0, 0 }, { .act = ACT_END } };
	int64_t	 began = now_ms();

	deadline_ms = 500;
	spamd_start(0, parts);
	servers_are(1);
	put(1);
	run_done(1);
	assert_in_range(now_ms() - began, 440, 3000);
	assert_non_null(strstr(outcomes[1].why, "timed out in the middle"));
}

static void
a_whole_reply_is_an_answer_before_the_deadline(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, OK_REPLY, 0, 1, 0, 0 },
		{ .act = ACT_END } };
	int64_t	 began = now_ms();

	deadline_ms = 3000;
	spamd_start(0, parts);
	servers_are(1);
	put(1);
	run_done(1);
	assert_true(now_ms() - began < 2500);
	assert_true(outcomes[1].answered);
}

static void
a_reply_without_length_that_stops_is_over_too(void **state)
{
	static const struct part parts[] = {
		{ ACT_ANSWER, HEAD SPAM "\r\nA,B", 0, 1, 0, 0 },
		{ .act = ACT_END } };
	int64_t	 began = now_ms();

	deadline_ms = 500;
	spamd_start(0, parts);
	servers_are(1);
	put_verb(1, SPAMD_SYMBOLS);
	run_done(1);
	assert_in_range(now_ms() - began, 440, 3000);
	assert_non_null(strstr(outcomes[1].why, ": timed out"));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_request_is_exact, spamd_setup, spamd_teardown),
		cmocka_unit_test_teardown(
		    each_reply_is_an_answer_or_says_why_not, spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    an_endless_reply_is_cut_off, spamd_setup, spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    twenty_megabytes_go_out_in_pieces, spamd_setup,
		    spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    a_server_that_does_not_read_costs_no_memory, spamd_setup,
		    spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    silence_is_over_before_the_deadline, spamd_setup,
		    spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    a_stop_in_the_middle_is_over_before_the_deadline,
		    spamd_setup, spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    a_whole_reply_is_an_answer_before_the_deadline,
		    spamd_setup, spamd_teardown),
		cmocka_unit_test_setup_teardown(
		    a_reply_without_length_that_stops_is_over_too,
		    spamd_setup, spamd_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

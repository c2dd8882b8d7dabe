/* SPDX-License-Identifier: ISC */
/*
 * What Redis may say and what it means; commands as bytes.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <hiredis.h>

#include "shared_config.h"
#include "shared_reply.h"
#include "shared_text.h"

static void
errors_mean_what_they_should(void **state)
{
	static const struct {
		const char		*text;
		enum shared_fate	 fate;
		int			 ends;
	} t[] = {
		{ "NOSCRIPT No matching script. Please use EVAL.",
		    FATE_SCRIPT, 0 },
		{ "BUSY Redis is busy running a script.", FATE_AGAIN, 0 },
		{ "TRYAGAIN Multiple keys request", FATE_AGAIN, 0 },
		{ "LOADING Redis is loading the dataset in memory",
		    FATE_NEXT, 1 },
		{ "CLUSTERDOWN The cluster is down", FATE_NEXT, 1 },
		{ "MASTERDOWN Link with MASTER is down", FATE_NEXT, 1 },
		{ "READONLY You can't write against a read only replica.",
		    FATE_NEXT, 1 },
		{ "MOVED 866 192.0.2.7:6379", FATE_NEXT, 1 },
		{ "ASK 866 192.0.2.7:6379", FATE_NEXT, 1 },
		{ "ERR max number of clients reached", FATE_NEXT, 1 },
		{ "OOM command not allowed", FATE_SICK, 1 },
		{ "MISCONF Errors writing to the AOF file", FATE_SICK, 1 },
		{ "NOREPLICAS Not enough good replicas", FATE_SICK, 1 },
		{ "NOAUTH Authentication required.", FATE_CONFIG, 1 },
		{ "WRONGPASS invalid username-password pair", FATE_CONFIG, 1 },
		{ "NOPERM this user has no permissions", FATE_CONFIG, 1 },
		{ "ERR DB index is out of range", FATE_CONFIG, 1 },
		{ "ERR unknown command 'EVALSHA'", FATE_CONFIG, 1 },
		{ "CROSSSLOT Keys in request don't hash to the same slot",
		    FATE_CONFIG, 1 },
		{ "BUSYKEY Target key name already exists.", FATE_CONFIG, 1 },
		{ "", FATE_CONFIG, 1 },
		{ "WRONGTYPE Operation against a key", FATE_FOREIGN, 0 },
		{ "ERR user_script:7: attempt to compare", FATE_FOREIGN, 0 },
		{ "ERR Error running script (call to f_1): @user_script: 9: "
		    "-READONLY You can't write", FATE_NEXT, 1 },
		{ "ERR Error running script (call to f_1): @user_script: 9: "
		    "-OOM command not allowed", FATE_SICK, 1 },
		{ "ERR Error running script (call to f_1): @user_script: 9: "
		    "-WRONGTYPE Operation", FATE_FOREIGN, 0 },
		{ "ERR Protocol error: expected '$', got 'x'", FATE_NONSENSE,
		    1 },
	};
	size_t	 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (shared_fate(t[i].text) != t[i].fate ||
		    shared_fate_ends(t[i].fate) != t[i].ends)
			fail_msg("%s: %d", t[i].text, shared_fate(t[i].text));
}

/* One reply, as hiredis reads it. */
static redisReply *
parse(const char *bytes)
{
	redisReader	*reader = redisReaderCreate();
	void		*r = NULL;

	assert_int_equal(redisReaderFeed(reader, bytes, strlen(bytes)),
	    REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &r), REDIS_OK);
	assert_non_null(r);
	redisReaderFree(reader);
	return r;
}

static void
only_a_decision_is_one(void **state)
{
	static const struct {
		const char	*bytes;
		int		 r, reason, defer, wait, delayed;
	} t[] = {
		{ "*3\r\n:0\r\n:300000\r\n:0\r\n", 0, GREY_NEW, 1, 300000, 0 },
		{ "*3\r\n:1\r\n:5\r\n:0\r\n", 0, GREY_EARLY, 1, 5, 0 },
		{ "*3\r\n:2\r\n:5\r\n:0\r\n", 0, GREY_TRAPPED, 1, 5, 0 },
		{ "*3\r\n:3\r\n:0\r\n:7\r\n", 0, GREY_FOUND, 0, 0, 7 },
		{ "*3\r\n:6\r\n:0\r\n:0\r\n", 0, GREY_PARTNER, 0, 0, 0 },
		{ "*3\r\n:7\r\n:0\r\n:0\r\n", -1, 0, 0, 0, 0 },
		{ "*3\r\n:-1\r\n:0\r\n:0\r\n", -1, 0, 0, 0, 0 },
		{ "*3\r\n:0\r\n:-1\r\n:0\r\n", -1, 0, 0, 0, 0 },
		{ "*3\r\n:0\r\n:9223372036854775807\r\n:0\r\n", -1, 0, 0,
		    0, 0 },
		{ "*3\r\n:3\r\n:0\r\n:9223372036854775807\r\n", -1, 0, 0,
		    0, 0 },
		{ "*3\r\n:1\r\n$1\r\n5\r\n:0\r\n", -1, 0, 0, 0, 0 },
		{ "*2\r\n:1\r\n:5\r\n", -1, 0, 0, 0, 0 },
		{ "*0\r\n", -1, 0, 0, 0, 0 },
		{ "*-1\r\n", -1, 0, 0, 0, 0 },
		{ "+OK\r\n", -1, 0, 0, 0, 0 },
		{ ":3\r\n", -1, 0, 0, 0, 0 },
	};
	struct grey_verdict	 v;
	redisReply		*r;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&v, 0, sizeof(v));
		r = parse(t[i].bytes);
		if (shared_reply_verdict(r, &v) != t[i].r ||
		    (int)v.reason != t[i].reason || v.defer != t[i].defer ||
		    v.wait != t[i].wait || v.delayed != t[i].delayed)
			fail_msg("case %zu", i);
		freeReplyObject(r);
	}
}

static void
a_row_is_read(void **state)
{
	struct store_row	 row = { .kind = STORE_CLIENT };
	redisReply		*r;

	r = parse("*6\r\n$6\r\npassed\r\n$1\r\n3\r\n$10\r\ntrap_until\r\n"
	    "$13\r\n1800000000000\r\n$5\r\nother\r\n$1\r\nx\r\n");
	assert_int_equal(shared_reply_row(r, &row), 0);
	assert_int_equal(row.client.passed, 3);
	assert_true(row.client.trap_until == INT64_C(1800000000000));
	assert_int_equal(row.client.first, 0);
	freeReplyObject(r);
	r = parse("*1\r\n$6\r\npassed\r\n");
	assert_int_equal(shared_reply_row(r, &row), -1);
	freeReplyObject(r);
	r = parse("*2\r\n$6\r\npassed\r\n:3\r\n");
	assert_int_equal(shared_reply_row(r, &row), -1);
	freeReplyObject(r);
}

/* The log is not the server's to write in. */
static void
what_is_logged_is_safe(void **state)
{
	redisReply	*r = parse("-ERR a\033[2Jb\"c\r\n");
	const char	*why = shared_reply_why(r);

	assert_null(strchr(why, '\033'));
	assert_non_null(strstr(why, "configuration: "));
	freeReplyObject(r);
}

static void
commands_are_as_they_should(void **state)
{
	const char *const	 words[] = { "AUTH", "pass \r\nword" };
	struct store_row	 row = { .kind = STORE_PARTNER,
				    .key = "@a.example", .until = 5 };
	struct grey_rules	 rules = { .retry_window = 7, .max_age = 9 };
	struct shared_text	 text = { .words = 0 };
	struct bytes		 b = { .data = NULL };
	static const char	 end[] = "$1\r\n1\r\n$15\r\npg:p:@a.example"
				    "\r\n$0\r\n\r\n$1\r\n7\r\n$1\r\n9\r\n"
				    "$1\r\np\r\n$1\r\n1\r\n$5\r\nuntil\r\n"
				    "$1\r\n5\r\n";

	assert_int_equal(shared_text_words(&b, words, 2), 0);
	assert_int_equal(b.len, 32);
	assert_memory_equal(b.data + b.off,
	    "*2\r\n$4\r\nAUTH\r\n$11\r\npass \r\nword\r\n", b.len);
	bytes_clear(&b);
	assert_int_equal(script_init(), 0);
	assert_int_equal(shared_text_put(&text, &row, &rules, 1), 0);
	assert_int_equal(shared_text_command(&text, 0, &b), 0);
	assert_memory_equal(b.data + b.off,
	    "*11\r\n$7\r\nEVALSHA\r\n$40\r\n", 23);
	assert_memory_equal(b.data + b.off + b.len - (sizeof(end) - 1), end,
	    sizeof(end) - 1);
	bytes_clear(&b);
	bytes_clear(&text.tail);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(errors_mean_what_they_should),
		cmocka_unit_test(only_a_decision_is_one),
		cmocka_unit_test(a_row_is_read),
		cmocka_unit_test(what_is_logged_is_safe),
		cmocka_unit_test(commands_are_as_they_should)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

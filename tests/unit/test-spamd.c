/* SPDX-License-Identifier: ISC */
/*
 * What is sent to spamd, byte for byte, and what is understood of its replies.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spamd.h"

#define USER64	"abcdefghijklmnopqrstuvwxyzABCDEF" \
		"abcdefghijklmnopqrstuvwxyzABCDEF"
#define USER256	USER64 USER64 USER64 USER64

static const struct {
	struct spamd_request	 rq;
	const char		*head;
} heads[] = {
	{ { SPAMD_PING, 0, "joe", 5, 1 }, "PING SPAMC/1.5\r\n\r\n" },
	{ { SPAMD_HEADERS, 0, NULL, 0, 0 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 0\r\n\r\n" },
	{ { SPAMD_SYMBOLS, 0, "", 12, 0 },
	    "SYMBOLS SPAMC/1.5\r\nContent-length: 12\r\n\r\n" },
	{ { SPAMD_PROCESS, 0, "j\303\266e@example.org", 4294967296, 0 },
	    "PROCESS SPAMC/1.5\r\nContent-length: 4294967296\r\n"
	    "User: j\303\266e@example.org\r\n\r\n" },
	{ { SPAMD_HEADERS, 0, "a\r\nSet: local\r\n\tb\001\177", 1, 0 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 1\r\n"
	    "User: aSet: localb\r\n\r\n" },
	{ { SPAMD_HEADERS, 0, "\r\n", 1, 0 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 1\r\n\r\n" },
	{ { SPAMD_HEADERS, 0, USER256, 1, 0 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 1\r\n"
	    "User: " USER256 "\r\n\r\n" },
	/* Half a name would be somebody else. */
	{ { SPAMD_HEADERS, 0, USER256 "x", 1, 0 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 1\r\n\r\n" },
	{ { SPAMD_HEADERS, 0, NULL, 77, 1 },
	    "HEADERS SPAMC/1.5\r\nContent-length: 77\r\n"
	    "Compress: zlib\r\n\r\n" },
	{ { SPAMD_TELL, SPAMD_LEARN_SPAM, "joe", 9, 0 },
	    "TELL SPAMC/1.5\r\nContent-length: 9\r\nUser: joe\r\n"
	    "Message-class: spam\r\nSet: local\r\n\r\n" },
	{ { SPAMD_TELL, SPAMD_LEARN_HAM, NULL, 9, 0 },
	    "TELL SPAMC/1.5\r\nContent-length: 9\r\n"
	    "Message-class: ham\r\nSet: local\r\n\r\n" },
	{ { SPAMD_TELL, SPAMD_FORGET, NULL, 9, 0 },
	    "TELL SPAMC/1.5\r\nContent-length: 9\r\n"
	    "Remove: local\r\n\r\n" },
};

static void
a_request_is_exact(void **state)
{
	char	 head[SPAMD_HEAD_MAX];
	size_t	 i, len;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		len = spamd_head(head, &heads[i].rq);
		assert_string_equal(head, heads[i].head);
		assert_int_equal(len, strlen(heads[i].head));
	}
}

#define OK	"SPAMD/1.1 0 EX_OK\r\n"
#define ZEROS	"00000000000000000000000000000000"
#define NINES	"99999999999999999999999999999999"

static const struct {
	const char	*text;
	const char	*rest;		/* body; or why not, if less is 0 */
	int		 good;
	struct spamd_reply r;
} replies[] = {
	{ OK "Content-length: 577\r\nSpam: True ; 1002.5 / 5.0\r\n\r\nX", "X",
	    1, { 0, "EX_OK", 1, 1, 1002.5, 5.0, 1, 577, 0, 0 } },
	{ OK "Spam: False ; -1.9 / 5.0\r\n\r\n", "", 1,
	    { 0, "EX_OK", 1, 0, -1.9, 5.0, 0, 0, 0, 0 } },
	{ "SPAMD/1.5 0 EX_OK\nspam:No;0/5\ncontent-LENGTH:3  \n\nabc", "abc",
	    1, { 0, "EX_OK", 1, 0, 0, 5, 1, 3, 0, 0 } },
	{ "SPAMD/11.22 0\r\nSpam: Yes\t;\t+.5 / 5.\r\n\r\n", "", 1,
	    { 0, "", 1, 1, .5, 5, 0, 0, 0, 0 } },
	{ OK "\r\n\r\n", "\r\n", 1,
	    { 0, "EX_OK", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ OK "DidSet: local\r\nX-Else: 1\r\n\r\n\r\n", "\r\n", 1,
	    { 0, "EX_OK", 0, 0, 0, 0, 0, 0, 1, 0 } },
	{ OK "DidRemove: local,remote\r\n\r\n", "", 1,
	    { 0, "EX_OK", 0, 0, 0, 0, 0, 0, 0, 1 } },
	{ OK "DidSet:\r\nDidRemoved: x\r\nDidSets: y\r\n\r\n", "", 1,
	    { 0, "EX_OK", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ OK "Spam: True ; " NINES NINES ".1 / -" NINES NINES "\r\n\r\n", "",
	    1, { 0, "EX_OK", 1, 1, 1e9, -1e9, 0, 0, 0, 0 } },
	{ OK "Spam: True ; 4.9" ZEROS ZEROS "1 / " ZEROS "5.0\r\n\r\n", "",
	    1, { 0, "EX_OK", 1, 1, 4.9, 5.0, 0, 0, 0, 0 } },
	{ OK "Spam: True ; 15.3 / 6.31\r\nContent-length: " ZEROS "7\r\n"
	    "Content-length: 7\r\n\r\n", "", 1,
	    { 0, "EX_OK", 1, 1, 15.3, 6.31, 1, 7, 0, 0 } },
	/* Without an empty line, and what is behind does not matter. */
	{ "SPAMD/1.5 0 PONG\r\n", "", 1,
	    { 0, "PONG", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "SPAMD/1.0 76 Bad header line: FROB SPAMC/1.5\r\n", "", 1,
	    { 76, "Bad header line: FROB SPAMC/1.5", 0, 0, 0, 0, 0, 0, 0,
	    0 } },
	{ "SPAMD/1.0 69 Service Unavailable: zlib\n\r\n", "\r\n", 1,
	    { 69, "Service Unavailable: zlib", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "SPAMD/1.0 " NINES " far too much\r\n", "", 1,
	    { 1000, "far too much", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "SPAMD/1.0 79 " USER64 USER64 "\r\n", "", 1,
	    { 79, USER64 "abcdefghijklmnopqrstuvwxyzABCDEF"
	    "abcdefghijklmnopqrstuvwxyzABCDE", 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "220 mx.example.org ESMTP\r\n", "this is no spamd", 0, { 0 } },
	{ "\r\n", "this is no spamd", 0, { 0 } },
	{ "spamd/1.1 0 EX_OK\r\n\r\n", "this is no spamd", 0, { 0 } },
	{ "SPAMD/1 0 EX_OK\r\n", "bad status line", 0, { 0 } },
	{ "SPAMD/1.1\r\n", "bad status line", 0, { 0 } },
	{ "SPAMD/1.1 -1 x\r\n", "bad status line", 0, { 0 } },
	{ "SPAMD/1.1 0x x\r\n", "bad status line", 0, { 0 } },
	{ OK "nocolon\r\n\r\n", "a header line without a colon", 0, { 0 } },
	{ OK "Spam: Maybe ; 1 / 2\r\n\r\n", "bad Spam line", 0, { 0 } },
	{ OK "Spam: Trueish ; 1 / 2\r\n\r\n", "bad Spam line", 0, { 0 } },
	{ OK "Spam: True 1 / 2\r\n\r\n", "bad Spam line", 0, { 0 } },
	{ OK "Spam: True ; 1 2\r\n\r\n", "bad Spam line", 0, { 0 } },
	{ OK "Spam: True ; 1 / 2 x\r\n\r\n", "bad Spam line", 0, { 0 } },
	{ OK "Spam: True ; nan / 2\r\n\r\n", "bad score", 0, { 0 } },
	{ OK "Spam: True ; - / 2\r\n\r\n", "bad score", 0, { 0 } },
	{ OK "Spam: True ; 1 / inf\r\n\r\n", "bad threshold", 0, { 0 } },
	{ OK "Content-length: \r\n\r\n", "bad Content-length", 0, { 0 } },
	{ OK "Content-length: -1\r\n\r\n", "bad Content-length", 0, { 0 } },
	{ OK "Content-length: 1 2\r\n\r\n", "bad Content-length", 0, { 0 } },
	{ OK "Content-length: " NINES "\r\n\r\n", "bad Content-length", 0,
	    { 0 } },
	{ OK "Content-length: 1\r\nContent-length: 2\r\n\r\n",
	    "bad Content-length", 0, { 0 } },
};

static void
same_reply(const struct spamd_reply *a, const struct spamd_reply *b)
{
	assert_int_equal(a->code, b->code);
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->scored, b->scored);
	assert_int_equal(a->spam, b->spam);
	assert_true(a->score == b->score);
	assert_true(a->threshold == b->threshold);
	assert_int_equal(a->has_length, b->has_length);
	assert_int_equal(a->length, b->length);
	assert_int_equal(a->did_set, b->did_set);
	assert_int_equal(a->did_remove, b->did_remove);
}

static void
a_reply_is_understood_or_refused(void **state)
{
	struct spamd_reply	 r;
	const char		*text, *why;
	size_t			 i, len;
	long			 n;

	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		text = replies[i].text;
		n = spamd_parse(text, strlen(text), &r, &why);
		if (!replies[i].good) {
			assert_int_equal(n, -1);
			assert_string_equal(why, replies[i].rest);
			continue;
		}
		if (n <= 0)
			fail_msg("%s: %ld %s", text, n, why);
		assert_string_equal(text + n, replies[i].rest);
		same_reply(&r, &replies[i].r);
		/* Each shorter one wants more. */
		for (len = 0; len < (size_t)n; len++)
			assert_int_equal(spamd_parse(text, len, &r, &why), 0);
	}
}

/* The text without its last bytes is not waited for any longer. */
static void
what_can_be_no_reply_is_refused_early(void **state)
{
	struct spamd_reply	 r;
	const char		*why;
	char			*big = malloc(SPAMD_REPLY_HEAD_MAX);
	size_t			 i, n;

	assert_non_null(big);
	assert_int_equal(spamd_parse("2", 1, &r, &why), -1);
	assert_int_equal(spamd_parse("SPAMP", 5, &r, &why), -1);
	memset(big, '1', SPAMD_REPLY_HEAD_MAX);
	memcpy(big, "SPAMD/", 6);
	assert_int_equal(spamd_parse(big, 512, &r, &why), 0);
	assert_int_equal(spamd_parse(big, 513, &r, &why), -1);
	assert_string_equal(why, "bad status line");
	/* The same if all of it came at once. */
	memcpy(big, "SPAMD/1.1 1 ", 12);
	big[512] = '\n';
	assert_int_equal(spamd_parse(big, 600, &r, &why), 513);
	big[512] = '1';
	big[513] = '\n';
	assert_int_equal(spamd_parse(big, 600, &r, &why), -1);
	n = strlen(OK);
	memcpy(big, OK, n);
	for (i = n; i + 4 <= SPAMD_REPLY_HEAD_MAX; i += 4)
		memcpy(big + i, "A:\r\n", 4);
	memset(big + i, 'A', SPAMD_REPLY_HEAD_MAX - i);
	assert_int_equal(spamd_parse(big, SPAMD_REPLY_HEAD_MAX - 1, &r,
	    &why), 0);
	assert_int_equal(spamd_parse(big, SPAMD_REPLY_HEAD_MAX, &r, &why),
	    -1);
	assert_string_equal(why, "endless header");
	free(big);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_request_is_exact),
		cmocka_unit_test(a_reply_is_understood_or_refused),
		cmocka_unit_test(what_can_be_no_reply_is_refused_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

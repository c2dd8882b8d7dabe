/* SPDX-License-Identifier: ISC */
/*
 * A milter's reply as smtpd can say it: RFC 5321, 4.2.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reply.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define LIT(s)	(s), sizeof(s) - 1

static const struct {
	const char	*data;
	size_t		 len;
	int		 code;		/* 0: is refused */
	const char	*text;
} replies[] = {
	{ LIT("550 5.7.1 Go away\0"), 550, "5.7.1 Go away" },
	{ LIT("550 5.7.1 Go away"), 550, "5.7.1 Go away" },
	{ LIT("451 4.7.1 Greylisted\0xyz"), 451, "4.7.1 Greylisted" },
	{ LIT("421 4.3.2 Bye\0"), 421, "4.3.2 Bye" },
	/* Several lines. */
	{ LIT("550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three\0"), 550,
	    "5.7.1 one two three" },
	{ LIT("550-5.7.1 one\n550 5.7.1 two\n\0"), 550, "5.7.1 one two" },
	{ LIT("550-5.7.1 one\r\n\r\n550-5.7.1\r\n550 two\0"), 550,
	    "5.7.1 one two" },
	{ LIT("550-a\r\nb\r\n551 c\0"), 550, "a b 551 c" },
	{ LIT("550-5.7.1 see\r\n550 1.2.3.4 is listed\0"), 550,
	    "5.7.1 see 1.2.3.4 is listed" },
	{ LIT("550-a\r\n550-5.7.1.2 b\r\n550-5.7 c\r\n550 5.1234.1 d\0"), 550,
	    "a 5.7.1.2 b 5.7 c 5.1234.1 d" },
	/* A class that is not the code's. */
	{ LIT("550 4.7.1 Go away\0"), 550, "Go away" },
	{ LIT("450 5.7.1 Later\0"), 450, "Later" },
	{ LIT("450 2.0.0 Later\0"), 450, "Later" },
	{ LIT("450 3.0.0 Later\0"), 450, "3.0.0 Later" },
	/* Too little. */
	{ LIT("550\0"), 550, "5.7.1 Rejected" },
	{ LIT("550 \0"), 550, "5.7.1 Rejected" },
	{ LIT("550-\r\n550 \0"), 550, "5.7.1 Rejected" },
	{ LIT("450 5.7.1\0"), 450, "4.7.1 Try again later" },
	{ LIT("550 5.7.1\0"), 550, "5.7.1" },
	/* What is not text. */
	{ LIT("550 100%% sure\0"), 550, "100% sure" },
	{ LIT("550 100% sure%\0"), 550, "100% sure%" },
	{ LIT("550 %%%s%%%%\0"), 550, "%%s%%" },
	{ LIT("550 \1a\x7f" "b\xc3\xa9\0"), 550, "?a?b??" },
	{ LIT("550 \ta\tb \t\r\n550  c \0"), 550, "a b c" },
	{ LIT("550 a\rb\0"), 550, "a b" },
	/* No refusal. */
	{ LIT("250 2.0.0 Fine\0"), 0, NULL },
	{ LIT("354 Go on\0"), 0, NULL },
	{ LIT("600 What\0"), 0, NULL },
	{ LIT("55 No\0"), 0, NULL },
	{ LIT("5x0 No\0"), 0, NULL },
	{ LIT("55x No\0"), 0, NULL },
	{ LIT("5500 No\0"), 0, NULL },
	{ LIT(" 550 No\0"), 0, NULL },
	{ LIT("\r\n550 No\0"), 0, NULL },
	{ LIT("No\0"), 0, NULL },
	{ LIT("\0"), 0, NULL },
	{ LIT("\0" "550 No\0"), 0, NULL },
	{ LIT(""), 0, NULL },
};

static void
replies_become_one_line(void **state)
{
	struct reply	 r;
	char		*copy;
	size_t		 i;

	for (i = 0; i < N(replies); i++) {
		/* Not a byte behind it is to be read. */
		copy = malloc(replies[i].len + (replies[i].len == 0));
		assert_non_null(copy);
		memcpy(copy, replies[i].data, replies[i].len);
		if (reply_take(&r, copy, replies[i].len) !=
		    (replies[i].code == 0 ? -1 : 0))
			fail_msg("reply %zu", i);
		free(copy);
		assert_int_equal(r.code, replies[i].code);
		if (r.code != 0)
			assert_string_equal(r.text, replies[i].text);
	}
}

static void
what_is_too_long_is_cut(void **state)
{
	static char	 data[4000];
	struct reply	 r;
	size_t		 i, n = 0;

	memcpy(data, "550-5.7.1 ", 10);
	memset(data + 10, 'x', sizeof(data) - 10);
	assert_int_equal(reply_take(&r, data, sizeof(data)), 0);
	assert_int_equal(strlen(r.text), 505);
	assert_memory_equal(r.text, "5.7.1 xxx", 9);
	/* Lines of two bytes each: the blank between them counts. */
	for (i = 0; i < 400; i++) {
		memcpy(data + n, "550-yy\r\n", 8);
		n += 8;
	}
	assert_int_equal(reply_take(&r, data, n), 0);
	assert_int_equal(strlen(r.text), 505);
	assert_memory_equal(r.text, "yy yy yy", 8);
	assert_memory_equal(r.text + 500, " yy y", 6);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(replies_become_one_line),
		cmocka_unit_test(what_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

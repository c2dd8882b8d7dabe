/* SPDX-License-Identifier: ISC */
/* Which fields of a header are spamd's. */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "markup.h"

#define REPORT "Received: from localhost by mx.example.org\n" \
	"\twith SpamAssassin (version 4.0.1);\n\tSat, 21 Nov 2026\n"

static const struct {
	const char	*what, *header;
	int		 wrapper;
	const char	*names;		/* of the fields, first letters of it */
	const char	*rules;
} headers[] = {
	{ "none", "From: a\n", 0, "", "" },
	{ "empty", "", 0, "", "" },
	{ "on top", "X-Spam-Level: *\nX-Spam-Status: No, score=1.0 "
	    "tests=A,B_2 autolearn=no\nFrom: a\n", 0, "Level,Status,",
	    "A,B_2" },
	{ "below the Return-Path", "Return-Path: <a>\nX-Spam-Flag: YES\n"
	    "From: a\n", 0, "Flag,", "" },
	{ "below another Return-Path", "Return-Path: <a>\n"
	    "Return-Path: <b>\nX-Spam-Flag: YES\n", 0, "", "" },
	{ "a client's, below", "Return-Path: <a>\nX-Spam-Level: \n"
	    "Received: x\nX-Spam-Prev-Subject: b\nX-Spam-Status: No, tests=Z\n",
	    0, "Level,", "" },
	{ "a client's, only", "Return-Path: <a>\nReceived: x\n"
	    "X-Spam-Status: No, tests=Z\n", 0, "", "" },
	{ "X-Spam is not spamd's", "X-Spam: Yes\nX-Spam-Status: No\n", 0, "",
	    "" },
	{ "any case", "x-spam-status: Yes, tests=A\n", 0, "status,", "A" },
	{ "a report", REPORT "From: a\nX-Spam-Flag: YES\n"
	    "X-Spam-Status: Yes, score=9.0 required=5.0 tests=A,\n\tB,C\n"
	    "MIME-Version: 1.0\nX-Spam-Prev-Subject: a\n", 1,
	    "Flag,Status,Prev-Subject,", "A,B,C" },
	{ "somebody else's Received", "Received: from localhost by mx\n"
	    "\twith ESMTP;\nX-Spam-Flag: YES\n", 0, "", "" },
	{ "a Received that talks about it", "Received: from a by b "
	    "with SpamAssassin (version 4)\nX-Spam-Flag: YES\n", 0, "", "" },
	{ "not the first field", "A: b\n" REPORT "X-Spam-Flag: YES\n", 0, "",
	    "" },
	{ "folded in odd places", "X-Spam-Status: No, score=1.0 required=5.0\n"
	    "\ttests=A ,\n B\n\tautolearn=no\n", 0, "Status,", "A,B" },
	{ "CRLF", "X-Spam-Status: No, tests=A,\r\n\tB,C\r\nA: b\r\n", 0,
	    "Status,", "A,B,C" },
	{ "no rules", "X-Spam-Status: No, tests=none autolearn=no\n", 0,
	    "Status,", "" },
	{ "empty list", "X-Spam-Status: No, tests= autolearn=no\n", 0,
	    "Status,", "" },
	{ "no list", "X-Spam-Status: No, mytests=A\n", 0, "Status,", "" },
	{ "at the end", "X-Spam-Status: No, tests=", 0, "Status,", "" },
	{ "what is no rule", "X-Spam-Status: No, tests=A,B=1;\x1b[C,D\n", 0,
	    "Status,", "A,B" }
};

static void
test_headers(void **state)
{
	struct header_field	 f;
	char			 rules[64], names[256];
	const char		*h;
	size_t			 i, len, off;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		h = headers[i].header;
		len = strlen(h);
		names[0] = '\0';
		for (off = 0; (off = markup_next(h, len, off, &f)) != 0; ) {
			strncat(names, h + f.off + 7, f.name_len - 7);
			strncat(names, ",", 2);
		}
		markup_rules(h, len, rules, sizeof(rules));
		if (markup_is_wrapper(h, len) != headers[i].wrapper ||
		    strcmp(names, headers[i].names) != 0 ||
		    strcmp(rules, headers[i].rules) != 0) {
			print_error("%s: %s %s\n", headers[i].what, names,
			    rules);
			fail();
		}
	}
}

static void
test_lengths(void **state)
{
	static const struct {
		const char	*in;
		size_t		 len;
	} cases[] = {
		{ "A: b\n\nbody\n\n", 5 }, { "A: b\r\n\r\nbody", 6 },
		{ "\nbody\n", 0 }, { "A: b\n", 5 }, { "A: b", 4 }, { "", 0 },
		{ "A: b\n\rC: d\n\n", 11 }, { "A: b\n\r", 6 },
		{ "A: b\n\r\nC: d\n\n", 12 }
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(markup_header(cases[i].in,
		    strlen(cases[i].in)), cases[i].len);
}

static void
test_values(void **state)
{
	static const struct {
		const char	*in, *out;
	} cases[] = {
		{ " a b\n", "a b" }, { "a\n\tb \r\n", "a\n\tb " },
		{ "\n\ta\n", "\n\ta" }, { " \t \n", "" }, { "", "" },
		{ "a\r\n b\rc\r\n", "a\n bc" }
	};
	char	*value;
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = markup_value(cases[i].in, strlen(cases[i].in));
		assert_non_null(value);
		assert_string_equal(value, cases[i].out);
		free(value);
	}
}

static void
test_symbols(void **state)
{
	static const struct {
		const char	*in, *out;
	} cases[] = {
		{ "A,B", "A,B" }, { "A,B\r\n", "A,B" }, { "", "" },
		{ "none", "" }, { " A , B ", "A,B" }, { "A,,B", "A" },
		{ "AAAAAAAAAA,BBBBBBBBB", "AAAAAAAAAA" },
		{ "AAAAAAAAAA,BBBBBBBB", "AAAAAAAAAA,BBBBBBBB" }
	};
	char	 out[20];
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		markup_symbols(cases[i].in, strlen(cases[i].in), out,
		    sizeof(out));
		assert_string_equal(out, cases[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_symbols)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

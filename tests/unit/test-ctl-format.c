/* SPDX-License-Identifier: ISC */
/*
 * What rows mean now, and how they are shown.
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

#include "ctl_format.h"

#define NOW	INT64_C(1700000000000)
#define HOUR	INT64_C(3600000)
#define DAY	(24 * HOUR)

static const struct grey_rules	 rules = { .delay = 300000,
    .retry_window = 2 * DAY, .max_age = 35 * DAY, .awl_count = 5 };

static const struct {
	struct store_row	 row;
	int			 helo;
	enum ctl_state		 state;
	const char		*line;
} rows[] = {
	{ { .kind = STORE_TUPLE, .key = "192.0.2.0/joe@example.net/a@b.org",
	    .tuple = { NOW - 60000, NOW - 5000, 2, 0 } }, 0, CTL_GREY,
	    "grey       60s     5s    47h      2      0 192.0.2.0       "
	    "<joe@example.net> -> <a@b.org>\n" },
	{ { .kind = STORE_TUPLE, .key = "192.0.2.0/a/b@example.net/c/d@e",
	    .tuple = { NOW - 3 * DAY, NOW - 2 * HOUR, 2, 9 } }, 0, CTL_PASS,
	    "pass        3d     2h    34d      2      9 192.0.2.0       "
	    "<a/b@example.net> -> <c/d@e>\n" },
	{ { .kind = STORE_TUPLE, .key = "192.0.2.1/mx/joe@example.net/a@b",
	    .tuple = { NOW, NOW, 1, 0 } }, 1, CTL_GREY,
	    "grey        0s     0s    48h      1      0 192.0.2.1       "
	    "helo=mx <joe@example.net> -> <a@b>\n" },
	{ { .kind = STORE_TUPLE, .key = "192.0.2.0//a@b",
	    .tuple = { NOW - 2 * DAY - 1, NOW, 1, 0 } }, 0, CTL_OVER,
	    "over       48h     0s      -      1      0 192.0.2.0       "
	    "<> -> <a@b>\n" },
	{ { .kind = STORE_TUPLE, .key = "192.0.2.0/j\033[m@x/a\\@b",
	    .tuple = { NOW, NOW, 1, 0 } }, 0, CTL_GREY,
	    "grey        0s     0s    48h      1      0 192.0.2.0       "
	    "<j\\033[m@x> -> <a\\134@b>\n" },
	{ { .kind = STORE_TUPLE, .key = "no\033slash",
	    .tuple = { NOW, NOW, 1, 0 } }, 0, CTL_GREY,
	    "grey        0s     0s    48h      1      0 no\\033slash     "
	    "<> -> <>\n" },
	{ { .kind = STORE_CLIENT, .key = "192.0.2.1",
	    .client = { NOW - DAY, NOW, 0, 0, NOW + 1, NOW + HOUR } }, 0,
	    CTL_TRAP,
	    "trap       24h     0s    60m      -      0 192.0.2.1\n" },
	{ { .kind = STORE_CLIENT, .key = "192.0.2.1",
	    .client = { NOW - DAY, NOW, 5, NOW, NOW + HOUR, NOW } }, 0,
	    CTL_WHITE,
	    "white      24h     0s    60m      -      5 192.0.2.1\n" },
	{ { .kind = STORE_CLIENT, .key = "2001:db8::1",
	    .client = { NOW - DAY, NOW, 5, NOW - 34 * DAY, 0, 0 } }, 0,
	    CTL_KNOWN,
	    "known      24h     0s    24h      -      5 2001:db8::1\n" },
	{ { .kind = STORE_CLIENT, .key = "192.0.2.1",
	    .client = { NOW - DAY, NOW, 4, NOW, 0, 0 } }, 0, CTL_SEEN,
	    "seen       24h     0s    35d      -      4 192.0.2.1\n" },
	{ { .kind = STORE_CLIENT, .key = "192.0.2.1",
	    .client = { .trap_until = NOW } }, 0, CTL_OVER,
	    "over         -      -      -      -      0 192.0.2.1\n" },
	{ { .kind = STORE_PARTNER, .key = "@example.org",
	    .until = NOW + 1000 }, 0, CTL_PARTNER,
	    "partner      -      -     1s      -      - @example.org\n" },
	{ { .kind = STORE_PARTNER, .key = "@example.org", .until = NOW }, 0,
	    CTL_OVER,
	    "over         -      -     0s      -      - @example.org\n" },
};

static void
rows_are_lines_of_a_table(void **state)
{
	int64_t	 until;
	char	*text;
	size_t	 len, i;
	FILE	*fp;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ctl_state(&rules, NOW, &rows[i].row,
		    &until), rows[i].state);
		assert_non_null(fp = open_memstream(&text, &len));
		ctl_table_row(fp, &rules, NOW, rows[i].helo, &rows[i].row);
		assert_int_equal(fclose(fp), 0);
		assert_string_equal(text, rows[i].line);
		free(text);
	}
}

/* A client is what the next decision makes of it. */
static void
states_are_those_of_grey_decide(void **state)
{
	struct grey_verdict	 v;
	struct grey_client	 c;
	struct grey_tuple	 t;
	int64_t			 until;
	enum ctl_state		 s;
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].row.kind != STORE_CLIENT)
			continue;
		memset(&t, 0, sizeof(t));
		c = rows[i].row.client;
		grey_decide(&rules, NOW, 0, 0, &t, &c, &v);
		s = v.reason == GREY_TRAPPED ? CTL_TRAP :
		    v.reason == GREY_WHITE ? CTL_WHITE :
		    v.reason == GREY_AWL ? CTL_KNOWN : CTL_SEEN;
		if (s == CTL_SEEN && rows[i].state == CTL_OVER)
			s = CTL_OVER;
		assert_int_equal(ctl_state(&rules, NOW, &rows[i].row, &until),
		    s);
	}
}

static void
spans_have_one_unit(void **state)
{
	static const struct {
		int64_t		 ms;
		const char	*want;
	} spans[] = {
		{ -1, "-" }, { 0, "0s" }, { 999, "0s" }, { 99999, "99s" },
		{ 100000, "1m" }, { 100 * 60000 - 1, "99m" },
		{ 100 * 60000, "1h" }, { 72 * HOUR - 1, "71h" },
		{ 72 * HOUR, "3d" }, { 3650 * DAY, "3650d" },
	};
	char	 buf[CTL_SPAN];
	size_t	 i;

	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		assert_string_equal(ctl_span(spans[i].ms, buf),
		    spans[i].want);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(rows_are_lines_of_a_table),
		cmocka_unit_test(states_are_those_of_grey_decide),
		cmocka_unit_test(spans_have_one_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

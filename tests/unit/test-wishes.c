/* SPDX-License-Identifier: ISC */
/* What milters wish for the envelope, and what of it is no wish at all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "logged.h"
#include "wishes.h"

struct wishes_case {
	const char	*what;
	const char	*wishes[6];	/* "+a@b" as the letters of packets */
	const char	*want;		/* added/removed/from/quarantine */
	int		 warnings;
};

static const struct wishes_case cases[] = {
	{ "nothing", { NULL }, "//-/-", 0 },
	{ "added, with brackets and without", { "+a@b", "+<c@d>", "2<e@f>" },
	    "a@b,c@d,e@f//-/-", 0 },
	{ "added twice", { "+a@b", "+<A@B>" }, "a@b//-/-", 0 },
	{ "removed", { "-<a@b>", "-c@d" }, "/a@b,c@d/-/-", 0 },
	{ "added, then removed", { "+a@b", "+c@d", "-<a@b>" }, "c@d/a@b/-/-", 0 },
	{ "removed, then added", { "-a@b", "+<a@b>" }, "a@b//-/-", 0 },
	{ "another sender", { "e<a@b>" }, "//a@b/-", 0 },
	{ "the last sender counts", { "ea@b", "e<c@d>" }, "//c@d/-", 0 },
	{ "no sender at all", { "e<>" }, "///-", 0 },
	{ "quarantine", { "qa virus", "qtwo of them" }, "//-/two of them", 0 },
	{ "no addresses", { "+", "-<>", "-<@>", "+a@b\r\nRSET", "+<a<b@c>",
	    "e\303\244@b" }, "//-/-", 6 },
	{ "blanks around", { "+ <a@b> NOTIFY=NEVER" }, "a@b//-/-", 0 },
};

static void
list_print(char *buf, size_t size, char *const *list, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		(void)snprintf(buf + strlen(buf), size - strlen(buf), "%s%s",
		    i > 0 ? "," : "", list[i]);
	(void)snprintf(buf + strlen(buf), size - strlen(buf), "/");
}

static int
wish(struct wishes *w, const char *text)
{
	struct change	 c = { .command = *text, .name = text + 1,
			    .value = "" };

	return wishes_take(w, &c);
}

static void
wishes_are_kept_as_one_would_mean_them(void **state)
{
	const struct wishes_case	*c;
	struct wishes			 w = { .added = NULL };
	char				 got[512];
	size_t				 i, j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = &cases[i];
		warnings = 0;
		for (j = 0; j < 6 && c->wishes[j] != NULL; j++)
			assert_int_equal(wish(&w, c->wishes[j]), 0);
		got[0] = '\0';
		list_print(got, sizeof(got), w.added, w.nadded);
		list_print(got, sizeof(got), w.removed, w.nremoved);
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s/%s", w.from != NULL ? w.from : "-",
		    w.quarantine != NULL ? w.quarantine : "-");
		if (strcmp(got, c->want) != 0 || warnings != c->warnings)
			fail_msg("%s: %s, %d warnings", c->what, got, warnings);
		wishes_clear(&w);
		assert_null(w.added);
		assert_null(w.quarantine);
		wishes_clear(&w);
	}
}

static void
wishes_of_milters_join_in_their_order(void **state)
{
	struct wishes	 a = { .added = NULL }, b = { .added = NULL };

	assert_int_equal(wish(&a, "+a@b") | wish(&a, "-c@d") |
	    wish(&a, "-x@y") | wish(&a, "ee@f") | wish(&a, "qone"), 0);
	assert_int_equal(wish(&b, "-a@b") | wish(&b, "+c@d") |
	    wish(&b, "+g@h") | wish(&b, "qtwo"), 0);
	assert_int_equal(wishes_join(&a, &b), 0);
	assert_int_equal(b.nadded + b.nremoved, 0);
	assert_null(b.quarantine);
	assert_int_equal(a.nadded, 2);
	assert_string_equal(a.added[0], "c@d");
	assert_string_equal(a.added[1], "g@h");
	assert_int_equal(a.nremoved, 2);
	assert_string_equal(a.removed[0], "x@y");
	assert_string_equal(a.removed[1], "a@b");
	assert_string_equal(a.from, "e@f");
	assert_string_equal(a.quarantine, "two");
	wishes_clear(&a);
}

static void
recipients_have_an_end(void **state)
{
	struct wishes	 w = { .added = NULL };
	char		 rcpt[400];
	int		 i;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(rcpt, sizeof(rcpt), "+%d@b", i);
		assert_int_equal(wish(&w, rcpt), 0);
	}
	assert_int_equal(wish(&w, "+one@more"), -1);
	assert_int_equal(wish(&w, "+1@b"), 0);
	assert_int_equal(w.nadded, 1000);
	wishes_clear(&w);

	warnings = 0;
	memset(rcpt, 'a', sizeof(rcpt) - 1);
	rcpt[0] = '+';
	rcpt[321] = '\0';
	assert_int_equal(wish(&w, rcpt), 0);
	assert_int_equal(w.nadded, 1);
	rcpt[321] = 'a';
	rcpt[322] = '\0';
	assert_int_equal(wish(&w, rcpt), 0);
	assert_int_equal(w.nadded, 1);
	assert_int_equal(warnings, 1);
	wishes_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(wishes_are_kept_as_one_would_mean_them),
		cmocka_unit_test(wishes_of_milters_join_in_their_order),
		cmocka_unit_test(recipients_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

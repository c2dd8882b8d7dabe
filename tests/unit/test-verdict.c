/* SPDX-License-Identifier: ISC */
/*
 * From scores to verdicts, with the limits on either side of each.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict.h"

#define NONE	{ VERDICT_MARK, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define REFUSE	{ VERDICT_REJECT, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define SEVEN	{ VERDICT_MARK, 1, 0, 0, 0, 7, 0, 0, 0, 0 }
#define ALL	{ VERDICT_MARK, 0, 1, 1, 1, 0, 15, 8, 5, 10 }

static const struct {
	struct verdict_rules	 rules;
	double			 score;
	int			 spamd;		/* what it said */
	enum verdict		 verdict;
	int			 spam;
} table[] = {
	{ NONE, 4.9, 0, VERDICT_PASS, 0 },
	{ NONE, 5, 0, VERDICT_PASS, 0 },
	{ NONE, 5, 1, VERDICT_MARK, 1 },
	{ NONE, 1e9, 1, VERDICT_MARK, 1 },
	{ REFUSE, 4.9, 0, VERDICT_PASS, 0 },
	{ REFUSE, 5, 1, VERDICT_REJECT, 1 },
	{ SEVEN, 6.9, 1, VERDICT_PASS, 0 },
	{ SEVEN, 7, 0, VERDICT_MARK, 1 },
	{ SEVEN, NAN, 1, VERDICT_PASS, 0 },
	{ ALL, -1e9, 0, VERDICT_PASS, 0 },
	{ ALL, 4.9, 0, VERDICT_PASS, 0 },
	{ ALL, 5, 1, VERDICT_TEMPFAIL, 1 },
	{ ALL, 8, 1, VERDICT_TEMPFAIL, 1 },
	{ ALL, 10, 1, VERDICT_TEMPFAIL, 1 },
	{ ALL, 10.1, 1, VERDICT_JUNK, 1 },
	{ ALL, 14.9, 1, VERDICT_JUNK, 1 },
	{ ALL, 15, 1, VERDICT_REJECT, 1 },
	/* Scores decide even where spamd says ham. */
	{ ALL, 15, 0, VERDICT_REJECT, 0 },
	{ ALL, NAN, 0, VERDICT_PASS, 0 },
};

static void
a_verdict_follows_from_the_score(void **state)
{
	size_t	 i;
	int	 spam;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		spam = table[i].spamd;
		if (verdict_find(&table[i].rules, table[i].score, &spam) !=
		    table[i].verdict || spam != table[i].spam)
			fail_msg("row %zu", i);
	}
	assert_string_equal(verdict_words[VERDICT_PASS], "pass");
	assert_string_equal(verdict_words[VERDICT_REJECT], "reject");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_verdict_follows_from_the_score),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

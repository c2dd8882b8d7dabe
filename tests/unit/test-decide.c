/* SPDX-License-Identifier: ISC */
/* Scores as they are written in options; tests/talk has what they lead to. */

#include <sys/types.h>

#include "decide.h"
#include "options.h"
#include "mail.h"

static void
test_scores(void **state)
{
	static const char *const	 names[] = {
		"threshold", "reject-score", "junk-score"
	};
	static const char *const	 good[] = {
		"5", "4.5", "-1", "0", ".5", "99999"
	};
	static const char *const	 bad[] = {
		"", "x", "5x", "5 6", "1e3", "0x10", "nan", "inf", "-inf",
		"100001", "-100001", "4,5", "5..6", "-", " 5x"
	};
	size_t				 i, j;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (j = 0; j < sizeof(good) / sizeof(good[0]); j++)
			assert_null(mail_key(decide_keys, names[i], good[j]));
		for (j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			assert_non_null(mail_key(decide_keys, names[i],
			    bad[j]));
	}
}

static void
test_range(void **state)
{
	static const char *const	 good[] = {
		"5..8", "5.5..8.5", "-1..1", "5..5", "5 .. 8"
	};
	static const char *const	 bad[] = {
		"", "5", "..", "5..", "..8", "8..5", "5-8", "5 8", "a..b",
		"5..8x", "5x..8", "5..100001", "1e1..20", "5..8..9"
	};
	size_t				 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(mail_key(decide_keys, "tempfail-score", good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(mail_key(decide_keys, "tempfail-score",
		    bad[i]));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_range)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

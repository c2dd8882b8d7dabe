/* SPDX-License-Identifier: ISC */
/*
 * Greylisting as a table of what is tried when, and what comes of it.  The
 * table is in grey-cases.h, since the shared store has to say the same.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "grey.h"
#include "grey-cases.h"

#define TUPLES	4

static void
each_case_comes_out_as_it_should(void **state)
{
	const struct grey_case	*c;
	const struct grey_step	*st;
	struct grey_tuple	 tuples[TUPLES];
	struct grey_client	 client;
	struct grey_verdict	 v;
	size_t			 i;

	for (c = grey_cases; c->name != NULL; c++) {
		memset(tuples, 0, sizeof(tuples));
		memset(&client, 0, sizeof(client));
		client.white_until = c->white_until;
		client.trap_until = c->trap_until;
		for (i = 0; c->steps[i].at != 0; i++) {
			st = &c->steps[i];
			grey_decide(&c->rules, st->at,
			    st->what == PARTNER, st->what == BAIT,
			    &tuples[st->tuple], &client, &v);
			if (v.reason != st->reason || v.wait != st->wait ||
			    v.delayed != st->delayed ||
			    v.defer != (st->reason <= GREY_TRAPPED))
				fail_msg("%s, step %zu: %s wait %lld delayed "
				    "%lld", c->name, i, grey_reasons[v.reason],
				    (long long)v.wait, (long long)v.delayed);
		}
	}
}

static void
what_is_over_can_be_forgotten(void **state)
{
	const struct grey_rules	 r = { .delay = 10, .retry_window = 100,
				    .max_age = 1000 };
	struct grey_tuple	 t = { .first = 5000, .last = 5000 };
	struct grey_client	 c = { .first = 5000, .last = 5000 };

	assert_false(grey_tuple_over(&r, 5100, &t));
	assert_true(grey_tuple_over(&r, 5101, &t));
	assert_false(grey_tuple_over(&r, 5000 - GREY_STEP, &t));
	assert_true(grey_tuple_over(&r, 5000 - GREY_STEP - 1, &t));
	t.passed = 1;
	assert_false(grey_tuple_over(&r, 6000, &t));
	assert_true(grey_tuple_over(&r, 6001, &t));
	assert_false(grey_client_over(&r, 6000, &c));
	assert_true(grey_client_over(&r, 6001, &c));
	c.trap_until = 5500;
	assert_true(grey_client_over(&r, 5500, &c));
	c.passed = 1;
	assert_false(grey_client_over(&r, 5500, &c));
	c.trap_until = 7000;
	assert_false(grey_client_over(&r, 6999, &c));
	assert_true(grey_client_over(&r, 7000, &c));
	c.white_until = 8000;
	assert_false(grey_client_over(&r, 7000, &c));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_case_comes_out_as_it_should),
		cmocka_unit_test(what_is_over_can_be_forgotten)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

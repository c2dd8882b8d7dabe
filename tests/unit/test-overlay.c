/* SPDX-License-Identifier: ISC */
/*
 * Changes on their way to the file, by hand: what is seen meanwhile, what is
 * left when they land or fail, and what goes when there is too much.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "overlay.h"

static const uint64_t	 seed[2] = { 1, 2 };

static void
put(struct overlay *o, enum store_kind kind, const char *key, int64_t first,
    int64_t passed)
{
	struct store_row	 row = { .kind = kind, .key = key };

	row.tuple.first = row.client.first = first;
	row.tuple.passed = passed;
	assert_int_equal(overlay_put(o, &row, NULL, 0, 0), 0);
}

/* -1: deleted, 0: not there, else what put() gave. */
static int64_t
get(struct overlay *o, enum store_kind kind, const char *key)
{
	struct store_row	 row;
	int			 found = overlay_get(o, kind, key, &row);

	return found != 1 ? found : row.tuple.first;
}

static void
kinds_are_apart_and_the_last_change_counts(void **state)
{
	struct overlay		*o = overlay_new(1 << 20, seed);
	struct store_row	 row = { .kind = STORE_TUPLE, .key = "a" };

	put(o, STORE_TUPLE, "a", 5, 0);
	put(o, STORE_CLIENT, "a", 6, 0);
	put(o, STORE_TUPLE, "a", 7, 0);
	assert_int_equal(get(o, STORE_TUPLE, "a"), 7);
	assert_int_equal(get(o, STORE_CLIENT, "a"), 6);
	assert_int_equal(get(o, STORE_PARTNER, "a"), 0);
	assert_int_equal(get(o, STORE_TUPLE, "b"), 0);
	assert_int_equal(overlay_waiting(o), 2);
	assert_int_equal(overlay_put(o, &row, NULL, 1, 1), 0);
	assert_int_equal(get(o, STORE_TUPLE, "a"), -1);
	assert_int_equal(overlay_waiting(o), 2);
	overlay_free(o);
}

static void
what_was_written_is_gone_unless_it_changed(void **state)
{
	struct overlay	*o = overlay_new(1 << 20, seed);
	struct flight	 f[4];

	put(o, STORE_TUPLE, "a", 1, 0);
	put(o, STORE_TUPLE, "b", 2, 0);
	assert_int_equal(overlay_take(o, f, 4), 2);
	assert_int_equal(overlay_take(o, f + 2, 2), 0);
	assert_int_equal(get(o, STORE_TUPLE, "a"), 1);
	put(o, STORE_TUPLE, "b", 3, 0);
	assert_int_equal(f[1].row.tuple.first, 2);
	overlay_land(o, f, 2, 1);
	assert_int_equal(get(o, STORE_TUPLE, "a"), 0);
	assert_int_equal(get(o, STORE_TUPLE, "b"), 3);
	/* Next time it is known what is in the file. */
	assert_int_equal(overlay_take(o, f, 4), 1);
	assert_true(f[0].base.known);
	assert_int_equal(f[0].base.first, 2);
	overlay_land(o, f, 1, 1);
	assert_int_equal(get(o, STORE_TUPLE, "b"), 0);
	overlay_free(o);
}

static void
what_was_not_written_comes_again_in_order(void **state)
{
	struct overlay	*o = overlay_new(1 << 20, seed);
	struct flight	 f[8];

	put(o, STORE_TUPLE, "a", 1, 0);
	put(o, STORE_TUPLE, "b", 2, 0);
	put(o, STORE_TUPLE, "c", 3, 0);
	assert_int_equal(overlay_take(o, f, 2), 2);
	overlay_land(o, f, 2, 0);
	assert_int_equal(overlay_take(o, f, 8), 3);
	assert_string_equal(f[0].row.key, "a");
	assert_string_equal(f[1].row.key, "b");
	assert_string_equal(f[2].row.key, "c");
	overlay_land(o, f, 3, 0);
	assert_int_equal(overlay_waiting(o), 3);
	overlay_free(o);
}

static void
what_was_told_by_hand_stays_so_until_it_is_written(void **state)
{
	struct overlay		*o = overlay_new(1 << 20, seed);
	struct store_row	 row = { .kind = STORE_CLIENT, .key = "a" };
	struct flight		 f;

	assert_int_equal(overlay_put(o, &row, NULL, 0, 1), 0);
	put(o, STORE_CLIENT, "a", 1, 0);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	assert_true(f.by_hand);
	put(o, STORE_CLIENT, "a", 2, 0);
	overlay_land(o, &f, 1, 0);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	assert_true(f.by_hand);
	put(o, STORE_CLIENT, "a", 3, 0);
	overlay_land(o, &f, 1, 1);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	assert_false(f.by_hand);
	overlay_land(o, &f, 1, 1);
	overlay_free(o);
}

static void
a_row_that_somebody_else_wrote_is_read_again(void **state)
{
	struct overlay		*o = overlay_new(1 << 20, seed);
	struct store_row	 row = { .kind = STORE_CLIENT, .key = "a" };
	struct flight		 f;

	put(o, STORE_CLIENT, "a", 1, 0);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	put(o, STORE_CLIENT, "a", 2, 0);
	f.lost = 1;
	overlay_land(o, &f, 1, 1);
	assert_int_equal(get(o, STORE_CLIENT, "a"), 0);
	assert_int_equal(overlay_waiting(o), 0);
	/* Not so if it was told by hand meanwhile. */
	put(o, STORE_CLIENT, "a", 1, 0);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	row.tuple.first = 5;
	assert_int_equal(overlay_put(o, &row, NULL, 0, 1), 0);
	f.lost = 1;
	overlay_land(o, &f, 1, 1);
	assert_int_equal(get(o, STORE_CLIENT, "a"), 5);
	overlay_free(o);
}

static void
too_much_drops_the_oldest_grey_tuples_first(void **state)
{
	struct overlay	*o = overlay_new(20000, seed);
	struct flight	 f;
	char		 key[32];
	int		 i;
	size_t		 n;

	put(o, STORE_CLIENT, "client", 1, 0);
	put(o, STORE_TUPLE, "passed", 1, 1);
	put(o, STORE_TUPLE, "flying", 1, 2);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	for (i = 1; i <= 1000; i++) {
		(void)snprintf(key, sizeof(key), "grey %d", i);
		put(o, STORE_TUPLE, key, i, 0);
	}
	n = overlay_waiting(o);
	assert_in_range(n, 30, 200);
	assert_int_equal(overlay_dropped(o), 1002 - n);
	assert_int_equal(overlay_dropped(o), 0);
	assert_int_equal(get(o, STORE_CLIENT, "client"), 1);
	assert_int_equal(get(o, STORE_TUPLE, "passed"), 1);
	assert_int_equal(get(o, STORE_TUPLE, "grey 1000"), 1000);
	assert_int_equal(get(o, STORE_TUPLE, "grey 1"), 0);
	for (i = 1; i <= 1000; i++) {
		(void)snprintf(key, sizeof(key), "passed %d", i);
		put(o, STORE_TUPLE, key, i, 1);
	}
	assert_int_equal(get(o, STORE_TUPLE, "grey 1000"), 0);
	assert_int_equal(get(o, STORE_TUPLE, "passed"), 0);
	assert_int_equal(get(o, STORE_TUPLE, "passed 1000"), 1000);
	/* What is on its way can't go. */
	assert_int_equal(get(o, f.row.kind, f.row.key), 1);
	overlay_land(o, &f, 1, 1);
	overlay_free(o);
}

static void
one_that_is_too_large_is_refused(void **state)
{
	struct overlay		*o = overlay_new(100, seed);
	struct store_row	 row = { .kind = STORE_TUPLE, .key = "a" };

	assert_int_equal(overlay_put(o, &row, NULL, 0, 0), -1);
	assert_int_equal(overlay_dropped(o), 1);
	assert_int_equal(overlay_waiting(o), 0);
	overlay_free(o);
}

static void
a_new_file_has_nothing_in_it(void **state)
{
	struct overlay		*o = overlay_new(1 << 20, seed);
	struct store_row	 row = { .kind = STORE_TUPLE, .key = "a",
				    .tuple = { .first = 1 } };
	struct base		 base = base_of(&row);
	struct flight		 f;

	assert_int_equal(overlay_put(o, &row, &base, 0, 0), 0);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	assert_true(f.base.known);
	overlay_land(o, &f, 1, 0);
	overlay_rebase(o);
	assert_int_equal(overlay_take(o, &f, 1), 1);
	assert_false(f.base.known);
	overlay_land(o, &f, 1, 1);
	overlay_free(o);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(kinds_are_apart_and_the_last_change_counts),
		cmocka_unit_test(what_was_written_is_gone_unless_it_changed),
		cmocka_unit_test(what_was_not_written_comes_again_in_order),
		cmocka_unit_test(
		    what_was_told_by_hand_stays_so_until_it_is_written),
		cmocka_unit_test(a_row_that_somebody_else_wrote_is_read_again),
		cmocka_unit_test(too_much_drops_the_oldest_grey_tuples_first),
		cmocka_unit_test(one_that_is_too_large_is_refused),
		cmocka_unit_test(a_new_file_has_nothing_in_it)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The file's own bound: when there is too much in it grey tuples go, and
 * nothing else; a batch is written whole or not at all; and what is short of
 * memory does not take a sound file for a broken one.
 */

#include "db.h"
#include "store_rig.h"

#define PASSED	500
#define BATCH	1000

static struct db	*db;
static struct flight	 flights[BATCH];
static char		 keys[BATCH][120];

static int
open_db(void **state)
{
	const char	*why;
	FILE		*f;

	if ((f = fopen(rig_path, "w")) == NULL || fclose(f) != 0)
		return -1;
	return db_open(&db, rig_path, 1, NULL, NULL, &why) == DB_FINE ? 0 : -1;
}

static int
close_db(void **state)
{
	db_close(db);
	(void)rig_clear("");
	return 0;
}

/* Tuples from a number on; the passed ones are between the others. */
static enum db_state
write_tuples(int from, int n, int passed, int64_t max)
{
	const char	*why;
	int		 i;

	memset(flights, 0, sizeof(flights));
	for (i = 0; i < n; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "%05d/%s/%090d",
		    (from + i) * 7919 % 100003, passed ? "p" : "g", 0);
		flights[i].row.kind = STORE_TUPLE;
		flights[i].row.key = keys[i];
		flights[i].row.tuple.first = 1;
		flights[i].row.tuple.passed = passed;
	}
	return db_write(db, flights, (size_t)n, max, &why);
}

static void
a_large_file_loses_grey_tuples_only(void **state)
{
	int	 i;

	assert_int_equal(write_tuples(0, PASSED, 1, 1 << 30), DB_FINE);
	for (i = 0; i < 50; i++)
		assert_int_equal(write_tuples(PASSED + i * BATCH, BATCH, 0,
		    1 << 20), DB_FINE);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple "
	    "WHERE passed=1"), PASSED);
	/* Some 7000 are a megabyte. */
	assert_in_range(rig_ask("SELECT count(*) FROM tuple "
	    "WHERE passed=0"), 3000, 10000);
	assert_in_range(rig_ask("SELECT page_count*page_size "
	    "FROM pragma_page_count,pragma_page_size"), 1 << 20, 2 << 20);
}

static void
a_small_file_loses_nothing(void **state)
{
	int	 i;

	for (i = 0; i < 5; i++)
		assert_int_equal(write_tuples(i * BATCH, BATCH, 0, 1 << 30),
		    DB_FINE);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 5 * BATCH);
}

static void
a_batch_is_written_whole_or_not_at_all(void **state)
{
	assert_int_equal(rig_ask("CREATE TRIGGER no BEFORE INSERT ON tuple "
	    "WHEN (SELECT count(*) FROM tuple) = 10 "
	    "BEGIN SELECT raise(ABORT, 'full'); END"), -1);
	assert_int_not_equal(write_tuples(0, 20, 0, 1 << 30), DB_FINE);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 0);
	assert_int_equal(write_tuples(0, 10, 0, 1 << 30), DB_FINE);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 10);
}

static sqlite3_mem_methods	 memory;
static int			 until_no_memory;	/* calls; -1 */

static int
is_no_memory(void)
{
	if (until_no_memory <= 0)
		return until_no_memory == 0;
	until_no_memory--;
	return 0;
}

static void *
limited_malloc(int size)
{
	return is_no_memory() ? NULL : memory.xMalloc(size);
}

static void *
limited_realloc(void *p, int size)
{
	return is_no_memory() ? NULL : memory.xRealloc(p, size);
}

/* Before SQLite is used. */
static int
make_all(void **state)
{
	sqlite3_mem_methods	 limited;

	until_no_memory = -1;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
		return -1;
	limited = memory;
	limited.xMalloc = limited_malloc;
	limited.xRealloc = limited_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &limited) != SQLITE_OK)
		return -1;
	return rig_make(state);
}

static void
a_sound_file_is_not_broken_for_want_of_memory(void **state)
{
	struct db	*other;
	const char	*why;
	enum db_state	 got = DB_FAILED;
	int		 i;

	assert_int_equal(write_tuples(0, 20, 0, 1 << 30), DB_FINE);
	for (i = 0; got != DB_FINE; i++) {
		assert_in_range(i, 0, 10000);
		until_no_memory = i;
		got = db_open(&other, rig_path, i % 2, NULL, NULL, &why);
		until_no_memory = -1;
		if (got != DB_FINE && got != DB_FAILED)
			fail_msg("%d: %d, %s", i, got, why);
	}
	assert_in_range(i, 50, 10000);
	db_close(other);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_large_file_loses_grey_tuples_only, open_db, close_db),
		cmocka_unit_test_setup_teardown(
		    a_small_file_loses_nothing, open_db, close_db),
		cmocka_unit_test_setup_teardown(
		    a_batch_is_written_whole_or_not_at_all, open_db, close_db),
		cmocka_unit_test_setup_teardown(
		    a_sound_file_is_not_broken_for_want_of_memory, open_db,
		    close_db)
	};

	return cmocka_run_group_tests(tests, make_all, rig_remove);
}

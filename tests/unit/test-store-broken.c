/* SPDX-License-Identifier: ISC */
/*
 * Files that are not what they should be: what can't be read is moved aside
 * and said, what is somebody else's is left alone, and mail goes on.
 */

#include <sys/stat.h>

#include <fcntl.h>

#include "grey-cases.h"
#include "store_rig.h"
#include "stderr.h"

static const struct grey_rules	 rules = POSTGREY;

static void
write_file(const char *data, size_t len, off_t at)
{
	int	 fd;

	assert_true((fd = open(rig_path, O_WRONLY | O_CREAT, 0600)) != -1);
	assert_int_equal(pwrite(fd, data, len, at), len);
	assert_int_equal(close(fd), 0);
}

/* 3000 tuples: some dozens of pages. */
static void
fill_file(void)
{
	struct store		*st = store_open(rig_path, &rules, 1);
	struct store_row	 row = { .kind = STORE_TUPLE };
	char			 key[64];
	int			 i;

	assert_non_null(st);
	row.key = key;
	row.tuple.first = row.tuple.last = T;
	for (i = 0; i < 3000; i++) {
		(void)snprintf(key, sizeof(key), "192.0.2.0/a@b/%d@c", i);
		assert_int_equal(store_put(st, &row), 0);
	}
	store_close(st);
}

static void
make_garbage(void)
{
	char	 page[8192];

	memset(page, 'x', sizeof(page));
	write_file(page, sizeof(page), 0);
}

static void
make_short(void)
{
	fill_file();
	assert_int_equal(truncate(rig_path, 20000), 0);
}

static void
make_future(void)
{
	fill_file();
	(void)rig_ask("PRAGMA user_version = 2");
}

static void
make_incomplete(void)
{
	fill_file();
	(void)rig_ask("DROP TABLE client");
}

static const struct broken {
	const char	*name;
	void		(*make)(void);
	const char	*said;
} broken[] = {
	{ "garbage", make_garbage, "not a database" },
	{ "truncated", make_short, "malformed" },
	{ "future", make_future, "newer release" },
	{ "incomplete", make_incomplete, "tables are missing" },
	{ NULL, NULL, NULL }
};

static void
what_cannot_be_read_is_moved_aside_and_said(void **state)
{
	const struct broken	*b;
	struct store		*st;
	const char		*said;

	for (b = broken; b->name != NULL; b++) {
		b->make();
		stderr_start();
		st = store_open(rig_path, &rules, 1);
		said = stderr_stop();
		if (st == NULL || strstr(said, b->said) == NULL ||
		    strstr(said, "grey.db.broken-2") == NULL)
			fail_msg("%s: %s", b->name, said);
		assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
		assert_int_equal(store_sync(st), 0);
		assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 1);
		assert_null(store_trouble(st));
		store_close(st);
		assert_int_equal(rig_clear(".broken-"), 1);
	}
}

static void
an_empty_file_becomes_one(void **state)
{
	struct store	*st;

	write_file("", 0, 0);
	stderr_start();
	st = store_open(rig_path, &rules, 1);
	assert_string_equal(stderr_stop(), "");
	assert_non_null(st);
	store_close(st);
	assert_int_equal(rig_clear(""), 1);
}

static void
a_database_of_another_program_is_left_alone(void **state)
{
	struct store	*st;

	(void)rig_ask("CREATE TABLE mine (all_of_it)");
	stderr_start();
	st = store_open(rig_path, &rules, 1);
	assert_non_null(strstr(stderr_stop(), "another program"));
	assert_null(st);
	assert_int_equal(rig_ask("SELECT count(*) FROM mine"), 0);
	assert_int_equal(rig_clear(""), 1);
}

static void
a_wrong_path_is_a_mistake_of_the_administrator(void **state)
{
	struct store	*st;

	stderr_start();
	st = store_open("/nonexistent/grey.db", &rules, 1);
	assert_non_null(strstr(stderr_stop(), "No such file"));
	assert_null(st);
	stderr_start();
	st = store_open(rig_dir, &rules, 1);
	assert_non_null(strstr(stderr_stop(), "unable to open"));
	assert_null(st);
}

/* The pages of tuples, not those of the schema. */
static void
break_tuples(void)
{
	char		 page[4096];
	struct stat	 sb;
	off_t		 at;

	memset(page, 'x', sizeof(page));
	assert_int_equal(stat(rig_path, &sb), 0);
	for (at = 5 * 4096; at < sb.st_size; at += 4096)
		write_file(page, sizeof(page), at);
}

static void
damage_is_found_when_it_is_read(int thread)
{
	struct store	*st;
	const char	*said;

	fill_file();
	break_tuples();
	assert_non_null(st = store_open(rig_path, &rules, 1));
	if (thread)
		assert_int_equal(store_start(st), 0);
	stderr_start();
	assert_int_equal(rig_mail(st, "192.0.2.0/a@b/7@c", "192.0.2.1", T),
	    GREY_NEW);
	(void)store_sync(st);
	said = stderr_stop();
	assert_non_null(strstr(said, "not read: database disk image"));
	assert_non_null(strstr(said, "moved to"));
	assert_int_equal(rig_mail(st, "192.0.2.0/a@b/7@c", "192.0.2.1",
	    T + M), GREY_EARLY);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	assert_int_equal(rig_mail(st, "192.0.2.0/a@b/7@c", "192.0.2.1",
	    T + H), GREY_FOUND);
	store_close(st);
	assert_int_equal(rig_clear(".broken-"), 1);
}

static void
damage_is_found_at_run_time(void **state)
{
	damage_is_found_when_it_is_read(0);
	damage_is_found_when_it_is_read(1);
}

/* As another process has moved it aside. */
static void
damage_of_a_file_that_is_gone_costs_no_other(void **state)
{
	struct store	*first, *second;

	fill_file();
	break_tuples();
	assert_non_null(first = store_open(rig_path, &rules, 1));
	assert_int_equal(store_start(first), 0);
	assert_non_null(second = store_open(rig_path, &rules, 1));
	assert_int_equal(store_start(second), 0);
	stderr_start();
	assert_int_equal(rig_mail(first, "192.0.2.0/a@b/7@c", "192.0.2.1", T),
	    GREY_NEW);
	(void)store_sync(first);
	assert_int_equal(rig_mail(second, "192.0.2.0/a@b/8@c", "192.0.2.1",
	    T), GREY_NEW);
	assert_int_equal(store_sync(second), 0);
	assert_non_null(strstr(stderr_stop(), "moved to"));
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 2);
	assert_int_equal(rig_mail(second, "192.0.2.0/a@b/7@c", "192.0.2.1",
	    T + H), GREY_FOUND);
	store_close(first);
	store_close(second);
	assert_int_equal(rig_clear(".broken-"), 1);
}

static void
a_file_that_was_removed_is_made_again(void **state)
{
	struct store	*st = store_open(rig_path, &rules, 1);

	assert_non_null(st);
	assert_int_equal(store_start(st), 0);
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	assert_int_equal(store_sync(st), 0);
	(void)rig_clear("");
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + M), GREY_EARLY);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	(void)rig_ask("DELETE FROM tuple");
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + M), GREY_NEW);
	store_close(st);
	(void)rig_clear("");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_cannot_be_read_is_moved_aside_and_said),
		cmocka_unit_test(an_empty_file_becomes_one),
		cmocka_unit_test(a_database_of_another_program_is_left_alone),
		cmocka_unit_test(
		    a_wrong_path_is_a_mistake_of_the_administrator),
		cmocka_unit_test(damage_is_found_at_run_time),
		cmocka_unit_test(damage_of_a_file_that_is_gone_costs_no_other),
		cmocka_unit_test(a_file_that_was_removed_is_made_again)
	};

	return cmocka_run_group_tests(tests, rig_make, rig_remove);
}

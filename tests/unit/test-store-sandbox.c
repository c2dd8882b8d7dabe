/* SPDX-License-Identifier: ISC */
/*
 * The store in the sandbox that the filter asks for: in a worker of a guard
 * that is in one too, all that SQLite does has to work there, and threads.
 */

#include <fcntl.h>

#include "grey-cases.h"
#include "sandbox_child.h"
#include "store_rig.h"

#define PROMISES	"stdio rpath wpath cpath thread"

static const struct grey_rules	 rules = POSTGREY;
static struct store		*store;

static void
body_worker(void)
{
	CHECK(store_start(store) == 0);
	enter(PROMISES);
	CHECK(rig_mail(store, "x", "192.0.2.1", T) == GREY_NEW);
	CHECK(store_sync(store) == 0);
	CHECK(rig_mail(store, "x", "192.0.2.1", T + M) == GREY_EARLY);
	CHECK(store_sync(store) == 0);
	CHECK(store_trouble(store) == NULL);
	store_close(store);
}

static void
body_guard(void)
{
	int	 status;
	pid_t	 pid;

	enter(PROMISES " proc");
	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		body_worker();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
run(void (*body)(void))
{
	assert_non_null(store = store_open(rig_path, &rules, 1));
	in_child(body);
	store_close(store);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	/* The last one tidies up. */
	assert_int_equal(rig_clear("-wal"), 0);
}

static void
a_worker_writes_in_its_sandbox(void **state)
{
	need_seccomp();
	run(body_worker);
	run(body_guard);
}

/* It was killed, and left its journal: the next one has to read that. */
static void
body_killed(void)
{
	enter(PROMISES);
	CHECK(store_start(store) == 0);
	CHECK(rig_mail(store, "x", "192.0.2.1", T) == GREY_NEW);
	CHECK(store_sync(store) == 0);
	_exit(0);
}

static void
body_next(void)
{
	enter(PROMISES);
	CHECK(store_start(store) == 0);
	CHECK(rig_mail(store, "x", "192.0.2.1", T + M) == GREY_EARLY);
	store_close(store);
}

static void
a_journal_that_was_left_is_read_in_the_sandbox(void **state)
{
	need_seccomp();
	assert_non_null(store = store_open(rig_path, &rules, 1));
	in_child(body_killed);
	in_child(body_next);
	store_close(store);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	assert_int_equal(rig_clear("-wal"), 0);
}

static void
body_broken(void)
{
	char	 page[8192] = "garbage";
	int	 fd;

	enter(PROMISES);
	CHECK((fd = open(rig_path, O_WRONLY)) != -1);
	CHECK(pwrite(fd, page, sizeof(page), 0) == (ssize_t)sizeof(page));
	CHECK(close(fd) == 0);
	CHECK(store_start(store) == 0);
	CHECK(rig_mail(store, "x", "192.0.2.1", T) == GREY_NEW);
	CHECK(store_sync(store) == 0);
	CHECK(rig_mail(store, "x", "192.0.2.1", T + M) == GREY_EARLY);
	store_close(store);
}

static void
a_broken_file_is_moved_aside_in_the_sandbox(void **state)
{
	need_seccomp();
	assert_non_null(store = store_open(rig_path, &rules, 1));
	in_child(body_broken);
	store_close(store);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	assert_int_equal(rig_clear(".broken-"), 1);
}

static void
body_elsewhere(void)
{
	enter(PROMISES);
	DENIED(open("/etc/passwd", O_RDONLY));
	DENIED(open("/tmp/test-store-elsewhere", O_WRONLY | O_CREAT, 0600));
}

static void
nothing_but_its_directory_is_open_to_it(void **state)
{
	need_landlock();
	assert_non_null(store = store_open(rig_path, &rules, 1));
	in_child(body_elsewhere);
	store_close(store);
	(void)rig_clear("");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_worker_writes_in_its_sandbox),
		cmocka_unit_test(
		    a_journal_that_was_left_is_read_in_the_sandbox),
		cmocka_unit_test(a_broken_file_is_moved_aside_in_the_sandbox),
		cmocka_unit_test(nothing_but_its_directory_is_open_to_it)
	};

	return cmocka_run_group_tests(tests, rig_make, rig_remove);
}

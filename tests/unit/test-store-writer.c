/* SPDX-License-Identifier: ISC */
/*
 * The thread that writes: it does so by itself, a full disk or a lock of
 * somebody else stops nobody, and a kill at any time leaves a sound file.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "clock.h"
#include "grey-cases.h"
#include "store_rig.h"
#include "stderr.h"

static const struct grey_rules	 rules = POSTGREY;

static struct store *
start_store(void)
{
	struct store	*st = store_open(rig_path, &rules, 1);

	assert_non_null(st);
	assert_int_equal(store_start(st), 0);
	return st;
}

static void
wait_for_tuples(int64_t n)
{
	int64_t	 end = clock_ms() + 10000;

	while (rig_ask("SELECT count(*) FROM tuple") < n) {
		if (clock_ms() > end)
			fail_msg("%lld tuples are not written", (long long)n);
		(void)usleep(20000);
	}
}

static void
changes_are_written_without_being_asked_for(void **state)
{
	struct store	*st = start_store();
	char		 key[32];
	int		 i;

	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	wait_for_tuples(1);
	assert_int_equal(rig_mail(st, "y", "192.0.2.1", T), GREY_NEW);
	wait_for_tuples(2);
	for (i = 0; i < 5000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(rig_mail(st, key, "192.0.2.1", T), GREY_NEW);
	}
	wait_for_tuples(5002);
	store_close(st);
	(void)rig_clear("");
}

/* Files may not grow.  What it fails with is an I/O error. */
static void
disk_full(int full)
{
	struct rlimit	 rl;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &rl), 0);
	rl.rlim_cur = full ? 4096 : rl.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
}

static void
a_full_disk_is_said_once_and_mail_goes_on(void **state)
{
	struct store	*st = start_store();
	const char	*said, *first;
	char		 key[32];
	int		 i, reason[2] = { 0, 0 };

	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	assert_int_equal(store_sync(st), 0);
	disk_full(1);
	stderr_start();
	for (i = 0; i < 3000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i / 2);
		reason[i % 2] += rig_mail(st, key, "192.0.2.1", T + i % 2 * M);
		if (i % 1000 == 999 && store_sync(st) == 0)
			reason[0]++;
	}
	said = stderr_stop();
	disk_full(0);
	assert_int_equal(reason[0], 1500 * GREY_NEW);
	assert_int_equal(reason[1], 1500 * GREY_EARLY);
	assert_non_null(first = strstr(said, "not written: disk I/O error"));
	assert_null(strstr(first + 1, "not written"));
	assert_string_equal(store_trouble(st), "disk I/O error");
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + H), GREY_FOUND);
	stderr_start();
	assert_int_equal(store_sync(st), 0);
	assert_non_null(strstr(stderr_stop(), "written again, 0 changes"));
	assert_null(store_trouble(st));
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple "
	    "WHERE blocked=2"), 1500);
	assert_int_equal(rig_ask("SELECT passed FROM tuple WHERE key='x'"), 1);
	store_close(st);
	(void)rig_clear("");
}

static void
a_disk_that_is_full_at_the_start_is_no_reason_not_to(void **state)
{
	struct store	*st;

	disk_full(1);
	stderr_start();
	st = store_open(rig_path, &rules, 1);
	assert_non_null(strstr(stderr_stop(), "going on in memory"));
	assert_non_null(st);
	stderr_start();
	assert_int_equal(store_start(st), 0);
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + H), GREY_FOUND);
	(void)stderr_stop();
	disk_full(0);
	stderr_start();
	assert_int_equal(store_sync(st), 0);
	(void)stderr_stop();
	assert_int_equal(rig_ask("SELECT passed FROM tuple"), 1);
	/* It is read, too, without a wait. */
	(void)rig_ask("UPDATE tuple SET last=last+1000000000");
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + 40 * D),
	    GREY_FOUND);
	store_close(st);
	(void)rig_clear("");
}

static void
nobody_waits_for_a_lock_of_another_process(void **state)
{
	struct store	*st = start_store();
	sqlite3		*other;
	int64_t		 begun;

	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(sqlite3_open(rig_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	begun = clock_ms();
	assert_int_equal(rig_mail(st, "y", "192.0.2.1", T), GREY_NEW);
	(void)usleep(300000);	/* now the thread waits for the lock */
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + M), GREY_EARLY);
	assert_int_equal(rig_mail(st, "y", "192.0.2.1", T + M), GREY_EARLY);
	assert_true(clock_ms() - begun < 3000);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	wait_for_tuples(2);
	assert_null(store_trouble(st));
	store_close(st);
	assert_int_equal(rig_ask("SELECT sum(blocked) FROM tuple"), 4);
	(void)rig_clear("");
}

static struct store	*to_sync;	/* when this thread reads next */
static pthread_t	 reader;

static int
sync_now(unsigned int what, void *arg, void *p, void *x)
{
	struct store	*st;

	if (!pthread_equal(pthread_self(), reader) || to_sync == NULL)
		return 0;
	st = to_sync;
	to_sync = NULL;
	assert_int_equal(store_sync(st), 0);
	return 0;
}

static int
watch(sqlite3 *db, const char **why, const struct sqlite3_api_routines *api)
{
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, sync_now, NULL);
}

static void
what_is_written_while_one_decides_can_be_changed(void **state)
{
	struct store	*st;

	reader = pthread_self();
	assert_int_equal(sqlite3_auto_extension((void (*)(void))watch),
	    SQLITE_OK);
	st = start_store();
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	/* Found in memory, and only in the file when it is put back. */
	to_sync = st;
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T + M), GREY_EARLY);
	assert_null(to_sync);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 2);
	(void)sqlite3_cancel_auto_extension((void (*)(void))watch);
	store_close(st);
	(void)rig_clear("");
}

static int	under_way;	/* 1 while a round is that will fail */

static int
fail_once(sqlite3 *db, const char **why, const struct sqlite3_api_routines *api)
{
	static int	 failed;

	if (pthread_equal(pthread_self(), reader) || failed)
		return SQLITE_OK;
	failed = 1;
	__atomic_store_n(&under_way, 1, __ATOMIC_RELEASE);
	(void)usleep(300000);
	return SQLITE_FULL;
}

static void
what_failed_before_one_asks_is_tried_again(void **state)
{
	struct store	*st = start_store();

	reader = pthread_self();
	assert_int_equal(sqlite3_auto_extension((void (*)(void))fail_once),
	    SQLITE_OK);
	assert_int_equal(rig_mail(st, "x", "192.0.2.1", T), GREY_NEW);
	while (!__atomic_load_n(&under_way, __ATOMIC_ACQUIRE))
		(void)usleep(1000);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 1);
	(void)sqlite3_cancel_auto_extension((void (*)(void))fail_once);
	store_close(st);
	(void)rig_clear("");
}

/* 64 MB wait for a lock of another process. */
static void
what_is_too_much_by_hand_is_not_taken_for_kept(void **state)
{
	struct store		*st = start_store();
	char			 key[1024];
	struct store_row	 row = { .kind = STORE_PARTNER, .key = key,
				    .until = T };
	sqlite3			*other;
	const char		*said, *first;
	int			 i, refused = 0, tries = 0;

	assert_int_equal(sqlite3_open(rig_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	stderr_start();
	for (i = 0; i < 70000; i++) {
		(void)snprintf(key, sizeof(key), "%01000d@x", i);
		refused += store_put(st, &row) == -1;
	}
	said = stderr_stop();
	assert_in_range(refused, 10000, 30000);
	assert_non_null(first = strstr(said, "forgetting the oldest"));
	assert_null(strstr(first + 1, "forgetting"));
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	/* Each waits for 10 s at most. */
	while (store_sync(st) == -1)
		assert_true(++tries < 10);
	assert_int_equal(rig_ask("SELECT count(*) FROM partner"),
	    70000 - refused);
	store_close(st);
	(void)rig_clear("");
}

/* Until it is killed. */
static void
write_for_ever(void)
{
	struct store	*st = store_open(rig_path, &rules, 1);
	char		 key[64];
	int64_t		 i;

	(void)alarm(20);
	if (st == NULL || store_start(st) == -1)
		_exit(1);
	for (i = 0;; i++) {
		(void)snprintf(key, sizeof(key), "%lld/%d",
		    (long long)(i * 7919 % 20011), (int)getpid());
		(void)rig_mail(st, key, "192.0.2.1", T + i);
	}
}

static void
a_kill_at_any_time_leaves_a_sound_file(void **state)
{
	int64_t	 tuples = 0;
	int	 i, status;
	pid_t	 pid;

	store_close(start_store());
	for (i = 0; i < 8; i++) {
		assert_true((pid = fork()) != -1);
		if (pid == 0)
			write_for_ever();
		wait_for_tuples(tuples + 1);
		(void)usleep((useconds_t)(i * 31000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(rig_ask("SELECT count(*) "
		    "FROM pragma_integrity_check "
		    "WHERE integrity_check <> 'ok'"), 0);
		tuples = rig_ask("SELECT count(*) FROM tuple");
	}
	(void)rig_clear("");
}

static void
workers_follow_each_other_in_processes(void **state)
{
	struct store	*st = store_open(rig_path, &rules, 1);
	int		 i, status;
	pid_t		 pid;

	assert_non_null(st);
	for (i = 0; i < 3; i++) {
		assert_true((pid = fork()) != -1);
		if (pid == 0) {
			if (store_start(st) == -1 || rig_mail(st, "x",
			    "192.0.2.1", T + i * M) !=
			    (i == 0 ? GREY_NEW : GREY_EARLY))
				_exit(1);
			store_close(st);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	store_close(st);
	assert_int_equal(rig_ask("SELECT blocked FROM tuple"), 3);
	(void)rig_clear("");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(changes_are_written_without_being_asked_for),
		cmocka_unit_test(a_full_disk_is_said_once_and_mail_goes_on),
		cmocka_unit_test(
		    a_disk_that_is_full_at_the_start_is_no_reason_not_to),
		cmocka_unit_test(nobody_waits_for_a_lock_of_another_process),
		cmocka_unit_test(
		    what_is_written_while_one_decides_can_be_changed),
		cmocka_unit_test(what_failed_before_one_asks_is_tried_again),
		cmocka_unit_test(
		    what_is_too_much_by_hand_is_not_taken_for_kept),
		cmocka_unit_test(a_kill_at_any_time_leaves_a_sound_file),
		cmocka_unit_test(workers_follow_each_other_in_processes)
	};

	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, rig_make, rig_remove);
}

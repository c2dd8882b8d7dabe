/* SPDX-License-Identifier: ISC */
/* Several processes that begin with the same new file at the same time. */

#include <sys/wait.h>

#include "store_rig.h"

#define PROCESSES	6
#define ROUNDS		60

static const struct grey_rules	 rules = {
	.delay = 1000, .retry_window = 100000, .max_age = 1000000
};

/* As filters do; go(2) lets all begin at once. */
static void
begin(int go, int n, int round)
{
	struct store	*st;
	char		 c, key[16];

	(void)alarm(30);
	(void)snprintf(key, sizeof(key), "%d", n);
	if (read(go, &c, 1) != 0)
		_exit(1);
	(void)usleep((useconds_t)(n * round % 7 * 100));
	if ((st = store_open(rig_path, &rules, 1)) == NULL ||
	    store_trouble(st) != NULL || store_start(st) == -1)
		_exit(1);
	if (rig_mail(st, key, "192.0.2.1", 1000) != GREY_NEW ||
	    store_sync(st) == -1)
		_exit(2);
	store_close(st);
	_exit(0);
}

static void
all_find_a_file_that_works(void **state)
{
	pid_t	 pids[PROCESSES];
	int	 round, i, status, go[2];

	for (round = 0; round < ROUNDS; round++) {
		assert_int_equal(pipe(go), 0);
		for (i = 0; i < PROCESSES; i++) {
			assert_true((pids[i] = fork()) != -1);
			if (pids[i] == 0) {
				(void)close(go[1]);
				begin(go[0], i, round);
			}
		}
		(void)close(go[0]);
		(void)close(go[1]);
		for (i = 0; i < PROCESSES; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0),
			    pids[i]);
			assert_int_equal(status, 0);
		}
		assert_int_equal(rig_ask("SELECT count(*) FROM tuple"),
		    PROCESSES);
		(void)rig_clear("");
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(all_find_a_file_that_works)
	};

	return cmocka_run_group_tests(tests, rig_make, rig_remove);
}

/* SPDX-License-Identifier: ISC */
/*
 * The ledger: a debt and the rings' positions change together or not at all,
 * wherever the worker is killed.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger.h"

#define SESSIONS	50
#define KILLS		300

struct map {
	struct ledger	 ledger;
	struct ring	 in, out;
};

static struct map	*map;

static int
setup(void **state)
{
	map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return map == MAP_FAILED ? -1 : 0;
}

static void
a_slot_is_found_until_it_is_paid(void **state)
{
	struct debt	 d = { .owed = OWED_ANSWER }, *slot;
	uint64_t	 id;

	for (id = 1; id <= 10000; id++) {
		d.session = id;
		d.token = id * 2;
		assert_non_null(slot = ledger_slot(&map->ledger, id));
		ledger_step(&map->ledger, slot, &d, &map->in, 0, &map->out, 0);
	}
	for (id = 1; id <= 10000; id++) {
		assert_non_null(slot = ledger_find(&map->ledger, id));
		assert_true(slot->token == id * 2);
		memset(&d, 0, sizeof(d));
		d.session = id;
		if (id % 2)
			ledger_step(&map->ledger, slot, &d, &map->in, 0,
			    &map->out, 0);
	}
	for (id = 1; id <= 10000; id++)
		assert_int_equal(ledger_find(&map->ledger, id) == NULL, id % 2);
	assert_null(ledger_find(&map->ledger, 0));
}

static void
a_full_ledger_says_so(void **state)
{
	struct debt	 d = { .owed = OWED_ANSWER }, *slot;
	uint64_t	 id, n = 0;

	memset(map, 0, sizeof(*map));
	for (id = 1; id <= 2 * LEDGER_SLOTS; id++) {
		slot = ledger_slot(&map->ledger, id);
		assert_int_equal(ledger_room(&map->ledger, id), slot != NULL);
		if (slot == NULL)
			continue;
		d.session = id;
		ledger_step(&map->ledger, slot, &d, &map->in, 0, &map->out, 0);
		n++;
	}
	assert_true(n <= LEDGER_SLOTS);
	assert_true(n > LEDGER_SLOTS / 2);
	for (id = 1; id <= 2 * LEDGER_SLOTS; id++)
		assert_int_equal(ledger_room(&map->ledger, id),
		    ledger_slot(&map->ledger, id) != NULL);
}

/* Step n: session n % SESSIONS owes an answer, or has paid, by turns. */
static void
steps_without_end(void)
{
	struct debt	 d;
	uint64_t	 n;

	for (n = ring_load(&map->out.head);; n++) {
		memset(&d, 0, sizeof(d));
		d.session = n % SESSIONS + 1;
		d.token = n;
		d.owed = n / SESSIONS % 2 ? OWED_NOTHING : OWED_ANSWER;
		ledger_step(&map->ledger,
		    ledger_slot(&map->ledger, d.session), &d,
		    &map->in, 2 * (n + 1), &map->out, n + 1);
	}
}

static void
check_sum(uint64_t n)
{
	struct debt	*d;
	uint64_t	 last, s;

	assert_true(ring_load(&map->in.tail) == 2 * n);
	for (s = 0; s < SESSIONS && s < n; s++) {
		last = (n - 1 - s) / SESSIONS * SESSIONS + s;
		d = ledger_find(&map->ledger, s + 1);
		assert_int_equal(d == NULL, last / SESSIONS % 2);
		if (d != NULL)
			assert_true(d->token == last);
	}
}

static void
a_kill_at_any_time_leaves_whole_steps(void **state)
{
	struct timespec	 ts = { 0, 0 };
	uint64_t	 before = 0, armed = 0;
	pid_t		 pid;
	int		 i;

	memset(map, 0, sizeof(*map));
	/* Else the kills never hit a step, and nothing is tested. */
	for (i = 0; i < KILLS || (armed == 0 && i < 100 * KILLS); i++) {
		if ((pid = fork()) == 0)
			steps_without_end();
		assert_true(pid > 0);
		ts.tv_nsec = 200000 + i * 7919 % 500000;
		(void)nanosleep(&ts, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		armed += map->ledger.step.armed;
		ledger_redo(&map->ledger, &map->in, &map->out);
		assert_int_equal(map->ledger.step.armed, 0);
		check_sum(ring_load(&map->out.head));
	}
	assert_true(ring_load(&map->out.head) > before + KILLS);
	assert_true(armed > 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_slot_is_found_until_it_is_paid),
		cmocka_unit_test(a_full_ledger_says_so),
		cmocka_unit_test(a_kill_at_any_time_leaves_whole_steps),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

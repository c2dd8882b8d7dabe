/* SPDX-License-Identifier: ISC */
/*
 * The store says what the codec says, whether a row is in memory, in the file,
 * or on its way there; and a restart changes nothing.
 */

#include "grey-cases.h"
#include "store_rig.h"
#include "stderr.h"

static const struct grey_rules	 rules = POSTGREY;

enum mode { MODE_MEMORY, MODE_FILE, MODE_THREAD, MODE_RESTART, MODE_MAX };

static const char *const	 modes[MODE_MAX] = {
	[MODE_MEMORY] = "in memory",
	[MODE_FILE] = "in the file",
	[MODE_THREAD] = "by a thread",
	[MODE_RESTART] = "with restarts"
};

static struct store *
open_store(const struct grey_rules *r)
{
	struct store	*st = store_open(rig_path, r, 1);

	assert_non_null(st);
	return st;
}

static void
set_partner(struct store *st, const struct grey_step *step)
{
	struct store_row	 row = { .kind = STORE_PARTNER,
				    .key = "joe@example.net",
				    .until = step->at + 1 };

	if (step->what == PARTNER)
		assert_int_equal(store_put(st, &row), 0);
	else
		assert_int_equal(store_delete(st, STORE_PARTNER, row.key), 0);
}

static void
check_step(struct store *st, const struct grey_case *c, size_t i,
    enum mode mode)
{
	const struct grey_step	*step = &c->steps[i];
	struct grey_verdict	 v;
	char			 tuple[64];
	struct store_query	 q = { .tuple = tuple, .client = "192.0.2.1",
				    .sender = "joe@example.net",
				    .bait = step->what == BAIT,
				    .now = step->at };

	set_partner(st, step);
	(void)snprintf(tuple, sizeof(tuple), "192.0.2.0/%d@a/b@c",
	    step->tuple);
	store_decide(st, &q, &v);
	if (v.reason != step->reason || v.wait != step->wait ||
	    v.delayed != step->delayed ||
	    v.defer != (step->reason <= GREY_TRAPPED))
		fail_msg("%s, step %zu, %s: %s wait %lld delayed %lld",
		    c->name, i, modes[mode], grey_reasons[v.reason],
		    (long long)v.wait, (long long)v.delayed);
	if (mode == MODE_FILE || mode == MODE_THREAD)
		assert_int_equal(store_sync(st), 0);
}

static void
run_case(const struct grey_case *c, enum mode mode)
{
	struct store		*st = open_store(&c->rules);
	struct store_row	 row = { .kind = STORE_CLIENT,
				    .key = "192.0.2.1" };
	size_t			 i;

	if (mode == MODE_THREAD)
		assert_int_equal(store_start(st), 0);
	row.client.white_until = c->white_until;
	row.client.trap_until = c->trap_until;
	if (c->white_until != 0 || c->trap_until != 0)
		assert_int_equal(store_put(st, &row), 0);
	for (i = 0; c->steps[i].at != 0; i++) {
		if (mode == MODE_RESTART) {
			store_close(st);
			st = open_store(&c->rules);
		}
		check_step(st, c, i, mode);
	}
	store_close(st);
	(void)rig_clear("");
}

static void
each_case_comes_out_as_it_should(void **state)
{
	const struct grey_case	*c;
	int			 mode;

	for (mode = 0; mode < MODE_MAX; mode++)
		for (c = grey_cases; c->name != NULL; c++)
			run_case(c, (enum mode)mode);
}

static void
a_partner_is_an_address_or_a_domain(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_PARTNER,
				    .key = "@example.net", .until = T + S };

	assert_int_equal(store_put(st, &row), 0);
	assert_int_equal(rig_mail(st, "a", "192.0.2.1", T), GREY_PARTNER);
	assert_int_equal(rig_mail(st, "a", "192.0.2.1", T + S), GREY_NEW);
	row.key = "jim@example.net";
	row.until = T + D;
	assert_int_equal(store_put(st, &row), 0);
	assert_int_equal(rig_mail(st, "a", "192.0.2.1", T + S), GREY_EARLY);
	store_close(st);
	(void)rig_clear("");
}

static void
rows_are_put_got_and_deleted(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_CLIENT,
				    .key = "192.0.2.7" }, got;
	int			 i;

	row.client.first = 1;
	row.client.last = 2;
	row.client.passed = 3;
	row.client.counted = 4;
	row.client.white_until = 5;
	row.client.trap_until = 6;
	for (i = 0; i < 2; i++) {
		assert_int_equal(store_get(st, STORE_CLIENT, row.key, &got),
		    -1);
		assert_string_equal(got.key, row.key);
		assert_int_equal(got.client.white_until, 0);
		assert_int_equal(store_put(st, &row), 0);
		if (i == 1)
			assert_int_equal(store_sync(st), 0);
		assert_int_equal(store_get(st, STORE_CLIENT, row.key, &got),
		    0);
		assert_memory_equal(&got.client, &row.client,
		    sizeof(row.client));
		assert_int_equal(store_get(st, STORE_TUPLE, row.key, &got),
		    -1);
		assert_int_equal(store_delete(st, STORE_CLIENT, row.key), 0);
		if (i == 1)
			assert_int_equal(store_sync(st), 0);
	}
	assert_int_equal(store_get(st, STORE_CLIENT, row.key, &got), -1);
	assert_int_equal(rig_ask("SELECT count(*) FROM client"), 0);
	store_close(st);
	(void)rig_clear("");
}

static int
add_up(const struct store_row *row, void *arg)
{
	int64_t	*sum = arg;

	*sum += row->tuple.first;
	return *sum < 0;
}

static void
a_walk_sees_all_rows_once_and_can_be_stopped(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_TUPLE };
	char			 key[16];
	int64_t			 sum = 0, i;

	row.key = key;
	for (i = 1; i <= 2500; i++) {
		(void)snprintf(key, sizeof(key), "%lld", (long long)i);
		row.tuple.first = i;
		assert_int_equal(store_put(st, &row), 0);
	}
	assert_int_equal(store_walk(st, STORE_TUPLE, add_up, &sum), 0);
	assert_int_equal(sum, 2500 * 2501 / 2);
	sum = INT64_MIN;
	assert_int_equal(store_walk(st, STORE_TUPLE, add_up, &sum), 0);
	assert_int_equal(sum, INT64_MIN + 1);
	sum = 0;
	assert_int_equal(store_walk(st, STORE_CLIENT, add_up, &sum), 0);
	assert_int_equal(sum, 0);
	store_close(st);
	(void)rig_clear("");
}

/* The journal can begin anew, whatever the callback waits for. */
static int
see_journal(const struct store_row *row, void *arg)
{
	int	*n = arg;

	if (++*n % 900 == 0)
		assert_int_equal(rig_ask("PRAGMA wal_checkpoint(TRUNCATE)"),
		    0);
	return 0;
}

static void
a_walk_that_waits_keeps_no_journal(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_TUPLE };
	char			 key[16];
	int			 i, n = 0;

	row.key = key;
	for (i = 1; i <= 2500; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(store_put(st, &row), 0);
	}
	assert_int_equal(store_walk(st, STORE_TUPLE, see_journal, &n), 0);
	assert_int_equal(n, 2500);
	store_close(st);
	(void)rig_clear("");
}

static void
counts_are_what_is_there(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_CLIENT, .key = "a" };
	struct store_counts	 n;

	(void)rig_mail(st, "x", "192.0.2.1", T);
	(void)rig_mail(st, "y", "192.0.2.1", T);
	(void)rig_mail(st, "y", "192.0.2.1", T + H);
	row.client.white_until = T + 1;
	assert_int_equal(store_put(st, &row), 0);
	row.key = "b";
	row.client.white_until = 0;
	row.client.trap_until = T + 1;
	assert_int_equal(store_put(st, &row), 0);
	row.kind = STORE_PARTNER;
	row.until = T + 1;
	assert_int_equal(store_put(st, &row), 0);
	assert_int_equal(store_count(st, T, &n), 0);
	assert_int_equal(n.tuples, 2);
	assert_int_equal(n.passed, 1);
	assert_int_equal(n.clients, 3);
	assert_int_equal(n.white, 1);
	assert_int_equal(n.trapped, 1);
	assert_int_equal(n.partners, 1);
	assert_true(n.bytes >= 4096);
	store_close(st);
	(void)rig_clear("");
}

static void
the_purge_forgets_what_is_over_and_nothing_else(void **state)
{
	struct store		*st = open_store(&rules);
	struct store_row	 row = { .kind = STORE_CLIENT, .key = "a" };
	size_t			 i, n = 0;

	(void)rig_mail(st, "never retried", "192.0.2.1", T);
	(void)rig_mail(st, "retried", "192.0.2.1", T);
	(void)rig_mail(st, "retried", "192.0.2.1", T + H);
	(void)rig_mail(st, "new", "192.0.2.1", T + 2 * D);
	(void)rig_mail(st, "of a wrong clock", "192.0.2.1", T + 900 * D);
	row.client.trap_until = T + 1;
	assert_int_equal(store_put(st, &row), 0);
	row.key = "b";
	row.client.trap_until = T + 9 * D;
	assert_int_equal(store_put(st, &row), 0);
	row.kind = STORE_PARTNER;
	row.until = T + H;
	assert_int_equal(store_put(st, &row), 0);
	assert_int_equal(store_purge(st, T + 3 * D, 100), 0);
	assert_int_equal(store_sync(st), 0);
	for (i = 0; i < 12; i++)
		n += store_purge(st, T + 3 * D, 2);
	assert_int_equal(n, 3);
	assert_int_equal(store_sync(st), 0);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple"), 3);
	assert_int_equal(rig_ask("SELECT count(*) FROM tuple "
	    "WHERE key='never retried'"), 0);
	assert_int_equal(rig_ask("SELECT count(*) FROM client "
	    "WHERE key='a'"), 0);
	assert_int_equal(rig_ask("SELECT count(*) FROM client"), 2);
	assert_int_equal(rig_ask("SELECT count(*) FROM partner"), 0);
	/* A clock that begins in 1970 is no reason to forget all. */
	for (i = 0; i < 12; i++)
		assert_int_equal(store_purge(st, S, 2), 0);
	store_close(st);
	(void)rig_clear("");
}

static void
what_another_process_wrote_meanwhile_stays(void **state)
{
	struct store		*ours = open_store(&rules), *other;
	struct store_row	 row = { .kind = STORE_CLIENT,
				    .key = "192.0.2.1" };

	row.client.white_until = T + D;
	assert_int_equal(store_put(ours, &row), 0);
	assert_int_equal(store_sync(ours), 0);
	/* Ours has read it, and has not written yet. */
	assert_int_equal(rig_mail(ours, "x", row.key, T), GREY_WHITE);
	other = open_store(&rules);
	row.client.white_until = 0;
	row.client.trap_until = T + D;
	assert_int_equal(store_put(other, &row), 0);
	assert_int_equal(store_sync(other), 0);
	assert_int_equal(rig_mail(ours, "x", row.key, T + S), GREY_WHITE);
	assert_int_equal(store_sync(ours), 0);
	assert_int_equal(rig_mail(ours, "x", row.key, T + S), GREY_TRAPPED);
	assert_int_equal(store_delete(other, STORE_CLIENT, row.key), 0);
	assert_int_equal(store_sync(other), 0);
	assert_int_equal(rig_mail(ours, "x", row.key, T + S), GREY_NEW);
	/* Both find it new. */
	assert_int_equal(rig_mail(other, "x", row.key, T), GREY_NEW);
	assert_int_equal(store_sync(other), 0);
	assert_int_equal(store_sync(ours), 0);
	assert_int_equal(rig_ask("SELECT first FROM tuple"), T);
	store_close(other);
	store_close(ours);
	(void)rig_clear("");
}

static void
the_purge_leaves_what_another_process_has_seen(void **state)
{
	struct store	*ours = open_store(&rules), *other;

	(void)rig_mail(ours, "x", "192.0.2.1", T);
	(void)rig_mail(ours, "x", "192.0.2.1", T + H);
	assert_int_equal(store_sync(ours), 0);
	other = open_store(&rules);
	assert_int_equal(store_purge(ours, T + 40 * D, 10), 1);
	assert_int_equal(rig_mail(other, "x", "192.0.2.1", T + 2 * H),
	    GREY_FOUND);
	assert_int_equal(store_sync(other), 0);
	assert_int_equal(store_sync(ours), 0);
	assert_int_equal(rig_ask("SELECT last FROM tuple"), T + 2 * H);
	store_close(other);
	store_close(ours);
	(void)rig_clear("");
}

static void
a_file_for_reading_is_not_written(void **state)
{
	struct store_row	 row = { .kind = STORE_CLIENT, .key = "a" };
	struct store		*st;

	store_close(open_store(&rules));
	assert_non_null(st = store_open(rig_path, &rules, 0));
	stderr_start();
	assert_int_equal(store_put(st, &row), -1);
	assert_non_null(strstr(stderr_stop(), "reading only"));
	store_close(st);
	(void)rig_clear("");
	stderr_start();
	st = store_open(rig_path, &rules, 0);
	assert_non_null(strstr(stderr_stop(), rig_path));
	assert_null(st);
}

static void
operators_find_a_readable_file(void **state)
{
	store_close(open_store(&rules));
	assert_int_equal(rig_ask("PRAGMA user_version"), 1);
	assert_int_equal(rig_ask("SELECT journal_mode='wal' "
	    "FROM pragma_journal_mode"), 1);
	assert_int_equal(rig_ask("SELECT count(*) FROM sqlite_master "
	    "WHERE type='table' AND name IN ('tuple','client','partner')"),
	    3);
	assert_int_equal(rig_clear(""), 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_case_comes_out_as_it_should),
		cmocka_unit_test(a_partner_is_an_address_or_a_domain),
		cmocka_unit_test(rows_are_put_got_and_deleted),
		cmocka_unit_test(a_walk_sees_all_rows_once_and_can_be_stopped),
		cmocka_unit_test(a_walk_that_waits_keeps_no_journal),
		cmocka_unit_test(counts_are_what_is_there),
		cmocka_unit_test(
		    the_purge_forgets_what_is_over_and_nothing_else),
		cmocka_unit_test(what_another_process_wrote_meanwhile_stays),
		cmocka_unit_test(
		    the_purge_leaves_what_another_process_has_seen),
		cmocka_unit_test(a_file_for_reading_is_not_written),
		cmocka_unit_test(operators_find_a_readable_file)
	};

	return cmocka_run_group_tests(tests, rig_make, rig_remove);
}

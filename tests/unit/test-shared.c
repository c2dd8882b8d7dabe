/* SPDX-License-Identifier: ISC */
/*
 * The shared store with a real Redis says what grey.c says.  Skipped where
 * there is none.
 */

#include <stdio.h>
#include <time.h>

#include "shared_rig.h"

/* One case of grey-cases.h, with keys of its own. */
static void
play(const struct grey_case *c, size_t n)
{
	char			 tuple[64], client[32], sender[64];
	struct store_row	 row = { .kind = STORE_CLIENT, .key = client };
	struct store_query	 q = { .tuple = tuple, .client = client,
				    .sender = sender };
	const struct grey_step	*st;
	struct answer		 a;
	size_t			 i;

	(void)snprintf(client, sizeof(client), "192.0.2.%zu", n);
	row.client.white_until = c->white_until;
	row.client.trap_until = c->trap_until;
	if (c->white_until != 0 || c->trap_until != 0)
		shared_put(&row);
	row.kind = STORE_PARTNER;
	row.key = n % 2 ? "@partner.example" : "joe@partner.example";
	row.until = T + 3650 * D;
	shared_put(&row);
	run_ms(20);
	for (i = 0; c->steps[i].at != 0; i++) {
		st = &c->steps[i];
		(void)snprintf(tuple, sizeof(tuple), "192.0.2.%zu/%d/x", n,
		    st->tuple);
		(void)snprintf(sender, sizeof(sender), "joe@%s",
		    st->what == PARTNER ? "partner.example" : "example.org");
		q.now = st->at;
		q.bait = st->what == BAIT;
		ask(&q, &a);
		run_until(&a);
		if (!a.decided)
			fail_msg("%s, step %zu: %s", c->name, i, a.why);
		if (a.v.reason != st->reason || a.v.wait != st->wait ||
		    a.v.delayed != st->delayed ||
		    a.v.defer != (st->reason <= GREY_TRAPPED))
			fail_msg("%s, step %zu: %s wait %lld delayed %lld",
			    c->name, i, grey_reasons[a.v.reason],
			    (long long)a.v.wait, (long long)a.v.delayed);
	}
}

static void
redis_says_what_grey_says(void **state)
{
	const struct grey_case	*c;

	for (c = grey_cases; c->name != NULL; c++) {
		begin(&c->rules, 1);
		play(c, (size_t)(c - grey_cases));
		shared_stop();
	}
	begin(&rules, 1);
}

static void
what_is_over_goes_by_itself(void **state)
{
	struct answer	 a;
	int64_t		 ttl;

	begin(&rules, 1);
	ask_one("t", T, &a);
	assert_int_equal(a.v.reason, GREY_NEW);
	ttl = atoll(redis_cli(0, "pttl pg:t:t"));
	assert_true(ttl > 2 * D - M && ttl <= 2 * D + 1);
	assert_int_equal(atoll(redis_cli(0, "exists pg:c:192.0.2.1")), 0);
	ask_one("t", T + H, &a);
	assert_int_equal(a.v.reason, GREY_FOUND);
	ttl = atoll(redis_cli(0, "pttl pg:t:t"));
	assert_true(ttl > 35 * D - M && ttl <= 35 * D + 1);
	ttl = atoll(redis_cli(0, "pttl pg:c:192.0.2.1"));
	assert_true(ttl > 35 * D - M && ttl <= 35 * D + 1);
	assert_string_equal(redis_cli(0, "hget pg:t:t last"),
	    "1800003600000\n");
}

/* A trapped client is not remembered for longer than it is trapped. */
static void
traps_go_when_they_end(void **state)
{
	int64_t			 now = (int64_t)time(NULL) * 1000, ttl;
	struct store_row	 row = {
		.kind = STORE_CLIENT,
		.key = "192.0.2.9",
		.client = { .first = now, .last = now, .trap_until = now + H }
	};

	begin(&rules, 1);
	shared_config.clock_given = 0;
	shared_put(&row);
	run_ms(100);
	ttl = atoll(redis_cli(0, "pttl pg:c:192.0.2.9"));
	assert_true(ttl > H - M && ttl <= H);
	row.client.passed = 1;
	shared_put(&row);
	run_ms(100);
	assert_true(atoll(redis_cli(0, "pttl pg:c:192.0.2.9")) > 34 * D);
}

static void
the_clock_is_the_servers(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	shared_config.clock_given = 0;
	ask_one("t", T, &a);
	assert_int_equal(a.v.reason, GREY_NEW);
	ask_one("t", T + D, &a);
	assert_int_equal(a.v.reason, GREY_EARLY);
	assert_true(a.v.wait > 4 * M && a.v.wait <= 5 * M);
}

/* Learned things join; see test-shared-rows for rows by hand. */
static void
changes_join_what_is_there(void **state)
{
	struct store_row	 row = { .kind = STORE_CLIENT,
				    .key = "192.0.2.1" };
	struct answer		 a;

	begin(&rules, 1);
	row.client.white_until = T + 40 * D;
	row.client.first = T;
	shared_put(&row);
	row.client.first = T - D;
	row.client.white_until = T + D;
	row.client.trap_until = T + H;
	row.client.passed = 3;
	shared_put(&row);
	/* There are two connections. */
	run_ms(100);
	ask_one("t", T, &a);
	assert_int_equal(a.v.reason, GREY_TRAPPED);
	assert_string_equal(redis_cli(0, "hmget pg:c:192.0.2.1 first passed "
	    "white_until"), "1799913600000\n3\n1803456000000\n");
	ask_one("t", T + 2 * D, &a);
	assert_int_equal(a.v.reason, GREY_WHITE);
}

static void
many_may_be_on_their_way(void **state)
{
	static struct answer	 a[5000];
	char			 tuple[32];
	struct store_query	 q = { .tuple = tuple, .client = "192.0.2.1",
				    .sender = "", .now = T };
	size_t			 i;

	begin(&rules, 1);
	shared_config.timeout = 4000;
	for (i = 0; i < 5000; i++) {
		(void)snprintf(tuple, sizeof(tuple), "%zu", i);
		ask(&q, &a[i]);
	}
	for (i = 0; i < 5000; i++) {
		run_until(&a[i]);
		if (!a[i].decided)
			fail_msg("%zu: %s", i, a[i].why);
		assert_int_equal(a[i].v.reason, GREY_NEW);
	}
	assert_int_equal(atoi(redis_cli(0, "dbsize")), 5000);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(redis_says_what_grey_says),
		TEST(what_is_over_goes_by_itself),
		TEST(traps_go_when_they_end),
		TEST(the_clock_is_the_servers),
		TEST(changes_join_what_is_there),
		TEST(many_may_be_on_their_way)
	};

	return shared_tests(tests, sizeof(tests) / sizeof(tests[0]));
}

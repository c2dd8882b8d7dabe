/* SPDX-License-Identifier: ISC */
/*
 * The table of returning good clients: counts, time, bounds, and a long walk
 * next to a slow table that can't be wrong.
 */

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "addrs.h"
#include "good.h"

#define TTL	1000

static struct addr
v4(uint32_t n)
{
	struct addr	 a;

	memset(&a, 0, sizeof(a));
	a.family = AF_INET;
	a.port = n % 60000;		/* must not matter */
	a.ip[0] = 10;
	a.ip[1] = n >> 16;
	a.ip[2] = n >> 8;
	a.ip[3] = n;
	return a;
}

static struct addr
v6(uint8_t net, uint8_t host)
{
	struct addr	 a;

	memset(&a, 0, sizeof(a));
	a.family = AF_INET6;
	a.ip[0] = 0x20;
	a.ip[7] = net;
	a.ip[8] = host;
	a.ip[15] = host;
	return a;
}

static void
stranger_counts_nothing(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(1);

	assert_int_equal(good_count(g, &a, 0), 0);
	assert_int_equal(good_size(g), 0);
	good_free(g);
}

static void
mails_add_up(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(1), b = v4(2);

	good_commit(g, &a, 0);
	good_commit(g, &a, 1);
	good_commit(g, &b, 2);
	assert_int_equal(good_count(g, &a, 3), 2);
	assert_int_equal(good_count(g, &b, 3), 1);
	a.port++;
	assert_int_equal(good_count(g, &a, 3), 2);
	good_free(g);
}

static void
v6_client_is_its_64(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v6(1, 1), b = v6(1, 2), c = v6(2, 1);

	good_commit(g, &a, 0);
	assert_int_equal(good_count(g, &b, 0), 1);
	assert_int_equal(good_count(g, &c, 0), 0);
	good_free(g);
}

static void
v4_is_not_a_v6_of_the_same_bytes(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(0), b;

	memset(&b, 0, sizeof(b));
	b.family = AF_INET6;
	b.ip[0] = 10;
	good_commit(g, &a, 0);
	assert_int_equal(good_count(g, &b, 0), 0);
	good_free(g);
}

static void
time_runs_from_the_last_mail(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(1);

	good_commit(g, &a, 0);
	assert_int_equal(good_count(g, &a, TTL - 1), 1);
	assert_int_equal(good_count(g, &a, TTL), 0);
	good_commit(g, &a, TTL - 1);
	assert_int_equal(good_count(g, &a, 2 * TTL - 2), 2);
	assert_int_equal(good_count(g, &a, 2 * TTL - 1), 0);
	good_free(g);
}

static void
who_comes_back_too_late_begins_anew(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(1);

	good_commit(g, &a, 0);
	good_commit(g, &a, 0);
	good_commit(g, &a, TTL);
	assert_int_equal(good_count(g, &a, TTL), 1);
	good_free(g);
}

static void
full_table_forgets_who_was_silent_longest(void **state)
{
	struct good	*g = good_new(3, TTL, 1);
	struct addr	 a = v4(1), b = v4(2), c = v4(3), d = v4(4);

	good_commit(g, &a, 0);
	good_commit(g, &b, 1);
	good_commit(g, &c, 2);
	good_commit(g, &a, 3);
	good_commit(g, &d, 4);
	assert_int_equal(good_size(g), 3);
	assert_int_equal(good_count(g, &a, 5), 2);
	assert_int_equal(good_count(g, &b, 5), 0);
	assert_int_equal(good_count(g, &c, 5), 1);
	assert_int_equal(good_count(g, &d, 5), 1);
	good_free(g);
}

static void
expired_clients_make_room(void **state)
{
	struct good	*g = good_new(100, TTL, 1);
	struct addr	 a;
	uint32_t	 i;

	for (i = 0; i < 50; i++) {
		a = v4(i);
		good_commit(g, &a, i);
	}
	assert_int_equal(good_size(g), 50);
	good_commit(g, &a, TTL + 47);
	assert_int_equal(good_size(g), 2);
	good_free(g);
}

static void
forgotten_client_is_a_stranger(void **state)
{
	struct good	*g = good_new(10, TTL, 1);
	struct addr	 a = v4(1), b = v4(2);

	good_commit(g, &a, 0);
	good_commit(g, &b, 0);
	good_forget(g, &a);
	good_forget(g, &a);
	assert_int_equal(good_count(g, &a, 0), 0);
	assert_int_equal(good_count(g, &b, 0), 1);
	assert_int_equal(good_size(g), 1);
	good_free(g);
}

/* The slow table: when each client sent its mails last, and how many. */
#define CLIENTS	200
#define PLACES	64

struct slow {
	unsigned int	 count;
	int64_t		 last;
	uint32_t	 turn;		/* of the last mail; 0: not in it */
};

static size_t
slow_size(const struct slow *s)
{
	size_t	 i, n = 0;

	for (i = 0; i < CLIENTS; i++)
		n += s[i].turn != 0;
	return n;
}

static void
slow_commit(struct slow *s, uint32_t i, int64_t now, uint32_t turn)
{
	uint32_t	 j, oldest = CLIENTS;

	for (j = 0; j < CLIENTS; j++) {
		if (s[j].turn != 0 && now - s[j].last >= TTL)
			memset(&s[j], 0, sizeof(s[j]));
	}
	if (s[i].turn == 0 && slow_size(s) == PLACES) {
		for (j = 0; j < CLIENTS; j++) {
			if (s[j].turn != 0 && (oldest == CLIENTS ||
			    s[j].turn < s[oldest].turn))
				oldest = j;
		}
		memset(&s[oldest], 0, sizeof(s[oldest]));
	}
	s[i].count++;
	s[i].last = now;
	s[i].turn = turn;
}

static void
long_walk_agrees_with_a_slow_table(void **state)
{
	static struct slow	 s[CLIENTS];
	struct good		*g = good_new(PLACES, TTL, 7);
	struct addr		 a;
	uint32_t		 r = 1, turn, i, want;
	int64_t			 now = 0;

	for (turn = 1; turn < 20000; turn++) {
		r = r * 1103515245 + 12345;
		now += (r >> 8) % 40;
		i = (r >> 16) % CLIENTS;
		a = v4(i);
		if (turn % 10 == 0) {
			good_forget(g, &a);
			memset(&s[i], 0, sizeof(s[i]));
		} else {
			good_commit(g, &a, now);
			slow_commit(s, i, now, turn);
		}
		i = (r >> 4) % CLIENTS;
		a = v4(i);
		want = s[i].turn != 0 && now - s[i].last < TTL ?
		    s[i].count : 0;
		assert_int_equal(good_count(g, &a, now), want);
		assert_int_equal(good_size(g), slow_size(s));
	}
	good_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stranger_counts_nothing),
		cmocka_unit_test(mails_add_up),
		cmocka_unit_test(v6_client_is_its_64),
		cmocka_unit_test(v4_is_not_a_v6_of_the_same_bytes),
		cmocka_unit_test(time_runs_from_the_last_mail),
		cmocka_unit_test(who_comes_back_too_late_begins_anew),
		cmocka_unit_test(full_table_forgets_who_was_silent_longest),
		cmocka_unit_test(expired_clients_make_room),
		cmocka_unit_test(forgotten_client_is_a_stranger),
		cmocka_unit_test(long_walk_agrees_with_a_slow_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

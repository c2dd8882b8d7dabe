/* SPDX-License-Identifier: ISC */
/* See shared_rig.h.  Fails by failing the test. */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "clock.h"
#include "shared_rig.h"

struct event_base	*loop;
const struct grey_rules	 rules = POSTGREY;

void
done(void *arg, const struct grey_verdict *v, const char *why)
{
	struct answer	*a = arg;

	a->n++;
	a->ms = clock_ms() - a->ms;
	if ((a->decided = v != NULL))
		a->v = *v;
	else
		(void)snprintf(a->why, sizeof(a->why), "%s", why);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

void
run_ms(int64_t ms)
{
	int64_t		 end = clock_ms() + ms;
	struct timeval	 tv = { 0, 10000 };
	struct event	*ev = event_new(loop, -1, EV_PERSIST, tick, NULL);

	(void)event_add(ev, &tv);
	while (clock_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	event_free(ev);
}

void
ask(const struct store_query *q, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->ms = clock_ms();
	shared_decide(q, done, a);
	assert_int_equal(a->n, 0);
}

void
run_until(const struct answer *a)
{
	int64_t	 end = clock_ms() + 5000;

	while (a->n == 0 && clock_ms() < end)
		run_ms(5);
	assert_int_equal(a->n, 1);
}

void
ask_one(const char *tuple, int64_t now, struct answer *a)
{
	struct store_query	 q = { .tuple = tuple, .now = now,
				    .client = "192.0.2.1",
				    .sender = "joe@example.org" };

	ask(&q, a);
	run_until(a);
}

void
patience(int64_t ms)
{
	shared_config.timeout = shared_config.connect_timeout = ms;
}

void
begin(const struct grey_rules *r, int servers)
{
	int	 i;

	shared_config.backend = backend_new("redis");
	for (i = 0; i < servers; i++)
		assert_null(backend_add(shared_config.backend, redis_path(i),
		    0));
	assert_int_equal(shared_load(), 0);
	backend_rest(shared_config.backend, 400);
	patience(2000);
	shared_config.clock_given = 1;
	assert_int_equal(shared_start(loop, r), 0);
}

int
setup(void **state)
{
	(void)state;
	if ((loop = event_base_new()) == NULL)
		return -1;
	redis_start(0);
	return 0;
}

int
teardown(void **state)
{
	int	 i;

	(void)state;
	shared_stop();
	event_base_free(loop);
	for (i = 0; i < RIG_SERVERS; i++)
		redis_kill(i);
	shared_config.password = NULL;
	shared_config.db = 0;
	shared_config.prefix = "pg:";
	return 0;
}

void
fails(struct answer *a, const char *tuple, const char *why)
{
	ask_one(tuple, T, a);
	if (a->decided || strstr(a->why, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, a->why);
}

void
works(const char *tuple)
{
	struct answer	 a;

	ask_one(tuple, T, &a);
	if (!a.decided)
		fail_msg("%s", a.why);
}

void
works_again(const char *tuple)
{
	struct answer	 a;
	int64_t		 end = clock_ms() + 10000;

	do {
		run_ms(50);
		ask_one(tuple, T, &a);
	} while (!a.decided && clock_ms() < end);
	if (!a.decided)
		fail_msg("%s", a.why);
}

int
shared_tests(const struct CMUnitTest *tests, size_t n)
{
	int	 r;

	if ((r = redis_begin()) != 0)
		return r;
	r = _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
	redis_dir_remove();
	return r;
}

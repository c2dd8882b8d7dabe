/* SPDX-License-Identifier: ISC */
/*
 * The shared store with a real Redis: it says what grey.c says, and what becomes
 * of a question when the server can't answer.  Skipped where there is none.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "backend.h"
#include "grey-cases.h"
#include "redis_rig.h"
#include "shared.h"
#include "shared_config.h"
#include "shared_conn.h"
#include "shared_private.h"

static struct event_base	*loop;
static const struct grey_rules	 rules = POSTGREY;

struct answer {
	int			 n;		/* times done() was called */
	int			 decided;
	struct grey_verdict	 v;
	char			 why[400];
	int64_t			 ms;
};

static void
done(void *arg, const struct grey_verdict *v, const char *why)
{
	struct answer	*a = arg;

	a->n++;
	a->ms = shared_clock() - a->ms;
	if ((a->decided = v != NULL))
		a->v = *v;
	else
		(void)snprintf(a->why, sizeof(a->why), "%s", why);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
}

static void
run_ms(int64_t ms)
{
	int64_t		 end = shared_clock() + ms;
	struct timeval	 tv = { 0, 10000 };
	struct event	*ev = event_new(loop, -1, EV_PERSIST, tick, NULL);

	(void)event_add(ev, &tv);
	while (shared_clock() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	event_free(ev);
}

static void
ask(const struct store_query *q, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->ms = shared_clock();
	shared_decide(q, done, a);
	assert_int_equal(a->n, 0);
}

static void
run_until(const struct answer *a)
{
	int64_t	 end = shared_clock() + 5000;

	while (a->n == 0 && shared_clock() < end)
		run_ms(5);
	assert_int_equal(a->n, 1);
}

static void
ask_one(const char *tuple, int64_t now, struct answer *a)
{
	struct store_query	 q = { .tuple = tuple, .now = now,
				    .client = "192.0.2.1",
				    .sender = "joe@example.org" };

	ask(&q, a);
	run_until(a);
}

static void
begin(const struct grey_rules *r, int servers)
{
	int	 i;

	shared_config.backend = backend_new("redis");
	for (i = 0; i < servers; i++)
		assert_null(backend_add(shared_config.backend, redis_path(i),
		    0));
	assert_int_equal(shared_load(), 0);
	backend_rest(shared_config.backend, 400);
	shared_config.timeout = 400;
	shared_config.connect_timeout = 400;
	shared_config.clock_given = 1;
	assert_int_equal(shared_start(loop, r), 0);
}

static int
setup(void **state)
{
	if ((loop = event_base_new()) == NULL)
		return -1;
	redis_start(0);
	return 0;
}

static int
teardown(void **state)
{
	int	 i;

	shared_stop();
	event_base_free(loop);
	for (i = 0; i < RIG_SERVERS; i++)
		redis_kill(i);
	shared_config.password = NULL;
	shared_config.db = 0;
	shared_config.prefix = "pg:";
	return 0;
}

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
		    st->partner ? "partner.example" : "example.org");
		q.now = st->at;
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

static void
fails(struct answer *a, const char *tuple, const char *why)
{
	ask_one(tuple, T, a);
	if (a->decided || strstr(a->why, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, a->why);
}

static void
works(const char *tuple)
{
	struct answer	 a;

	ask_one(tuple, T, &a);
	if (!a.decided)
		fail_msg("%s", a.why);
}

static void
a_server_that_is_gone_costs_no_time(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	works("a");
	redis_kill(0);
	run_ms(20);
	fails(&a, "b", "unix:");
	assert_true(a.ms < 100);
	fails(&a, "c", "next try in");
	assert_true(a.ms < 50);
	redis_start(0);
	run_ms(700);
	works("d");
}

static void
nobody_is_there_at_start(void **state)
{
	struct answer	 a;

	redis_kill(0);
	begin(&rules, 1);
	fails(&a, "a", "redis: ");
	redis_start(0);
	run_ms(700);
	works("b");
}

static void
a_frozen_server_is_given_up(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	works("a");
	redis_signal(0, SIGSTOP);
	fails(&a, "b", "timed out");
	assert_true(a.ms >= 350 && a.ms < 800);
	fails(&a, "c", "timed out");
	assert_true(a.ms < 50);
	/* It is being tried again, and no mail waits for that. */
	run_ms(500);
	fails(&a, "d", "being tried");
	assert_true(a.ms < 50);
	redis_signal(0, SIGCONT);
	run_ms(1200);
	works("e");
}

static void
the_next_server_takes_over(void **state)
{
	struct answer	 a;

	redis_start(1);
	begin(&rules, 2);
	works("a");
	(void)redis_cli(0, "replicaof 127.0.0.1 1");
	works("b");
	assert_int_equal(atoi(redis_cli(1, "exists pg:t:b")), 1);
	redis_kill(1);
	run_ms(20);
	ask_one("c", T, &a);
	assert_false(a.decided);
	(void)redis_cli(0, "replicaof no one");
	run_ms(900);
	works("d");
	assert_int_equal(atoi(redis_cli(0, "exists pg:t:d")), 1);
}

static void
scripts_that_are_forgotten_are_sent_again(void **state)
{
	begin(&rules, 1);
	works("a");
	(void)redis_cli(0, "script flush");
	works("b");
	redis_kill(0);
	redis_start(0);
	run_ms(700);
	works("c");
}

static void
foreign_data_harms_only_itself(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	(void)redis_cli(0, "set pg:t:a something");
	fails(&a, "a", "WRONGTYPE");
	works("b");
	(void)redis_cli(0, "hset pg:t:c first abc last 1");
	works("c");
}

static void
a_server_that_cant_write_is_no_server(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	works("a");
	(void)redis_cli(0, "config set maxmemory 1");
	fails(&a, "b", "it can't write: \"OOM");
	fails(&a, "c", "next try in");
	(void)redis_cli(0, "config set maxmemory 0");
	run_ms(700);
	works("d");
}

static void
a_wrong_password_is_said(void **state)
{
	struct answer	 a;

	(void)redis_cli(0, "config set requirepass secret-1");
	begin(&rules, 1);
	fails(&a, "a", "configuration: \"NOAUTH");
	shared_stop();
	shared_config.password = strdup("secret-2");
	begin(&rules, 1);
	fails(&a, "b", "configuration: \"WRONGPASS");
	assert_null(strstr(a.why, "secret"));
	shared_stop();
	free(shared_config.password);
	shared_config.password = strdup("secret-1");
	begin(&rules, 1);
	works("c");
	free(shared_config.password);
}

static void
rights_that_are_missing_are_said(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	(void)redis_cli(0, "acl setuser default -evalsha");
	fails(&a, "a", "configuration: \"NOPERM");
}

static void
databases_and_prefixes_are_kept_apart(void **state)
{
	struct answer	 a;

	shared_config.db = 3;
	shared_config.prefix = "{mx}:";
	begin(&rules, 1);
	works("a");
	assert_int_equal(atoi(redis_cli(0, "-n 3 exists {mx}:t:a")), 1);
	assert_int_equal(atoi(redis_cli(0, "dbsize")), 0);
	shared_stop();
	shared_config.db = 99;
	begin(&rules, 1);
	fails(&a, "b", "DB index");
}

static void
a_busy_server_is_asked_again(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	shared_config.timeout = 3000;
	works("a");
	(void)redis_cli(0, "config set busy-reply-threshold 10");
	(void)redis_cli(0, "eval 'while true do end' 0 >/dev/null 2>&1 & "
	    "sleep 0.2");
	fails(&a, "b", "BUSY");
	assert_true(a.ms >= 300);
	(void)redis_cli(0, "script kill");
	works("c");
}

/* Says that much to each, again and again if it is a lot; ends with the test. */
static pid_t
impostor(const char *text, int endless)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 fd = socket(AF_UNIX, SOCK_STREAM, 0), c;
	pid_t			 pid;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", redis_path(1));
	(void)unlink(un.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 5), 0);
	if ((pid = fork()) == 0) {
		(void)alarm(30);
		while ((c = accept(fd, NULL, NULL)) != -1) {
			while (write(c, text, strlen(text)) > 0 && endless)
				continue;
			if (endless)
				(void)close(c);
		}
		_exit(0);
	}
	(void)close(fd);
	return pid;
}

static void
what_is_not_redis_is_found_out(void **state)
{
	static const struct {
		const char	*text;
		int		 endless;
		const char	*why;
	} t[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "not Redis" },
		{ "220 mx.example.org ESMTP\r\n", 0, "not Redis" },
		{ "*3\r\n:1\r\n", 0, "timed out" },
		{ "", 0, "timed out" },
		{ ":1\r\n", 0, "nonsense" },
		/* To nothing, or to what was asked meanwhile. */
		{ "+OK\r\n", 1, "1.sock: " },
		{ "+xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1,
		    "endless" },
		{ "-ERR max number of clients reached\r\n", 0, "max number" },
		{ "+OK\r\n*0\r\n", 0, "answer to nothing" },
	};
	struct answer	 a;
	pid_t		 pid;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		pid = impostor(t[i].text, t[i].endless);
		shared_config.backend = backend_new("redis");
		assert_null(backend_add(shared_config.backend, redis_path(1),
		    0));
		shared_config.timeout = shared_config.connect_timeout = 800;
		assert_int_equal(shared_start(loop, &rules), 0);
		fails(&a, "a", t[i].why);
		assert_true(a.ms < 2000);
		shared_stop();
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)unlink(redis_path(1));
	begin(&rules, 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(redis_says_what_grey_says),
		TEST(what_is_over_goes_by_itself),
		TEST(the_clock_is_the_servers),
		TEST(changes_join_what_is_there),
		TEST(many_may_be_on_their_way),
		TEST(a_server_that_is_gone_costs_no_time),
		TEST(nobody_is_there_at_start),
		TEST(a_frozen_server_is_given_up),
		TEST(the_next_server_takes_over),
		TEST(scripts_that_are_forgotten_are_sent_again),
		TEST(foreign_data_harms_only_itself),
		TEST(a_server_that_cant_write_is_no_server),
		TEST(a_wrong_password_is_said),
		TEST(rights_that_are_missing_are_said),
		TEST(databases_and_prefixes_are_kept_apart),
		TEST(a_busy_server_is_asked_again),
		TEST(what_is_not_redis_is_found_out)
	};
	int	 r;

	if (redis_exists() == -1)
		return 77;
	if (redis_dir_make() == -1)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	redis_dir_remove();
	return r;
}

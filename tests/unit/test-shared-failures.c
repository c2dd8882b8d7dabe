/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a question to the shared store when the server can't answer.
 * Skipped where there is no Redis.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "shared_rig.h"

static void
a_server_that_is_gone_costs_no_time(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	works("a");
	redis_kill(0);
	run_ms(20);
	fails(&a, "b", "unix:");
	assert_true(a.ms < 1500);
	fails(&a, "c", "next try in");
	assert_true(a.ms < 1500);
	redis_start(0);
	works_again("d");
}

static void
nobody_is_there_at_start(void **state)
{
	struct answer	 a;

	redis_kill(0);
	begin(&rules, 1);
	fails(&a, "a", "redis: ");
	redis_start(0);
	works_again("b");
}

/* Who is not taken is not answered, and all the others are, once. */
static void
too_many_questions_are_refused(void **state)
{
	static struct answer	 a[20001];
	struct store_query	 q = { .tuple = "a", .client = "192.0.2.1",
				    .sender = "joe@example.org" };
	size_t			 i, taken = 0;

	begin(&rules, 1);
	works("a");
	patience(400);
	redis_signal(0, SIGSTOP);
	memset(a, 0, sizeof(a));
	for (i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		taken += shared_decide(&q, done, &a[i]) == 0;
	assert_int_equal(taken, 20000);
	run_until(&a[taken - 1]);
	for (i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		assert_int_equal(a[i].n, i < taken);
	redis_signal(0, SIGCONT);
	works_again("e");
}

static void
a_frozen_server_is_given_up(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	patience(1000);
	works("a");
	redis_signal(0, SIGSTOP);
	fails(&a, "b", "timed out");
	assert_true(a.ms >= 950 && a.ms < 4500);
	fails(&a, "c", "timed out");
	assert_true(a.ms < 900);
	/* It is being tried again, and no mail waits for that. */
	run_ms(700);
	fails(&a, "d", "being tried");
	assert_true(a.ms < 900);
	redis_signal(0, SIGCONT);
	works_again("e");
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
	works_again("d");
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
	works_again("c");
}

static void
foreign_data_harms_only_itself(void **state)
{
	struct answer	 a;

	begin(&rules, 1);
	/* Numbers that are none, or no time: as if they were not there. */
	(void)redis_cli(0, "hset pg:c:192.0.2.1 white_until inf last nan");
	works("c");
	(void)redis_cli(0, "hset pg:c:192.0.2.1 trap_until 1e300 first x");
	works("d");
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
	works_again("d");
}

/* With this password, which is not said. */
static void
login_fails(const char *password, const char *key, const char *why)
{
	struct answer	 a;

	shared_config.password = strdup(password);
	begin(&rules, 1);
	fails(&a, key, why);
	assert_null(strstr(a.why, "secret"));
	shared_stop();
	free(shared_config.password);
}

static void
a_wrong_password_is_said(void **state)
{
	struct answer	 a;

	(void)redis_cli(0, "config set requirepass secret-1");
	begin(&rules, 1);
	fails(&a, "a", "configuration: \"NOAUTH");
	shared_stop();
	login_fails("secret-2", "b", "configuration: \"WRONGPASS");
	shared_config.password = strdup("secret-1");
	begin(&rules, 1);
	works("c");
	free(shared_config.password);
}

/* As it would: "ERR unknown command 'AUTH', with args ...: 'secret-3'". */
static void
a_password_that_a_server_repeats_is_not_said(void **state)
{
	redis_kill(0);
	redis_more[0] = "--rename-command";
	redis_more[1] = "AUTH";
	redis_more[2] = "elsewhere";
	redis_start(0);
	memset(redis_more, 0, sizeof(redis_more));
	login_fails("secret-3", "a", "configuration: \"ERR unknown command");
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

/* Says that much to each, again and again if that is asked for. */
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
		{ "\x15\x03\x01", 0, "rediss:" },
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
		patience(t[i].endless ? 10000 : 800);
		assert_int_equal(shared_start(loop, &rules), 0);
		fails(&a, "a", t[i].why);
		assert_true(a.ms < 4500);
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
		TEST(a_server_that_is_gone_costs_no_time),
		TEST(nobody_is_there_at_start),
		TEST(too_many_questions_are_refused),
		TEST(a_frozen_server_is_given_up),
		TEST(the_next_server_takes_over),
		TEST(scripts_that_are_forgotten_are_sent_again),
		TEST(foreign_data_harms_only_itself),
		TEST(a_server_that_cant_write_is_no_server),
		TEST(a_wrong_password_is_said),
		TEST(a_password_that_a_server_repeats_is_not_said),
		TEST(rights_that_are_missing_are_said),
		TEST(databases_and_prefixes_are_kept_apart),
		TEST(a_busy_server_is_asked_again),
		TEST(what_is_not_redis_is_found_out)
	};

	return shared_tests(tests, sizeof(tests) / sizeof(tests[0]));
}

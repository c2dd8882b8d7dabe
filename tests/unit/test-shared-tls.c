/* SPDX-License-Identifier: ISC */
/*
 * The shared store by TLS: who is believed, and that nobody else hears a word.
 * Skipped where there is no Redis with TLS, or no openssl(1).
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "shared_rig.h"
#include "tls_rig.h"

static char	 port[8];
static int	 walked;

/* A server with that certificate ("" is none); asks for one if strict. */
static void
serve_tls(const char *name, int strict)
{
	static char	 cert[80], key[80], ca[80];
	const char	*more[RIG_MORE] = { *name == '\0' ? "--port" :
			    "--tls-port", port, "--tls-cert-file", cert,
			    "--tls-key-file", key, "--tls-ca-cert-file", ca,
			    "--tls-auth-clients", strict ? "yes" : "no" };

	(void)snprintf(cert, sizeof(cert), "%s", tls_path(name, ".pem"));
	(void)snprintf(key, sizeof(key), "%s", tls_path(name, ".key"));
	(void)snprintf(ca, sizeof(ca), "%s", tls_path("ca", ".pem"));
	if (*name == '\0')
		more[2] = NULL;
	memcpy(redis_more, more, sizeof(redis_more));
	redis_kill(0);
	redis_start(0);
	memset(redis_more, 0, sizeof(redis_more));
}

static const char *
where(const char *format)
{
	static char	 text[64];

	(void)snprintf(text, sizeof(text), "%s:%s", format, port);
	return text;
}

static const char *
name_server(const char *server)
{
	const struct key	*k;

	for (k = shared_keys; strcmp(k->name, "redis") != 0; k++)
		continue;
	return k->call(server);
}

static void
configure(const char *server, const char *ca)
{
	static char	 path[80];

	assert_null(name_server(server));
	(void)snprintf(path, sizeof(path), "%s", ca != NULL ?
	    tls_path(ca, ".pem") : "");
	shared_config.ca_file = ca != NULL ? path : NULL;
	assert_int_equal(shared_load(), 0);
	backend_rest(shared_config.backend, 400);
	shared_config.timeout = 5000;
	shared_config.connect_timeout = 1000;
	shared_config.clock_given = 1;
}

static void
begin_tls(const char *server, const char *ca)
{
	configure(server, ca);
	assert_int_equal(shared_start(loop, &rules), 0);
}

static void
only_the_right_server_is_believed(void **state)
{
	static const struct {
		const char	*cert, *server, *ca;
		const char	*why;		/* NULL: it works */
	} t[] = {
		{ "good", "rediss:localhost", "ca", NULL },
		{ "good", "rediss://localhost", "ca", NULL },
		{ "good", "rediss:127.0.0.1", "ca", NULL },
		{ "good", "rediss:localhost", "other",
		    "TLS: certificate verify failed: " },
		/* What the system trusts. */
		{ "good", "rediss:localhost", NULL, "verify failed: " },
		{ "named", "rediss:localhost", "ca", "ostname mismatch" },
		{ "named", "rediss:127.0.0.1", "ca", "IP address mismatch" },
		{ "common", "rediss:127.0.0.1", "ca", "IP address mismatch" },
		{ "expired", "rediss:localhost", "ca", "has expired" },
		{ "", "rediss:localhost", "ca", "no TLS: " },
		{ "good", "127.0.0.1", NULL, "127.0.0.1:" },
	};
	struct answer	 a;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		serve_tls(t[i].cert, 0);
		begin_tls(where(t[i].server), t[i].ca);
		if (t[i].why == NULL)
			works("a");
		else
			fails(&a, "a", t[i].why);
		if (t[i].why != NULL && a.ms > 4500)
			fail_msg("%s took %d ms", t[i].why, (int)a.ms);
		if (i + 1 < sizeof(t) / sizeof(t[0]))
			shared_stop();
	}
}

static void
older_than_1_2_is_refused(void **state)
{
	struct answer	 a;

	serve_tls("good", 0);
	(void)redis_cli(0, "config set tls-protocols TLSv1.2");
	begin_tls(where("rediss:localhost"), "ca");
	works("a");
	shared_stop();
	(void)redis_cli(0, "config set tls-protocols TLSv1.1");
	begin_tls(where("rediss:localhost"), "ca");
	fails(&a, "b", "TLS: ");
}

/* What the system trusts: one file, or a directory by hashes. */
static void
the_system_may_know_who_signed(void **state)
{
	assert_int_equal(symlink("ca.pem", tls_path("0123abcd", ".0")), 0);
	serve_tls("good", 0);
	(void)setenv("SSL_CERT_FILE", tls_path("ca", ".pem"), 1);
	(void)setenv("SSL_CERT_DIR", "/nonexistent", 1);
	begin_tls(where("rediss:localhost"), NULL);
	works("a");
	shared_stop();
	(void)setenv("SSL_CERT_FILE", "/nonexistent", 1);
	(void)setenv("SSL_CERT_DIR", rig_dir, 1);
	begin_tls(where("rediss:localhost"), NULL);
	works("b");
	assert_int_equal(unlink(tls_path("0123abcd", ".0")), 0);
	assert_int_equal(shared_load(), -1);
	(void)unsetenv("SSL_CERT_FILE");
	(void)unsetenv("SSL_CERT_DIR");
}

static void
a_client_certificate_is_shown(void **state)
{
	struct answer	 a;

	serve_tls("good", 1);
	begin_tls(where("rediss:localhost"), "ca");
	fails(&a, "a", "certificate required");
	shared_stop();
	shared_config.cert_file = strdup(tls_path("client", ".pem"));
	shared_config.key_file = strdup(tls_path("client", ".key"));
	begin_tls(where("rediss:localhost"), "ca");
	works("b");
	free((void *)(uintptr_t)shared_config.cert_file);
	free((void *)(uintptr_t)shared_config.key_file);
	shared_config.cert_file = shared_config.key_file = NULL;
}

static void
a_server_that_comes_back_is_used(void **state)
{
	struct answer	 a;

	serve_tls("good", 0);
	begin_tls(where("rediss:localhost"), "ca");
	works("a");
	redis_kill(0);
	run_ms(20);
	fails(&a, "b", "localhost:");
	assert_true(a.ms < 1500);
	serve_tls("good", 0);
	works_again("c");
	/* Without TLS, it is not the same any more. */
	serve_tls("", 0);
	run_ms(50);
	ask_one("d", T, &a);
	assert_false(a.decided);
	assert_int_equal(atoi(redis_cli(0, "exists pg:t:d")), 0);
}

#define MANY	3000

static void
ask_many(void)
{
	static struct answer	 a[MANY];
	static char		 names[MANY][8];
	struct store_query	 q = { .client = "192.0.2.1", .now = T,
				    .sender = "joe@example.org" };
	int			 i, n = 0;

	for (i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "m%d", i);
		q.tuple = names[i];
		ask(&q, &a[i]);
	}
	for (i = 0; i < 200 && a[MANY - 1].n == 0; i++)
		run_ms(20);
	for (i = 0; i < MANY; i++)
		n += a[i].n == 1 && a[i].decided;
	assert_int_equal(n, MANY);
}

static int
walk_count(const struct store_row *row, void *arg)
{
	walked++;
	return 0;
}

static void
many_questions_are_all_answered(void **state)
{
	serve_tls("good", 0);
	begin_tls(where("rediss:localhost"), "ca");
	shared_config.timeout = 10000;
	works("a");
	ask_many();
	shared_stop();
	configure(where("rediss:localhost"), "ca");
	shared_config.timeout = 10000;
	assert_int_equal(shared_open(&rules), 0);
	walked = 0;
	assert_int_equal(shared_walk(STORE_TUPLE, walk_count, NULL), 0);
	assert_true(walked >= MANY);
	shared_close();
}

/* Each record comes in pieces, and some in one piece with others. */
static void
any_cut_of_the_bytes_will_do(void **state)
{
	static const size_t	 sizes[] = { 1, 7, 100 };
	char			 to[8];
	pid_t			 pid;
	size_t			 i;

	serve_tls("good", 0);
	memcpy(to, port, sizeof(to));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pid = tls_proxy(to, sizes[i], port);
		begin_tls(where("rediss:localhost"), "ca");
		shared_config.timeout = 5000;
		shared_config.connect_timeout = 5000;
		works("a");
		works("b");
		shared_stop();
		tls_reap(pid);
	}
	memcpy(port, to, sizeof(to));
	begin_tls(where("rediss:localhost"), "ca");
	works("c");
}

static int
is_in(const char *text, const char *data, size_t len)
{
	size_t	 i, n = strlen(text);

	for (i = 0; i + n <= len; i++)
		if (memcmp(data + i, text, n) == 0)
			return 1;
	return 0;
}

/* Takes all that is sent and says nothing: what was it? */
static void
nothing_is_said_in_the_clear(void **state)
{
	struct answer	 a;
	char		 heard[65536];
	size_t		 n;
	int		 fd;

	fd = tls_listener(port);
	shared_config.password = strdup("secret-3");
	begin_tls(where("rediss:localhost"), "ca");
	fails(&a, "tuple-1", "no TLS: timed out");
	assert_true(a.ms >= 950 && a.ms < 4500);
	n = tls_heard(fd, heard, sizeof(heard));
	assert_true(n > 100);
	assert_int_equal(heard[0], 0x16);
	assert_false(is_in("AUTH", heard, n));
	assert_false(is_in("PING", heard, n));
	assert_false(is_in("secret", heard, n));
	assert_false(is_in("tuple-1", heard, n));
	(void)close(fd);
	free(shared_config.password);
	shared_config.password = NULL;
}

/* A record that never ends, a byte at a time. */
static void
a_slow_handshake_has_an_end(void **state)
{
	static const char	 header[] = { 0x16, 3, 3, 0x40, 0 };
	struct answer		 a;
	pid_t			 pid;
	int			 fd, c, i;

	fd = tls_listener(port);
	if ((pid = fork()) == 0) {
		(void)alarm(20);
		c = accept(fd, NULL, NULL);
		for (i = 0; i < 16000 && write(c, i < 5 ? header + i : "",
		    1) == 1; i++)
			(void)usleep(300);
		_exit(0);
	}
	(void)close(fd);
	begin_tls(where("rediss:localhost"), "ca");
	shared_config.timeout = 5000;
	fails(&a, "a", "no TLS: timed out");
	assert_true(a.ms >= 950 && a.ms < 4500);
	tls_reap(pid);
}

static void
mistakes_are_found_at_start(void **state)
{
	static const struct {
		const char	*ca, *cert, *key;
		int		 r;
	} t[] = {
		{ "ca.pem", NULL, NULL, 0 },
		{ "ca.pem", "client.pem", "client.key", 0 },
		{ "none.pem", NULL, NULL, -1 },
		{ "ca.key", NULL, NULL, -1 },
		{ "", NULL, NULL, -1 },
		{ "ca.pem", "client.pem", NULL, -1 },
		{ "ca.pem", NULL, "client.key", -1 },
		{ "ca.pem", "client.pem", "good.key", -1 },
		{ "ca.pem", "client.key", "client.key", -1 },
		{ "ca.pem", "client.pem", "open.key", -1 },
	};
	struct shared_config	*c = &shared_config;
	size_t			 i;

	assert_non_null(name_server("rediss:/run/redis.sock"));
	assert_non_null(name_server("rediss:unix:/run/redis.sock"));
	assert_non_null(name_server("rediss:localhost:x"));
	assert_null(name_server("rediss:localhost"));
	assert_non_null(name_server("localhost"));
	assert_non_null(name_server("/run/redis.sock"));
	assert_null(name_server("rediss:[::1]:7000"));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		c->ca_file = tls_path(t[i].ca, "");
		c->cert_file = t[i].cert ? tls_path(t[i].cert, "") : NULL;
		c->key_file = t[i].key ? tls_path(t[i].key, "") : NULL;
		if (shared_load() != t[i].r)
			fail_msg("%zu: %s", i, t[i].ca);
	}
	backend_free(c->backend);
	c->backend = NULL;
	c->cert_file = c->key_file = NULL;
	assert_null(name_server("localhost"));
	assert_non_null(name_server("rediss:localhost"));
	assert_int_equal(shared_load(), -1);
	c->ca_file = NULL;
	assert_int_equal(shared_load(), 0);
	assert_int_equal(shared_start(loop, &rules), 0);
}

/* Is there openssl(1), and does this redis-server know TLS? */
static int
tls_known(void)
{
	int	 r;

	if (tls_make() == -1)
		return -1;
	redis_start(0);
	r = strncmp(redis_cli(0, "config get tls-port"), "tls-port", 8);
	redis_kill(0);
	return r == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(only_the_right_server_is_believed),
		TEST(older_than_1_2_is_refused),
		TEST(the_system_may_know_who_signed),
		TEST(a_client_certificate_is_shown),
		TEST(a_server_that_comes_back_is_used),
		TEST(many_questions_are_all_answered),
		TEST(any_cut_of_the_bytes_will_do),
		TEST(nothing_is_said_in_the_clear),
		TEST(a_slow_handshake_has_an_end),
		TEST(mistakes_are_found_at_start)
	};
	int	 r;

	if ((r = redis_begin()) != 0)
		return r;
	tls_port(port);
	r = tls_known() == -1 ? 77 :
	    _cmocka_run_group_tests("tests", tests,
	    sizeof(tests) / sizeof(tests[0]), NULL, NULL);
	tls_remove();
	redis_dir_remove();
	return r;
}

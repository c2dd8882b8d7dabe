/* SPDX-License-Identifier: ISC */
/*
 * From what the operator wrote to a connection: how addresses are
 * written, and servers that refuse or do not answer.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "peer.h"

/* What "where" means; error is a part of what must be said, or NULL. */
static const struct where {
	const char	*where;
	int		 port;
	const char	*label;
	const char	*error;
} wheres[] = {
	{ "/run/x.sock", 0, "unix:/run/x.sock", NULL },
	{ "unix:/run/x.sock", 0, "unix:/run/x.sock", NULL },
	{ "192.0.2.1:783", 0, "192.0.2.1:783", NULL },
	{ "192.0.2.1", 783, "192.0.2.1:783", NULL },
	{ "inet:mx.example:25", 783, "mx.example:25", NULL },
	{ "[2001:db8::1]:25", 0, "[2001:db8::1]:25", NULL },
	{ "inet6:[2001:db8::1]", 26, "[2001:db8::1]:26", NULL },
	{ "inet6:mx.example:25", 0, "mx.example:25", NULL },
	{ "", 1, NULL, "no host" },
	{ ":25", 1, NULL, "no host" },
	{ "unix:run/x", 0, NULL, "absolute" },
	{ "192.0.2.1", 0, NULL, "no port" },
	{ "192.0.2.1:", 1, NULL, "port" },
	{ "192.0.2.1:0", 1, NULL, "port" },
	{ "192.0.2.1:65536", 1, NULL, "port" },
	{ "192.0.2.1:smtp", 1, NULL, "port" },
	{ "2001:db8::1", 25, NULL, "[]" },
	{ "[2001:db8::1", 25, NULL, "missing ]" },
	{ "[2001:db8::1]25", 25, NULL, "after ]" },
	{ "[192.0.2.1]:25", 0, NULL, "IPv6" },
	{ "inet6:192.0.2.1:25", 0, NULL, "IPv6" },
	{ "two words:25", 0, NULL, "host name" }
};

static void
servers_are_named_in_many_ways(void **state)
{
	const struct where	*w;
	struct backend		*b;
	const char		*error;

	for (w = wheres; w < wheres + sizeof(wheres) / sizeof(*wheres); w++) {
		b = backend_new("test");
		error = backend_add(b, w->where, w->port);
		if (w->error == NULL) {
			assert_null(error);
			assert_string_equal(b->servers->label, w->label);
		} else {
			assert_non_null(error);
			if (strstr(error, w->error) == NULL)
				fail_msg("%s: %s", w->where, error);
			assert_null(b->servers);
		}
		backend_free(b);
	}
}

/* Whether it fails at once or from the loop is the kernel's choice. */
static void
expect_refused(struct backend *b)
{
	struct client	 c = { .s = NULL };

	client_open(&c, b, "request\n", 2000);
	if (c.s != NULL) {
		run_until(&c.gones);
		assert_string_equal(c.why, "connect: Connection refused");
	}
	assert_int_equal(c.ups, 0);
	assert_false(backend_ready(b));
	assert_non_null(strstr(backend_why(b), "connect: Connection refused"));
}

static void
a_server_that_refuses_is_down(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;
	int		 tcp;

	for (tcp = 0; tcp < 2; tcp++) {
		peer_refuse(&p, tcp);
		b = backend_to(p.where);
		warnings = 0;
		expect_refused(b);
		assert_non_null(strstr(logged, p.where));
		assert_int_equal(warnings, 1);
		/* And now a try costs nothing. */
		client_open(&c, b, NULL, 2000);
		assert_null(c.s);
		assert_int_equal(warnings, 1);
		backend_free(b);
		peer_stop(&p);
	}
}

static void
a_socket_that_is_missing_is_told(void **state)
{
	struct client	 c = { .s = NULL };
	struct backend	*b = backend_to("/nonexistent/x.sock");

	assert_string_equal(backend_why(b), "test: ready");
	client_open(&c, b, NULL, 2000);
	assert_null(c.s);
	assert_string_equal(backend_why(b), "test: unix:/nonexistent/x.sock: "
	    "connect: No such file or directory (next try in 1 s)");
	backend_free(b);
}

/* Fill the backlog of a server that never accepts. */
static int
fill(struct backend *b, int fds[], int max)
{
	int	 n;

	for (n = 0; n < max; n++) {
		if ((fds[n] = server_socket(&b->servers->addrs[0])) == -1)
			break;
	}
	return n;
}

static void
a_full_backlog_meets_the_connect_deadline(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 p;
	struct backend	*b;
	int		 fds[16], n, tcp;
	int64_t		 before;

	for (tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			peer_start_tcp(&p, NULL);
		else
			peer_start(&p, NULL);
		b = backend_to(p.where);
		n = fill(b, fds, 16);
		memset(&c, 0, sizeof(c));
		before = now_ms();
		client_open(&c, b, "request\n", 150);
		assert_non_null(c.s);
		run_until(&c.gones);
		assert_string_equal(c.why, "connect: timed out");
		assert_in_range(now_ms() - before, 150, 2000);
		assert_int_equal(c.ups, 0);
		while (n > 0)
			(void)close(fds[--n]);
		backend_free(b);
		peer_stop(&p);
	}
}

static int
lowest_free(void)
{
	int	 fd = dup(STDERR_FILENO);

	(void)close(fd);
	return fd;
}

static void
a_hanging_server_leaves_time_for_the_next(void **state)
{
	struct client	 c = { .s = NULL };
	struct peer	 bad, good;
	struct backend	*b;
	int		 before, fds[16], n;

	before = lowest_free();
	peer_start_tcp(&bad, NULL);
	peer_start(&good, peer_echo);
	b = backend_to(bad.where);
	assert_null(backend_add(b, good.where, 0));
	n = fill(b, fds, 16);
	client_open(&c, b, "request\n", 1000);
	run_until(&c.ins);
	assert_string_equal(stream_peer(c.s), b->servers->next->label);
	assert_false(b->servers->until == 0);
	while (n > 0)
		(void)close(fds[--n]);
	backend_free(b);
	peer_stop(&bad);
	peer_stop(&good);
	assert_int_equal(lowest_free(), before);
}

static void
our_own_lack_of_descriptors_is_not_the_servers_fault(void **state)
{
	struct client	 c = { .s = NULL };
	struct rlimit	 old, none;
	struct peer	 p;
	struct backend	*b;
	char		 why[128];

	peer_start(&p, peer_echo);
	b = backend_to(p.where);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	client_open(&c, b, NULL, 2000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_null(c.s);
	(void)snprintf(why, sizeof(why), "test: connect: %s",
	    strerror(EMFILE));
	assert_string_equal(backend_why(b), why);
	assert_true(backend_ready(b));
	backend_free(b);
	peer_stop(&p);
}

static void
check_reaches_each_server(void **state)
{
	struct peer	 bad, good;
	struct backend	*b;
	char		 name[64];

	peer_refuse(&bad, 1);
	peer_start_tcp(&good, peer_echo);
	b = backend_to(bad.where);
	warnings = 0;
	assert_int_equal(backend_check(b, 1000), -1);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(logged, "Connection refused"));
	(void)snprintf(name, sizeof(name), "localhost%s",
	    strchr(good.where, ':'));
	assert_null(backend_add(b, name, 0));
	assert_int_equal(backend_check(b, 1000), 0);
	assert_int_equal(warnings, 2);
	backend_free(b);
	peer_stop(&bad);
	peer_stop(&good);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(servers_are_named_in_many_ways),
		cmocka_unit_test(a_server_that_refuses_is_down),
		cmocka_unit_test(a_socket_that_is_missing_is_told),
		cmocka_unit_test(a_full_backlog_meets_the_connect_deadline),
		cmocka_unit_test(a_hanging_server_leaves_time_for_the_next),
		cmocka_unit_test(our_own_lack_of_descriptors_is_not_the_servers_fault),
		cmocka_unit_test(check_reaches_each_server)
	};

	return cmocka_run_group_tests(tests, peer_setup, peer_teardown);
}

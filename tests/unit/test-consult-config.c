/* SPDX-License-Identifier: ISC */
/*
 * Which policy servers follow from which options, and how they are asked.
 */

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consult.h"
#include "consult_config.h"
#include "server.h"
#include "stream_private.h"

#define ONE	"-s", "/run/pg"

static const struct {
	const char	*argv[8];
	const char	*servers;	/* NULL: a mistake */
} cases[] = {
	{ { "x" }, "" },
	{ { "x", ONE }, "unix:/run/pg" },
	{ { "x", "-s", "unix:/run/pg" }, "unix:/run/pg" },
	{ { "x", "-s", "127.0.0.1:10023", ONE }, "127.0.0.1:10023 "
	    "unix:/run/pg" },
	{ { "x", "-o", "server=inet:pg.example.org:10023", "-s",
	    "[2001:db8::1]:10023" }, "pg.example.org:10023 "
	    "[2001:db8::1]:10023" },
	{ { "x", "-s", "127.0.0.1" }, NULL },
	{ { "x", "-s", "pg" }, NULL },
	{ { "x", "-s", "" }, NULL },
	{ { "x", ONE, "-o", "connections=0" }, NULL },
	{ { "x", ONE, "-o", "connections=101" }, NULL },
	{ { "x", ONE, "-o", "timeout=0" }, NULL },
	{ { "x", ONE, "-o", "connect-timeout=0" }, NULL },
	{ { "x", ONE, "-o", "tries=0" }, NULL },
	{ { "x", ONE, "-o", "queue-max=-1" }, NULL },
	{ { "x", ONE, "-o", "max-idle=0" }, "unix:/run/pg" },
};

static int
load(const char *const *words)
{
	const struct key *const	 tables[] = { consult_keys, NULL };
	char			*argv[8];
	int			 argc;

	for (argc = 0; words[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	if (options_parse(tables, "usage", argc, argv, NULL) == -1)
		return -1;
	return consult_load();
}

/* Each in a process of its own: servers can't be taken back. */
static int
child(size_t i)
{
	char			 text[512] = "";
	const struct server	*srv;
	size_t			 n;

	if (load(cases[i].argv) == -1)
		return 2;
	if (!consult_wanted())
		return cases[i].servers == NULL || *cases[i].servers != '\0';
	srv = consult_config.backend->servers;
	for (; srv != NULL; srv = srv->next) {
		n = strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n == 0 ? "" : " ", srv->label);
	}
	return cases[i].servers == NULL || strcmp(text, cases[i].servers) != 0;
}

static void
status_is(pid_t pid, size_t i, int expected)
{
	int	 status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		fail_msg("case %zu: %d", i, status);
}

static void
servers_follow_from_options(void **state)
{
	size_t	 i;
	pid_t	 pid;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if ((pid = fork()) == 0)
			_exit(child(i));
		status_is(pid, i, cases[i].servers == NULL ? 2 : 0);
	}
}

/* Postfix's, but for the time that a client is held. */
static int
child_defaults(void)
{
	static const char *const	 words[] = { "x", ONE, NULL };
	const struct consult_config	*c = &consult_config;

	if (load(words) == -1 || !consult_wanted())
		return 1;
	return !(c->connections == 4 && c->max_idle == 300000 &&
	    c->connect_timeout == 2000 && c->timeout == 10000 &&
	    c->tries == 2 && c->retry_delay == 1000 &&
	    c->queue_max == 1000 && *c->context == '\0' &&
	    c->backend->maxidle == 4 && c->backend->idle_ms == 300000 &&
	    c->backend->rest_max == 10000 &&
	    c->backend->servers->rest_max == 10000);
}

static void
defaults_are_as_documented(void **state)
{
	pid_t	 pid;

	if ((pid = fork()) == 0)
		_exit(child_defaults());
	status_is(pid, 0, 0);
}

static void
without_a_server_there_is_nothing_to_check(void **state)
{
	assert_int_equal(consult_wanted(), 0);
	assert_int_equal(consult_load(), 0);
	assert_int_equal(consult_check(), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(servers_follow_from_options),
		cmocka_unit_test(defaults_are_as_documented),
		cmocka_unit_test(without_a_server_there_is_nothing_to_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

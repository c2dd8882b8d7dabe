/* SPDX-License-Identifier: ISC */
/*
 * Which servers follow from which options.
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

#include "ask.h"
#include "ask_config.h"
#include "server.h"
#include "stream_private.h"

static const struct {
	const char	*argv[8];
	const char	*servers;	/* NULL: a mistake */
} cases[] = {
	{ { "x" }, "127.0.0.1:783" },
	{ { "x", "-p", "784" }, "127.0.0.1:784" },
	{ { "x", "-h", "spam.example.org" }, "spam.example.org:783" },
	{ { "x", "-h", "::1", "-p", "1783" }, "[::1]:1783" },
	{ { "x", "-h", "[2001:db8::1]" }, "[2001:db8::1]:783" },
	{ { "x", "-h", "/run/spamd.sock" }, "unix:/run/spamd.sock" },
	{ { "x", "-o", "server=unix:/run/spamd.sock" },
	    "unix:/run/spamd.sock" },
	{ { "x", "-o", "server=192.0.2.1", "-o", "server=192.0.2.2:785" },
	    "192.0.2.1:783 192.0.2.2:785" },
	{ { "x", "-o", "server=192.0.2.1", "-h", "192.0.2.3" },
	    "192.0.2.1:783 192.0.2.3:783" },
	{ { "x", "-h", "no_host/" }, NULL },
	{ { "x", "-h", "" }, NULL },
	{ { "x", "-o", "server=" }, NULL },
	{ { "x", "-p", "0" }, NULL },
	{ { "x", "-o", "max-concurrent=0" }, NULL },
	{ { "x", "-o", "tries=0" }, NULL },
	{ { "x", "-o", "queue-timeout=0" }, NULL },
};

/* Each in a process of its own: servers can't be taken back. */
static int
child(size_t i)
{
	const struct key *const	 tables[] = { ask_keys, NULL };
	char			*argv[8], text[512] = "";
	const struct server	*srv;
	int			 argc;
	size_t			 n;

	for (argc = 0; cases[i].argv[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)cases[i].argv[argc];
	argv[argc] = NULL;
	if (options_parse(tables, "usage", argc, argv, NULL) == -1 ||
	    ask_load() == -1)
		return 2;
	for (srv = ask_config.backend->servers; srv != NULL; srv = srv->next) {
		n = strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n == 0 ? "" : " ", srv->label);
	}
	return cases[i].servers == NULL || strcmp(text, cases[i].servers) != 0;
}

static void
servers_follow_from_options(void **state)
{
	size_t	 i;
	int	 status;
	pid_t	 pid;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if ((pid = fork()) == 0)
			_exit(child(i));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) !=
		    (cases[i].servers == NULL ? 2 : 0))
			fail_msg("case %zu: %d", i, status);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(servers_follow_from_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What follows from filter-postgrey's options: the profile and what is set
 * besides it, and what does not go together.
 */

#include <sys/types.h>
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
#include "postgrey.h"
#include "shared.h"
#include "stderr.h"

#define O(s)	"-o", s

static const struct {
	const char	*argv[12];
	/* delay window age (s) awl mask4 mask6 helo client code phases */
	const char	*result;	/* or what is wrong */
} cases[] = {
	{ { "x" }, "300 172800 3024000 5 24 64 0 0 451 40" },
	{ { "x", O("profile=spamd") },
	    "1500 14400 3110400 0 32 64 1 1 451 40" },
	{ { "x", "-G", "2:4:864" }, "120 14400 3110400 5 24 64 0 0 451 40" },
	{ { "x", "-G", "2:4:864", O("profile=spamd"), O("delay=90") },
	    "90 14400 3110400 0 32 64 1 1 451 40" },
	{ { "x", O("delay=90"), "-G", "0:4:5" },
	    "0 14400 18000 5 24 64 0 0 451 40" },
	{ { "x", O("mask4=32"), O("mask6=0"), O("auto-whitelist=0"),
	    O("code=450") }, "300 172800 3024000 0 32 0 0 0 450 40" },
	{ { "x", "-s", "/s", O("phase=helo,eom") },
	    "300 172800 3024000 5 24 64 0 0 451 806" },
	{ { "x", "-s", "/s", O("phase=connect,mail,rcpt,data") },
	    "300 172800 3024000 5 24 64 0 0 451 e1" },

	{ { "x", "-G", "2:4" }, "-G" },
	{ { "x", "-G", "2:4:864:1" }, "-G" },
	{ { "x", "-G", "2m:4:864" }, "-G" },
	{ { "x", "-G", " 2:4:864" }, "-G" },
	{ { "x", "-G", "2:0:864" }, "-G" },
	{ { "x", "-G", "::" }, "-G" },
	{ { "x", O("mask4=33") }, "mask4" },
	{ { "x", O("mask6=129") }, "mask6" },
	{ { "x", O("code=550") }, "code" },
	{ { "x", O("profile=qmail") }, "profile" },
	{ { "x", O("phase=") }, "phase" },
	{ { "x", O("phase=rcpt,") }, "phase" },
	{ { "x", O("phase=end") }, "phase" },
	{ { "x", O("text=%t") }, "text" },
	{ { "x", O("header=nothing") }, "header" },
	{ { "x", O("header=X Grey: 1") }, "header" },
	{ { "x", O("header=X-Grey: %s") }, "header" },
	{ { "x", O("low-mx=mx3") }, "low-mx" },
	{ { "x", O("client-whitelist=/nonexistent") }, "/nonexistent" },
	{ { "x", O("block=/nonexistent") }, "/nonexistent" },
	{ { "x", O("trap-time=0") }, "trap-time" },

	/* What is wrong with all of them together. */
	{ { "x", O("phase=data") }, "needs a policy server" },
	{ { "x", O("delay=4h"), O("retry-window=4h") }, "longer than delay" },
	{ { "x", "-s", "/s", O("low-mx=192.0.2.3") }, "traps: not used" },
	{ { "x", "-s", "/s", O("redis=/r") }, "redis: not used" },
	{ { "x", "-s", "/s", O("phase=eom"), O("defer-at=data") },
	    "no recipient is asked" },
};

static int
load(const char *const *words)
{
	const struct key *const	 tables[] = { postgrey_keys, consult_keys,
				    shared_keys, NULL };
	char			*argv[12];
	int			 argc;

	for (argc = 0; words[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	postgrey_init();
	if (options_parse(tables, "usage", argc, argv, NULL) == -1)
		return -1;
	return postgrey_settle();
}

static void
say_result(void)
{
	const struct grey_rules	*r = &postgrey.rules;

	(void)fprintf(stderr, "%lld %lld %lld %lld %d %d %d %d %d %x\n",
	    (long long)r->delay / 1000, (long long)r->retry_window / 1000,
	    (long long)r->max_age / 1000, (long long)r->awl_count,
	    postgrey.tuple.mask4, postgrey.tuple.mask6, postgrey.tuple.helo,
	    r->pass_client, postgrey.code, postgrey.phases);
}

/* Keys are set once in a process. */
static void
options_say_what_follows(void **state)
{
	const char	*said;
	size_t		 i;
	pid_t		 pid;
	int		 status, bad;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bad = strspn(cases[i].result, "0123456789abcdef ") !=
		    strlen(cases[i].result);
		stderr_start();
		assert_true((pid = fork()) != -1);
		if (pid == 0) {
			if (load(cases[i].argv) == -1)
				_exit(1);
			say_result();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		said = stderr_stop();
		if (!WIFEXITED(status) || WEXITSTATUS(status) != bad)
			fail_msg("case %zu: status %x: %s", i, status, said);
		if (strstr(said, cases[i].result) == NULL)
			fail_msg("case %zu: %s", i, said);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(options_say_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * greylistctl(8): what filter-postgrey remembers, seen and changed while it
 * runs.
 *
 * Exits 0: done; 1: a mistake, or it could not be done, which is said; 2: there
 * is nothing like that.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "consult.h"
#include "ctl.h"
#include "ctl_import.h"
#include "ctl_memory.h"
#include "delegate.h"
#include "log.h"
#include "options.h"
#include "postgrey.h"
#include "settings.h"
#include "shared.h"

#define PASSED_MAX	128

static const char	 usage[] = "greylistctl [-jnVv] [-f file] "
    "[-G times] [-o key=value] command [argument ...]";

struct ctl		 ctl;
static int		 check_only, policy_server;

static int	command_import(int, char *[]);

static const struct command {
	const char	*name;
	int		 min, max;	/* arguments */
	int		 write;
	int		(*run)(int argc, char *argv[]);
} commands[] = {
	{ "list", 0, 2, 0, ctl_list },
	{ "get", 1, 1, 0, ctl_show },
	{ "add", 2, 3, 1, ctl_add },
	{ "delete", 2, 2, 1, ctl_remove },
	{ "stat", 0, 0, 0, ctl_stat },
	{ "import", 1, 1, 1, command_import },
	{ "export", 0, 0, 0, ctl_export },
};

static const char *
set_version(const char *value)
{
	(void)puts("greylistctl " PACKAGE_VERSION);
	exit(0);
}

static const char *
set_verbose(const char *value)
{
	log_verbose();
	return NULL;
}

static const char *
pass_over(const char *value)
{
	return NULL;
}

static const char *
set_policy_server(const char *value)
{
	policy_server = 1;
	return NULL;
}

static const struct key	 own_keys[] = {
	{ .name = "", .letter = 'j', .type = KEY_BOOL, .dest = &ctl.json },
	{ .name = "", .letter = 'n', .type = KEY_BOOL, .dest = &check_only },
	{ .name = "", .letter = 'V', .type = KEY_CALL, .max = -1,
	    .call = set_version },
	{ .name = "", .letter = 'v', .type = KEY_CALL, .max = -1,
	    .call = set_verbose },
	{ .name = "server", .type = KEY_CALL, .call = set_policy_server },
	{ .name = NULL }
};

/* Keys that say what is remembered where, and for how long. */
static int
is_ours(const char *name)
{
	static const char *const	 ours[] = { "profile", "delay",
	    "retry-window", "max-age", "times", "auto-whitelist", "mask4",
	    "mask6", "db", "trap-time" };
	size_t				 i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return 1;
	return 0;
}

/*
 * All other keys of the filter: they may be in its file, but the lists that
 * they name are not read, nor is anything connected to.
 */
static const struct key *
keys_passed_over(void)
{
	static struct key		 keys[PASSED_MAX + 1];
	static const struct key *const	 tables[] = { settings_keys,
	    postgrey_keys, consult_keys, delegate_keys, NULL };
	const struct key *const		*t;
	const struct key		*k;
	size_t				 n = 0;

	for (t = tables; *t != NULL; t++)
		for (k = *t; k->name != NULL && n < PASSED_MAX; k++)
			if (*k->name != '\0' && !is_ours(k->name)) {
				keys[n].name = k->name;
				keys[n].type = KEY_CALL;
				keys[n++].call = pass_over;
			}
	return keys;
}

/* Returns the index of the first argument, or -1 after logging. */
static int
options_take(int argc, char *argv[])
{
	const struct key	*tables[] = { own_keys, keys_passed_over(),
				    postgrey_keys, shared_keys, NULL };
	int			 rest;

	if (options_parse(tables, usage, argc, argv, &rest) == -1)
		return -1;
	if (policy_server) {
		log_warnx("it is a policy server that remembers, see its own "
		    "manual");
		return -1;
	}
	return postgrey_settle() == -1 ? -1 : rest;
}

static int
command_import(int argc, char *argv[])
{
	int	 format = ctl_import_format(argv[0]);

	if (format == -1) {
		log_warnx("import: not json, postgrey or spamdb: %s",
		    log_quote(argv[0]));
		return CTL_FAILED;
	}
	return ctl_import(stdin, format, ctl.now) == -1 ? CTL_FAILED : 0;
}

static const struct command *
command_find(int argc, char *argv[])
{
	const struct command	*c;
	size_t			 i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		c = &commands[i];
		if (strcmp(c->name, argv[0]) == 0 && argc - 1 >= c->min &&
		    argc - 1 <= c->max)
			return c;
	}
	return NULL;
}

/* Returns the exit status. */
static int
run(const struct command *c, int argc, char *argv[])
{
	int	 status;

	if (ctl_open(c->write) == -1)
		return CTL_FAILED;
	status = c->run(argc, argv);
	if (ctl_close() == -1)
		status = CTL_FAILED;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_warn("stdout");
		status = CTL_FAILED;
	}
	return status;
}

static int
check(void)
{
	if (ctl_open(0) == -1 || ctl_close() == -1)
		return CTL_FAILED;
	(void)puts("greylistctl: configuration OK");
	return 0;
}

int
main(int argc, char *argv[])
{
	const struct command	*c;
	struct timespec		 ts;
	int			 rest;

	log_init("greylistctl");
	(void)clock_gettime(CLOCK_REALTIME, &ts);	/* can't fail */
	ctl.now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if ((rest = options_take(argc, argv)) == -1)
		return CTL_FAILED;
	argc -= rest;
	argv += rest;
	if (check_only && argc == 0)
		return check();
	if (argc == 0 || (c = command_find(argc, argv)) == NULL) {
		(void)fprintf(stderr, "usage: %s\n", usage);
		return CTL_FAILED;
	}
	return check_only ? check() : run(c, argc - 1, argv + 1);
}

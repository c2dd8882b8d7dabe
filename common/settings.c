/* SPDX-License-Identifier: ISC */
/*
 * See settings.h.  A mistake in an option is said by options.c; a list that
 * can't be read again is said by addrs.c, and the old one stays.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "engine.h"
#include "log.h"
#include "sandbox.h"
#include "settings.h"

int			 settings_check_only, settings_foreground;

static int		 exempt_auth, exempt_local;
static const char	*metrics_file;
static struct addrs	*exempt;

static const char *
set_version(const char *value)
{
	printf("%s (%s) %s\n", engine.filter->name, PACKAGE_NAME,
	    PACKAGE_VERSION);
	exit(0);
}

static const char *
set_verbose(const char *value)
{
	log_verbose();
	return NULL;
}

static const char *
add_exempt(const char *value)
{
	return addrs_add(exempt, value);
}

static const char *
add_exempt_file(const char *value)
{
	return addrs_add_file(exempt, value) == -1 ? "not loaded" : NULL;
}

/* What can't be written in half a minute is said now. */
static const char *
set_metrics(const char *value)
{
	char		 dir[PATH_MAX];
	struct stat	 st;

	if (strlcpy(dir, value, sizeof(dir)) >= sizeof(dir))
		return "too long";
	if (*value == '\0' || (stat(value, &st) == 0 && !S_ISREG(st.st_mode)))
		return "not a file";
	/* It is written beside its place, and renamed. */
	if (access(dirname(dir), W_OK | X_OK) == -1)
		return "its directory can't be written";
	metrics_file = value;
	sandbox_path(value, "rwc");
	return NULL;
}

static const char *const	 failures[] = {
	[FAILURE_ACCEPT] = "accept",
	[FAILURE_TEMPFAIL] = "tempfail",
	[FAILURE_REJECT] = "reject",
	NULL
};

/* The same in all programs, and in the manual of each. */
const struct key	 settings_keys[] = {
	{ .name = "", .letter = 'n', .type = KEY_BOOL,
	    .dest = &settings_check_only },
	{ .name = "", .letter = 'F', .type = KEY_BOOL,
	    .dest = &settings_foreground },
	{ .name = "", .letter = 'v', .type = KEY_CALL, .max = -1,
	    .call = set_verbose },
	{ .name = "", .letter = 'V', .type = KEY_CALL, .max = -1,
	    .call = set_version },
	{ .name = "on-failure", .type = KEY_CHOICE, .dest = &engine.policy,
	    .choices = failures },
	{ .name = "deadline", .type = KEY_DURATION, .dest = &engine.deadline,
	    .min = 100, .max = 590000 },
	{ .name = "dry-run", .type = KEY_BOOL, .dest = &engine.dry_run },
	{ .name = "metrics", .type = KEY_CALL, .call = set_metrics },
	{ .name = "exempt-auth", .type = KEY_BOOL, .dest = &exempt_auth },
	{ .name = "exempt-local", .type = KEY_BOOL, .dest = &exempt_local },
	{ .name = "exempt", .type = KEY_CALL, .call = add_exempt },
	{ .name = "exempt-file", .type = KEY_CALL, .call = add_exempt_file },
	{ .name = NULL }
};

int
filter_check_only(void)
{
	return settings_check_only;
}

const char *
filter_exempt(const struct session *s)
{
	if (exempt_local && (s->local || addr_is_loopback(&s->src)))
		return "local";
	if (exempt_auth && (s->user != NULL || s->local))
		return "auth";
	if (addrs_match(exempt, &s->src,
	    s->fcrdns == FCRDNS_PASS ? s->rdns : NULL))
		return "list";
	return NULL;
}

void
settings_init(void)
{
	engine.policy = engine.filter->on_failure;
	engine.deadline = engine.filter->deadline != 0 ?
	    engine.filter->deadline : 60000;
	exempt_auth = engine.filter->exempt_auth;
	exempt_local = engine.filter->exempt_local;
	exempt = addrs_new();
}

void
settings_reload(int force)
{
	(void)addrs_reload(exempt, force);
}

void
settings_write_metrics(void)
{
	if (metrics_file != NULL)
		(void)metric_write(metrics_file);
}

const char *
settings_promises(void)
{
	return metrics_file != NULL ? "wpath cpath" : "";
}

/* SPDX-License-Identifier: ISC */
/*
 * From main() to the event loop: the options that all filters share, and what
 * they mean.  Before register|ready a mistake is fatal, since the
 * administrator is looking; after it nothing here exits.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "engine.h"
#include "guard.h"
#include "log.h"
#include "sandbox.h"
#include "worker.h"

static int		 check_only, foreground, exempt_auth, exempt_local;
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
	return NULL;
}

static const char *const	 failures[] = {
	[FAILURE_ACCEPT] = "accept",
	[FAILURE_TEMPFAIL] = "tempfail",
	[FAILURE_REJECT] = "reject",
	NULL
};

/* The same in all programs, and in the manual of each. */
static const struct key	 common_keys[] = {
	{ .name = "", .letter = 'n', .type = KEY_BOOL,
	    .dest = &check_only },
	{ .name = "", .letter = 'F', .type = KEY_BOOL,
	    .dest = &foreground },
	{ .name = "", .letter = 'v', .type = KEY_CALL, .max = -1,
	    .call = set_verbose },
	{ .name = "", .letter = 'V', .type = KEY_CALL, .max = -1,
	    .call = set_version },
	{ .name = "on-failure", .type = KEY_CHOICE, .dest = &engine.policy,
	    .choices = failures },
	{ .name = "deadline", .type = KEY_DURATION, .dest = &engine.deadline,
	    .min = 100, .max = 280000 },
	{ .name = "dry-run", .type = KEY_BOOL, .dest = &engine.dry_run },
	{ .name = "metrics", .type = KEY_CALL, .call = set_metrics },
	{ .name = "exempt-auth", .type = KEY_BOOL, .dest = &exempt_auth },
	{ .name = "exempt-local", .type = KEY_BOOL, .dest = &exempt_local },
	{ .name = "exempt", .type = KEY_CALL, .call = add_exempt },
	{ .name = "exempt-file", .type = KEY_CALL, .call = add_exempt_file },
	{ .name = NULL }
};

struct event_base *
filter_events(void)
{
	return engine.base;
}

int
filter_dry_run(void)
{
	return engine.dry_run;
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
filter_log(const struct session *s, const char *fmt, ...)
{
	char		 text[LOG_LINE_MAX], src[ADDR_STRLEN];
	va_list		 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_info("%016llx src=%s %s%s", (unsigned long long)s->id,
	    s->local ? "local" : addr_print(&s->src, src), text,
	    engine.dry_run ? " dry-run=yes" : "");
}

int
worker_start(unsigned int generation)
{
	const struct filter	*f = engine.filter;
	char			 promises[256];

	/* The guard's copy is as old as smtpd's start. */
	if (generation > 0)
		worker_reload(0);
	if (f->start != NULL && f->start() == -1)
		return -1;
	if (metrics_file != NULL)
		sandbox_path(metrics_file, "rwc");
	(void)snprintf(promises, sizeof(promises), "stdio rpath%s%s %s",
	    f->message != NULL ? " tmppath" : "",
	    metrics_file != NULL ? " wpath cpath" : "",
	    f->promises == NULL ? "" : f->promises);
	(void)sandbox_enter(promises);
	if (metrics_file != NULL)
		(void)metric_write(metrics_file);
	return 0;
}

void
worker_reload(int force)
{
	if (force)
		log_info("reading lists again");
	(void)addrs_reload(exempt, force);
	if (engine.filter->load != NULL)
		(void)engine.filter->load(force ? LOAD_HUP : LOAD_POLL);
	if (metrics_file != NULL)
		(void)metric_write(metrics_file);
}

/* A spooled message, a backend's connection: each holds a descriptor. */
static void
raise_descriptors(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static int
worker(struct shared *sh, unsigned int generation)
{
	return worker_run(sh, generation, 0);
}

static int
check(void)
{
	const struct filter	*f = engine.filter;

	if (f->check != NULL && f->check() == -1)
		return 1;
	printf("%s: configuration OK\n", f->name);
	return 0;
}

int
filter_main(const struct filter *f, int argc, char *argv[])
{
	const struct key	*tables[] = { common_keys, f->keys, NULL };
	struct guard_config	 conf = { .work = worker };
	char			 usage[1024];

	log_init(f->name);
	metric_init(f->name);
	metric_add(engine_counts, COUNT_MAX);
	if (f->metrics != NULL)
		metric_add(f->metrics, f->nmetrics);
	engine.filter = f;
	engine.policy = f->on_failure;
	engine.deadline = 60000;
	exempt = addrs_new();
	(void)snprintf(usage, sizeof(usage), "%s %s", f->name, f->usage);
	if (options_parse(tables, usage, argc, argv) == -1)
		return 1;
	if (f->load != NULL && f->load(LOAD_START) == -1)
		return 1;
	if (check_only)
		return check();
	raise_descriptors();
	if (foreground)
		return worker_run(guard_map(), 0, 1);
	conf.policy = engine.policy;
	conf.deadline = engine.deadline;
	return guard_run(guard_map(), &conf);
}

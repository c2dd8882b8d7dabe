/* SPDX-License-Identifier: ISC */
/*
 * From main() to guard and worker.  A mistake in options or lists ends it here,
 * since the administrator is looking.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "guard.h"
#include "log.h"
#include "settings.h"
#include "worker.h"

/* How long a worker may take to end when smtpd hung up: ms. */
#define FAREWELL	900
#define FAREWELL_GUEST	6000

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
check(void)
{
	const struct filter	*f = engine.filter;

	if (f->check != NULL && f->check() == -1)
		return 1;
	printf("%s: configuration OK\n", f->name);
	return 0;
}

/* All options: the engine's and the filter's. */
static int
parse(const struct filter *f, int argc, char *argv[], int *rest)
{
	const struct key	*tables[2 + FILTER_TABLES] = { settings_keys };
	char			 usage[1024];

	memcpy(tables + 1, f->keys, sizeof(f->keys));
	(void)snprintf(usage, sizeof(usage), "%s %s", f->name, f->usage);
	return options_parse(tables, usage, argc, argv,
	    f->command != NULL ? rest : NULL);
}

static void
begin(const struct filter *f)
{
	log_init(f->name);
	metric_init(f->name);
	metric_add(engine_counts, COUNT_MAX);
	if (f->metrics != NULL)
		metric_add(f->metrics, f->nmetrics);
	engine.filter = f;
	settings_init();
}

/* As guard_run(): the guard and its workers, or a worker alone. */
static int
guard(const struct filter *f, struct worker *w)
{
	static struct guard_config	 conf;

	if (!w->guest)		/* it may close all that it might have */
		raise_descriptors();
	w->shared = guard_map();
	w->shared->facts.must_see = f->unknown != NULL && !engine.dry_run;
	if (settings_foreground)
		return -1;
	conf.policy = engine_fallback();
	conf.deadline = engine.deadline;
	conf.farewell = w->guest ? FAREWELL_GUEST : FAREWELL;
	return guard_run(w, &conf);
}

void
filter_run(const struct filter *f)
{
	struct worker	 w = { .in = 0, .out = 1, .socket = -1 };
	int		 status = 1;

	begin(f);
	if ((f->load == NULL || f->load(LOAD_START) == 0) &&
	    (status = guard(f, &w)) == -1 && (status = worker_run(&w)) == 0)
		return;
	_exit(status);
}

/* Everything that may be said and done before a filter runs: -1, then go on. */
static int
prepare(const struct filter *f, int argc, char *argv[])
{
	int	 rest, status;

	begin(f);
	if (parse(f, argc, argv, &rest) == -1)
		return 1;
	if (f->load != NULL && f->load(LOAD_START) == -1)
		return 1;
	if (f->command != NULL && !settings_check_only &&
	    (status = f->command(argc - rest, argv + rest)) != -1)
		return status;
	if (f->command != NULL && rest < argc) {
		log_warnx("left over: %s", argv[rest]);
		return 1;
	}
	return settings_check_only ? check() : -1;
}

int
filter_main(const struct filter *f, int argc, char *argv[])
{
	struct worker	 w = { .in = 0, .out = 1, .socket = -1 };
	int		 status;

	if ((status = prepare(f, argc, argv)) != -1 ||
	    (status = guard(f, &w)) != -1)
		return status;
	status = worker_run(&w);
	if (w.socket == -1)
		return status;
	/* What atexit(3) promised is the guard's to do. */
	_exit(status);
}

int
filter_guard(const struct filter *f, int argc, char *argv[], struct worker *w)
{
	int	 status = prepare(f, argc, argv);

	return status != -1 ? status : guard(f, w);
}

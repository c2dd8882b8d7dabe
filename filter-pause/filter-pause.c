/* SPDX-License-Identifier: ISC */
/*
 * Make a client wait for its banner.  Mail servers wait; much spam software
 * gives up, or talks first.  All there is to do is to hold back the answer to
 * "connect", for as long as the rules say; hold.c does that.
 *
 * Nobody is refused for a failure of the filter itself.  What is wrong with
 * options and lists is said at start, and it does not start.
 */

#include <string.h>

#include <event2/util.h>

#include "addrs.h"
#include "client.h"
#include "clock.h"
#include "early.h"
#include "filter.h"
#include "good.h"
#include "hold.h"
#include "log.h"
#include "options.h"
#include "rules.h"
#include "timing.h"

#define GOOD_MAX	10000
#define LONG_PAUSE	30000		/* ms; warned about */
#define TTL_MAX		(365 * INT64_C(86400000))

static int64_t		 pause_ms = 5000;
static int64_t		 good_after;
static int64_t		 good_ttl = 24 * 3600 * 1000;
static struct rules	*rules;
static struct good	*good;
static struct filter	 filter;	/* what the engine sees */

static void
rule_apply(struct session *s, struct request rq, const struct rule *r)
{
	switch (r->action) {
	case RULE_PAUSE:
		hold_begin(s, rq, r->ms);
		break;
	case RULE_SKIP:
		client_skip(s, rq);
		break;
	case RULE_TEMPFAIL:
		client_tempfail(s, rq, "4.7.1 Access denied, try again later");
		break;
	case RULE_REJECT:
		client_reject(s, rq, "5.7.1 Access denied");
		break;
	}
}

/* Why this client need not wait, before the rules are asked; or NULL. */
static const char *
exempt_reason(const struct session *s)
{
	const char	*why;

	if (s->local)
		return "exempt-local";
	if ((why = filter_exempt(s)) == NULL)
		return NULL;
	if (strcmp(why, "auth") == 0)
		return "exempt-auth";
	return strcmp(why, "local") == 0 ? "exempt-local" : "exempt-list";
}

/* The same, when no rule matched. */
static const char *
default_reason(const struct session *s)
{
	if (s->dst.port == HOLD_SMTPS)
		return "port-465";
	if (good_after > 0 &&
	    good_count(good, &s->src, clock_ms()) >= good_after)
		return "good";
	return NULL;
}

static void
pause_connect(struct session *s, struct request rq, const char *arg)
{
	struct client	*c = s->data;

	if ((c->reason = exempt_reason(s)) != NULL) {
		client_skip(s, rq);
		return;
	}
	c->rule = rules_find(rules, &s->src, &s->dst, s->rdns,
	    s->fcrdns == FCRDNS_PASS);
	if (c->rule != NULL) {
		c->reason = "rule";
		rule_apply(s, rq, c->rule);
	} else if ((c->reason = default_reason(s)) != NULL)
		client_skip(s, rq);
	else {
		c->reason = "default";
		hold_begin(s, rq, pause_ms);
	}
}

/*
 * smtpd's own sign: the banner, and then at once a complaint about more than
 * one line.
 */
static void
pause_reply(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	if (c->replies >= 2 || ++c->replies < 2)
		return;
	if (strncmp(arg, "500 ", 4) != 0 || strstr(arg, "Pipelining") == NULL)
		return;
	client_pipelined(s);
	c->early |= EARLY_TALKED;
}

static void
pause_commit(struct session *s, const char *arg)
{
	if (!s->local)
		good_commit(good, &s->src, clock_ms());
}

static void
pause_session_end(struct session *s)
{
	struct client	*c = s->data;

	client_release(c);
	if (good != NULL && c->early & EARLY_TALKED)
		good_forget(good, &s->src);
}

static const char *
rule_key(const char *value)
{
	return rules_add(rules, value);
}

/* Each hook costs smtpd something: leave out what is turned off. */
static void
hooks_choose(void)
{
	if (good_after == 0)
		filter.report[REPORT_TX_COMMIT] = NULL;
	if (!early_kernel && timing_threshold > 0)
		timing_hooks(&filter);
}

static int
pause_load(enum load when)
{
	if (when != LOAD_START)
		return rules_reload(rules, when == LOAD_HUP);
	hooks_choose();
	if (pause_ms > LONG_PAUSE)
		log_warnx("seconds: more than 30, a mail server may give up");
	return 0;
}

static int
pause_check(void)
{
	/* Without it there is less to see, but nothing is wrong. */
	(void)early_start();
	early_stop();
	return 0;
}

static int
pause_start(void)
{
	uint32_t	 seed;

	if (good_after > 0) {
		evutil_secure_rng_get_bytes(&seed, sizeof(seed));
		good = good_new(GOOD_MAX, good_ttl, seed);
	}
	(void)early_start();
	return 0;
}

static const struct key keys[] = {
	{ .name = "seconds", .type = KEY_DURATION, .letter = 's',
	    .dest = &pause_ms, .min = 0, .max = RULES_MS_MAX },
	{ .name = "rule", .type = KEY_CALL, .call = rule_key },
	{ .name = "early", .type = KEY_CHOICE, .dest = &hold_options.early,
	    .choices = hold_early },
	{ .name = "early-threshold", .type = KEY_DURATION,
	    .dest = &timing_threshold, .min = 0, .max = 10000 },
	{ .name = "good-after", .type = KEY_NUMBER, .dest = &good_after,
	    .min = 0, .max = 1000000 },
	{ .name = "good-ttl", .type = KEY_DURATION, .dest = &good_ttl,
	    .min = 1000, .max = TTL_MAX },
	{ .name = "max-paused", .type = KEY_NUMBER, .dest = &hold_options.max,
	    .min = 1, .max = 100000 },
	{ .name = "overload", .type = KEY_CHOICE,
	    .dest = &hold_options.overload, .choices = hold_overload },
	{ .name = NULL }
};

static const struct filter filter_pause = {
	.name = "filter-pause",
	.usage = "[-FnVv] [-f file] [-o key=value] [-s seconds]",
	.keys = { keys },
	.promises = "stdio",
	.metrics = client_counters,
	.nmetrics = COUNTERS,
	.on_failure = FAILURE_ACCEPT,
	.session_size = sizeof(struct client),
	.load = pause_load,
	.check = pause_check,
	.start = pause_start,
	.session_end = pause_session_end,
	.report = {
		[REPORT_TX_COMMIT] = pause_commit,
		[REPORT_PROTOCOL_SERVER] = pause_reply,
	},
	.request = {
		[PHASE_CONNECT] = pause_connect,
	},
};

int
main(int argc, char *argv[])
{
	filter = filter_pause;
	rules = rules_new();
	return filter_main(&filter, argc, argv);
}

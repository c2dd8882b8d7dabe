/* SPDX-License-Identifier: ISC */
/*
 * Keys of filter-postgrey, but for those of the policy servers (consult.h) and
 * of the shared store (shared.h).  greylistctl reads the same file of options.
 *
 * What does not fit together is said at start, and the filter does not start.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "compat.h"
#include "consult.h"
#include "expand.h"
#include "header.h"
#include "lists.h"
#include "log.h"
#include "postgrey.h"
#include "shared.h"
#include "smtpd.h"

#define SECOND	INT64_C(1000)
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)
#define AGE_MAX	(3650 * DAY)

#define UNSET	-1		/* the profile says */

struct postgrey	 postgrey = {
	.rules = {
		.delay = UNSET,
		.retry_window = UNSET,
		.max_age = UNSET,
		.awl_count = UNSET,
		.awl_gap = HOUR,
		.trap_time = DAY,
	},
	.db = STATEDIR "/filter-postgrey/greylist.db",
	.phases = 1 << PHASE_RCPT_TO,
	.code = 451,
	.text = "Greylisted, try again in %s seconds",
	.header = "X-Greylist: delayed %t seconds by filter-postgrey-%v at "
	    "%h; %d",
	.learn_out = 1,
};

static int64_t	 mask4 = UNSET, mask6 = UNSET;
static int	 code_word = 1;

static const char *const	 profiles[] = { "postgrey", "spamd", NULL };
static const char *const	 defer_words[] = { "rcpt", "data", NULL };
static const char *const	 null_words[] = { "rcpt", "data", "skip",
				    NULL };
static const char *const	 code_words[] = { "450", "451", NULL };
static const char *const	 refusals[] = { "tempfail", "reject", NULL };
static const char *const	 formats[] = { "native", "postgrey", NULL };

/* What each profile has for keys that were not set. */
static const struct profile_rules {
	int64_t	 delay, retry_window, max_age, awl_count;
	int	 pass_client, helo, mask4;
} profile_rules[] = {
	[PROFILE_POSTGREY] = { 300 * SECOND, 2 * DAY, 35 * DAY, 5, 0, 0, 24 },
	[PROFILE_SPAMD] = { 25 * MINUTE, 4 * HOUR, 864 * HOUR, 0, 1, 1, 32 },
};

/* The words of "phase", and what a policy server may be asked at. */
static const struct {
	const char	*word;
	unsigned int	 phases;
} phase_words[] = {
	{ "connect", 1 << PHASE_CONNECT },
	{ "helo", 1 << PHASE_HELO | 1 << PHASE_EHLO },
	{ "mail", 1 << PHASE_MAIL_FROM },
	{ "rcpt", 1 << PHASE_RCPT_TO },
	{ "data", 1 << PHASE_DATA },
	{ "eom", 1 << PHASE_COMMIT },
};

static unsigned int
phase_find(const char *word, size_t len)
{
	size_t	 i;

	for (i = 0; i < sizeof(phase_words) / sizeof(phase_words[0]); i++)
		if (strlen(phase_words[i].word) == len &&
		    strncmp(phase_words[i].word, word, len) == 0)
			return phase_words[i].phases;
	return 0;
}

/* "rcpt,eom" */
static const char *
set_phase(const char *value)
{
	unsigned int	 phases = 0, one;
	size_t		 len;

	for (;;) {
		len = strcspn(value, ",");
		if ((one = phase_find(value, len)) == 0)
			return "not of connect, helo, mail, rcpt, data, eom";
		phases |= one;
		if (value[len] == '\0')
			break;
		value += len + 1;
	}
	postgrey.phases = phases;
	return NULL;
}

/* spamd(8): passtime:greyexp:whiteexp, in minutes, hours and hours. */
static const char *
set_times(const char *value)
{
	static const int64_t	 units[] = { MINUTE, HOUR, HOUR };
	int64_t			*dests[] = { &postgrey.rules.delay,
				    &postgrey.rules.retry_window,
				    &postgrey.rules.max_age };
	int64_t			 n[3];
	const char		*why;
	char			 copy[64], *p = copy, *word;
	size_t			 i;

	if (strlcpy(copy, value, sizeof(copy)) >= sizeof(copy))
		return "not minutes:hours:hours";
	for (i = 0; i < 3; i++) {
		if ((word = strsep(&p, ":")) == NULL)
			return "not minutes:hours:hours";
		n[i] = strtonum(word, i > 0, AGE_MAX / HOUR, &why);
		if (why != NULL || strspn(word, "0123456789") != strlen(word))
			return "not minutes:hours:hours";
	}
	if (p != NULL)
		return "not minutes:hours:hours";
	for (i = 0; i < 3; i++)
		*dests[i] = n[i] * units[i];
	return NULL;
}

static const char *
set_text(const char *value)
{
	postgrey.text = value;
	return expand_check(value, "srifh");
}

static const char *
set_header(const char *value)
{
	size_t	 name = strcspn(value, ":");

	if (strcmp(value, "none") == 0) {
		postgrey.header = NULL;
		return NULL;
	}
	if (value[name] != ':' || !header_name_ok(value, name))
		return "neither none nor Name: text";
	postgrey.header = value;
	return expand_check(value + name, "tvhd");
}

static const char *
set_low_mx(const char *value)
{
	if (addr_parse(&postgrey.low_mx, value) == -1)
		return "not an address";
	return NULL;
}

static const char *
load(struct list *l, const char *path)
{
	return list_add_file(l, path) == -1 ? "not loaded" : NULL;
}

static const char *
add_clients(const char *value)
{
	return load(postgrey.clients, value);
}

static const char *
add_senders(const char *value)
{
	return load(postgrey.senders, value);
}

static const char *
add_recipients(const char *value)
{
	return load(postgrey.recipients, value);
}

static const char *
add_opt_in(const char *value)
{
	postgrey.opt_in_only = 1;
	return load(postgrey.opt_in, value);
}

static const char *
add_opt_out(const char *value)
{
	return load(postgrey.opt_out, value);
}

static const char *
add_traps(const char *value)
{
	postgrey.baits = 1;
	return load(postgrey.traps, value);
}

static const char *
add_allowed(const char *value)
{
	postgrey.baits = 1;
	return load(postgrey.allowed, value);
}

static const char *
add_block(const char *value)
{
	return blocks_add(1, value);
}

static const char *
add_bypass(const char *value)
{
	return blocks_add(0, value);
}

const struct key	 postgrey_keys[] = {
	{ .name = "profile", .type = KEY_CHOICE, .dest = &postgrey.profile,
	    .choices = profiles },
	{ .name = "delay", .type = KEY_DURATION,
	    .dest = &postgrey.rules.delay, .max = AGE_MAX },
	{ .name = "retry-window", .type = KEY_DURATION,
	    .dest = &postgrey.rules.retry_window, .min = SECOND,
	    .max = AGE_MAX },
	{ .name = "max-age", .type = KEY_DURATION,
	    .dest = &postgrey.rules.max_age, .min = SECOND, .max = AGE_MAX },
	{ .name = "times", .letter = 'G', .type = KEY_CALL,
	    .call = set_times },
	{ .name = "auto-whitelist", .type = KEY_NUMBER,
	    .dest = &postgrey.rules.awl_count, .max = 1000000 },
	{ .name = "mask4", .type = KEY_NUMBER, .dest = &mask4, .max = 32 },
	{ .name = "mask6", .type = KEY_NUMBER, .dest = &mask6, .max = 128 },
	{ .name = "db", .type = KEY_STRING, .dest = &postgrey.db },
	{ .name = "client-whitelist", .type = KEY_CALL, .call = add_clients },
	{ .name = "sender-whitelist", .type = KEY_CALL, .call = add_senders },
	{ .name = "recipient-whitelist", .type = KEY_CALL,
	    .call = add_recipients },
	{ .name = "opt-in", .type = KEY_CALL, .call = add_opt_in },
	{ .name = "opt-out", .type = KEY_CALL, .call = add_opt_out },
	{ .name = "block", .type = KEY_CALL, .call = add_block },
	{ .name = "bypass", .type = KEY_CALL, .call = add_bypass },
	{ .name = "block-action", .type = KEY_CHOICE,
	    .dest = &postgrey.block_action, .choices = refusals },
	{ .name = "trap-file", .type = KEY_CALL, .call = add_traps },
	{ .name = "trap-time", .type = KEY_DURATION,
	    .dest = &postgrey.rules.trap_time, .min = SECOND,
	    .max = AGE_MAX },
	{ .name = "trap-action", .type = KEY_CHOICE,
	    .dest = &postgrey.trap_action, .choices = refusals },
	{ .name = "allowed-domains", .type = KEY_CALL, .call = add_allowed },
	{ .name = "low-mx", .type = KEY_CALL, .call = set_low_mx },
	{ .name = "phase", .type = KEY_CALL, .call = set_phase },
	{ .name = "defer-at", .type = KEY_CHOICE, .dest = &postgrey.defer_at,
	    .choices = defer_words },
	{ .name = "null-sender", .type = KEY_CHOICE,
	    .dest = &postgrey.null_sender, .choices = null_words },
	{ .name = "code", .type = KEY_CHOICE, .dest = &code_word,
	    .choices = code_words },
	{ .name = "text", .type = KEY_CALL, .call = set_text },
	{ .name = "header", .type = KEY_CALL, .call = set_header },
	{ .name = "log-format", .type = KEY_CHOICE,
	    .dest = &postgrey.log_format, .choices = formats },
	{ .name = "training", .type = KEY_BOOL, .dest = &postgrey.training },
	{ .name = "learn-out", .type = KEY_BOOL, .dest = &postgrey.learn_out },
	{ .name = "learn-auth", .type = KEY_BOOL,
	    .dest = &postgrey.learn_auth },
	{ .name = NULL }
};

void
postgrey_init(void)
{
	postgrey.clients = list_new(LIST_CLIENTS);
	postgrey.senders = list_new(LIST_SENDERS);
	postgrey.recipients = list_new(LIST_RECIPIENTS);
	postgrey.opt_in = list_new(LIST_RECIPIENTS);
	postgrey.opt_out = list_new(LIST_RECIPIENTS);
	postgrey.traps = list_new(LIST_RECIPIENTS);
	postgrey.allowed = list_new(LIST_RECIPIENTS);
}

static void
set_default(int64_t *value, int64_t otherwise)
{
	if (*value == UNSET)
		*value = otherwise;
}

/* What only makes sense without a policy server, or with one. */
static int
settle_backend(void)
{
	const unsigned int	 rcpt = 1 << PHASE_RCPT_TO;

	if (!consult_wanted()) {
		if (postgrey.phases == rcpt)
			return 0;
		log_warnx("phase: needs a policy server; see defer-at");
		return -1;
	}
	if (shared_wanted())
		log_warnx("redis: not used with a policy server");
	else if (postgrey_asks(postgrey.traps) ||
	    postgrey_asks(postgrey.allowed) ||
	    postgrey.low_mx.family != AF_UNSPEC)
		log_warnx("traps: not used with a policy server");
	else if ((postgrey.phases & rcpt) == 0 &&
	    postgrey.defer_at == DEFER_DATA)
		log_warnx("defer-at: no recipient is asked for");
	else
		return 0;
	return -1;
}

int
postgrey_settle(void)
{
	const struct profile_rules	*p = &profile_rules[postgrey.profile];
	struct grey_rules		*r = &postgrey.rules;

	set_default(&r->delay, p->delay);
	set_default(&r->retry_window, p->retry_window);
	set_default(&r->max_age, p->max_age);
	set_default(&r->awl_count, p->awl_count);
	set_default(&mask4, p->mask4);
	set_default(&mask6, 64);
	r->pass_client = p->pass_client;
	postgrey.tuple.helo = p->helo;
	postgrey.tuple.mask4 = (int)mask4;
	postgrey.tuple.mask6 = (int)mask6;
	postgrey.code = code_word == 0 ? 450 : 451;
	if (r->delay >= r->retry_window) {
		log_warnx("retry-window: must be longer than delay");
		return -1;
	}
	return settle_backend();
}

int
postgrey_reload(int force)
{
	struct list	*all[] = { postgrey.clients, postgrey.senders,
			    postgrey.recipients, postgrey.opt_in,
			    postgrey.opt_out, postgrey.traps,
			    postgrey.allowed };
	size_t		 i;
	int		 r = 0;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (list_reload(all[i], force) == -1)
			r = -1;
	return blocks_reload(force) == -1 ? -1 : r;
}

int
postgrey_asks(const struct list *l)
{
	return list_count(l) > 0;
}

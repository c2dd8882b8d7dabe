/* SPDX-License-Identifier: ISC */
/*
 * Sign outgoing mail: RFC 6376.  What could not be found out is answered by
 * tempfail if the operator does not say otherwise, so that nothing goes out
 * unsigned by accident.
 *
 * Mistakes in options, tables and keys end it at start; later on the old
 * policy stays.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "dkimsign.h"
#include "filter.h"
#include "log.h"
#include "outgoing.h"
#include "policy.h"
#include "policy_options.h"
#include "privkey.h"
#include "signer.h"
#include "standalone.h"

static struct policy	*policy;

static void
dkimsign_greeting(struct session *s, const char *arg)
{
	struct outgoing_client	*c = s->data;

	free(c->host);
	c->host = strdup(arg);	/* NULL: addresses are not completed */
}

static void
dkimsign_session_end(struct session *s)
{
	struct outgoing_client	*c = s->data;

	outgoing_gone(c);
	free(c->host);
}

static void
dkimsign_tx_end(struct session *s)
{
	outgoing_gone(s->data);
}

/* Old lines in smtpd.conf have to work on, whatever mode their key has. */
static void
keys_tolerate(void)
{
	if (policy_options.letters &&
	    privkey_rules.safe == PRIVKEY_SAFE_DEFAULT)
		privkey_rules.safe = PRIVKEY_SAFE_WARN;
}

/* Messages under way hold their keys: the old policy can go at once. */
static int
dkimsign_load(enum load when)
{
	struct policy	*new;

	if (when == LOAD_POLL && !policy_changed(policy))
		return 0;
	if (when == LOAD_START)
		keys_tolerate();
	if ((new = policy_new()) == NULL)
		return -1;
	policy_free(policy);
	outgoing_policy = policy = new;
	if (when != LOAD_START)
		log_info("keys and tables were read again");
	return 0;
}

static int
dkimsign_check(void)
{
	policy_show(policy);
	return 0;
}

static int
dkimsign_start(void)
{
	return signer_start(filter_events());
}

static int
dkimsign_command(int argc, char *argv[])
{
	return dkimsign.test && argc == 0 ? standalone(policy) : -1;
}

static const struct filter dkimsign_filter = {
	.name = "filter-dkimsign",
	.usage = "[-FnOTtVvz] [-a algorithm] [-c canonicalization] "
	    "[-D file] [-d domain] [-f file] [-h headers] [-i identity] "
	    "[-k keyfile] [-o key=value] [-s selector] [-x seconds]",
	.keys = { dkimsign_keys },
	.promises = "stdio rpath thread",
	.metrics = outgoing_counters,
	.nmetrics = OUTGOING_COUNTERS,
	.on_failure = FAILURE_TEMPFAIL,
	.session_size = sizeof(struct outgoing_client),
	.load = dkimsign_load,
	.check = dkimsign_check,
	.command = dkimsign_command,
	.start = dkimsign_start,
	.session_end = dkimsign_session_end,
	.tx_end = dkimsign_tx_end,
	.report = {
		[REPORT_LINK_GREETING] = dkimsign_greeting,
	},
	.message = outgoing_message,
	.wants = outgoing_wants,
};

int
main(int argc, char *argv[])
{
	return filter_main(&dkimsign_filter, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * smtpd's questions and reports become events for milters.  A client for which
 * there is no memory is answered by on-failure.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chain.h"
#include "client.h"
#include "inject.h"
#include "log.h"
#include "message.h"
#include "milter.h"
#include "settle.h"
#include "verdict.h"

/* Milters have timeouts of their own: this is for all of them together. */
#define DEADLINE	590000

static void
mta_link_connect(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	client_begin(c, s);
	c->chain = chain_new(c);
}

static void
mta_session_end(struct session *s)
{
	struct client	*c = s->data;

	chain_free(c->chain);
	client_end(c);
}

static void
mta_greeting(struct session *s, const char *name)
{
	client_greeting(s->data, name);
}

static void
ask(struct session *s, struct request rq, enum link_event event,
    const char *arg)
{
	struct client	*c = s->data;

	if (filter_exempt(s) != NULL)
		filter_proceed(rq);
	else if (c->chain == NULL)
		filter_fail(rq, "out of memory");
	else
		chain_ask(c->chain, rq, event, arg);
}

static void
mta_connect(struct session *s, struct request rq, const char *arg)
{
	ask(s, rq, EVENT_CONNECT, arg);
}

static void
mta_helo(struct session *s, struct request rq, const char *name)
{
	ask(s, rq, EVENT_HELO, name);
}

static void
mta_mail(struct session *s, struct request rq, const char *address)
{
	ask(s, rq, EVENT_MAIL, address);
}

static void
mta_rcpt(struct session *s, struct request rq, const char *address)
{
	ask(s, rq, EVENT_RCPT, address);
}

static void
mta_data(struct session *s, struct request rq, const char *arg)
{
	ask(s, rq, EVENT_DATA, arg);
}

static int
mta_wants(struct session *s)
{
	struct client	*c = s->data;

	if (filter_exempt(s) != NULL)
		return 0;
	return c->chain == NULL || chain_wants_message(c->chain);
}

static void
mta_message(struct session *s, struct request rq, struct message *m)
{
	struct client	*c = s->data;

	if (c->chain == NULL)
		filter_fail(rq, "out of memory");
	else if (s->tx == NULL)
		filter_fail(rq, "the envelope is not known");
	else
		chain_message(c->chain, rq, m);
}

/* The verbs that smtpd knows; AUTH's lines may be passwords. */
static int
is_unknown(const char *line)
{
	static const char *const	 verbs[] = { "HELO", "EHLO", "LHLO",
					    "STARTTLS", "AUTH", "MAIL", "RCPT",
					    "DATA", "RSET", "QUIT", "NOOP",
					    "HELP", "WIZ", NULL };
	size_t				 i, n = strcspn(line, " \t");

	for (i = 0; verbs[i] != NULL; i++)
		if (strlen(verbs[i]) == n &&
		    strncasecmp(line, verbs[i], n) == 0)
			return 0;
	return 1;
}

static void
mta_command(struct session *s, const char *line)
{
	struct client	*c = s->data;

	client_command(c, line);
	if (c->chain != NULL)
		chain_command(c->chain);
	if (c->chain != NULL && c->command != NULL && is_unknown(c->command) &&
	    filter_exempt(s) == NULL)
		chain_tell(c->chain, EVENT_UNKNOWN, c->command);
}

static void
mta_begin(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	if (c->chain != NULL)
		chain_began(c->chain);
}

static void
mta_judged(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	if (c->chain != NULL)
		chain_judged(c->chain);
}

static void
mta_reset(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	if (c->chain != NULL)
		chain_reset(c->chain);
	client_reset(c);
}

static void
mta_commit(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	if (c->chain != NULL)
		chain_committed(c->chain);
}

static int
mta_load(enum load when)
{
	return when == LOAD_START ? milter_load() : 0;
}

static int
mta_check(void)
{
	int	 status = milter_check();

	return inject_check() == -1 ? -1 : status;
}

static int
mta_start(void)
{
	milter_start(filter_events());
	inject_start(filter_events());
	return 0;
}

const struct filter	 milter_filter = {
	.name = "filter-milter",
	.usage = "[-FnVv] [-d daemon_name] [-f file] [-j hostname] "
	    "[-m name=value] [-o key=value] [-s milter]",
	.keys = { milter_keys, settle_keys },
	.promises = "inet unix dns",
	.metrics = verdict_counters,
	.nmetrics = VERDICT_COUNTERS,
	.on_failure = FAILURE_TEMPFAIL,
	.deadline = DEADLINE,
	.session_size = sizeof(struct client),
	.load = mta_load,
	.check = mta_check,
	.start = mta_start,
	.stop = inject_stop,
	.session_end = mta_session_end,
	.report = {
		[REPORT_LINK_CONNECT] = mta_link_connect,
		[REPORT_LINK_GREETING] = mta_greeting,
		[REPORT_PROTOCOL_CLIENT] = mta_command,
		[REPORT_TX_BEGIN] = mta_begin,
		[REPORT_TX_RCPT] = mta_judged,
		[REPORT_TX_RESET] = mta_reset,
		[REPORT_TX_ROLLBACK] = mta_reset,
		[REPORT_TX_COMMIT] = mta_commit,
	},
	.request = {
		[PHASE_CONNECT] = mta_connect,
		[PHASE_HELO] = mta_helo,
		[PHASE_EHLO] = mta_helo,
		[PHASE_MAIL_FROM] = mta_mail,
		[PHASE_RCPT_TO] = mta_rcpt,
		[PHASE_DATA] = mta_data,
	},
	.wants = mta_wants,
	.message = mta_message,
};

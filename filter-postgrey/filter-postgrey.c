/* SPDX-License-Identifier: ISC */
/*
 * Greylisting: who is not known is asked to come again, as mail servers do and
 * much of the software that sends spam does not.  By a policy server, by what
 * this host remembers, or by what several hosts do.
 *
 * It begins without its servers.  Who can't be decided about is let in if the
 * operator does not say otherwise: greylisting only delays.
 */

#include "client.h"
#include "consult.h"
#include "decide.h"
#include "delegate.h"
#include "diary.h"
#include "filter.h"
#include "greylist.h"
#include "learn.h"
#include "memory.h"
#include "message.h"
#include "postgrey.h"
#include "shared.h"

#define DEADLINE	30000

static struct filter	 filter;	/* what the engine sees */

static void
postgrey_connect(struct session *s, struct request rq, const char *arg)
{
	decide(s, rq, PHASE_CONNECT, arg, NULL);
}

static void
postgrey_helo(struct session *s, struct request rq, const char *arg)
{
	decide(s, rq, PHASE_HELO, arg, NULL);
}

static void
postgrey_ehlo(struct session *s, struct request rq, const char *arg)
{
	decide(s, rq, PHASE_EHLO, arg, NULL);
}

/* The last one may have been refused elsewhere: then it has no other end. */
static void
postgrey_mail(struct session *s, struct request rq, const char *arg)
{
	decide_mail_end(s);
	decide(s, rq, PHASE_MAIL_FROM, arg, NULL);
}

/* A trap is none of smtpd's recipients: at DATA it would not be there. */
static void
postgrey_rcpt(struct session *s, struct request rq, const char *arg)
{
	if (s->tx != NULL && decide_at_data(s->tx->from) &&
	    (consult_wanted() || !greylist_is_bait(arg)))
		filter_proceed(rq);
	else
		decide(s, rq, PHASE_RCPT_TO, arg, NULL);
}

static void
postgrey_data(struct session *s, struct request rq, const char *arg)
{
	decide(s, rq, PHASE_DATA, arg, NULL);
}

static int
is_asked(enum phase phase)
{
	return (postgrey.phases & 1 << phase) != 0;
}

static void
postgrey_message(struct session *s, struct request rq, struct message *m)
{
	if (is_asked(PHASE_COMMIT))
		decide(s, rq, PHASE_COMMIT, "", m);
	else {
		decide_stamp(s, m);
		filter_proceed(rq);
	}
}

/* All others go by: what gets no field need not be held, nor refused for it. */
static int
postgrey_wants(struct session *s)
{
	const struct client	*c = s->data;

	return is_asked(PHASE_COMMIT) || c->lasting.n > 0 || c->mail.n > 0;
}

static void
postgrey_identify(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	c->esmtp = arg[0] == 'E' && arg[1] == 'H';
}

/* Each hook costs smtpd something: leave out what is turned off. */
static void
hooks_choose(void)
{
	struct filter	*f = &filter;
	int		 at_data = postgrey.defer_at == DEFER_DATA;

	f->request[PHASE_CONNECT] = is_asked(PHASE_CONNECT) ?
	    postgrey_connect : NULL;
	f->request[PHASE_HELO] = is_asked(PHASE_HELO) ? postgrey_helo : NULL;
	f->request[PHASE_EHLO] = is_asked(PHASE_EHLO) ? postgrey_ehlo : NULL;
	f->request[PHASE_MAIL_FROM] = is_asked(PHASE_MAIL_FROM) ?
	    postgrey_mail : NULL;
	f->request[PHASE_RCPT_TO] = is_asked(PHASE_RCPT_TO) &&
	    (!at_data || postgrey.baits) ? postgrey_rcpt : NULL;
	f->request[PHASE_DATA] = is_asked(PHASE_DATA) || at_data ||
	    postgrey.null_sender == NULL_DATA ? postgrey_data : NULL;
	if (!consult_wanted() && postgrey.header == NULL)
		f->message = NULL;
	if (!is_asked(PHASE_COMMIT))
		f->unknown = NULL;
	if (consult_wanted()) {
		f->outgoing = 0;
		f->report[REPORT_TX_COMMIT] = NULL;
		f->promises = "inet unix dns";
		return;
	}
	f->report[REPORT_LINK_IDENTIFY] = NULL;
	f->outgoing = postgrey.learn_out;
	if (!postgrey.learn_out && !postgrey.learn_auth)
		f->report[REPORT_TX_COMMIT] = NULL;
	f->promises = shared_wanted() ? "wpath cpath thread inet unix dns" :
	    "wpath cpath thread";
}

static int
postgrey_load(enum load when)
{
	if (when != LOAD_START) {
		memory_poll();
		return postgrey_reload(when == LOAD_HUP);
	}
	if (postgrey_settle() == -1)
		return -1;
	greylist_init();
	hooks_choose();
	return consult_wanted() ? consult_load() : memory_load();
}

static int
postgrey_check(void)
{
	return consult_wanted() ? consult_check() : memory_check();
}

static int
postgrey_start(void)
{
	if (!consult_wanted())
		return memory_start();
	consult_start(filter_events());
	return 0;
}

static const struct filter filter_postgrey = {
	.name = "filter-postgrey",
	.usage = "[-FnVv] [-f file] [-G times] [-o key=value] [-s server]",
	.keys = { postgrey_keys, consult_keys, shared_keys, delegate_keys },
	.metrics = diary_counters,
	.nmetrics = DIARY_COUNTERS,
	.on_failure = FAILURE_ACCEPT,
	.exempt_auth = 1,
	.exempt_local = 1,
	.deadline = DEADLINE,
	.fail_text = "3.5 Server configuration problem",
	.session_size = sizeof(struct client),
	.load = postgrey_load,
	.check = postgrey_check,
	.start = postgrey_start,
	.stop = memory_stop,
	.session_end = decide_session_end,
	.tx_end = decide_mail_end,
	.report = {
		[REPORT_LINK_IDENTIFY] = postgrey_identify,
		[REPORT_TX_COMMIT] = learn_commit,
	},
	.message = postgrey_message,
	.wants = postgrey_wants,
	.unknown = decide_stamp,
};

int
main(int argc, char *argv[])
{
	filter = filter_postgrey;
	postgrey_init();
	return filter_main(&filter, argc, argv);
}

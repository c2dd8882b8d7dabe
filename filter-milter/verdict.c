/* SPDX-License-Identifier: ISC */
/*
 * See verdict.h.  Where a milter can't be asked, its on-failure decides; at
 * connect and HELO that waits for MAIL, so that whoever only looks whether the
 * server lives finds it alive.
 */

#include <stdio.h>
#include <string.h>

#include "chain_private.h"
#include "compat.h"
#include "log.h"
#include "verdict.h"

struct metric	 verdict_counters[VERDICT_COUNTERS] = {
	[VERDICT_ACCEPTED] = METRIC("passed_total",
	    "Messages that all milters let pass."),
	[VERDICT_REFUSED] = METRIC("rejected_total",
	    "Commands and messages refused for good."),
	[VERDICT_TEMPFAILED] = METRIC("tempfailed_total",
	    "Commands and messages refused for now."),
	[VERDICT_DISCARDED] = METRIC("discarded_total",
	    "Messages that a milter wanted thrown away."),
	[VERDICT_FAILED] = METRIC("failures_total",
	    "Questions that a milter did not answer."),
};

static const char *const	 events[EVENT_MAX] = {
	[EVENT_CONNECT] = "connect",
	[EVENT_HELO] = "helo",
	[EVENT_MAIL] = "mail",
	[EVENT_RCPT] = "rcpt",
	[EVENT_DATA] = "data",
	[EVENT_MESSAGE] = "message",
	[EVENT_UNKNOWN] = "unknown",
};

static const char *
name(const struct chain *ch)
{
	if (ch->at >= ch->n)
		return "-";
	return link_milter(ch->links[ch->at])->name;
}

static void
say(struct chain *ch, const struct reply *r)
{
	if (ch->event == EVENT_CONNECT || r->code == 421)
		filter_disconnect(ch->rq, r->code, "%s", r->text);
	else
		filter_reject(ch->rq, r->code, "%s", r->text);
}

static void
set(struct reply *r, int code, const char *text)
{
	r->code = code;
	(void)strlcpy(r->text, text, sizeof(r->text));
}

/*
 * The client is refused.  whole: not only this recipient but the message; from
 * DATA on it is always, and before MAIL it is the session.  What milters missed
 * smtpd has accepted, and a recipient of it can only be refused with the rest.
 */
static void
refuse(struct chain *ch, const struct reply *r, int whole)
{
	const char	*action = r->code >= 500 ? "reject" : "tempfail";

	filter_log(ch->client->s, "action=%s milter=%s event=%s code=%d "
	    "text=%s", action, log_safe(name(ch)), events[ch->put], r->code,
	    log_quote(r->text));
	metric_inc(&verdict_counters[r->code >= 500 ? VERDICT_REFUSED :
	    VERDICT_TEMPFAILED]);
	chain_rest(ch);
	if (ch->event != EVENT_RCPT || ch->missed || whole) {
		chain_abort(ch);
		ch->refused = *r;
	}
	if (ch->event == EVENT_CONNECT || ch->event == EVENT_HELO)
		ch->barred = *r;
	say(ch, r);
}

int
verdict_stands(struct chain *ch)
{
	const struct reply	*r = NULL;
	char			 sink[512];

	if (ch->barred.code != 0)
		r = &ch->barred;
	else if (ch->event > EVENT_MAIL && ch->refused.code != 0)
		r = &ch->refused;
	if (r == NULL && !ch->sink)
		return 0;
	chain_rest(ch);
	if (r != NULL)
		say(ch, r);
	else if (ch->event == EVENT_RCPT) {
		(void)snprintf(sink, sizeof(sink), "<%s>", settle_sink());
		filter_rewrite(ch->rq, sink);
	} else
		filter_proceed(ch->rq);
	return 1;
}

void
verdict_settled(struct chain *ch, enum settled settled, const char *why)
{
	const char	*text;
	struct reply	 r;
	int		 code = settle_code(settled, &text);

	filter_log(ch->client->s, "milter=%s event=%s reason=%s",
	    log_safe(name(ch)), events[ch->put], log_quote(why));
	set(&r, code, text);
	refuse(ch, &r, 1);
}

/* From here on smtpd's recipients are one that throws away. */
static int
sink(struct chain *ch)
{
	const struct tx	*tx = ch->client->s->tx;

	if (settle_sink() == NULL ||
	    (ch->event != EVENT_MAIL && ch->event != EVENT_RCPT) ||
	    (ch->event == EVENT_RCPT && tx != NULL && tx->nrcpt > 0))
		return 0;
	filter_log(ch->client->s, "action=discard milter=%s event=%s to=%s",
	    log_safe(name(ch)), events[ch->put], log_safe(settle_sink()));
	chain_abort(ch);
	ch->sink = 1;
	return verdict_stands(ch);
}

static int
discard(struct chain *ch)
{
	enum settled	 settled;

	metric_inc(&verdict_counters[VERDICT_DISCARDED]);
	if (sink(ch))
		return 0;
	settled = settle_discard(ch->client->s, name(ch));
	if (settled == SETTLED_JUNK)
		ch->junk = 1;
	if (settled == SETTLED_JUNK || settled == SETTLED_ACCEPT)
		return 1;
	verdict_settled(ch, settled, "discard");
	return 0;
}

/*
 * Nobody knows what the milter would have said, and it will not hear of the
 * rest of the message: so all of it is refused.
 */
static int
failed(struct chain *ch, const char *why)
{
	static const char *const	 policies[] = {
		[FAILURE_ACCEPT] = "accept",
		[FAILURE_TEMPFAIL] = "tempfail",
		[FAILURE_REJECT] = "reject",
	};
	int		 policy = link_milter(ch->links[ch->at])->on_failure;
	struct reply	 r;

	metric_inc(&verdict_counters[VERDICT_FAILED]);
	filter_log(ch->client->s, "action=fail milter=%s event=%s "
	    "on-failure=%s reason=%s", log_safe(name(ch)), events[ch->put],
	    policies[policy], log_quote(why));
	if (policy == FAILURE_ACCEPT || ch->event == EVENT_CONNECT ||
	    ch->event == EVENT_HELO)
		return 1;
	if (policy == FAILURE_REJECT)
		set(&r, 550, "5.5.0 Command rejected");
	else
		set(&r, 451, "4.7.1 Service unavailable, try again later");
	refuse(ch, &r, 1);
	return 0;
}

/*
 * The milter lets it go on.  With a change that can't be made it may not: that
 * would be another message than the milter's, and on-failure is for milters
 * that say nothing.
 */
static int
go_on(struct chain *ch)
{
	if (ch->put != EVENT_MESSAGE || chain_apply(ch) == 0)
		return 1;
	verdict_settled(ch, SETTLED_TEMPFAIL, "no room for its changes");
	return 0;
}

static int
decide(struct chain *ch, const struct answer *a)
{
	struct reply	 r = a->reply;

	switch (a->kind) {
	case ANSWER_CONTINUE:
	case ANSWER_ACCEPT:
		return go_on(ch);
	case ANSWER_DISCARD:
		return discard(ch) && go_on(ch);
	case ANSWER_FAILED:
		return failed(ch, a->why);
	case ANSWER_REJECT:
		set(&r, ch->event == EVENT_CONNECT ? 554 : 550,
		    "5.7.1 Command rejected");
		break;
	case ANSWER_TEMPFAIL:
		set(&r, 451, "4.7.1 Service unavailable, try again later");
		break;
	case ANSWER_SHUTDOWN:
		set(&r, 421, "4.7.0 Service not available, closing channel");
		break;
	case ANSWER_REPLY:
		break;
	}
	refuse(ch, &r, 0);
	return 0;
}

int
verdict_take(struct chain *ch, const struct answer *a)
{
	int	 on = decide(ch, a);

	chain_drop(ch);
	return on;
}

void
verdict_pass(struct chain *ch)
{
	chain_rest(ch);
	if (ch->event == EVENT_MESSAGE) {
		filter_log(ch->client->s, "action=accept milters=%zu "
		    "changed-by=%zu", ch->n, ch->changes);
		metric_inc(&verdict_counters[VERDICT_ACCEPTED]);
	}
	filter_proceed(ch->rq);
}

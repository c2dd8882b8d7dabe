/* SPDX-License-Identifier: ISC */
/*
 * Clients that wait: the answer to "connect" is held back, and at the end it
 * depends on what the client did meanwhile.  One that can't be looked into is
 * treated as one that was silent.
 */

#include "client.h"
#include "early.h"
#include "filter.h"
#include "hold.h"

const char *const	 hold_early[] = {
	[EARLY_LOG] = "log", [EARLY_JUNK] = "junk",
	[EARLY_TEMPFAIL] = "tempfail", [EARLY_DISCONNECT] = "disconnect", NULL
};
const char *const	 hold_overload[] = {
	[OVERLOAD_SKIP] = "skip", [OVERLOAD_TEMPFAIL] = "tempfail", NULL
};

struct hold_options	 hold_options = {
	.early = EARLY_LOG,
	.overload = OVERLOAD_SKIP,
	.max = 100,
};

void
hold_talked(struct session *s, struct request rq)
{
	struct client	*c = s->data;

	metric_inc(&client_counters[TALKED]);
	c->early |= EARLY_TALKED;
	if (hold_options.early != EARLY_LOG)
		c->reason = "early";
	switch ((enum hold_early)hold_options.early) {
	case EARLY_LOG:
		client_pause(s, rq);
		break;
	case EARLY_JUNK:
		client_junk(s, rq);
		break;
	case EARLY_TEMPFAIL:
		client_tempfail(s, rq,
		    "4.7.0 You spoke before the greeting, try again later");
		break;
	case EARLY_DISCONNECT:
		client_reject(s, rq, "5.5.1 You spoke before the greeting");
		break;
	}
}

static void
hold_end(struct request rq)
{
	struct session	*s;
	struct client	*c;

	if ((s = filter_session(rq)) == NULL)
		return;
	c = s->data;
	client_release(c);
	c->early = early_look(&s->src, &c->local);
	/* Where TLS comes first it is the client's turn to speak. */
	if (s->dst.port == HOLD_SMTPS)
		c->early &= ~EARLY_TALKED;
	if (c->early & EARLY_UNKNOWN)
		metric_inc(&client_counters[UNKNOWN]);
	if (c->early & EARLY_GONE)
		metric_inc(&client_counters[GONE]);
	if (c->early & EARLY_TALKED)
		hold_talked(s, rq);
	else
		client_pause(s, rq);
}

/* Each client that waits costs smtpd two descriptors: there is a limit. */
void
hold_begin(struct session *s, struct request rq, int64_t ms)
{
	struct client	*c = s->data;

	if (ms == 0) {
		client_skip(s, rq);
		return;
	}
	if (client_counters[HELD].value >= hold_options.max) {
		metric_inc(&client_counters[OVERLOADED]);
		c->reason = "overload";
		if (hold_options.overload == OVERLOAD_SKIP)
			client_skip(s, rq);
		else
			client_tempfail(s, rq,
			    "4.3.2 Too busy, try again later");
		return;
	}
	c->ms = ms;
	if (filter_dry_run()) {
		metric_inc(&client_counters[HELD_TOTAL]);
		c->waited = 1;
		c->early = EARLY_UNKNOWN;
		client_pause(s, rq);
		return;
	}
	client_hold(c);
	early_find(&s->src, &s->dst, &c->local);
	filter_delay(rq, ms, hold_end);
}

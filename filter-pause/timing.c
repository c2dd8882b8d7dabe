/* SPDX-License-Identifier: ISC */
/*
 * The time between two of smtpd's reports, the greeting and the client's first
 * command, by the clock that smtpd stamps them with: how long they took to get
 * here does not matter.  A guess: off unless asked for, and never made about
 * networks that are so near that an answer can be that quick.
 *
 * The connect phase is over by then, and so it is the answer to HELO or EHLO
 * that the client gets.
 */

#include "addrs.h"
#include "client.h"
#include "early.h"
#include "hold.h"
#include "timing.h"

int64_t	 timing_threshold;

static void
timing_greeting(struct session *s, const char *arg)
{
	struct client	*c = s->data;

	c->greeted = s->time;
}

static void
timing_command(struct session *s, const char *arg)
{
	struct client	*c = s->data;
	int64_t		 us;

	if (c->greeted == 0)
		return;
	us = s->time - c->greeted;
	c->greeted = 0;
	if (!c->waited || s->local || addr_is_private(&s->src) ||
	    s->dst.port == HOLD_SMTPS)
		return;
	if (us >= 0 && us < timing_threshold * 1000)
		c->suspect = 1;
}

static void
timing_helo(struct session *s, struct request rq, const char *arg)
{
	struct client	*c = s->data;

	if (!c->suspect) {
		filter_proceed(rq);
		return;
	}
	c->suspect = 0;
	c->early = 0;
	hold_talked(s, rq);
}

void
timing_hooks(struct filter *f)
{
	f->report[REPORT_LINK_GREETING] = timing_greeting;
	f->report[REPORT_PROTOCOL_CLIENT] = timing_command;
	f->request[PHASE_HELO] = timing_helo;
	f->request[PHASE_EHLO] = timing_helo;
}

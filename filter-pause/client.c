/* SPDX-License-Identifier: ISC */
/*
 * Answers of filter-pause, each with its counter and its log line.  Nothing
 * here fails: an answer that comes too late is dropped by the engine.
 */


#include "client.h"
#include "clock.h"
#include "early.h"
#include "log.h"

struct metric	 client_counters[COUNTERS] = {
	[HELD] = METRIC_GAUGE("held", "Clients waiting now."),
	[HELD_TOTAL] = METRIC("held_total", "Clients made to wait."),
	[HELD_SECONDS] = METRIC_TIME("held_seconds_total",
	    "Time that clients waited, of waits that ended."),
	[SKIPPED] = METRIC("skipped_total", "Clients that need not wait."),
	[TEMPFAILED] = METRIC("tempfailed_total",
	    "Clients told to come later."),
	[REJECTED] = METRIC("rejected_total", "Clients refused."),
	[JUNKED] = METRIC("junked_total", "Clients marked as junk."),
	[OVERLOADED] = METRIC("overload_total", "Too many were waiting."),
	[TALKED] = METRIC("talked_total", "Clients that spoke too early."),
	[GONE] = METRIC("gone_total", "Clients that left while waiting."),
	[UNKNOWN] = METRIC("unknown_total", "Clients that could not be seen."),
	[PIPELINED] = METRIC("pipelined_total",
	    "Clients that smtpd told 500 Pipelining at once."),
};


static const char *
early_text(int early)
{
	if (early & EARLY_UNKNOWN)
		return "unknown";
	if (early & EARLY_TALKED)
		return early & EARLY_GONE ? "talked,gone" : "talked";
	return early & EARLY_GONE ? "gone" : "no";
}

static void
client_log(const struct session *s, const char *action)
{
	const struct client	*c = s->data;
	const char		*rule = "", *text = "";

	if (c->rule != NULL) {
		rule = " rule=";
		text = log_quote(c->rule->text);
	}
	if (c->waited)
		filter_log(s, "action=%s seconds=%g early=%s reason=%s%s%s",
		    action, c->ms / 1000.0, early_text(c->early), c->reason,
		    rule, text);
	else
		filter_log(s, "action=%s reason=%s%s%s", action, c->reason,
		    rule, text);
}

void
client_hold(struct client *c)
{
	metric_inc(&client_counters[HELD]);
	metric_inc(&client_counters[HELD_TOTAL]);
	c->since = clock_ms();
	c->held = c->waited = 1;
}

void
client_release(struct client *c)
{
	if (!c->held)
		return;
	client_counters[HELD].value--;
	metric_add_ms(&client_counters[HELD_SECONDS], clock_ms() - c->since);
	c->held = 0;
}

void
client_pause(struct session *s, struct request rq)
{
	client_log(s, "pause");
	filter_proceed(rq);
}

void
client_skip(struct session *s, struct request rq)
{
	metric_inc(&client_counters[SKIPPED]);
	client_log(s, "skip");
	filter_proceed(rq);
}

void
client_junk(struct session *s, struct request rq)
{
	metric_inc(&client_counters[JUNKED]);
	client_log(s, "junk");
	filter_junk(rq);
}

/* At connect a plain reject would leave the connection open, for 300 s. */
void
client_tempfail(struct session *s, struct request rq, const char *text)
{
	metric_inc(&client_counters[TEMPFAILED]);
	client_log(s, "tempfail");
	filter_disconnect(rq, 421, "%s", text);
}

void
client_reject(struct session *s, struct request rq, const char *text)
{
	metric_inc(&client_counters[REJECTED]);
	client_log(s, "reject");
	filter_disconnect(rq, 554, "%s", text);
}

void
client_pipelined(const struct session *s)
{
	const struct client	*c = s->data;

	metric_inc(&client_counters[PIPELINED]);
	if (!c->waited || (c->early & EARLY_TALKED) == 0)
		filter_log(s, "action=log early=pipelining");
}

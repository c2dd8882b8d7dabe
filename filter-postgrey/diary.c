/* SPDX-License-Identifier: ISC */
/*
 * See diary.h.  With "log-format postgrey" the line is what postgrey 1.37
 * would have written, for the tools that read it.  Nothing fails.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "diary.h"
#include "log.h"
#include "postgrey.h"

struct metric	 diary_counters[DIARY_COUNTERS] = {
	[GREYLISTED] = METRIC("greylisted_total",
	    "Recipients to be tried again later."),
	[PASSED] = METRIC("passed_total", "Recipients that were known."),
	[EXEMPTED] = METRIC("skipped_total",
	    "Sessions that are not greylisted."),
	[LISTED] = METRIC("listed_total",
	    "Recipients that a list of ours let pass."),
	[BLOCKED] = METRIC("blocked_total",
	    "Recipients refused by a block list."),
	[TRAPPED] = METRIC("trapped_total",
	    "Recipients refused as the client is trapped."),
	[SERVED] = METRIC("policy_decisions_total",
	    "Decisions of policy servers."),
	[LEARNED] = METRIC("learned_total",
	    "Mails of ours that taught whom to trust."),
	[LOST] = METRIC("lost_fields_total",
	    "Header fields that could not be kept for their message."),
};

/* "triplet found" is one word where words are told apart by blanks. */
static const char *
reason_word(const char *reason, char *buf, size_t size)
{
	char	*p;

	(void)strlcpy(buf, reason, size);
	for (p = buf; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
	return buf;
}

/* " name=value", or nothing. */
static const char *
optional_seconds(char *buf, size_t size, const char *name, int64_t ms)
{
	buf[0] = '\0';
	if (ms > 0)
		(void)snprintf(buf, size, " %s=%lld", name,
		    (long long)(ms / 1000));
	return buf;
}

static void
log_native(const struct session *s, const struct entry *e)
{
	char	 reason[64], wait[48], delayed[48];

	filter_log(s, "action=%s reason=%s%s%s%s%s helo=%s from=%s to=%s "
	    "rdns=%s%s",
	    e->action, reason_word(e->reason, reason, sizeof(reason)),
	    optional_seconds(wait, sizeof(wait), "wait", e->wait),
	    optional_seconds(delayed, sizeof(delayed), "delay", e->delayed),
	    e->list == NULL ? "" : " list=",
	    e->list == NULL ? "" : log_safe(e->list), log_safe(s->helo),
	    log_safe(e->sender), log_safe(e->recipient), log_safe(s->rdns),
	    postgrey.training ? " training=yes" : "");
}

/* ", name=value"; postgrey leaves out what is empty. */
static void
add(char *buf, size_t size, size_t *len, const char *name, const char *value)
{
	int	 n;

	if (value == NULL || *value == '\0' || *len >= size)
		return;
	n = snprintf(buf + *len, size - *len, ", %s=%s", name,
	    log_safe(value));
	if (n > 0)
		*len += (size_t)n;
}

static void
log_postgrey(const struct session *s, const struct entry *e)
{
	char	 text[LOG_LINE_MAX], more[64] = "", client[ADDR_STRLEN];
	size_t	 len;

	if (e->delayed > 0)
		(void)snprintf(more, sizeof(more), ", delay=%lld",
		    (long long)(e->delayed / 1000));
	else if (e->wait > 0 && e->reason == grey_reasons[GREY_EARLY])
		(void)snprintf(more, sizeof(more), " (%llds missing)",
		    (long long)((e->wait + 999) / 1000));
	(void)snprintf(text, sizeof(text), "action=%s, reason=%s%s",
	    e->action, e->reason, more);
	len = strlen(text);
	add(text, sizeof(text), &len, "client_name",
	    s->fcrdns == FCRDNS_PASS && s->rdns != NULL ? s->rdns : "unknown");
	add(text, sizeof(text), &len, "client_address",
	    addr_print(&s->src, client));
	add(text, sizeof(text), &len, "sender", e->sender);
	add(text, sizeof(text), &len, "recipient", e->recipient);
	log_info("%s", text);
}

void
diary(const struct session *s, const struct entry *e)
{
	if (postgrey.log_format == LOG_POSTGREY)
		log_postgrey(s, e);
	else
		log_native(s, e);
}

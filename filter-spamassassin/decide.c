/* SPDX-License-Identifier: ISC */
/*
 * See decide.h.  Nothing here fails: what can't be found out never gets here.
 */

#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "log.h"
#include "message.h"
#include "process.h"
#include "verdict.h"

#define SCORE_MAX	100000.0

struct metric	 decide_counters[COUNTERS] = {
	[SCANNED] = METRIC("scanned_total", "Messages that got a score."),
	[SPAM] = METRIC("spam_total", "Messages that were spam."),
	[HAM] = METRIC("ham_total", "Messages that were not."),
	[REJECTED] = METRIC("rejected_total", "Messages refused for good."),
	[TEMPFAILED] = METRIC("tempfailed_total",
	    "Messages refused for now, for their score or size."),
	[JUNKED] = METRIC("junked_total", "Messages marked as junk."),
	[SKIPPED] = METRIC("skipped_total",
	    "Messages that were not to be scanned."),
	[UNSCANNED] = METRIC("unscanned_total",
	    "Messages that could not be scanned."),
	[SCAN_SECONDS] = METRIC_TIME("scan_seconds_total",
	    "Time that spamd took for the messages scanned."),
	[SCAN_BYTES] = METRIC("scan_bytes_total", "Size of the messages scanned."),
};

static const char *const	 spam_words[] = {
	"accept", "junk", "reject", "tempfail", NULL
};
static const enum verdict	 spam_verdicts[] = {
	VERDICT_MARK, VERDICT_JUNK, VERDICT_REJECT, VERDICT_TEMPFAIL
};

static int			 spam_word;
static struct verdict_rules	 rules;

static const char *
parse_score(const char *value, char **end, double *score)
{
	size_t	 n = strspn(value, " -.0123456789");

	*score = strtod(value, end);
	if (*end == value || (size_t)(*end - value) > n)
		return "not a score";
	if (*score > SCORE_MAX || *score < -SCORE_MAX)
		return "out of range";
	return NULL;
}

static const char *
one_score(const char *value, int *have, double *score)
{
	const char	*why;
	char		*end;

	if ((why = parse_score(value, &end, score)) != NULL)
		return why;
	if (*end != '\0')
		return "not a score";
	*have = 1;
	return NULL;
}

static const char *
threshold_key(const char *value)
{
	return one_score(value, &rules.have_threshold, &rules.threshold);
}

static const char *
reject_key(const char *value)
{
	return one_score(value, &rules.have_reject, &rules.reject);
}

static const char *
junk_key(const char *value)
{
	return one_score(value, &rules.have_junk, &rules.junk);
}

/* "5..8" */
static const char *
tempfail_key(const char *value)
{
	const char	*dots = strstr(value, ".."), *why;
	char		 from[64], *end;

	if (dots == NULL || (size_t)(dots - value) >= sizeof(from))
		return "not SCORE..SCORE";
	memcpy(from, value, (size_t)(dots - value));
	from[dots - value] = '\0';
	if ((why = parse_score(from, &end, &rules.tempfail_from)) != NULL)
		return why;
	if (end[strspn(end, " ")] != '\0')
		return "not SCORE..SCORE";
	why = one_score(dots + 2, &rules.have_tempfail, &rules.tempfail_to);
	if (why == NULL && rules.tempfail_from > rules.tempfail_to)
		return "ends before it begins";
	return why;
}

const struct key decide_keys[] = {
	{ .name = "spam", .type = KEY_CHOICE, .letter = 's',
	    .dest = &spam_word, .choices = spam_words },
	{ .name = "threshold", .type = KEY_CALL, .call = threshold_key },
	{ .name = "reject-score", .type = KEY_CALL, .call = reject_key },
	{ .name = "junk-score", .type = KEY_CALL, .call = junk_key },
	{ .name = "tempfail-score", .type = KEY_CALL, .call = tempfail_key },
	{ .name = NULL }
};

static void
count(const struct decision *d)
{
	metric_inc(&decide_counters[SCANNED]);
	metric_inc(&decide_counters[d->mark.spam ? SPAM : HAM]);
	metric_add_ms(&decide_counters[SCAN_SECONDS], d->asked_ms);
	decide_counters[SCAN_BYTES].value += (int64_t)d->size;
}

/* why: the message could not become what spamd made of it, or NULL. */
static void
log_decision(const struct session *s, enum verdict verdict,
    const struct decision *d, const char *why)
{
	const struct mark	*m = &d->mark;

	filter_log(s, "action=%s spam=%s score=%.1f threshold=%.1f "
	    "rules=%.900s size=%zu%s queue=%.3f scan=%.3f server=%s user=%s%s%s",
	    verdict_words[verdict], m->spam ? "yes" : "no", m->score,
	    m->threshold, *m->rules != '\0' ? m->rules : "-", d->size,
	    d->truncated ? " truncated=yes" : "", d->queued_ms / 1000.0,
	    d->asked_ms / 1000.0, log_safe(d->server), log_safe(d->user),
	    why != NULL ? " rewrite=" : "", why != NULL ? log_quote(why) : "");
}

static void
answer(struct request rq, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REJECT:
		metric_inc(&decide_counters[REJECTED]);
		filter_reject(rq, 554, "5.7.1 Message considered spam");
		return;
	case VERDICT_TEMPFAIL:
		metric_inc(&decide_counters[TEMPFAILED]);
		filter_reject(rq, 451,
		    "4.7.1 Message may be spam, try again later");
		return;
	case VERDICT_JUNK:
		metric_inc(&decide_counters[JUNKED]);
		break;
	case VERDICT_PASS:
	case VERDICT_MARK:
		break;
	}
	filter_proceed(rq);
}

/*
 * Only what is delivered is rewritten, and only now: nothing in a message may
 * keep its score from being looked at.
 */
static const char *
rewrite(struct message *m, enum verdict verdict, const struct decision *d)
{
	const char	*why;

	if (d->text == NULL || verdict == VERDICT_TEMPFAIL ||
	    verdict == VERDICT_REJECT)
		return NULL;
	why = process_apply(m, d->text, d->text_len);
	/* A message that this fails for is refused by the engine. */
	if (why == NULL && mark_tags_subject(&d->mark))
		(void)message_apply(m);
	return why;
}

void
decide(struct session *s, struct request rq, struct message *m,
    struct decision *d)
{
	const char	*why;
	enum verdict	 verdict;

	rules.spam = (int)spam_verdicts[spam_word];
	verdict = verdict_find(&rules, d->mark.score, &d->mark.spam);
	d->mark.ours = rules.have_threshold;
	if (rules.have_threshold)
		d->mark.threshold = rules.threshold;
	d->mark.junk = verdict == VERDICT_JUNK;
	count(d);
	why = rewrite(m, verdict, d);
	log_decision(s, verdict, d, why);
	mark_result(m, &d->mark);
	answer(rq, verdict);
}

void
decide_skip(struct session *s, struct request rq, struct message *m,
    const char *why)
{
	metric_inc(&decide_counters[SKIPPED]);
	filter_log(s, "action=skip reason=%s size=%zu", why, message_size(m));
	filter_proceed(rq);
}

void
decide_refuse(struct session *s, struct request rq, struct message *m,
    const char *why, int code, const char *text)
{
	metric_inc(&decide_counters[code < 500 ? TEMPFAILED : REJECTED]);
	filter_log(s, "action=%s reason=%s size=%zu",
	    code < 500 ? "tempfail" : "reject", why, message_size(m));
	filter_reject(rq, code, "%s", text);
}

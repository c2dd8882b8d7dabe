/* SPDX-License-Identifier: ISC */
/*
 * Each message that is to be signed is, or it is left as it is; one line in the
 * log says which, and why.  What could not be found out (memory, disk) is
 * answered by on-failure.
 *
 * While threads sign, the message may go: its client left, or the deadline is
 * over.  Its request tells; and what clients leave behind does not pile up, as
 * what no thread has begun with goes with them.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addrs.h"
#include "compat.h"
#include "dkimsign.h"
#include "log.h"
#include "message.h"
#include "outgoing.h"
#include "sign.h"

struct metric	 outgoing_counters[OUTGOING_COUNTERS] = {
	[OUTGOING_SIGNED] = METRIC("signed_total", "Messages signed."),
	[OUTGOING_SIGNATURES] = METRIC("signatures_total", "Signatures made."),
	[OUTGOING_EXEMPT] = METRIC("skipped_exempt_total",
	    "Messages that are not to be signed, by exempt or sign."),
	[OUTGOING_NO_KEY] = METRIC("skipped_nomatch_total",
	    "Messages that no key is for."),
	[OUTGOING_UNFIT] = METRIC("skipped_malformed_total",
	    "Messages that can't be signed."),
	[OUTGOING_SECONDS] = METRIC_TIME("signing_seconds_total",
	    "Time from the end of messages to their signatures."),
};

const struct policy	*outgoing_policy;

/* A message that threads sign. */
struct work {
	struct outgoing_client	*client;	/* NULL: it is gone */
	struct sign		*sign;
	struct request		 rq;
	struct message		*message;	/* not if rq is gone */
	int64_t			 begun;		/* us */
};

static int64_t
clock_us(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Key "sign": is mail of this client ours to sign? */
static int
is_ours(const struct session *s)
{
	int	 local = s->local || addr_is_loopback(&s->src);

	if (!dkimsign.sign_auth && !dkimsign.sign_local &&
	    dkimsign.sign_net == NULL)
		return 1;
	return (dkimsign.sign_auth && s->user != NULL) ||
	    (dkimsign.sign_local && local) ||
	    (dkimsign.sign_net != NULL &&
	    addrs_match(dkimsign.sign_net, &s->src, NULL));
}

/* Why this client's mail is left alone, or NULL. */
static const char *
exempt_reason(const struct session *s)
{
	const char	*why;

	if ((why = filter_exempt(s)) == NULL)
		return is_ours(s) ? NULL : "not-ours";
	if (strcmp(why, "auth") == 0)
		return "exempt-auth";
	return strcmp(why, "local") == 0 ? "exempt-local" : "exempt-list";
}

/* "local@domain", or "-". */
static const char *
from_text(const struct sign *sg)
{
	char	 text[AUTHOR_LOCAL + AUTHOR_DOMAIN];
	size_t	 len;

	if (sg->from.domain[0] == '\0')
		return "-";
	len = strlcpy(text, sg->from.local, AUTHOR_LOCAL);
	text[len++] = '@';
	(void)strlcpy(text + len, sg->from.domain, AUTHOR_DOMAIN);
	return log_safe(text);
}

/* One word of each signature, in their order. */
static void
join(char *buf, size_t size, const char *word, size_t i)
{
	size_t	 used = i == 0 ? 0 : strlen(buf);

	if (i > 0 && used + 1 < size)
		buf[used++] = ',';
	(void)strlcpy(buf + used, word, size - used);
}

static void
log_signed(const struct session *s, const struct sign *sg)
{
	char			 domains[600], selectors[600], algorithms[160];
	const struct signing	*one;
	size_t			 i;

	for (i = 0; i < sg->n; i++) {
		one = &sg->plan.sign[i];
		join(domains, sizeof(domains), one->domain, i);
		join(selectors, sizeof(selectors), one->selector, i);
		join(algorithms, sizeof(algorithms), sign_algorithm(one), i);
	}
	filter_log(s, "action=sign domain=%s selector=%s alg=%s from=%s%s",
	    domains, selectors, algorithms, from_text(sg),
	    sg->undeclared ? " warning=8bit-undeclared" : "");
}

static void
count_signed(const struct work *w)
{
	struct metric	*m = outgoing_counters;

	metric_inc(&m[OUTGOING_SIGNED]);
	m[OUTGOING_SIGNATURES].value += (int64_t)w->sign->n;
	m[OUTGOING_SECONDS].value += clock_us() - w->begun;
}

static void
work_free(struct work *w)
{
	if (w->client != NULL)
		w->client->work = NULL;
	sign_free(w->sign);
	free(w);
}

void
outgoing_gone(struct outgoing_client *c)
{
	struct work	*w = c->work;

	if (w == NULL)
		return;
	c->work = NULL;
	w->client = NULL;
	if (sign_cancel(w->sign))
		work_free(w);
}

/* The last signature is there.  The client may be gone, the message with it. */
static void
work_done(void *arg)
{
	struct work	*w = arg;
	struct session	*s = filter_session(w->rq);

	if (s == NULL)
		log_debug("signed for nobody: the client is gone");
	else if (sign_apply(w->sign, w->message) == -1)
		filter_fail(w->rq, "no signature: out of memory");
	else {
		count_signed(w);
		log_signed(s, w->sign);
		filter_proceed(w->rq);
	}
	work_free(w);
}

static void
work_start(struct outgoing_client *c, struct sign *sg, struct request rq,
    struct message *m, int64_t begun)
{
	struct work	*w;

	if ((w = malloc(sizeof(*w))) == NULL) {
		sign_free(sg);
		filter_fail(rq, "out of memory");
		return;
	}
	w->sign = sg;
	w->rq = rq;
	w->message = m;
	w->begun = begun;
	w->client = c;
	c->work = w;
	sign_start(sg, work_done, w);
}

static void
skip(struct session *s, struct request rq, const struct sign *sg,
    const char *reason)
{
	filter_log(s, "action=skip reason=%s from=%s", reason, from_text(sg));
	filter_proceed(rq);
}

static void
refuse(struct session *s, struct request rq, const struct sign *sg,
    const char *reason, const char *sentence)
{
	filter_log(s, "action=reject reason=%s from=%s", reason,
	    from_text(sg));
	filter_reject(rq, 550, "%s", sentence);
}

static void
unfit(struct session *s, struct request rq, const struct sign *sg)
{
	char	 sentence[128];

	metric_inc(&outgoing_counters[OUTGOING_UNFIT]);
	if (dkimsign.malformed == MALFORMED_PASS) {
		skip(s, rq, sg, view_word(sg->fit));
		return;
	}
	(void)snprintf(sentence, sizeof(sentence),
	    "5.6.0 Message can't be signed: %s", view_sentence(sg->fit));
	refuse(s, rq, sg, view_word(sg->fit), sentence);
}

/* It will not be signed. */
static void
not_signed(struct session *s, struct request rq, struct message *m,
    const struct sign *sg, enum sign_state state)
{
	const char	*why;

	switch (state) {
	case SIGN_UNFIT:
		unfit(s, rq, sg);
		break;
	case SIGN_UNSIGNED:
		metric_inc(&outgoing_counters[OUTGOING_NO_KEY]);
		skip(s, rq, sg, "nomatch");
		break;
	case SIGN_REFUSED:
		metric_inc(&outgoing_counters[OUTGOING_NO_KEY]);
		refuse(s, rq, sg, "nomatch",
		    "5.7.1 No mail of this From domain is sent from here");
		break;
	default:
		why = message_error(m);
		filter_fail(rq, "%s", why != NULL ? why : "out of memory");
	}
}

int
outgoing_wants(struct session *s)
{
	const char	*why;

	if ((why = exempt_reason(s)) == NULL)
		return 1;
	metric_inc(&outgoing_counters[OUTGOING_EXEMPT]);
	filter_log(s, "action=skip reason=%s from=-", why);
	return 0;
}

void
outgoing_message(struct session *s, struct request rq, struct message *m)
{
	struct outgoing_client	*c = s->data;
	struct sign_about	 about = {
		.policy = outgoing_policy,
		.smtpd = {
			.host = c->host != NULL ? c->host : "",
			.version = filter_smtpd_version(),
			.line_max = filter_line_max(),
		},
		.now = (int64_t)time(NULL),
	};
	enum sign_state		 state;
	struct sign		*sg;
	int64_t			 begun = clock_us();

	outgoing_gone(c);
	if ((sg = sign_new()) == NULL) {
		filter_fail(rq, "out of memory");
		return;
	}
	if ((state = sign_prepare(sg, m, &about)) == SIGN_READY) {
		work_start(c, sg, rq, m, begun);
		return;
	}
	not_signed(s, rq, m, sg, state);
	sign_free(sg);
}

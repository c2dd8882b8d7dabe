/* SPDX-License-Identifier: ISC */
/*
 * See judge.h.  spamd answers later, by the event loop: the message and what
 * is known of it wait in the transaction, which ask_forget() ends together
 * with the question.
 */

#include <string.h>

#include "ask.h"
#include "compat.h"
#include "decide.h"
#include "judge.h"
#include "log.h"
#include "mark.h"
#include "markup.h"
#include "message.h"
#include "scan.h"

#define RULES_MAX	2048

enum mode { MODE_HEADERS, MODE_PROCESS, MODE_SYMBOLS };

static const char *const	 modes[] = {
	"headers", "process", "symbols", NULL
};

static int	 mode = MODE_HEADERS;

const struct key judge_keys[] = {
	{ .name = "mode", .type = KEY_CHOICE, .dest = &mode,
	    .choices = modes },
	{ .name = NULL }
};

/* report_safe is not for us; said once, as it is in each reply. */
static void
warn_wrapper(const struct ask_reply *reply)
{
	static int	 warned;

	if (warned || !markup_is_wrapper(reply->body,
	    markup_header(reply->body, reply->body_len)))
		return;
	warned = 1;
	log_warnx("spamd makes reports of spam: only its X-Spam fields are "
	    "used; set report_safe 0 there, or mode process here");
}

static void
use_verdict(struct session *s, struct request rq, struct judge *j,
    const struct ask_reply *reply)
{
	struct decision	 d;
	char		 list[RULES_MAX];

	memset(&d, 0, sizeof(d));
	if (j->verb == SPAMD_SYMBOLS)
		markup_symbols(reply->body, reply->body_len, list,
		    sizeof(list));
	else {
		d.mark.header = reply->body;
		d.mark.header_len = markup_header(reply->body,
		    reply->body_len);
		markup_rules(d.mark.header, d.mark.header_len, list,
		    sizeof(list));
	}
	d.mark.rules = list;
	d.mark.spam = reply->spamd.spam;
	d.mark.score = reply->spamd.score;
	d.mark.threshold = reply->spamd.threshold;
	d.size = message_size(j->message);
	d.truncated = j->limit != SIZE_MAX;
	d.queued_ms = reply->queued_ms;
	d.asked_ms = reply->asked_ms;
	d.server = reply->server;
	d.user = j->user;
	if (j->verb == SPAMD_PROCESS) {
		d.text = reply->body;
		d.text_len = reply->body_len;
	}
	decide(s, rq, j->message, &d);
}

static void
answered(struct request rq, const struct ask_reply *reply, const char *why)
{
	struct session	*s = filter_session(rq);
	struct judge	*j;

	if (s == NULL || s->tx == NULL)
		return;
	j = s->tx->data;
	if (reply != NULL && !reply->spamd.scored) {
		reply = NULL;
		why = "spamd: no score in its reply";
	}
	if (reply != NULL) {
		if (j->verb == SPAMD_HEADERS)
			warn_wrapper(reply);
		use_verdict(s, rq, j, reply);
		return;
	}
	j->error = strstr(why, "timed out") != NULL ? "timeout" : "spamd";
	metric_inc(&decide_counters[UNSCANNED]);
	filter_fail(rq, "%s", why);
}

static void
set_user(struct judge *j, const struct session *s)
{
	const char	*user = user_find(s, j->user);

	if (user == NULL)
		j->user[0] = '\0';
	else if (user != j->user)
		(void)strlcpy(j->user, user, sizeof(j->user));
}

void
judge(struct session *s, struct request rq, struct message *m, size_t limit)
{
	struct judge		*j = s->tx->data;
	struct ask_question	 q;

	memset(j, 0, sizeof(*j));
	j->message = m;
	j->limit = limit;
	j->error = "timeout";		/* if it is never answered */
	/* Half a message must not become the message. */
	j->verb = mode == MODE_SYMBOLS ? SPAMD_SYMBOLS :
	    mode == MODE_PROCESS && limit == SIZE_MAX ? SPAMD_PROCESS :
	    SPAMD_HEADERS;
	set_user(j, s);

	memset(&q, 0, sizeof(q));
	q.rq = rq;
	q.message = m;
	q.verb = j->verb;
	q.user = j->user[0] != '\0' ? j->user : NULL;
	q.done = answered;
	if (scan_text(s, m, j->verb == SPAMD_PROCESS, &q.text) == -1) {
		j->error = "memory";
		filter_fail(rq, "out of memory");
		return;
	}
	q.text.limit = limit;
	ask(&q);
}

/* SPDX-License-Identifier: ISC */
/*
 * Let SpamAssassin judge a message: ask spamd, mark, junk or refuse.  What a
 * client wrote into X-Spam fields is taken out of every message, scanned or
 * not.
 *
 * spamd is not needed to start.  What it can't judge is answered as the key
 * on-failure says; where that is accept, the mark says that nobody looked.
 */

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "compat.h"
#include "decide.h"
#include "filter.h"
#include "learn.h"
#include "log.h"
#include "mark.h"
#include "markup.h"
#include "message.h"
#include "options.h"
#include "process.h"
#include "scan.h"
#include "user.h"

#define DEADLINE	285000		/* spampd's, too */
#define RULES_MAX	2048

enum mode { MODE_HEADERS, MODE_PROCESS, MODE_SYMBOLS };
enum oversize { OVER_SKIP, OVER_TRUNCATE, OVER_TEMPFAIL, OVER_REJECT };

static const char *const	 modes[] = {
	"headers", "process", "symbols", NULL
};
static const char *const	 oversizes[] = {
	"skip", "truncate", "tempfail", "reject", NULL
};

static int	 mode = MODE_HEADERS;
static int	 oversize = OVER_SKIP;
static int64_t	 max_size = 512 * 1024;

/* A message that is being looked at: its tx->data. */
struct mail {
	struct message	*message;
	const char	*error;		/* "timeout" */
	enum spamd_verb	 verb;
	int		 truncated;
	char		 user[USER_MAX];	/* "" for none */
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
judge(struct session *s, struct request rq, struct mail *mail,
    const struct ask_reply *reply)
{
	struct decision	 d;
	char		 list[RULES_MAX];

	memset(&d, 0, sizeof(d));
	if (mail->verb == SPAMD_SYMBOLS)
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
	d.size = message_size(mail->message);
	d.truncated = mail->truncated;
	d.queued_ms = reply->queued_ms;
	d.asked_ms = reply->asked_ms;
	d.server = reply->server;
	d.user = mail->user;
	decide(s, rq, mail->message, &d);
}

/* Returns why there is nothing to judge by, or NULL. */
static const char *
use_reply(struct mail *mail, const struct ask_reply *reply)
{
	if (!reply->spamd.scored)
		return "spamd: no score in its reply";
	if (mail->verb == SPAMD_PROCESS)
		return process_apply(mail->message, reply->body,
		    reply->body_len);
	if (mail->verb == SPAMD_HEADERS)
		warn_wrapper(reply);
	return NULL;
}

static void
answered(struct request rq, const struct ask_reply *reply, const char *why)
{
	struct session	*s = filter_session(rq);
	struct mail	*mail;

	if (s == NULL || s->tx == NULL)
		return;
	mail = s->tx->data;
	mail->error = "spamd";
	if (reply != NULL)
		why = use_reply(mail, reply);
	if (why == NULL) {
		judge(s, rq, mail, reply);
		return;
	}
	metric_inc(&decide_counters[UNSCANNED]);
	filter_fail(rq, "%s", why);
}

static void
scan(struct session *s, struct request rq, struct mail *mail)
{
	struct ask_question	 q;

	memset(&q, 0, sizeof(q));
	q.rq = rq;
	q.message = mail->message;
	q.done = answered;
	q.user = user_find(s, mail->user);
	if (q.user == NULL)
		mail->user[0] = '\0';
	else if (q.user != mail->user)
		(void)strlcpy(mail->user, q.user, sizeof(mail->user));
	/* Half a message must not become the message. */
	mail->verb = mode == MODE_SYMBOLS ? SPAMD_SYMBOLS :
	    mode == MODE_PROCESS && !mail->truncated ? SPAMD_PROCESS :
	    SPAMD_HEADERS;
	q.verb = mail->verb;
	if (scan_text(s, mail->message, mail->verb == SPAMD_PROCESS,
	    &q.text) == -1) {
		mail->error = "memory";
		filter_fail(rq, "out of memory");
		return;
	}
	if (mail->truncated)
		q.text.limit = (size_t)max_size;
	ask(&q);
}

/* Returns whether there is nothing to scan any more. */
static int
check_size(struct session *s, struct request rq, struct mail *mail)
{
	if (max_size == 0 || message_size(mail->message) <= (size_t)max_size)
		return 0;
	switch (oversize) {
	case OVER_TRUNCATE:
		mail->truncated = 1;
		return 0;
	case OVER_TEMPFAIL:
		decide_refuse(s, rq, mail->message, "size", 452,
		    "4.3.4 Message too big for the spam filter");
		return 1;
	case OVER_REJECT:
		decide_refuse(s, rq, mail->message, "size", 552,
		    "5.3.4 Message too big for the spam filter");
		return 1;
	default:
		mark_unscanned(mail->message, "skipped=size");
		decide_skip(s, rq, mail->message, "size");
		return 1;
	}
}

static void
skip_exempt(struct session *s, struct request rq, struct message *m,
    const char *why)
{
	char	 reason[32];

	(void)snprintf(reason, sizeof(reason), "exempt-%s", why);
	decide_skip(s, rq, m, reason);
}

static void
spam_message(struct session *s, struct request rq, struct message *m)
{
	struct mail	*mail;
	const char	*why;

	if (mark_strip(m) > MARK_STRIP_MAX) {
		decide_refuse(s, rq, m, "x-spam", 554,
		    "5.6.0 Too many X-Spam fields");
		return;
	}
	if (s->tx == NULL) {
		filter_fail(rq, "the envelope is not known");
		return;
	}
	mail = s->tx->data;
	memset(mail, 0, sizeof(*mail));
	mail->message = m;
	mail->error = "timeout";	/* if it is never answered */
	if ((why = filter_exempt(s)) != NULL)
		skip_exempt(s, rq, m, why);
	else if (!check_size(s, rq, mail))
		scan(s, rq, mail);
}

/* It goes on unscanned: without the client's own verdict even so. */
static void
spam_unknown(struct session *s, struct message *m)
{
	const struct mail	*mail = s->tx == NULL ? NULL : s->tx->data;
	char			 why[32];

	(void)mark_strip(m);
	(void)snprintf(why, sizeof(why), "error=%s",
	    mail == NULL || mail->error == NULL ? "internal" : mail->error);
	mark_unscanned(m, why);
}

static void
spam_forget(struct session *s)
{
	ask_forget(s->id);
}

static int
spam_load(enum load when)
{
	return when == LOAD_START ? ask_load() : 0;
}

static int
spam_command(int argc, char *argv[])
{
	return learn_command(argc, argv, user_fixed());
}

static int
spam_start(void)
{
	metric_add(ask_metrics, ASK_METRICS);
	ask_start(filter_events());
	return 0;
}

static const struct key keys[] = {
	{ .name = "mode", .type = KEY_CHOICE, .dest = &mode,
	    .choices = modes },
	{ .name = "max-size", .type = KEY_SIZE, .letter = 'l',
	    .dest = &max_size },
	{ .name = "oversize", .type = KEY_CHOICE, .dest = &oversize,
	    .choices = oversizes },
	{ .name = NULL }
};

static const struct filter filter = {
	.name = "filter-spamassassin",
	.usage = "[-FnVv] [-f file] [-h host] [-l size] [-o key=value] "
	    "[-p port] [-s action] [learn spam | ham | forget]",
	.keys = { keys, ask_keys, decide_keys, mark_keys, scan_keys,
	    user_keys },
	.promises = "inet unix dns",
	.metrics = decide_counters,
	.nmetrics = COUNTERS,
	.on_failure = FAILURE_ACCEPT,
	.deadline = DEADLINE,
	.fail_text = "7.1 Spam filter failed",
	.tx_size = sizeof(struct mail),
	.load = spam_load,
	.check = ask_check,
	.command = spam_command,
	.start = spam_start,
	.session_end = spam_forget,
	.tx_end = spam_forget,
	.message = spam_message,
	.unknown = spam_unknown,
};

int
main(int argc, char *argv[])
{
	return filter_main(&filter, argc, argv);
}

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

#include "ask.h"
#include "decide.h"
#include "filter.h"
#include "judge.h"
#include "learn.h"
#include "mark.h"
#include "message.h"
#include "options.h"
#include "scan.h"
#include "user.h"

#define DEADLINE	285000		/* spampd's, too */

enum oversize { OVER_SKIP, OVER_TRUNCATE, OVER_TEMPFAIL, OVER_REJECT };

static const char *const	 oversizes[] = {
	"skip", "truncate", "tempfail", "reject", NULL
};

static int	 oversize = OVER_SKIP;
static int64_t	 max_size = 512 * 1024;

static void
big_message(struct session *s, struct request rq, struct message *m)
{
	switch (oversize) {
	case OVER_TRUNCATE:
		judge(s, rq, m, (size_t)max_size);	/* fits: m is bigger */
		break;
	case OVER_TEMPFAIL:
		decide_refuse(s, rq, m, "size", 452,
		    "4.3.4 Message too big for the spam filter");
		break;
	case OVER_REJECT:
		decide_refuse(s, rq, m, "size", 552,
		    "5.3.4 Message too big for the spam filter");
		break;
	default:
		mark_unscanned(m, "skipped=size");
		decide_skip(s, rq, m, "size");
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
	const char	*why;

	if (mark_strip(m) > MARK_STRIP_MAX)
		decide_refuse(s, rq, m, "x-spam", 554,
		    "5.6.0 Too many X-Spam fields");
	else if ((why = filter_exempt(s)) != NULL)
		skip_exempt(s, rq, m, why);
	else if (s->tx == NULL)
		filter_fail(rq, "the envelope is not known");
	else if (max_size != 0 && (int64_t)message_size(m) > max_size)
		big_message(s, rq, m);
	else
		judge(s, rq, m, SIZE_MAX);
}

/* It goes on unscanned: without the client's own verdict even so. */
static void
spam_unknown(struct session *s, struct message *m)
{
	const struct judge	*j = s->tx == NULL ? NULL : s->tx->data;
	char			 why[32];

	(void)mark_strip(m);
	(void)snprintf(why, sizeof(why), "error=%s",
	    j == NULL || j->error == NULL ? "internal" : j->error);
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
	.keys = { keys, ask_keys, decide_keys, judge_keys, mark_keys,
	    scan_keys, user_keys },
	.promises = "inet unix dns",
	.metrics = decide_counters,
	.nmetrics = COUNTERS,
	.on_failure = FAILURE_ACCEPT,
	.deadline = DEADLINE,
	.fail_text = "7.1 Spam filter failed",
	.tx_size = sizeof(struct judge),
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

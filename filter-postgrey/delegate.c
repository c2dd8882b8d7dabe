/* SPDX-License-Identifier: ISC */
/*
 * See delegate.h.  A header field that there is no memory for is counted, and
 * the mail goes on without it; nothing else fails.
 */

#include <string.h>

#include "client.h"
#include "compat.h"
#include "delegate.h"
#include "diary.h"
#include "log.h"
#include "policyd.h"
#include "postgrey.h"

enum discard { DISCARD_ACCEPT, DISCARD_REJECT, DISCARD_JUNK };
enum hold { HOLD_ACCEPT, HOLD_JUNK, HOLD_TEMPFAIL };

static const char *const	 discards[] = { "accept", "reject", "junk",
				    NULL };
static const char *const	 holds[] = { "accept", "junk", "tempfail",
				    NULL };
static int			 discard, hold;

const struct key	 delegate_keys[] = {
	{ .name = "discard", .type = KEY_CHOICE, .dest = &discard,
	    .choices = discards },
	{ .name = "hold", .type = KEY_CHOICE, .dest = &hold,
	    .choices = holds },
	{ .name = NULL }
};

static void
set_outcome(const struct policyd_answer *a, struct outcome *o)
{
	outcome_pass(o);
	switch (a->action) {
	case POLICYD_REJECT:
		o->code = a->code;
		(void)strlcpy(o->text, a->text, sizeof(o->text));
		break;
	case POLICYD_DISCARD:
		if (discard == DISCARD_REJECT)
			outcome_refuse(o, 550, "Access denied");
		o->junk = discard == DISCARD_JUNK;
		break;
	case POLICYD_HOLD:
		if (hold == HOLD_TEMPFAIL)
			outcome_refuse(o, 451, "Try again later");
		o->junk = hold == HOLD_JUNK;
		break;
	case POLICYD_PASS:
	case POLICYD_PREPEND:
	case POLICYD_LOG:
		break;
	}
}

static void
tell(const struct session *s, const struct policyd_request *rq,
    const struct policyd_answer *a, const struct outcome *o)
{
	const char	*action = o->code == 0 ? o->junk ? "junk" : "pass" :
			    o->code < 500 ? "tempfail" : "reject";

	metric_inc(&diary_counters[SERVED]);
	filter_log(s, "action=%s reason=policy phase=%s word=%s code=%d "
	    "text=%s from=%s to=%s%s", action, rq->state, a->word, o->code,
	    log_quote(o->code != 0 ? o->text : a->text), log_safe(rq->sender),
	    log_safe(rq->recipient), postgrey.training ? " training=yes" : "");
}

void
delegate_outcome(struct session *s, const struct policyd_request *rq,
    const struct policyd_answer *a, int lasting, struct outcome *o)
{
	struct client	*c = s->data;

	set_outcome(a, o);
	/* In the place of the greeting: RFC 5321, 3.1.  A code stays. */
	if (strcmp(a->word, "REJECT") == 0 && strcmp(rq->state, "CONNECT") == 0)
		o->code = 554;
	if (a->action == POLICYD_PREPEND && stamps_add(lasting ? &c->lasting :
	    &c->mail, a->text) == -1)
		metric_inc(&diary_counters[LOST]);
	tell(s, rq, a, o);
}

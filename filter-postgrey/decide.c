/* SPDX-License-Identifier: ISC */
/*
 * See decide.h.  A question is asked step by step, about one recipient after
 * the other and about the phase itself; servers answer later, by the event
 * loop, and then it goes on here.  What can't be found out is a filter_fail().
 */

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "consult.h"
#include "decide.h"
#include "delegate.h"
#include "diary.h"
#include "gate.h"
#include "grey.h"
#include "greylist.h"
#include "log.h"
#include "message.h"
#include "policyd.h"
#include "postgrey.h"

struct question {
	enum phase	 phase;
	char		*sender, *recipient, *helo;	/* NULL: not known */
	struct message	*message;
	/* Recipients that were put off; then, if own is set, the phase. */
	size_t		 step, nrcpt;
	int		 own;
	struct tally	 tally;
};

static const char *const	 states[PHASE_MAX] = {
	[PHASE_CONNECT] = "CONNECT",
	[PHASE_HELO] = "HELO",
	[PHASE_EHLO] = "EHLO",
	[PHASE_MAIL_FROM] = "MAIL",
	[PHASE_RCPT_TO] = "RCPT",
	[PHASE_DATA] = "DATA",
	[PHASE_COMMIT] = "END-OF-MESSAGE",
};

static void	question_run(struct session *, struct request);

int
decide_at_data(const char *sender)
{
	if ((postgrey.phases & 1 << PHASE_RCPT_TO) == 0)
		return 0;
	return postgrey.defer_at == DEFER_DATA ||
	    (*sender == '\0' && postgrey.null_sender == NULL_DATA);
}

static void
question_free(struct question *q)
{
	if (q == NULL)
		return;
	free(q->sender);
	free(q->recipient);
	free(q->helo);
	free(q);
}

static void
question_end(struct session *s)
{
	struct client	*c = s->data;

	question_free(c->question);
	c->question = NULL;
}

/* "" where there is none: of several recipients none is told. */
static int
question_envelope(struct question *q, const struct session *s,
    const char *arg)
{
	const struct tx	*tx = s->tx;
	const char	*to = "";

	if (q->phase == PHASE_MAIL_FROM)
		q->sender = strdup(arg);
	else if (tx != NULL)
		q->sender = strdup(tx->from);
	if (q->sender == NULL)
		return -1;
	if (q->phase == PHASE_MAIL_FROM)
		return 0;
	if (q->phase == PHASE_RCPT_TO)
		to = arg;
	else if (tx != NULL && tx->nrcpt == 1)
		to = tx->rcpt[0];
	if (*to != '\0' && (q->recipient = strdup(to)) == NULL)
		return -1;
	return 0;
}

static struct question *
question_new(const struct session *s, enum phase phase, const char *arg)
{
	struct question	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->phase = phase;
	q->own = (postgrey.phases & 1 << phase) != 0;
	if (phase == PHASE_HELO || phase == PHASE_EHLO) {
		if ((q->helo = strdup(arg)) == NULL)
			goto fail;
	} else if (phase != PHASE_CONNECT &&
	    question_envelope(q, s, arg) == -1)
		goto fail;
	if (phase == PHASE_DATA && decide_at_data(q->sender))
		q->nrcpt = s->tx->nrcpt;
	return q;
 fail:
	question_free(q);
	return NULL;
}

/* Which recipient the step is about, or the phase itself. */
static int
is_recipient_step(const struct question *q)
{
	return q->step < q->nrcpt;
}

static const char *
step_recipient(const struct session *s, const struct question *q)
{
	if (!is_recipient_step(q))
		return q->recipient;
	return s->tx != NULL && q->step < s->tx->nrcpt ?
	    s->tx->rcpt[q->step] : "";
}

static void
step_done(struct question *q, const struct outcome *o)
{
	struct outcome	 pass;

	outcome_pass(&pass);
	tally_add(&q->tally, postgrey.training ? &pass : o);
	q->step++;
}

static void
ask_policy(const struct session *s, const struct question *q,
    struct policyd_request *prq)
{
	const struct client	*c = s->data;
	int			 rcpt = is_recipient_step(q);

	memset(prq, 0, sizeof(*prq));
	prq->session = s;
	prq->state = states[rcpt ? PHASE_RCPT_TO : q->phase];
	prq->helo = q->helo;
	prq->sender = q->sender;
	prq->recipient = step_recipient(s, q);
	if (!rcpt && q->phase >= PHASE_DATA && s->tx != NULL)
		prq->nrcpt = s->tx->nrcpt;
	if (q->message != NULL)
		prq->size = message_size(q->message);
	prq->esmtp = q->helo != NULL ? q->phase == PHASE_EHLO : c->esmtp;
}

/* With "training yes": what would have been a filter_fail(). */
static void
policy_failed(const struct session *s, const struct question *q,
    const char *why)
{
	filter_log(s, "action=fail reason=%s from=%s to=%s training=yes",
	    log_quote(why), log_safe(q->sender),
	    log_safe(step_recipient(s, q)));
}

static void
policy_answered(struct request rq, const struct policyd_answer *a,
    const char *why)
{
	struct session		*s = filter_session(rq);
	struct client		*c;
	struct policyd_request	 prq;
	struct outcome		 o;

	if (s == NULL || (c = s->data)->question == NULL)
		return;
	if (a == NULL && !postgrey.training) {
		question_end(s);
		filter_fail(rq, "%s", why);
		return;
	}
	outcome_pass(&o);
	if (a != NULL) {
		ask_policy(s, c->question, &prq);
		delegate_outcome(s, &prq, a,
		    c->question->phase <= PHASE_EHLO, &o);
	} else
		policy_failed(s, c->question, why);
	step_done(c->question, &o);
	question_run(s, rq);
}

static void
memory_answered(struct request rq, const struct grey_verdict *v,
    enum memory_who who)
{
	struct session	*s = filter_session(rq);
	struct client	*c;
	struct outcome	 o;

	if (s == NULL || (c = s->data)->question == NULL)
		return;
	greylist_outcome(s, v, who, c->question->sender,
	    step_recipient(s, c->question), &o);
	step_done(c->question, &o);
	question_run(s, rq);
}

/* An answer of our own; exempt sessions are told of once. */
static void
gate_outcome(struct session *s, enum gate gate, const struct gate_answer *a,
    const char *sender, const char *recipient, struct outcome *o)
{
	struct client	*c = s->data;
	struct entry	 e = {
		.action = gate == GATE_BLOCK ? "block" : "pass",
		.reason = a->reason,
		.list = a->list,
		.sender = sender,
		.recipient = recipient,
	};

	outcome_pass(o);
	if (gate == GATE_BLOCK)
		outcome_refuse(o, postgrey.block_action == REFUSE_REJECT ?
		    550 : 451, a->text);
	if (gate == GATE_EXEMPT && c->exempt)
		return;
	c->exempt = gate == GATE_EXEMPT;
	metric_inc(&diary_counters[gate == GATE_EXEMPT ? EXEMPTED :
	    gate == GATE_BLOCK ? BLOCKED : LISTED]);
	diary(s, &e);
}

/* 1: the step is done; 0: it will be. */
static int
question_step(struct session *s, struct request rq, struct question *q)
{
	const char		*to = step_recipient(s, q);
	struct policyd_request	 prq;
	struct gate_answer	 a;
	struct grey_verdict	 v;
	struct outcome		 o;
	enum memory_who		 who;
	enum gate		 gate;

	gate = gate_check(s, q->sender, to, &a);
	if (gate != GATE_ASK)
		gate_outcome(s, gate, &a, q->sender, to, &o);
	else if (consult_wanted()) {
		ask_policy(s, q, &prq);
		consult(&prq, rq, policy_answered);
		return 0;
	} else {
		if (!greylist_ask(s, rq, q->sender, to, &v, &who,
		    memory_answered))
			return 0;
		greylist_outcome(s, &v, who, q->sender, to, &o);
	}
	step_done(q, &o);
	return 1;
}

/* At connect a refusal alone would leave the connection open. */
static void
question_answer(struct session *s, struct request rq, struct question *q)
{
	struct outcome	 o;

	tally_result(&q->tally, &o);
	if (o.code != 0) {
		if (o.code == 421 || q->phase == PHASE_CONNECT)
			filter_disconnect(rq, o.code, "%s", o.text);
		else
			filter_reject(rq, o.code, "%s", o.text);
		return;
	}
	if (q->message != NULL)
		decide_stamp(s, q->message);
	if (o.junk)
		filter_junk(rq);
	else
		filter_proceed(rq);
}

static void
question_run(struct session *s, struct request rq)
{
	struct client	*c = s->data;
	struct question	*q = c->question;

	while (q->step < q->nrcpt + (size_t)q->own &&
	    q->tally.worst.code != 421)
		if (!question_step(s, rq, q))
			return;
	c->question = NULL;
	question_answer(s, rq, q);
	question_free(q);
}

void
decide(struct session *s, struct request rq, enum phase phase,
    const char *arg, struct message *m)
{
	struct client	*c = s->data;

	question_end(s);
	if (phase > PHASE_MAIL_FROM && s->tx == NULL)
		filter_fail(rq, "the envelope is not known");
	else if ((c->question = question_new(s, phase, arg)) == NULL)
		filter_fail(rq, "out of memory");
	else {
		c->question->message = m;
		question_run(s, rq);
	}
}

void
decide_stamp(struct session *s, struct message *m)
{
	const struct client	*c = s->data;

	stamps_write(&c->lasting, m);
	stamps_write(&c->mail, m);
}

void
decide_mail_end(struct session *s)
{
	struct client	*c = s->data;

	stamps_free(&c->mail);
	c->dated = 0;
}

void
decide_session_end(struct session *s)
{
	struct client	*c = s->data;

	question_end(s);
	stamps_free(&c->lasting);
	stamps_free(&c->mail);
}

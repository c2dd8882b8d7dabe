/* SPDX-License-Identifier: ISC */
/*
 * See chain.h.  One question at a time: at most one milter is being asked, and
 * the request is answered when the last has said continue or one has not.  What
 * milters have missed is put to them first, as if it was asked now.
 * What an answer means to the client is decided in verdict.c.
 */

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "chain.h"
#include "chain_private.h"
#include "client.h"
#include "inject.h"
#include "verdict.h"

/* So long before the engine's own deadline, in ms, or half of it at most. */
#define MARGIN		200

static void	chain_answer(struct link *, const struct answer *, void *);

static int	chain_wanted(struct link *, void *);

static const struct link_ops	 ops = {
	.answer = chain_answer,
	.change = chain_change,
	.wanted = chain_wanted,
};

struct session *
chain_session(const struct chain *ch)
{
	return filter_session(ch->rq);
}

void
chain_rest(struct chain *ch)
{
	(void)evtimer_del(&ch->timer);
	ch->busy = 0;
}

void
chain_abort(struct chain *ch)
{
	size_t	 i;

	for (i = 0; i < ch->n; i++)
		link_abort(ch->links[i]);
}

/* The next that milters have missed, of all that comes before the question. */
static int
chain_miss(struct chain *ch)
{
	struct client	*c = ch->client;
	const struct tx	*tx = c->s->tx;

	if (tx == NULL || ch->event <= EVENT_MAIL || ch->late)
		return 0;
	if (!ch->mail) {
		client_mail(c, tx->from, 1);
		ch->put = EVENT_MAIL;
	} else if (ch->rcpts < tx->nrcpt) {
		client_rcpt(c, tx->rcpt[ch->rcpts++], 1);
		ch->put = EVENT_RCPT;
	} else if (ch->event == EVENT_MESSAGE && !ch->data)
		ch->put = EVENT_DATA;
	else
		return 0;
	return 1;
}

/* What is put to the milters next. */
static void
chain_next(struct chain *ch)
{
	ch->at = 0;
	if (!(ch->missed = chain_miss(ch))) {
		ch->put = ch->event;
		if (ch->put == EVENT_MAIL)
			client_mail(ch->client, ch->arg, 0);
		else if (ch->put == EVENT_RCPT)
			client_rcpt(ch->client, ch->arg, 0);
	}
	ch->mail |= ch->put == EVENT_MAIL;
	ch->data |= ch->put == EVENT_DATA && !ch->late;
}

/* Ask the milter at ch->at: see link_ask(). */
static int
chain_put(struct chain *ch)
{
	struct link	*l = ch->links[ch->at];

	if (ch->late) {
		/* It has said all that it has to say of this message. */
		if (ch->put > EVENT_MAIL && !link_wants_message(l))
			return 0;
		link_abort(l);
		return -1;
	}
	if (ch->put == EVENT_MESSAGE && chain_show(ch) == -1)
		return -1;
	return link_ask(l, ch->put, ch->arg, ch->message, ch->own);
}

/* Ask those from ch->at on; returns 0 if it is not yet, or no more, for us. */
static int
chain_ask_rest(struct chain *ch)
{
	struct answer	 failed = { .kind = ANSWER_FAILED };
	int		 r;

	for (; ch->at < ch->n; ch->at++) {
		if ((r = chain_put(ch)) == 1) {
			ch->busy = 1;
			return 0;
		}
		failed.why = ch->late ? "deadline" : "out of memory";
		if (r == -1 && !verdict_take(ch, &failed))
			return 0;
	}
	return 1;
}

static void
chain_go_on(struct chain *ch)
{
	for (; chain_ask_rest(ch); chain_next(ch)) {
		if (ch->missed)
			continue;
		if (ch->event == EVENT_MESSAGE)
			chain_message_done(ch);
		else
			verdict_pass(ch);
		return;
	}
}

static void
chain_answer(struct link *l, const struct answer *a, void *arg)
{
	struct chain	*ch = arg;

	ch->busy = 0;
	if (chain_session(ch) == NULL) {
		chain_rest(ch);
		return;
	}
	if (!verdict_take(ch, a))
		return;
	ch->at++;
	chain_go_on(ch);
}

/* The engine may have answered by itself, and freed the message. */
static int
chain_wanted(struct link *l, void *arg)
{
	return chain_session(arg) != NULL;
}

/* All milters together took too long: those that are left have failed. */
static void
chain_expired(int fd, short what, void *arg)
{
	struct chain	*ch = arg;

	ch->busy = 0;
	ch->late = 1;
	if (chain_session(ch) != NULL)
		chain_go_on(ch);
	else
		link_abort(ch->links[ch->at]);
}

/* A question that the engine has answered itself may still be open here. */
static void
chain_begin(struct chain *ch, struct request rq, enum link_event event)
{
	int64_t		 ms = filter_deadline();
	struct timeval	 tv;

	if (ch->busy)
		chain_abort(ch);
	chain_rest(ch);
	ms -= ms < 2 * MARGIN ? ms / 2 : MARGIN;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	(void)evtimer_add(&ch->timer, &tv);
	ch->rq = rq;
	ch->event = event;
	ch->late = 0;
}

/*
 * Milters have gone on, but smtpd has not, if another filter refused HELO or
 * DATA: what is left of the message would pass by them.
 */
static int
chain_is_ahead(const struct chain *ch, enum link_event event)
{
	const struct tx	*tx = ch->client->s->tx;

	if (event == EVENT_HELO)
		return tx != NULL;
	if (event == EVENT_MESSAGE)
		return ch->data && tx != NULL && ch->rcpts < tx->nrcpt;
	return ch->data && (event == EVENT_RCPT || event == EVENT_DATA);
}

static void
chain_order(struct chain *ch, enum link_event event)
{
	static const struct reply	 ahead = { .code = 451,
					    .text = "4.5.1 Out of order, "
					    "start again with RSET" };

	if (ch->refused.code == 0 && chain_is_ahead(ch, event))
		ch->refused = ahead;
}

void
chain_ask(struct chain *ch, struct request rq, enum link_event event,
    const char *arg)
{
	if (event == EVENT_MAIL || event == EVENT_HELO)
		chain_reset(ch);
	chain_order(ch, event);
	chain_begin(ch, rq, event);
	free(ch->arg);
	if ((ch->arg = strdup(arg)) == NULL) {
		chain_rest(ch);
		filter_fail(rq, "out of memory");
		return;
	}
	ch->asked = 1;
	if (verdict_stands(ch))
		return;
	chain_next(ch);
	chain_go_on(ch);
}

void
chain_message(struct chain *ch, struct request rq, struct message *m)
{
	chain_order(ch, EVENT_MESSAGE);
	chain_begin(ch, rq, EVENT_MESSAGE);
	ch->message = m;
	ch->edited = 1;		/* its fields are to be looked at */
	if (verdict_stands(ch))
		return;
	chain_next(ch);
	chain_go_on(ch);
}

void
chain_tell(struct chain *ch, enum link_event event, const char *arg)
{
	size_t	 i;

	for (i = 0; !ch->busy && i < ch->n; i++)
		(void)link_ask(ch->links[i], event, arg, NULL, SIZE_MAX);
}

void
chain_command(struct chain *ch)
{
	ch->asked = 0;
}

/* What is known may be of a MAIL that another filter refused. */
void
chain_began(struct chain *ch)
{
	if (!ch->asked || ch->event != EVENT_MAIL)
		chain_reset(ch);
}

/*
 * A recipient that smtpd did not ask for is not in the sink: milters begin
 * anew, and the one that discards is told that it can't.
 */
void
chain_judged(struct chain *ch)
{
	const struct tx	*tx = ch->client->s->tx;

	if (tx == NULL || tx->nrcpt == ch->rcpts)
		return;
	if (ch->asked && ch->event == EVENT_RCPT)
		ch->rcpts = tx->nrcpt;
	else if (ch->sink)
		ch->rcpts = ch->mail = ch->sink = 0;
}

int
chain_wants_message(const struct chain *ch)
{
	size_t	 i;

	if (ch->refused.code != 0 || ch->barred.code != 0 || ch->junk ||
	    !ch->mail)
		return 1;
	for (i = 0; !ch->sink && i < ch->n; i++)
		if (link_wants_message(ch->links[i]))
			return 1;
	return 0;
}

void
chain_committed(struct chain *ch)
{
	if (ch->copy != NULL)
		inject_go(ch->copy);
	ch->copy = NULL;
}

void
chain_reset(struct chain *ch)
{
	chain_rest(ch);
	chain_abort(ch);
	chain_drop(ch);
	wishes_clear(&ch->wishes);
	if (ch->copy != NULL)
		inject_free(ch->copy);
	ch->copy = NULL;
	ch->message = NULL;
	ch->changes = ch->rcpts = 0;
	ch->mail = ch->data = ch->sink = ch->junk = ch->refused.code = 0;
}

struct chain *
chain_new(struct client *client)
{
	struct chain	*ch;
	struct milter	*m;
	struct link	*l;
	size_t		 n = 0;

	for (m = milters; m != NULL; m = m->next)
		n++;
	if ((ch = calloc(1, sizeof(*ch) + n * sizeof(*ch->links))) == NULL)
		return NULL;
	ch->client = client;
	(void)evtimer_assign(&ch->timer, filter_events(), chain_expired, ch);
	for (m = milters; m != NULL; m = m->next) {
		if ((l = link_new(m, client, &ops, ch)) == NULL) {
			chain_free(ch);
			return NULL;
		}
		ch->links[ch->n++] = l;
	}
	return ch;
}

void
chain_free(struct chain *ch)
{
	size_t	 i;

	if (ch == NULL)
		return;
	chain_reset(ch);
	for (i = 0; i < ch->n; i++)
		link_close(ch->links[i]);
	free(ch->arg);
	free(ch);
}

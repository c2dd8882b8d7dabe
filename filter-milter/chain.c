/* SPDX-License-Identifier: ISC */
/*
 * See chain.h.  One question at a time: at most one milter is being asked, and
 * the request is answered when the last has said continue or one has not.
 * What an answer means to the client is decided in verdict.c.
 */

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "chain.h"
#include "chain_private.h"
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

/* Ask those from ch->at on, until one has to be waited for. */
static void
chain_go_on(struct chain *ch)
{
	static const struct answer	 lack = { .kind = ANSWER_FAILED,
					    .why = "out of memory" };
	int				 r;

	for (; ch->at < ch->n; ch->at++) {
		r = ch->event == EVENT_MESSAGE ? chain_show(ch) : 0;
		if (r == 0)
			r = link_ask(ch->links[ch->at], ch->event, ch->arg,
			    ch->message, ch->own);
		if (r == 1) {
			ch->busy = 1;
			return;
		}
		if (r == -1 && !verdict_take(ch, &lack))
			return;
	}
	if (ch->event == EVENT_MESSAGE)
		chain_message_done(ch);
	else
		verdict_pass(ch);
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
	static const struct answer	 late = { .kind = ANSWER_FAILED,
					    .why = "deadline" };
	struct chain			*ch = arg;

	link_abort(ch->links[ch->at]);
	ch->busy = 0;
	if (chain_session(ch) == NULL)
		return;
	for (; ch->at < ch->n; ch->at++)
		if (!verdict_take(ch, &late))
			return;
	chain_go_on(ch);
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
	ch->at = 0;
}

/*
 * Milters have gone on, but smtpd has not, if another filter refused HELO or
 * DATA: what is left of the message would pass by them.
 */
static int
chain_is_ahead(const struct chain *ch, enum link_event event)
{
	if (event == EVENT_HELO)
		return ch->client->s->tx != NULL;
	return ch->data && (event == EVENT_RCPT || event == EVENT_DATA);
}

void
chain_ask(struct chain *ch, struct request rq, enum link_event event,
    const char *arg)
{
	static const struct reply	 ahead = { .code = 451,
					    .text = "4.5.1 Out of order, "
					    "start again with RSET" };

	if (event == EVENT_MAIL || event == EVENT_HELO)
		chain_reset(ch);
	if (ch->refused.code == 0 && chain_is_ahead(ch, event))
		ch->refused = ahead;
	chain_begin(ch, rq, event);
	free(ch->arg);
	if ((ch->arg = strdup(arg)) == NULL) {
		chain_rest(ch);
		filter_fail(rq, "out of memory");
		return;
	}
	if (verdict_stands(ch))
		return;
	ch->data = event == EVENT_DATA;
	chain_go_on(ch);
}

void
chain_message(struct chain *ch, struct request rq, struct message *m)
{
	chain_begin(ch, rq, EVENT_MESSAGE);
	ch->message = m;
	ch->edited = 1;		/* its fields are to be looked at */
	if (!verdict_stands(ch))
		chain_go_on(ch);
}

void
chain_tell(struct chain *ch, enum link_event event, const char *arg)
{
	size_t	 i;

	for (i = 0; !ch->busy && i < ch->n; i++)
		(void)link_ask(ch->links[i], event, arg, NULL, SIZE_MAX);
}

int
chain_wants_message(const struct chain *ch)
{
	size_t	 i;

	if (ch->refused.code != 0 || ch->barred.code != 0 || ch->junk)
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
	ch->changes = 0;
	ch->data = ch->sink = ch->junk = ch->refused.code = 0;
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

/* SPDX-License-Identifier: ISC */
/*
 * See link.h.  What is to be said next follows from what the milter has been
 * told on this connection and what is asked; a reply says how much of it is
 * over.  A milter's own state is followed closely: libmilter answers to nothing
 * that it does not expect, and we would wait for it.
 *
 * Whatever goes wrong within a message is ANSWER_FAILED, and again for all that
 * is asked of this message: it must not pass because only one recipient of it
 * was refused.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "link_private.h"
#include "log.h"
#include "message.h"

static const char	letters[EVENT_MAX] = {
	[EVENT_CONNECT] = SMFIC_CONNECT,
	[EVENT_HELO] = SMFIC_HELO,
	[EVENT_MAIL] = SMFIC_MAIL,
	[EVENT_RCPT] = SMFIC_RCPT,
	[EVENT_DATA] = SMFIC_DATA,
	[EVENT_MESSAGE] = SMFIC_BODYEOB,
	[EVENT_UNKNOWN] = SMFIC_UNKNOWN,
};

int
link_is_idle(const struct link *l)
{
	return !l->open && !l->in_message;
}

void
link_leave(struct link *l)
{
	if (l->agreed && l->in_message)
		link_say(l, SMFIC_ABORT);
	if (l->agreed)
		link_say(l, SMFIC_QUIT);
	link_disconnect(l, NULL);
}

static enum step
link_tell_helo(struct link *l)
{
	const char	*name = l->helo;

	/* Said before we were there to hear it. */
	if (name == NULL)
		name = l->client->s->helo;
	l->told_helo = 1;
	if (name == NULL)
		return STEP_NEXT;
	return link_command(l, SMFIC_HELO, name);
}

/* One step towards the answer. */
static enum step
link_step(struct link *l)
{
	if (l->wait != 0)
		return STEP_WAIT;
	if (l->stream == NULL)
		return link_connect(l);
	if (!l->told_client) {
		l->told_client = 1;
		return link_command(l, SMFIC_CONNECT, NULL);
	}
	if (!l->told_helo && l->event != EVENT_CONNECT)
		return link_tell_helo(l);
	if (l->event == EVENT_MESSAGE && l->content.next != 0)
		return link_content(l);
	if (l->sent)
		return STEP_DONE;
	l->sent = 1;
	if (l->event == EVENT_MAIL)
		l->in_message = 1;
	return link_command(l, letters[l->event], NULL);
}

static enum step
link_go(struct link *l)
{
	enum step	 step = STEP_NEXT;

	while (step == STEP_NEXT)
		step = link_step(l);
	return step;
}

/* The last that is done with l: it may be gone after this. */
static void
link_answer(struct link *l, struct answer *a)
{
	l->open = 0;
	if (link_is_idle(l) && l->milter->waiting.n > 0)
		link_leave(l);
	l->ops->answer(l, a, l->arg);
}

void
link_fail(struct link *l, const char *why)
{
	struct answer	 a = { .kind = ANSWER_FAILED };
	char		 copy[LINK_WHY];

	(void)strlcpy(copy, why, sizeof(copy));
	a.why = copy;
	if (l->in_message || l->open) {
		l->failed = 1;
		memcpy(l->why, copy, sizeof(copy));
	}
	link_disconnect(l, l->agreed ? NULL : copy);
	if (l->open)
		link_answer(l, &a);
	else
		log_debug("%s: %s", l->milter->name, copy);
}

void
link_resume(struct link *l)
{
	struct answer	 a = { .kind = ANSWER_CONTINUE };

	if (!l->ops->wanted(l, l->arg)) {
		link_abort(l);
		return;
	}
	switch (link_go(l)) {
	case STEP_DONE:
		link_answer(l, &a);
		break;
	case STEP_FAILED:
		link_fail(l, l->why);
		break;
	default:
		break;
	}
}

/* A verdict: how much is over by it? */
static void
link_decided(struct link *l, const struct answer *a, char command)
{
	switch (command) {
	case SMFIC_CONNECT:
	case SMFIC_HELO:
		/* The next MAIL would have to ask for it again. */
		l->accepted = a->kind == ANSWER_ACCEPT;
		link_leave(l);
		break;
	case SMFIC_RCPT:
		if (a->kind == ANSWER_ACCEPT || a->kind == ANSWER_DISCARD)
			l->in_message = 0;
		break;
	default:
		l->in_message = 0;
		break;
	}
	if (a->kind == ANSWER_SHUTDOWN)
		link_leave(l);
}

static int
link_goes_on(const struct link *l, const struct answer *a, char command)
{
	if (a->kind == ANSWER_DISCARD &&
	    (command == SMFIC_CONNECT || command == SMFIC_HELO)) {
		log_peer("%s: only mail can be discarded", l->milter->name);
		return 1;
	}
	return a->kind == ANSWER_CONTINUE;
}

void
link_take(struct link *l, struct answer *a, int skip)
{
	char	 command = l->wait;

	l->wait = 0;
	(void)event_del(&l->timer);
	if (command == SMFIC_UNKNOWN) {
		if (l->open)
			link_resume(l);
		return;
	}
	if (skip)
		content_skip(&l->content, command);
	if (!link_goes_on(l, a, command)) {
		link_decided(l, a, command);
		link_answer(l, a);
		return;
	}
	if (command == SMFIC_BODYEOB)
		l->in_message = 0;
	link_resume(l);
}

/*
 * Of no interest to a message, as its answer does not count; within one it
 * could be its end for libmilter.  One at a time, whatever the client sends.
 */
static void
link_unknown(struct link *l, const char *line)
{
	if (l->told_client && l->wait == 0 && link_is_idle(l) &&
	    link_command(l, SMFIC_UNKNOWN, line) == STEP_FAILED)
		link_leave(l);
}

/* Is the event any of its business? */
static int
link_concerns(const struct link *l, enum link_event event)
{
	if (l->accepted)
		return 0;
	switch (event) {
	case EVENT_CONNECT:
	case EVENT_MAIL:
		return 1;
	case EVENT_HELO:
		return l->stream != NULL;
	default:
		return l->in_message || l->failed;
	}
}

/* What was told is told anew; MAIL makes all good. */
static int
link_begin(struct link *l, enum link_event event, const char *arg)
{
	char	*helo;

	if (event == EVENT_MAIL || event == EVENT_HELO) {
		link_abort(l);
		l->failed = 0;
	}
	if (event != EVENT_HELO)
		return 0;
	if ((helo = strdup(arg)) == NULL)
		return -1;
	free(l->helo);
	l->helo = helo;
	l->told_helo = 0;
	return 0;
}

int
link_ask(struct link *l, enum link_event event, const char *arg,
    struct message *m, size_t skip)
{
	enum step	 step;

	if (event == EVENT_UNKNOWN) {
		link_unknown(l, arg);
		return 0;
	}
	if (link_begin(l, event, arg) == -1)
		return -1;
	if (!link_concerns(l, event))
		return 0;
	l->event = event;
	l->open = 1;
	l->sent = event == EVENT_MESSAGE || event == EVENT_CONNECT ||
	    event == EVENT_HELO;
	if (event == EVENT_MESSAGE && !l->failed)
		content_begin(&l->content, m, skip);
	step = l->failed ? STEP_FAILED : link_go(l);
	if (step == STEP_FAILED) {
		l->failing = 1;
		link_soon(l);
	} else if (step == STEP_DONE)
		l->open = 0;
	return l->open;
}

int
link_wants_message(const struct link *l)
{
	return l->in_message || l->failed;
}

const struct terms *
link_terms(const struct link *l)
{
	return l->terms.version != 0 ? &l->terms : NULL;
}

void
link_abort(struct link *l)
{
	if (l->open) {
		/* Its answer could be taken for another's. */
		link_leave(l);
		l->open = 0;
		l->failed = 1;
		(void)strlcpy(l->why, "aborted", sizeof(l->why));
	} else if (l->in_message) {
		link_say(l, SMFIC_ABORT);
		l->in_message = 0;
		/* Rspamd forgets it. */
		l->told_helo = 0;
		if (l->milter->waiting.n > 0)
			link_leave(l);
	}
}

struct link *
link_new(struct milter *m, struct client *c, const struct link_ops *ops,
    void *arg)
{
	struct link	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->milter = m;
	l->client = c;
	l->ops = ops;
	l->arg = arg;
	(void)event_assign(&l->timer, filter_events(), -1, 0, link_timer, l);
	return l;
}

void
link_close(struct link *l)
{
	link_leave(l);
	terms_free(&l->terms);
	free(l->helo);
	free(l);
}

const struct milter *
link_milter(const struct link *l)
{
	return l->milter;
}

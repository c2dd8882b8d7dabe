/* SPDX-License-Identifier: ISC */
/*
 * Questions wait in the order in which they came until one of the slots is
 * free and a server is worth asking.  One that was not answered with a single
 * byte is put again, before all others.
 *
 * What a mail meets while no server works: it waits for tries * retry-delay,
 * as spamd may just be restarting; but if they have been down for longer than
 * that already, only for the next try, which shows that they still are.
 *
 * Each failure is an answer, by done() and from the event loop.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ask.h"
#include "ask_config.h"
#include "backend.h"
#include "clock.h"
#include "exchange.h"
#include "filter.h"
#include "log.h"
#include "outage.h"
#include "pack.h"
#include "question.h"

#define AGAIN_MS	100	/* where nothing says when */

enum { BUSY, QUEUED, ANSWERS, RETRIES, FAILURES, SECONDS };

struct metric	 ask_metrics[ASK_METRICS] = {
	[BUSY] = METRIC_GAUGE("spamd_busy", "Questions that spamd works on."),
	[QUEUED] = METRIC_GAUGE("spamd_queued", "Questions that wait."),
	[ANSWERS] = METRIC("spamd_answers_total", "Answers of spamd."),
	[RETRIES] = METRIC("spamd_retries_total", "Questions put again."),
	[FAILURES] = METRIC("spamd_failures_total",
	    "Questions without an answer."),
	[SECONDS] = METRIC_TIME("spamd_seconds_total",
	    "Time that answers took, without the queue."),
};

static struct event_base	*base;
static struct event		 wake;
static struct questions		 queue, busy, doomed;
static void			(*nomem_done)(struct request,
				    const struct ask_reply *, const char *);

/* From the event loop, soon; see stream_soon() for EV_WRITE. */
static void
ask_soon(void)
{
	event_active(&wake, EV_WRITE, 0);
}

static void
ask_gauges(void)
{
	ask_metrics[BUSY].value = (int64_t)busy.n;
	ask_metrics[QUEUED].value = (int64_t)queue.n;
}

static void
ask_nomem(struct request rq)
{
	metric_inc(&ask_metrics[FAILURES]);
	nomem_done(rq, NULL, "spamd: out of memory");
}

void
ask(const struct ask_question *a)
{
	struct question	*q;

	if ((q = question_new(a, clock_ms())) == NULL) {
		free(a->text.head);
		/* It is the same for all. */
		nomem_done = a->done;
		filter_delay(a->rq, 0, ask_nomem);
		return;
	}
	question_put(&queue, q);
	ask_gauges();
	ask_soon();
}

/* It is off its list; done() may ask and forget others. */
static void
question_end(struct question *q, const struct ask_reply *r)
{
	question_take(q);
	ask_gauges();
	metric_inc(&ask_metrics[r != NULL ? ANSWERS : FAILURES]);
	/* Where the engine has answered by itself, nobody waits any more. */
	if (filter_session(q->a.rq) != NULL)
		q->a.done(q->a.rq, r, q->why);
	question_free(q);
}

static void
question_doom(struct question *q, const char *why)
{
	(void)snprintf(q->why, sizeof(q->why), "%s", why);
	question_put(&doomed, q);
}

static void
question_answered(struct question *q)
{
	struct exchange		*x = &q->x;
	struct ask_reply	 r = { .spamd = x->reply, .tries = q->tries };

	r.body = x->in.data + x->in.off + x->head;
	r.body_len = x->in.len - x->head;
	r.server = x->server;
	r.queued_ms = q->began - q->asked;
	r.asked_ms = clock_ms() - q->began;
	metric_add_ms(&ask_metrics[SECONDS], r.asked_ms);
	question_end(q, &r);
}

/*
 * A try that began then has failed.  If that is how it has been for long,
 * those that waited for it know enough.
 */
static void
ask_failed(int64_t began)
{
	struct question	*q, *next;

	if (!outage_is_long())
		return;
	for (q = queue.first; q != NULL; q = next) {
		next = q->next;
		if (q->asked <= began)
			question_doom(q, backend_why(ask_config.backend));
	}
}

static void
ask_pinged(int64_t failed)
{
	if (failed != 0)
		ask_failed(failed);
	ask_soon();
}

/* Not a byte was said.  Where it was not even sent, that is no try. */
static void
question_again(struct question *q)
{
	int64_t	 now = clock_ms(), began = q->began;

	outage_goes_on();
	if ((q->x.sent && ++q->tries >= (unsigned int)ask_config.tries) ||
	    now >= q->due) {
		question_end(q, NULL);
	} else {
		metric_inc(&ask_metrics[RETRIES]);
		exchange_stop(&q->x);
		q->queued = now;
		question_put_first(&queue, q);
	}
	ask_failed(began);
}

static void
question_done(struct exchange *x, enum exchange_end end)
{
	struct question	*q = x->owner;

	if (end != EXCHANGE_OK)
		(void)snprintf(q->why, sizeof(q->why), "spamd: %s: %s",
		    x->server, x->why);
	/* An error of spamd's is a sign of life too. */
	if (end == EXCHANGE_OK || x->reply.code != 0)
		outage_over();
	switch (end) {
	case EXCHANGE_OK:
		q->tries++;
		question_answered(q);
		break;
	case EXCHANGE_SILENT:
		question_again(q);
		break;
	case EXCHANGE_FAILED:
		question_end(q, NULL);
		break;
	}
	ask_soon();
}

/* Returns -1 if it could not be sent: it is back in the queue. */
static int
question_send(struct question *q)
{
	struct spamd_request	 rq = { .verb = q->a.verb };

	memset(&q->x, 0, sizeof(q->x));
	source_message(&q->x.source, &q->a.text, q->a.message);
	q->x.text = q->x.source.left;
	if (q->pack != NULL)
		source_spool(&q->x.source, pack_spool(q->pack));
	rq.user = q->a.user;
	rq.length = q->x.source.left;
	rq.compressed = q->pack != NULL;
	q->x.verb = q->a.verb;
	q->x.due = q->due;
	q->x.done = question_done;
	q->x.owner = q;
	q->began = clock_ms();
	if (exchange_start(&q->x, ask_config.backend, base, &rq,
	    ask_config.connect_timeout) == 0)
		return 0;
	exchange_stop(&q->x);
	question_put_first(&queue, q);
	outage_goes_on();
	ask_failed(q->began);
	return -1;
}

/*
 * A little later the engine answers by itself, and the message is freed: it
 * must not be begun then, nor be compressed.
 */
static int
question_is_late(struct question *q)
{
	if (clock_ms() < q->due)
		return 0;
	question_doom(q, "spamd: timed out");
	return 1;
}

/* Returns 1 if there is more to do, -1 if it could not be sent. */
static int
question_pack(struct question *q)
{
	if (question_is_late(q))
		return 0;
	switch (pack_step(q->pack)) {
	case 0:
		return 1;
	case 1:
		return question_send(q);
	}
	question_doom(q, "spamd: compress: out of memory or disk");
	return 0;
}

/* It has a slot. */
static int
question_begin(struct question *q)
{
	if (filter_session(q->a.rq) == NULL) {
		question_take(q);
		question_free(q);
		return 0;
	}
	if (question_is_late(q))
		return 0;
	question_put(&busy, q);
	if (!ask_config.compress || q->pack != NULL)
		return question_send(q);
	if ((q->pack = pack_new(&q->a.text, q->a.message)) == NULL)
		question_doom(q, "spamd: compress: out of memory");
	return 0;
}

static void
queue_dispatch(void)
{
	struct backend	*b = ask_config.backend;

	while (queue.n > 0 && busy.n < (size_t)ask_config.max_concurrent) {
		if (outage_probe() == -1)
			ask_failed(clock_ms());
		if (queue.n == 0 || !backend_ready(b) || backend_probes(b))
			break;
		if (question_begin(queue.first) == -1)
			break;
	}
}

/* It has waited for too long: for a slot, or for a server. */
static const char *
question_late(const struct question *q, int64_t now)
{
	static char	 why[128];

	if (busy.n < (size_t)ask_config.max_concurrent)
		return backend_why(ask_config.backend);
	(void)snprintf(why, sizeof(why),
	    "spamd: waited for %lld s (%zu of %zu busy)",
	    (long long)(now - q->asked) / 1000, busy.n, busy.n);
	return why;
}

/* Why it need not wait any longer, or NULL; *until: when to look again. */
static const char *
question_over(const struct question *q, int64_t now, int64_t *until)
{
	int64_t	 queued = q->queued + ask_config.queue_timeout, down;

	*until = queued < q->due ? queued : q->due;
	if (now >= *until)
		return question_late(q, now);
	/* A try that is on its way tells more than the clock. */
	if (backend_ready(ask_config.backend) || outage_probing())
		return NULL;
	down = outage_patience(q->asked);
	if (now >= down)
		return backend_why(ask_config.backend);
	if (down < *until)
		*until = down;
	return NULL;
}

/* Returns when there will be something to do here. */
static int64_t
queue_sweep(int64_t now)
{
	struct question	*q, *next;
	const char	*why;
	int64_t		 until, first = INT64_MAX;

	for (q = queue.first; q != NULL; q = next) {
		next = q->next;
		if ((why = question_over(q, now, &until)) != NULL)
			question_doom(q, why);
		else if (until < first)
			first = until;
	}
	while (queue.n > (size_t)ask_config.queue_max)
		question_doom(queue.last, "spamd: the queue is full");
	return first;
}

/* A little of each, so that others have their turn.  Returns if more is. */
static int
busy_pack(void)
{
	struct question	*q, *next;
	int		 more = 0;

	for (q = busy.first; q != NULL; q = next) {
		next = q->next;
		if (q->pack != NULL && q->x.stream == NULL)
			more |= question_pack(q) == 1;
	}
	return more;
}

static void
ask_wake(evutil_socket_t fd, short what, void *arg)
{
	int64_t		 now, until, wait;
	int		 more;
	struct timeval	 tv;

	queue_dispatch();
	more = busy_pack();
	now = clock_ms();
	until = queue_sweep(now);
	if (queue.n > 0 && busy.n < (size_t)ask_config.max_concurrent) {
		wait = backend_wait(ask_config.backend);
		if (now + wait < until)
			until = now + (wait > 0 ? wait : AGAIN_MS);
	}
	while (doomed.n > 0)
		question_end(doomed.first, NULL);
	ask_gauges();
	if (more)
		until = now;
	if (until == INT64_MAX)
		return;
	until = until > now ? until - now : 0;
	tv.tv_sec = until / 1000;
	tv.tv_usec = until % 1000 * 1000;
	(void)event_add(&wake, &tv);
}

/* Those of one session in one list. */
static void
forget(struct questions *list, uint64_t session)
{
	struct question	*q, *next;

	for (q = list->first; q != NULL; q = next) {
		next = q->next;
		if (q->a.rq.session != session)
			continue;
		question_take(q);
		question_free(q);
	}
}

void
ask_forget(uint64_t session)
{
	forget(&queue, session);
	forget(&busy, session);
	forget(&doomed, session);
	ask_gauges();
	if (queue.n > 0)
		ask_soon();
}

void
ask_start(struct event_base *b)
{
	base = b;
	event_assign(&wake, base, -1, 0, ask_wake, NULL);
	outage_start(base, ask_pinged);
	backend_start(ask_config.backend, base);
}

static void
questions_free(struct questions *list)
{
	struct question	*q;

	while ((q = list->first) != NULL) {
		question_take(q);
		question_free(q);
	}
}

void
ask_stop(void)
{
	questions_free(&queue);
	questions_free(&busy);
	questions_free(&doomed);
	outage_stop();
	(void)event_del(&wake);
	backend_free(ask_config.backend);
	ask_config.backend = NULL;
}

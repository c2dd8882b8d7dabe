/* SPDX-License-Identifier: ISC */
/*
 * A question goes to the connection with the least to do.  It may be asked
 * twice without harm: a mail that was new is early then, one that passed
 * passes.  So it is asked again where an answer may still come in time, of the
 * same server or of the next.
 *
 * While none is up and none is expected to be, questions are answered at once
 * with why not, and changes are dropped: the store of this host has them too.
 * Nothing else fails.
 */

#include <sys/time.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "backend.h"
#include "clock.h"
#include "log.h"
#include "metric.h"
#include "shared.h"
#include "shared_config.h"
#include "shared_conns.h"
#include "shared_private.h"
#include "shared_reply.h"
#include "shared_text.h"

#define AGAIN_MS	100	/* for a server that is busy */
#define LOUD_MS		60000
#define TRIES		5
#define QUESTIONS_MAX	20000
#define WHY		384

struct shared_question {
	struct shared_command	 cmd;		/* first */
	struct shared_question	*next;		/* in waiting or doomed */
	struct shared_text	 text;
	int			 full, tries;
	int64_t			 due, again;
	void			(*done)(void *, const struct grey_verdict *,
				    const char *);	/* NULL: a change */
	void			*arg;
	char			 why[WHY];
};

struct queue {
	struct shared_question	*first, **last;
};

enum { ANSWERS, FAILURES, RETRIES, CHANGES, LOST, SHARED_METRICS };

static struct metric	 shared_metrics[SHARED_METRICS] = {
	[ANSWERS] = METRIC("redis_answers_total", "Decisions of Redis."),
	[FAILURES] = METRIC("redis_failures_total",
	    "Decisions that Redis did not make."),
	[RETRIES] = METRIC("redis_retries_total", "Decisions asked again."),
	[CHANGES] = METRIC("redis_changes_total", "Changes sent to Redis."),
	[LOST] = METRIC("redis_lost_total", "Changes that were not."),
};

static struct event			 wake;
static struct grey_rules		 rules;
static struct queue			 waiting, doomed;
static size_t				 questions;
static int64_t				 loud_at;	/* foreign data */

/* In this round of the loop, not from here. */
static void
shared_soon(void)
{
	event_active(&wake, EV_WRITE, 0);
}

static void
queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void
queue_put(struct queue *q, struct shared_question *sq)
{
	sq->next = NULL;
	*q->last = sq;
	q->last = &sq->next;
	shared_soon();
}

static struct shared_question *
queue_take(struct queue *q)
{
	struct shared_question	*sq = q->first;

	if (sq != NULL && (q->first = sq->next) == NULL)
		q->last = &q->first;
	return sq;
}

static void
question_free(struct shared_question *q)
{
	bytes_clear(&q->text.tail);
	free(q);
	questions--;
}

static void
question_doom(struct shared_question *q, const char *why)
{
	(void)snprintf(q->why, sizeof(q->why), "%s", why);
	queue_put(&doomed, q);
}

/* "redis: unix:/run/redis.sock: why" */
static void
question_blame(struct shared_conn *c, const struct redisReply *r,
    char why[WHY])
{
	(void)snprintf(why, WHY, "redis: %s: %s", c->peer,
	    shared_reply_why(r));
}

static void
question_answered(struct shared_question *q, const struct redisReply *r,
    struct shared_conn *c)
{
	struct grey_verdict	 v;
	char			 why[WHY];

	if (q->done == NULL) {
		metric_inc(&shared_metrics[CHANGES]);
		question_free(q);
		return;
	}
	if (shared_reply_verdict(r, &v) == -1) {
		question_blame(c, r, why);
		question_doom(q, why);
		shared_conn_fail(c, shared_reply_why(r));
		return;
	}
	metric_inc(&shared_metrics[ANSWERS]);
	q->done(q->arg, &v, NULL);
	question_free(q);
}

/* Once more, in ms, if there is time for it. */
static void
question_again(struct shared_question *q, int64_t ms, const char *why)
{
	q->again = clock_ms() + ms;
	if (++q->tries >= TRIES || q->again >= q->due) {
		question_doom(q, why);
		return;
	}
	metric_inc(&shared_metrics[RETRIES]);
	(void)snprintf(q->why, sizeof(q->why), "%s", why);
	queue_put(&waiting, q);
}

/* Only this one: others are answered. */
static void
question_foreign(struct shared_question *q, const char *why)
{
	int64_t	 now = clock_ms();

	if (loud_at == 0 || now - loud_at >= LOUD_MS) {
		loud_at = now;
		log_warnx("%s", why);
	}
	question_doom(q, why);
}

static void
question_done(struct shared_command *cmd, struct shared_conn *c,
    const struct redisReply *r, const char *gone)
{
	struct shared_question	*q = (struct shared_question *)cmd;
	enum shared_fate	 fate;
	char			 why[WHY];

	if (r == NULL) {
		question_again(q, 0, gone);
		return;
	}
	if ((fate = shared_reply_fate(r)) == FATE_FINE) {
		question_answered(q, r, c);
		return;
	}
	question_blame(c, r, why);
	if (fate == FATE_FOREIGN)
		question_foreign(q, why);
	else if (fate == FATE_AGAIN)
		question_again(q, AGAIN_MS, why);
	else {
		q->full = fate == FATE_SCRIPT;
		question_again(q, 0, why);
	}
	if (shared_fate_ends(fate))
		shared_conn_fail(c, shared_reply_why(r));
}

static void
question_send(struct shared_question *q, struct shared_conn *c)
{
	struct bytes	 b = { .data = NULL };

	if (shared_text_command(&q->text, q->full, &b) == -1 ||
	    shared_conn_send(c, &q->cmd, b.data + b.off, b.len, q->due) == -1)
		question_doom(q, "redis: out of memory");
	bytes_clear(&b);
}

/* To a connection, to those who wait for one, or to those who need not. */
static void
question_place(struct shared_question *q)
{
	struct shared_conn	*c;

	if ((c = conns_pick()) != NULL)
		question_send(q, c);
	else if (conns_hopes())
		queue_put(&waiting, q);
	else
		question_doom(q, backend_why(shared_config.backend));
}

/* NULL: out of memory, or too many. */
static struct shared_question *
question_new(void (*done)(void *, const struct grey_verdict *, const char *),
    void *arg)
{
	struct shared_question	*q;

	if (questions >= QUESTIONS_MAX ||
	    (q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	questions++;
	q->cmd.done = question_done;
	q->due = clock_ms() + shared_config.timeout;
	q->done = done;
	q->arg = arg;
	return q;
}

int
shared_decide(const struct store_query *sq,
    void (*done)(void *, const struct grey_verdict *, const char *), void *arg)
{
	struct shared_question	*q;

	if ((q = question_new(done, arg)) == NULL) {
		metric_inc(&shared_metrics[FAILURES]);
		return -1;
	}
	if (shared_text_decide(&q->text, sq, &rules) == 0)
		question_place(q);
	else
		question_doom(q, "redis: out of memory");
	return 0;
}

void
shared_put(const struct store_row *row)
{
	struct shared_question	*q;

	if ((q = question_new(NULL, NULL)) == NULL) {
		metric_inc(&shared_metrics[LOST]);
		return;
	}
	if (shared_text_put(&q->text, row, &rules, 0) == 0)
		question_place(q);
	else
		question_doom(q, "redis: out of memory");
}

/* Those that wait, again; returns when to look next, or -1. */
static int64_t
waiting_run(int64_t now)
{
	struct queue		 all = waiting;
	struct shared_question	*q;
	int64_t			 next = -1, at;

	if (all.first == NULL)
		return -1;
	queue_init(&waiting);
	while ((q = all.first) != NULL) {
		all.first = q->next;
		if (now >= q->due) {
			question_doom(q, q->why[0] != '\0' ? q->why :
			    "redis: timed out");
			continue;
		}
		if (now < q->again) {
			queue_put(&waiting, q);
			at = q->again;
		} else {
			question_place(q);
			at = q->due;
		}
		if (next == -1 || at < next)
			next = at;
	}
	/* What was put back waits for an event, or for that time. */
	(void)event_del(&wake);
	return next;
}

static void
doomed_run(void)
{
	struct shared_question	*q;

	while ((q = queue_take(&doomed)) != NULL) {
		metric_inc(&shared_metrics[q->done != NULL ? FAILURES : LOST]);
		if (q->done != NULL)
			q->done(q->arg, NULL, q->why);
		question_free(q);
	}
}

static void
shared_wake(evutil_socket_t fd, short what, void *arg)
{
	int64_t		 now = clock_ms(), next, wait;
	struct timeval	 tv;

	wait = conns_open();
	next = waiting_run(now);
	doomed_run();
	if (next != -1 && (wait == -1 || next - now < wait))
		wait = next - now;
	if (wait == -1)
		return;
	wait = wait > 10 ? wait : 10;
	tv.tv_sec = wait / 1000;
	tv.tv_usec = wait % 1000 * 1000;
	(void)event_add(&wake, &tv);
}

int
shared_start(struct event_base *base, const struct grey_rules *r)
{
	if (script_init() == -1) {
		log_warnx("redis: no SHA-1");
		return -1;
	}
	rules = *r;
	queue_init(&waiting);
	queue_init(&doomed);
	event_assign(&wake, base, -1, 0, shared_wake, NULL);
	backend_start(shared_config.backend, base);
	shared_conn_events = base;
	conns_begin(shared_soon);
	metric_add(shared_metrics, SHARED_METRICS);
	shared_soon();
	return 0;
}

static void
queue_free(struct queue *queue)
{
	struct shared_question	*q;

	while ((q = queue_take(queue)) != NULL)
		question_free(q);
}

void
shared_stop(void)
{
	conns_end();
	queue_free(&waiting);
	queue_free(&doomed);
	(void)event_del(&wake);
	backend_free(shared_config.backend);
	shared_config.backend = NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * Questions wait in the order in which they came, until one of the connections
 * is free and a server is worth asking.
 *
 * While no server works: the first tries * retry-delay of an outage may be a
 * restart, and questions wait for its end; after that they fail at once, but
 * for one a while, which shows whether a server is back.
 *
 * Silence is not tried again where it would only mean more of it: a client is
 * held meanwhile.  Another server is asked, though.
 *
 * Each failure is an answer, by done() and from the event loop.
 */

#include <sys/types.h>
#include <sys/time.h>

#include <stdio.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "backend.h"
#include "clock.h"
#include "consult.h"
#include "consult_config.h"
#include "inquiry.h"
#include "metric.h"

#define NEW_OUTAGE	60000	/* ms after the last failure */

enum { BUSY, QUEUED, ANSWERS, RETRIES, FAILURES, SECONDS, COUNTERS };

static struct metric	 counters[COUNTERS] = {
	[BUSY] = METRIC_GAUGE("policy_busy",
	    "Questions that a policy server works on."),
	[QUEUED] = METRIC_GAUGE("policy_queued", "Questions that wait."),
	[ANSWERS] = METRIC("policy_answers_total",
	    "Answers of policy servers."),
	[RETRIES] = METRIC("policy_retries_total", "Questions put again."),
	[FAILURES] = METRIC("policy_failures_total",
	    "Questions without an answer."),
	[SECONDS] = METRIC_TIME("policy_seconds_total",
	    "Time that answers took, without the queue."),
};

static const struct policyd_answer	 not_asked = {
	.action = POLICYD_PASS,
	.word = "not asked",
};

static struct event		 wake, timer;
static int64_t			 armed;		/* timer, or 0 */
static struct inquiries		 queue, busy, over;
static int64_t			 down_since;	/* or 0 */
static int64_t			 last_failure;
static void			(*nomem_done)(struct request,
				    const struct policyd_answer *,
				    const char *);

/* From the event loop, soon; EV_WRITE is only not EV_TIMEOUT. */
static void
consult_soon(void)
{
	event_active(&wake, EV_WRITE, 0);
}

static void
consult_gauges(void)
{
	counters[BUSY].value = (int64_t)busy.n;
	counters[QUEUED].value = (int64_t)queue.n;
}

/* The engine may have answered by itself: then nobody waits any more. */
static void
consult_end(struct inquiry *q, const struct policyd_answer *a)
{
	if (filter_session(q->rq) != NULL)
		q->done(q->rq, a, a == NULL ? q->why : NULL);
	inquiry_free(q);
}

static void
consult_fail(struct inquiry *q, const char *why)
{
	if (why != NULL)
		(void)snprintf(q->why, sizeof(q->why), "%s", why);
	metric_inc(&counters[FAILURES]);
	inquiry_put(&over, q);
}

static void
consult_nomem(struct request rq)
{
	metric_inc(&counters[FAILURES]);
	nomem_done(rq, NULL, "policy: out of memory");
}

int
consult_stressed(void)
{
	return queue.n > (size_t)consult_config.queue_max / 2;
}

/* So that it is we who say what went wrong, and not the engine. */
static int64_t
consult_due(int64_t now)
{
	int64_t	 ms = filter_deadline();

	return now + ms - (ms / 10 < 1000 ? ms / 10 : 1000);
}

void
consult(const struct policyd_request *prq, struct request rq,
    void (*done)(struct request, const struct policyd_answer *, const char *))
{
	static char		 text[POLICYD_REQUEST_MAX];
	struct policyd_request	 full = *prq;
	struct inquiry		*q;

	if (full.context == NULL)
		full.context = consult_config.context;
	full.stress |= consult_stressed();
	q = inquiry_new(text, policyd_request(&full, text, sizeof(text)));
	if (q == NULL) {
		/* It is the same for all. */
		nomem_done = done;
		filter_delay(rq, 0, consult_nomem);
		return;
	}
	q->rq = rq;
	q->done = done;
	q->asked = clock_ms();
	q->due = consult_due(q->asked);
	inquiry_put(q->len > 0 ? &queue : &over, q);
	consult_soon();
}

/* An attempt failed: is it an outage? */
static void
outage_goes_on(int64_t now)
{
	if (down_since == 0 || now - last_failure > NEW_OUTAGE)
		down_since = now;
	last_failure = now;
}

static int64_t
outage_patience(void)
{
	return down_since + consult_config.tries * consult_config.retry_delay;
}

/* Again, as soon as a server is worth asking; or it is the end. */
static void
consult_again(struct inquiry *q, enum inquiry_end end)
{
	int64_t	 now = clock_ms();

	/* No try: but each of these has answered before, so it has an end. */
	if (end != INQUIRY_STALE) {
		q->tries++;
		outage_goes_on(now);
	}
	if (q->tries >= (unsigned int)consult_config.tries || now >= q->due ||
	    (end == INQUIRY_LATE && !backend_ready(consult_config.backend))) {
		consult_fail(q, NULL);
		return;
	}
	metric_inc(&counters[RETRIES]);
	inquiry_put_back(&queue, q);
}

static void
consult_answered(struct inquiry *q, const struct policyd_answer *a)
{
	down_since = 0;
	metric_add_ms(&counters[SECONDS], clock_ms() - q->began);
	metric_inc(&counters[ANSWERS]);
	consult_end(q, a);
}

static void
consult_ended(struct inquiry *q, enum inquiry_end end,
    const struct policyd_answer *a)
{
	switch (end) {
	case INQUIRY_ANSWERED:
		consult_answered(q, a);
		break;
	case INQUIRY_NONSENSE:
		outage_goes_on(clock_ms());
		consult_fail(q, NULL);
		break;
	default:
		consult_again(q, end);
	}
	consult_soon();
}

static void
consult_send(struct inquiry *q)
{
	const struct consult_config	*c = &consult_config;
	int64_t	 left = q->due - clock_ms(), ms;

	if (left < 1)
		left = 1;
	ms = left < c->timeout ? left : c->timeout;
	inquiry_put(&busy, q);
	if (inquiry_try(q, c->backend, ms < c->connect_timeout ? ms :
	    c->connect_timeout, ms) == -1)
		consult_again(q, INQUIRY_UNANSWERED);
}

static void
queue_dispatch(void)
{
	struct inquiry	*q;

	while ((q = queue.first) != NULL &&
	    busy.n < (size_t)consult_config.connections &&
	    backend_ready(consult_config.backend)) {
		if (filter_session(q->rq) == NULL)
			inquiry_free(q);
		else
			consult_send(q);
	}
}

static void
inquiry_waited(struct inquiry *q, int64_t now)
{
	char	 why[128];

	(void)snprintf(why, sizeof(why),
	    "policy: waited for %lld s (%zu of %lld busy)",
	    (long long)(now - q->asked) / 1000, busy.n,
	    (long long)consult_config.connections);
	consult_fail(q, why);
}

/* Who need not wait any longer?  Returns when to look again. */
static int64_t
queue_sweep(int64_t now)
{
	struct backend	*b = consult_config.backend;
	int64_t		 until;

	/* It is in the order of their ends. */
	while (queue.first != NULL && now >= queue.first->due)
		inquiry_waited(queue.first, now);
	while (queue.n > (size_t)consult_config.queue_max)
		consult_fail(queue.last, "policy: the queue is full");
	if (queue.n == 0)
		return INT64_MAX;
	until = queue.first->due;
	if (busy.n < (size_t)consult_config.connections &&
	    now + backend_wait(b) < until)
		until = now + backend_wait(b);
	if (down_since == 0 || backend_ready(b))
		return until;
	if (now < outage_patience())
		return outage_patience() < until ? outage_patience() : until;
	while (queue.n > 0)
		consult_fail(queue.first, backend_why(b));
	return INT64_MAX;
}

/* One that fires too early is harmless. */
static void
timer_arm(int64_t now, int64_t until)
{
	int64_t		 ms = until > now ? until - now : 1;
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	if (until == INT64_MAX || (armed != 0 && armed <= until))
		return;
	if (event_add(&timer, &tv) == 0)
		armed = until;
}

static void
consult_wake(evutil_socket_t fd, short what, void *arg)
{
	int64_t	 now, until;

	queue_dispatch();
	now = clock_ms();
	until = queue_sweep(now);
	consult_gauges();
	timer_arm(now, until);
	while (over.n > 0)
		consult_end(over.first, over.first->len == 0 ? &not_asked :
		    NULL);
}

static void
consult_timer(evutil_socket_t fd, short what, void *arg)
{
	armed = 0;
	consult_wake(fd, what, arg);
}

void
consult_start(struct event_base *base)
{
	(void)event_assign(&wake, base, -1, 0, consult_wake, NULL);
	(void)evtimer_assign(&timer, base, consult_timer, NULL);
	armed = down_since = 0;
	inquiry_ended = consult_ended;
	metric_add(counters, COUNTERS);
	backend_start(consult_config.backend, base);
}

void
consult_stop(void)
{
	struct inquiries	*lists[] = { &queue, &busy, &over };
	size_t			 i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while (lists[i]->first != NULL)
			inquiry_free(lists[i]->first);
	(void)event_del(&wake);
	(void)event_del(&timer);
	backend_free(consult_config.backend);
	consult_config.backend = NULL;
}

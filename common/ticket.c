/* SPDX-License-Identifier: ISC */
/*
 * The question that a session has open, if any, and how long it may stay so.
 * A ticket is good for one answer: whoever comes second, or after the session
 * is gone, is counted and forgotten.
 */

#include <unistd.h>

#include "engine.h"
#include "log.h"

struct request
ticket_request(const struct conn *c)
{
	struct request	 rq = { c->s.id, c->serial };

	return rq;
}

/* Whose request it is, or NULL. */
static struct conn *
holder(struct request rq)
{
	struct conn	*c = session_find(rq.session);

	return c != NULL && rq.serial != 0 && c->serial == rq.serial ?
	    c : NULL;
}

struct conn *
ticket_redeem(struct request rq)
{
	struct conn	*c = holder(rq);

	if (c != NULL)
		return c;
	metric_inc(&engine_counts[COUNT_LATE]);
	log_debug("%016llx late answer dropped",
	    (unsigned long long)rq.session);
	return NULL;
}

/* The delay is over, or the deadline. */
static void
timer_fired(int fd, short what, void *arg)
{
	struct conn	*c = arg;
	void		(*delayed)(struct request) = c->delayed;

	if (delayed == NULL) {
		metric_inc(&engine_counts[COUNT_DEADLINE]);
		engine.expired(ticket_request(c));
		return;
	}
	c->delayed = NULL;
	delayed(ticket_request(c));
	/* An answer ends the request, never the session: c is still there. */
	ticket_wait(c);
}

static void
start_timer(struct conn *c, int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	if (!event_initialized(&c->timer))
		(void)evtimer_assign(&c->timer, engine.base, timer_fired, c);
	if (event_add(&c->timer, &tv) == -1) {
		/* It might never be answered: let the next worker do it. */
		log_warn("deadline");
		_exit(71);
	}
}

void
ticket_open(struct conn *c, const struct proto_line *l, enum owed owed)
{
	struct debt	 d = { .session = c->s.id, .token = l->token,
			    .owed = owed, .phase = l->what };

	channel_consume(&engine.channel);
	ticket_cancel(c);
	c->token = l->token;
	c->phase = l->what;
	c->serial = ++engine.serial;
	/* The caller has seen that the ledger has room. */
	(void)channel_owe(&engine.channel, &d);
}

void
ticket_wait(struct conn *c)
{
	if (c->serial != 0 && c->delayed == NULL)
		start_timer(c, engine.deadline);
}

void
ticket_delay(struct conn *c, int64_t ms, void (*cb)(struct request))
{
	c->delayed = cb;
	start_timer(c, ms);
}

void
ticket_cancel(struct conn *c)
{
	c->serial = 0;
	c->delayed = NULL;
	if (event_initialized(&c->timer))
		(void)event_del(&c->timer);
}

struct session *
filter_session(struct request rq)
{
	struct conn	*c = holder(rq);

	return c != NULL ? &c->s : NULL;
}

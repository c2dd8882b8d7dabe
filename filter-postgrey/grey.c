/* SPDX-License-Identifier: ISC */
/*
 * See grey.h.  Nothing fails.
 */

#include "grey.h"

const char *const	grey_reasons[] = {
	[GREY_NEW] = "new",
	[GREY_EARLY] = "early-retry",
	[GREY_TRAPPED] = "trapped",
	[GREY_FOUND] = "triplet found",
	[GREY_AWL] = "client AWL",
	[GREY_WHITE] = "client white",
	[GREY_PARTNER] = "partner",
};

/*
 * A clock that went back makes all that is remembered worthless, but not by a
 * step as NTP makes them, or between two servers.
 */
static int
is_older(int64_t now, int64_t then, int64_t span)
{
	return then - now > GREY_STEP || now - then > span;
}

int
grey_tuple_over(const struct grey_rules *r, int64_t now,
    const struct grey_tuple *t)
{
	if (t->first == 0)
		return 1;
	if (t->passed > 0)
		return is_older(now, t->last, r->max_age);
	return is_older(now, t->first, r->retry_window);
}

/* Of a client that was only ever trapped there is nothing else to remember. */
static int
is_only_trapped(const struct grey_client *c)
{
	return c->trap_until > 0 && c->passed == 0 && c->white_until == 0;
}

int
grey_client_over(const struct grey_rules *r, int64_t now,
    const struct grey_client *c)
{
	return now >= c->white_until && now >= c->trap_until &&
	    (is_only_trapped(c) || is_older(now, c->last, r->max_age));
}

int
grey_client_known(const struct grey_rules *r, int64_t now,
    const struct grey_client *c)
{
	return r->awl_count > 0 && c->passed >= r->awl_count &&
	    !is_older(now, c->counted, r->max_age);
}

static void
client_seen(int64_t now, struct grey_client *c)
{
	if (c->first == 0)
		c->first = now;
	c->last = now;
}

/* One a while: a burst of mail makes nobody an old acquaintance. */
static void
client_passed(const struct grey_rules *r, int64_t now, struct grey_client *c)
{
	if (is_older(now, c->counted, r->max_age))
		c->passed = 0;
	if (c->passed == 0 || is_older(now, c->counted, r->awl_gap - 1)) {
		c->passed++;
		c->counted = now;
	}
	if (r->pass_client)
		c->white_until = now + r->max_age;
}

/* The client decides: 1, or 0 if it is left to the tuple. */
static int
decide_client(const struct grey_rules *r, int64_t now, int partner,
    struct grey_client *c, struct grey_verdict *v)
{
	if (now < c->trap_until) {
		v->reason = GREY_TRAPPED;
		v->defer = 1;
		v->wait = c->trap_until - now;
		return 1;
	}
	if (now < c->white_until) {
		v->reason = GREY_WHITE;
		/* Who is seen stays white. */
		if (c->white_until < now + r->max_age)
			c->white_until = now + r->max_age;
	} else if (grey_client_known(r, now, c)) {
		v->reason = GREY_AWL;
		c->counted = now;
	} else if (partner)
		v->reason = GREY_PARTNER;
	else
		return 0;
	client_seen(now, c);
	return 1;
}

static void
tuple_begin(int64_t now, struct grey_tuple *t)
{
	t->first = t->last = now;
	t->blocked = 1;
	t->passed = 0;
}

static void
verdict_new(const struct grey_rules *r, struct grey_verdict *v)
{
	v->reason = GREY_NEW;
	v->defer = 1;
	v->wait = r->delay;
}

void
grey_decide(const struct grey_rules *r, int64_t now, int partner, int bait,
    struct grey_tuple *t, struct grey_client *c, struct grey_verdict *v)
{
	v->defer = 0;
	v->wait = v->delayed = 0;
	if (decide_client(r, now, partner, c, v))
		return;
	if (bait) {
		verdict_new(r, v);
		return;
	}
	if (grey_tuple_over(r, now, t)) {
		tuple_begin(now, t);
		verdict_new(r, v);
		if (r->delay > 0)
			return;
	}
	if (t->passed == 0 && now - t->first < r->delay) {
		t->last = now;
		t->blocked++;
		v->reason = GREY_EARLY;
		v->defer = 1;
		v->wait = r->delay - (now - t->first);
		return;
	}
	client_seen(now, c);
	if (t->passed++ == 0) {
		v->delayed = now - t->first;
		client_passed(r, now, c);
	}
	t->last = now;
	v->reason = GREY_FOUND;
	v->defer = 0;
	v->wait = 0;
}

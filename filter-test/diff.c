/* SPDX-License-Identifier: ISC */
/*
 * See diff.h.  Where the two differ, the nearest place where they agree again
 * is looked for, in WINDOW lines of each; if there is none, these lines are
 * another text, and it goes on behind them.  Costs at most WINDOW comparisons
 * of two numbers a line.  Pure.
 */

#include "diff.h"

#define WINDOW	256

/* Where we are in both, and how much of each is left. */
struct cursor {
	const struct line	*a, *b;
	size_t			 na, nb;
};

static void
say(const struct diff_sink *sink, enum change what, const struct line *l,
    size_t n)
{
	for (; n > 0; n--, l++)
		sink->line(what, l, sink->arg);
}

/* Two lines that agree mean more than one; a blank one means nothing. */
static int
agree(const struct cursor *c, size_t i, size_t j)
{
	if (!lines_same(&c->a[i], &c->b[j]))
		return 0;
	if (c->a[i].len > 0)
		return 1;
	return i + 1 < c->na && j + 1 < c->nb && c->a[i + 1].len > 0 &&
	    lines_same(&c->a[i + 1], &c->b[j + 1]);
}

/* The nearest place where they agree: lines to skip of each.  Or -1. */
static int
meet(const struct cursor *c, size_t *ga, size_t *gb)
{
	size_t	 sum, i;

	for (sum = 0; sum < WINDOW; sum++)
		for (i = 0; i <= sum; i++)
			if (i < c->na && sum - i < c->nb &&
			    agree(c, i, sum - i)) {
				*ga = i;
				*gb = sum - i;
				return 0;
			}
	return -1;
}

static void
move_on(struct cursor *c, size_t a, size_t b)
{
	c->a += a;
	c->na -= a;
	c->b += b;
	c->nb -= b;
}

/* All up to the next line that agrees, or to the end. */
static void
gap(struct cursor *c, const struct diff_sink *sink)
{
	struct cursor	 start = *c;
	size_t		 ga = 0, gb = 0;

	while (meet(c, &ga, &gb) == -1 && c->na + c->nb > 0) {
		ga = c->na < WINDOW ? c->na : WINDOW;
		gb = c->nb < WINDOW ? c->nb : WINDOW;
		move_on(c, ga, gb);
		ga = gb = 0;
	}
	move_on(c, ga, gb);
	say(sink, CHANGE_GONE, start.a, (size_t)(c->a - start.a));
	say(sink, CHANGE_NEW, start.b, (size_t)(c->b - start.b));
}

void
diff_run(const struct lines *before, const struct lines *after,
    const struct diff_sink *sink)
{
	static const struct line	 none;
	struct cursor			 c = {
		before->n > 0 ? before->line : &none,
		after->n > 0 ? after->line : &none, before->n, after->n
	};
	size_t				 tail = 0;

	/* A large body that stays must not depend on the window. */
	while (tail < c.na && tail < c.nb && lines_same(&c.a[c.na - tail - 1],
	    &c.b[c.nb - tail - 1]))
		tail++;
	c.na -= tail;
	c.nb -= tail;
	while (c.na > 0 || c.nb > 0)
		if (c.na > 0 && c.nb > 0 && lines_same(c.a, c.b)) {
			say(sink, CHANGE_NONE, c.a, 1);
			move_on(&c, 1, 1);
		} else
			gap(&c, sink);
	say(sink, CHANGE_NONE, c.a, tail);
}

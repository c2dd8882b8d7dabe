/* SPDX-License-Identifier: ISC */
/*
 * See choice.h.  What there is no room for is not looked at.
 */

#include <string.h>

#include "choice.h"
#include "privkey.h"

void
choice_begin(struct choice *c, long long now)
{
	memset(&c->match, 0, sizeof(c->match));
	c->now = now;
	c->known = 0;
	c->n = 0;
}

/* Do they take each other's place, when both are for one message? */
static int
recipe_same(const struct recipe *a, const struct recipe *b)
{
	if (a->type != b->type ||
	    privkey_type(a->key) != privkey_type(b->key))
		return 0;
	if (a->domain == NULL || b->domain == NULL)
		return a->domain == b->domain;
	return strcmp(a->domain, b->domain) == 0;
}

/* There already, or there is a newer one. */
static int
is_idle(const struct choice *c, const struct recipe *r)
{
	size_t	 i;

	for (i = 0; i < c->n; i++)
		if (c->list[i].recipe == r ||
		    (c->list[i].recipe->active_from > r->active_from &&
		    recipe_same(c->list[i].recipe, r)))
			return 1;
	return 0;
}

static void
drop_older(struct choice *c, const struct recipe *r)
{
	size_t	 i, kept = 0;

	for (i = 0; i < c->n; i++)
		if (c->list[i].recipe->active_from >= r->active_from ||
		    !recipe_same(c->list[i].recipe, r))
			c->list[kept++] = c->list[i];
	c->n = kept;
}

void
choice_add(struct choice *c, const struct recipe *r, const char *identity)
{
	c->known = 1;
	if (r->active_from > c->now || is_idle(c, r))
		return;
	drop_older(c, r);
	if (c->n == CHOICE_MAX)
		return;
	c->list[c->n].recipe = r;
	c->list[c->n++].identity = identity;
}

/* SPDX-License-Identifier: ISC */
/*
 * See choice.h.  What there is no room for is not looked at.
 */

#include "choice.h"

void
choice_add(struct choice *c, const struct recipe *r, const char *identity)
{
	size_t	 i;

	for (i = 0; i < c->n; i++)
		if (c->list[i].recipe == r)
			return;
	if (c->n == CHOICE_MAX)
		return;
	c->list[c->n].recipe = r;
	c->list[c->n++].identity = identity;
}

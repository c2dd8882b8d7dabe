/* SPDX-License-Identifier: ISC */
/*
 * See outcome.h.  Nothing fails.
 */

#include <stdio.h>
#include <string.h>

#include "outcome.h"

void
outcome_pass(struct outcome *o)
{
	memset(o, 0, sizeof(*o));
}

void
outcome_refuse(struct outcome *o, int code, const char *text)
{
	o->code = code;
	o->junk = 0;
	(void)snprintf(o->text, sizeof(o->text), "%d.7.1 %s", code / 100,
	    text);
}

/* 421 ends the session, before all others; then who may come again. */
static int
rank(const struct outcome *o)
{
	if (o->code == 0)
		return 0;
	if (o->code == 421)
		return 3;
	return o->code < 500 ? 2 : 1;
}

void
tally_add(struct tally *t, const struct outcome *o)
{
	int	 junk = t->worst.junk || o->junk;

	if (o->code == 0)
		t->passed++;
	if (rank(o) > rank(&t->worst) ||
	    (rank(o) == rank(&t->worst) && o->wait > t->worst.wait))
		t->worst = *o;
	t->worst.junk = junk;
}

void
tally_result(const struct tally *t, struct outcome *o)
{
	*o = t->worst;
	if (o->code >= 500 && t->passed > 0) {
		o->code = 451;
		o->text[0] = '4';
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * A tree by address.  Those that have none, as smtpd's own enqueuer, count as
 * one address.
 */

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "connections.h"

struct source {
	struct addr	 addr;		/* must be the first: it is the key */
	unsigned int	 n;
};

static void	*sources;

static int
source_compare(const void *a, const void *b)
{
	const struct addr	*x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->ip, y->ip, sizeof(x->ip));
}

unsigned int
connections_add(const struct addr *a)
{
	struct source	*s;
	void		*node;

	if ((node = tfind(a, &sources, source_compare)) != NULL) {
		s = *(struct source **)node;
		return ++s->n;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return 0;
	s->addr = *a;
	s->n = 1;
	if (tsearch(s, &sources, source_compare) == NULL) {
		free(s);
		return 0;
	}
	return 1;
}

void
connections_remove(const struct addr *a)
{
	struct source	*s;
	void		*node;

	if ((node = tfind(a, &sources, source_compare)) == NULL)
		return;
	s = *(struct source **)node;
	if (--s->n > 0)
		return;
	(void)tdelete(a, &sources, source_compare);
	free(s);
}

/* SPDX-License-Identifier: ISC */
/*
 * See names.h.  An array, as it is read a thousand times as often as written.
 * Fails with -1: out of memory; the names are then as they were.
 */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "names.h"

int
names_add(struct names *ns, const char *name, const void *value)
{
	struct name	*list;
	size_t		 size;

	if (ns->n == ns->size) {
		size = ns->size == 0 ? 16 : ns->size * 2;
		list = reallocarray(ns->list, size, sizeof(*list));
		if (list == NULL)
			return -1;
		ns->list = list;
		ns->size = size;
	}
	if ((ns->list[ns->n].name = strdup(name)) == NULL)
		return -1;
	ns->list[ns->n].value = value;
	ns->list[ns->n].order = ns->n;
	ns->n++;
	return 0;
}

static int
name_compare(const void *va, const void *vb)
{
	const struct name	*a = va, *b = vb;
	int			 c;

	if ((c = strcmp(a->name, b->name)) != 0)
		return c;
	return a->order < b->order ? -1 : a->order > b->order;
}

void
names_sort(struct names *ns)
{
	if (ns->n > 1)
		qsort(ns->list, ns->n, sizeof(*ns->list), name_compare);
}

size_t
names_find(const struct names *ns, const char *name, const struct name **first)
{
	size_t	 lo = 0, hi = ns->n, mid, n;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(ns->list[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first = lo < ns->n ? &ns->list[lo] : NULL;
	for (n = 0; lo + n < ns->n; n++) {
		if (strcmp(ns->list[lo + n].name, name) != 0)
			break;
	}
	return n;
}

void
names_free(struct names *ns)
{
	while (ns->n > 0)
		free(ns->list[--ns->n].name);
	free(ns->list);
	ns->list = NULL;
	ns->size = 0;
}

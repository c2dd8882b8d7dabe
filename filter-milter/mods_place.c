/* SPDX-License-Identifier: ISC */
/*
 * Places of changes to a header, all at once, as a change may move those that
 * came before it.  Items never change their order among themselves, and so it
 * can be had backwards: the last one that was inserted at place p ends up at
 * p, the one before it at the p-th place that is then left, and so on; what is
 * left at the end is for the fields of the message, in their order.  With the
 * order known, the nth of a name at any time is the nth that was there by
 * then.  Both are questions to a tree of sums, so that nothing is quadratic in
 * what a client or a milter sent.
 *
 * Fails with -1: out of memory.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "message.h"
#include "mfdef.h"
#include "mods_private.h"
#include "spool.h"

/*
 * How many of the first i of n there are (a Fenwick tree: sum[i] is that of
 * the i & -i before i, counted from 1).
 */
struct tree {
	uint32_t	*sum;
	uint32_t	 n;
};

struct name {
	const char	*text;
	uint32_t	 count;		/* items that have it by now */
	uint32_t	 first;		/* their first rank, see rank_all() */
	uint32_t	 next;		/* rank that is still free */
};

struct work {
	struct mod *const *mods;
	uint32_t	 nmods;
	uint32_t	 nfields;
	uint32_t	 nplaces;
	struct name	*names;		/* that changes ask for, sorted */
	uint32_t	 nnames;
	/* An item is a field, or nfields + the mod that made it. */
	uint32_t	*name;		/* of each item, or PLACE_NONE */
	uint32_t	*rank;		/* of each item that has one */
	uint32_t	*ranked;	/* the place of that rank */
	uint32_t	*slot;		/* of each mod, PLACE_NONE: no item */
	struct place	*places;
	struct tree	 tree;
	size_t		 reserved;
};

/* All there, or none of them. */
static void
tree_fill(struct tree *t, uint32_t n, int there)
{
	uint32_t	 i;

	t->n = n;
	for (i = 1; i <= n; i++)
		t->sum[i] = there ? i & -i : 0;
}

/* i, from 0, comes or goes. */
static void
tree_add(struct tree *t, uint32_t i, int one)
{
	for (i++; i <= t->n; i += i & -i)
		t->sum[i] += (uint32_t)one;
}

static uint32_t
tree_before(const struct tree *t, uint32_t i)
{
	uint32_t	 sum = 0;

	for (; i > 0; i -= i & -i)
		sum += t->sum[i];
	return sum;
}

/* The nth (from 0) that is there. */
static uint32_t
tree_nth(const struct tree *t, uint32_t nth)
{
	uint32_t	 i = 0, step = 1;

	while (step <= t->n / 2)
		step *= 2;
	for (; step > 0; step /= 2)
		if (i + step <= t->n && t->sum[i + step] <= nth) {
			i += step;
			nth -= t->sum[i];
		}
	return i;
}

static int
name_cmp(const void *a, const void *b)
{
	const struct name	*x = a, *y = b;

	return strcasecmp(x->text, y->text);
}

/* The names that changes ask for, each once. */
static void
names_collect(struct work *w)
{
	uint32_t	 i, n = 0;

	for (i = 0; i < w->nmods; i++)
		if (w->mods[i]->command == SMFIR_CHGHEADER)
			w->names[n++].text = w->mods[i]->text;
	if (n == 0)
		return;
	qsort(w->names, n, sizeof(*w->names), name_cmp);
	for (i = 0; i < n; i++)
		if (i == 0 || strcasecmp(w->names[i].text,
		    w->names[w->nnames - 1].text) != 0)
			w->names[w->nnames++].text = w->names[i].text;
}

static uint32_t
name_find(const struct work *w, const char *text, size_t len)
{
	uint32_t	 lo = 0, hi = w->nnames, mid;
	int		 order;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		order = strncasecmp(text, w->names[mid].text, len);
		if (order == 0 && w->names[mid].text[len] != '\0')
			order = -1;
		if (order == 0)
			return mid;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return PLACE_NONE;
}

static void
names_of_fields(struct work *w, struct message *m, size_t hidden)
{
	const char	*text;
	size_t		 len;
	uint32_t	 i;

	for (i = 0; i < w->nfields; i++) {
		w->name[i] = PLACE_NONE;
		if (w->nnames == 0 || i == hidden ||
		    (text = message_name(m, i, &len)) == NULL || len == 0)
			continue;
		if ((w->name[i] = name_find(w, text, len)) != PLACE_NONE)
			w->names[w->name[i]].count++;
	}
}

/*
 * Which mods make an item: a change of one that is not there does, unless it
 * has no value.  For now slot says only that: where it asked to be.
 */
static void
mods_that_make(struct work *w)
{
	const struct mod	*mod;
	struct name		*name;
	uint32_t		 i, id;

	for (i = 0; i < w->nmods; i++) {
		mod = w->mods[i];
		id = name_find(w, mod->text, strlen(mod->text));
		name = id == PLACE_NONE ? NULL : &w->names[id];
		w->name[w->nfields + i] = id;
		w->slot[i] = mod->index;
		if (mod->command == SMFIR_CHGHEADER) {
			w->slot[i] = PLACE_NONE;
			if (mod->value == NULL || mod->index <= name->count)
				continue;
			w->slot[i] = PLACE_END - 1;
		} else if (w->slot[i] == PLACE_NONE)
			w->slot[i]--;
		w->nplaces++;
		if (name != NULL)
			name->count++;
	}
}

/* Backwards: see above. */
static void
places_find(struct work *w)
{
	uint32_t	 i, left = w->nplaces, slot;

	tree_fill(&w->tree, w->nplaces, 1);
	for (i = 0; i < w->nplaces; i++)
		w->places[i].made = PLACE_NONE;
	for (i = w->nmods; i-- > 0;) {
		if (w->slot[i] == PLACE_NONE)
			continue;
		left--;
		slot = tree_nth(&w->tree, w->slot[i] < left ? w->slot[i] :
		    left);
		tree_add(&w->tree, slot, -1);
		w->slot[i] = slot;
		w->places[slot].made = i;
	}
}

static void
places_fill(struct work *w)
{
	struct place	*p;
	uint32_t	 field = 0;

	for (p = w->places; p < w->places + w->nplaces; p++) {
		p->changed = PLACE_NONE;
		p->field = p->made == PLACE_NONE ? field++ : PLACE_NONE;
	}
}

/* A rank for each item that a change may ask for: by name, then by place. */
static void
rank_all(struct work *w)
{
	const struct place	*p;
	struct name		*name;
	uint32_t		 first = 0, i, item;

	for (name = w->names; name < w->names + w->nnames; name++) {
		name->first = name->next = first;
		first += name->count;
	}
	tree_fill(&w->tree, first, 0);
	for (i = 0; i < w->nplaces; i++) {
		p = &w->places[i];
		item = p->made == PLACE_NONE ? p->field :
		    w->nfields + p->made;
		if (w->name[item] == PLACE_NONE)
			continue;
		w->rank[item] = w->names[w->name[item]].next++;
		w->ranked[w->rank[item]] = i;
		if (p->made == PLACE_NONE)
			tree_add(&w->tree, w->rank[item], 1);
	}
}

/* Forwards: each change hits the nth that was there at its time. */
static void
changes_find(struct work *w)
{
	const struct mod	*mod;
	const struct name	*name;
	uint32_t		 before, end, i, item;

	for (i = 0; i < w->nmods; i++) {
		item = w->nfields + i;
		if (w->name[item] == PLACE_NONE)
			continue;
		if (w->slot[i] != PLACE_NONE) {
			tree_add(&w->tree, w->rank[item], 1);
			continue;
		}
		mod = w->mods[i];
		name = &w->names[w->name[item]];
		before = tree_before(&w->tree, name->first);
		end = tree_before(&w->tree, name->first + name->count);
		if (mod->index <= end - before)
			w->places[w->ranked[tree_nth(&w->tree,
			    before + mod->index - 1)]].changed = i;
	}
}

static int
work_alloc(struct work *w)
{
	uint32_t	 items = w->nfields + w->nmods;
	size_t		 n = 4 * (size_t)items + w->nmods + 1;

	w->reserved = n * sizeof(uint32_t) + items * sizeof(*w->places) +
	    w->nmods * sizeof(*w->names);
	if (spool_reserve(w->reserved) == -1) {
		w->reserved = 0;
		return -1;
	}
	if ((w->name = calloc(n, sizeof(uint32_t))) == NULL ||
	    (w->places = calloc((size_t)items + 1,
	    sizeof(*w->places))) == NULL ||
	    (w->names = calloc((size_t)w->nmods + 1,
	    sizeof(*w->names))) == NULL)
		return -1;
	w->rank = w->name + items;
	w->ranked = w->rank + items;
	w->slot = w->ranked + items;
	w->tree.sum = w->slot + w->nmods;	/* items + 1 */
	return 0;
}

int
mods_place(struct message *m, size_t hidden, struct mod *const *mods,
    size_t nmods, struct place **out, size_t *nplaces)
{
	struct work	 w = { .mods = mods };
	int		 error = -1;

	w.nfields = w.nplaces = (uint32_t)message_nfields(m);
	w.nmods = (uint32_t)nmods;
	if (message_error(m) == NULL && nmods < PLACE_NONE - w.nfields &&
	    work_alloc(&w) == 0) {
		names_collect(&w);
		names_of_fields(&w, m, hidden);
		mods_that_make(&w);
		places_find(&w);
		places_fill(&w);
		rank_all(&w);
		changes_find(&w);
		*out = w.places;
		*nplaces = w.nplaces;
		error = 0;
	} else
		free(w.places);
	free(w.name);
	free(w.names);
	spool_release(w.reserved);
	return error;
}

/* SPDX-License-Identifier: ISC */
/*
 * See ctl_memory.h.  Servers have no look-up of a single row for us: they are
 * walked through, which takes a second for some 100000 rows.
 */

#include <string.h>

#include "compat.h"
#include "ctl_memory.h"
#include "postgrey.h"
#include "shared.h"

static struct store	*store;		/* NULL: servers */

struct search {
	const char	*key;
	struct ctl_row	*found;
};

int
ctl_open(int write)
{
	if (shared_wanted())
		return shared_load() == -1 ? -1 :
		    shared_open(&postgrey.rules);
	if ((store = store_open(postgrey.db, &postgrey.rules, write)) == NULL)
		return -1;
	return store_start(store) == -1 ? -1 : 0;
}

int
ctl_close(void)
{
	int	 r;

	if (store == NULL)
		return 0;
	r = store_sync(store);
	store_close(store);
	store = NULL;
	return r;
}

static int
compare(const struct store_row *row, void *arg)
{
	struct search	*s = arg;

	if (strcmp(row->key, s->key) != 0)
		return 0;
	s->found->row = *row;
	s->key = NULL;
	return 1;
}

int
ctl_get(enum store_kind kind, const char *key, struct ctl_row *r)
{
	struct search	 s = { .key = key, .found = r };
	int		 n;

	memset(&r->row, 0, sizeof(r->row));
	r->row.kind = kind;
	if (store != NULL)
		n = store_get(store, kind, key, &r->row) == 0;
	else if (shared_walk(kind, compare, &s) == -1)
		n = -1;
	else
		n = s.key == NULL;
	(void)strlcpy(r->key, key, sizeof(r->key));
	r->row.key = r->key;
	return n;
}

int
ctl_put(const struct store_row *row)
{
	return store != NULL ? store_put(store, row) : shared_row_put(row);
}

int
ctl_sync(void)
{
	return store != NULL ? store_sync(store) : 0;
}

int
ctl_delete(enum store_kind kind, const char *key)
{
	return store != NULL ? store_delete(store, kind, key) :
	    shared_row_delete(kind, key);
}

int
ctl_walk(enum store_kind kind, int (*cb)(const struct store_row *, void *),
    void *arg)
{
	return store != NULL ? store_walk(store, kind, cb, arg) :
	    shared_walk(kind, cb, arg);
}

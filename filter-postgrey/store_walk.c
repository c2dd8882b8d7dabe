/* SPDX-License-Identifier: ISC */
/*
 * All rows, for greylistctl, and the purge, which looks at some at a time.
 */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "log.h"
#include "store_private.h"

#define WALK_ROWS	1000		/* read at once: the journal may go on */

/*
 * What was read at once: nothing is being read while they are shown, as that
 * may wait for a pager, and a journal with a reader can't begin anew.
 */
struct walk {
	size_t			 n;
	struct store_row	 rows[WALK_ROWS];
	char			 keys[WALK_ROWS][TUPLE_KEY];
};

static int
walk_row(const struct store_row *row, void *arg)
{
	struct walk	*w = arg;

	w->rows[w->n] = *row;
	w->rows[w->n].key = w->keys[w->n];
	(void)strlcpy(w->keys[w->n], row->key, TUPLE_KEY);
	w->n++;
	return 0;
}

/* Those after a key. */
static int
walk_read(struct store *st, enum store_kind kind, const char *key,
    struct walk *w)
{
	struct db	*db = store_reader(st);
	int		 r = 0;

	w->n = 0;
	if (db == NULL)
		return -1;
	if (db_each(db, kind, key, WALK_ROWS, walk_row, w) != DB_FINE)
		r = -1;
	store_reader_check(st);
	return r;
}

static int
walk_show(const struct walk *w, int (*cb)(const struct store_row *, void *),
    void *arg)
{
	size_t	 i;

	for (i = 0; i < w->n; i++)
		if (cb(&w->rows[i], arg))
			return 1;
	return 0;
}

int
store_walk(struct store *st, enum store_kind kind,
    int (*cb)(const struct store_row *, void *), void *arg)
{
	char		 key[TUPLE_KEY] = "";
	struct walk	*w;
	int		 r = store_sync(st), stop;

	if ((w = malloc(sizeof(*w))) == NULL) {
		log_warn("db %s", st->path);
		return -1;
	}
	do {
		if (walk_read(st, kind, key, w) == -1)
			r = -1;
		stop = walk_show(w, cb, arg) || w->n < WALK_ROWS;
		if (w->n > 0)
			(void)strlcpy(key, w->rows[w->n - 1].key,
			    sizeof(key));
	} while (r == 0 && !stop);
	free(w);
	store_tell(st);
	return r;
}

int
store_count(struct store *st, int64_t now, struct store_counts *c)
{
	struct db	*db;
	int		 r = 0;

	memset(c, 0, sizeof(*c));
	(void)store_sync(st);
	if ((db = store_reader(st)) == NULL)
		return -1;
	if (db_count(db, now, c) != DB_FINE)
		r = -1;
	store_reader_check(st);
	return r;
}

struct purge {
	struct store	*st;
	int64_t		 now;
	size_t		 seen, forgotten;
};

/*
 * What is of the future is left alone: better a row too many than all of them
 * gone because a clock begins in 1970.
 */
static int
is_over(const struct purge *p, const struct store_row *row)
{
	const struct grey_rules	*r = &p->st->rules;

	switch (row->kind) {
	case STORE_TUPLE:
		return row->tuple.last <= p->now &&
		    grey_tuple_over(r, p->now, &row->tuple);
	case STORE_CLIENT:
		return row->client.last <= p->now &&
		    grey_client_over(r, p->now, &row->client);
	case STORE_PARTNER:
		return row->until <= p->now;
	}
	return 0;
}

/* Unless it is being changed, or another process has changed it by then. */
static int
purge_row(const struct store_row *row, void *arg)
{
	struct purge		*p = arg;
	struct store		*st = p->st;
	struct store_row	 newer;
	struct base		 base;

	p->seen++;
	(void)strlcpy(st->purge_key, row->key, sizeof(st->purge_key));
	if (!is_over(p, row))
		return 0;
	base = base_of(row);
	(void)pthread_mutex_lock(&st->lock);
	if (overlay_get(st->overlay, row->kind, row->key, &newer) == 0 &&
	    overlay_put(st->overlay, row, &base, 1, 0) == 0)
		p->forgotten++;
	(void)pthread_mutex_unlock(&st->lock);
	return 0;
}

size_t
store_purge(struct store *st, int64_t now, size_t n)
{
	struct purge	 p = { .st = st, .now = now };
	struct db	*db;
	char		 from[TUPLE_KEY];

	if ((db = store_reader(st)) == NULL)
		return 0;
	(void)strlcpy(from, st->purge_key, sizeof(from));
	if (db_each(db, st->purge_kind, from, n, purge_row, &p) == DB_FINE &&
	    p.seen < n) {
		st->purge_key[0] = '\0';
		st->purge_kind = st->purge_kind == STORE_PARTNER ?
		    STORE_TUPLE : (enum store_kind)(st->purge_kind + 1);
	}
	store_reader_check(st);
	if (p.forgotten > 0) {
		(void)pthread_mutex_lock(&st->lock);
		store_changed(st);
		(void)pthread_mutex_unlock(&st->lock);
	}
	store_tell(st);
	return p.forgotten;
}

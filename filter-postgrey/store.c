/* SPDX-License-Identifier: ISC */
/*
 * The store: what is not written yet first, then the file.  A change is in
 * memory when a call returns, and in the file a moment later.
 *
 * Order matters: the overlay is asked before the file is looked at, so that
 * what the writer finishes in between is seen in one of them.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "clock.h"
#include "compat.h"
#include "log.h"
#include "sandbox.h"
#include "store_private.h"

enum { WANT_TUPLE, WANT_CLIENT, WANT_SENDER, WANT_DOMAIN, WANT_MAX };

/* A row that is looked for. */
struct want {
	enum store_kind	 kind;
	const char	*key;		/* NULL: none */
	struct store_row row;		/* zeroed if there is none */
	struct base	 base;
	int		 found;
};

static int
locks_init(struct store *st)
{
	pthread_condattr_t	 attr;
	int			 error;

	if ((error = pthread_condattr_init(&attr)) != 0)
		return error;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if ((error = pthread_mutex_init(&st->lock, NULL)) == 0 &&
	    (error = pthread_cond_init(&st->wake, &attr)) == 0)
		error = pthread_cond_init(&st->done, &attr);
	(void)pthread_condattr_destroy(&attr);
	return error;
}

static void
store_free(struct store *st)
{
	db_close(st->reader);
	db_close(st->writer);
	overlay_free(st->overlay);
	free(st->flights);
	free(st);
}

static struct store *
store_new(const char *path, const struct grey_rules *rules, int writable)
{
	struct store	*st;
	uint64_t	 seed[2];

	if ((st = calloc(1, sizeof(*st))) == NULL)
		return NULL;
	st->rules = *rules;
	st->writable = writable;
	if (strlcpy(st->path, path, sizeof(st->path)) >= sizeof(st->path)) {
		free(st);
		errno = ENAMETOOLONG;
		return NULL;
	}
	sqlite3_randomness(sizeof(seed), seed);
	st->overlay = overlay_new(STORE_MEMORY, seed);
	st->flights = calloc(STORE_BATCH, sizeof(*st->flights));
	if (st->overlay == NULL || st->flights == NULL ||
	    locks_init(st) != 0) {
		store_free(st);
		errno = ENOMEM;
		return NULL;
	}
	return st;
}

/* Is it worth to begin with it?  A full disk is, as it may be over soon. */
static int
try_file(struct store *st)
{
	const char	*why;
	enum db_state	 state;

	if (st->writable) {
		(void)pthread_mutex_lock(&st->lock);
		state = store_writer_round(st);
		(void)pthread_mutex_unlock(&st->lock);
		why = st->unwritten;
	} else
		state = db_open(&st->reader, st->path, 0, NULL, NULL, &why);
	/* Nothing that is open may go through a fork(2). */
	db_close(st->writer);
	db_close(st->reader);
	st->writer = st->reader = NULL;
	if (state == DB_FINE || (state == DB_FAILED && st->writable))
		return 0;
	log_warnx("db %s: %s", st->path, why);
	return -1;
}

struct store *
store_open(const char *path, const struct grey_rules *rules, int writable)
{
	struct store	*st;

	if ((st = store_new(path, rules, writable)) == NULL) {
		log_warn("db %s", path);
		return NULL;
	}
	if (try_file(st) == -1) {
		store_free(st);
		return NULL;
	}
	store_tell(st);
	sandbox_path(st->path, "rwc");
	return st;
}

int
store_start(struct store *st)
{
	st->threaded = st->writable;
	(void)store_reader(st);
	store_tell(st);
	return 0;
}

/* Under the lock.  -1: not all is written, and that is not about to change. */
static int
sync_alone(struct store *st)
{
	do
		(void)store_writer_round(st);
	while (st->unwritten == NULL && overlay_waiting(st->overlay) > 0);
	return st->unwritten == NULL ? 0 : -1;
}

/* A round that has begun may still fail of what is over by now. */
static int
sync_thread(struct store *st, int64_t ms)
{
	int64_t	 end = clock_ms() + ms;

	st->hurry = 1;
	while (overlay_waiting(st->overlay) > 0 || st->busy) {
		(void)pthread_cond_signal(&st->wake);
		store_wait(st, &st->done, end);
		if (clock_ms() >= end ||
		    (st->unwritten != NULL && !st->busy && !st->hurry))
			return -1;
		st->hurry |= !st->busy;
	}
	st->hurry = 0;
	return st->unwritten == NULL ? 0 : -1;
}

static int
sync_all(struct store *st, int64_t ms)
{
	int	 r = 0;

	(void)pthread_mutex_lock(&st->lock);
	if (overlay_waiting(st->overlay) > 0 || st->busy)
		r = st->running ? sync_thread(st, ms) : sync_alone(st);
	(void)pthread_mutex_unlock(&st->lock);
	store_tell(st);
	return r;
}

int
store_sync(struct store *st)
{
	return sync_all(st, STORE_SYNC);
}

void
store_close(struct store *st)
{
	int	 running;

	if (st == NULL)
		return;
	(void)sync_all(st, STORE_END);
	/* First, so that it is the thread that may have to wait for disks. */
	db_close(st->reader);
	st->reader = NULL;
	(void)pthread_mutex_lock(&st->lock);
	store_writer_stop(st);
	running = st->running;
	(void)pthread_mutex_unlock(&st->lock);
	store_tell(st);
	if (running)
		log_warnx("db %s: still being written", st->path);
	else
		store_free(st);
}

/*
 * In what is not written yet.  What is found there will be the row in the file
 * if the writer is done with it before it is changed here.
 */
static void
look_in_overlay(const struct store *st, struct want *w)
{
	memset(&w->row, 0, sizeof(w->row));
	w->base.known = 0;
	w->row.kind = w->kind;
	w->row.key = w->key;
	w->found = w->key == NULL ? -1 :
	    overlay_get(st->overlay, w->kind, w->key, &w->row);
	if (w->found == 1)
		w->base = base_of(&w->row);
}

/* Looks for all of them, in one state of the file. */
static void
look_up(struct store *st, struct want *w, size_t n)
{
	struct db	*db;
	size_t		 i;
	int		 missing = 0;

	(void)pthread_mutex_lock(&st->lock);
	for (i = 0; i < n; i++) {
		look_in_overlay(st, &w[i]);
		missing |= w[i].found == 0;
	}
	(void)pthread_mutex_unlock(&st->lock);
	if (!missing || (db = store_reader(st)) == NULL)
		return;
	db_begin(db);
	for (i = 0; i < n; i++)
		if (w[i].found == 0 &&
		    db_get(db, w[i].kind, w[i].key, &w[i].row)) {
			w[i].found = 1;
			w[i].base = base_of(&w[i].row);
		}
	db_end(db);
	store_reader_check(st);
}

/* Did we write to the sender, or to the whole domain? */
static int
is_partner(const struct want *w, int64_t now)
{
	return now < w[WANT_SENDER].row.until ||
	    now < w[WANT_DOMAIN].row.until;
}

/* Once until all is written. */
static void
tell_dropped(struct store *st, size_t dropped)
{
	if (dropped > 0 && st->dropped == 0)
		log_warnx("db %s: too much to remember in memory, forgetting "
		    "the oldest", st->path);
	st->dropped += dropped;
}

/* If there is no memory for it, it is not. */
static void
remember(struct store *st, const struct want *w, int tuple, int client)
{
	size_t	 dropped;

	if (!tuple && !client)
		return;
	(void)pthread_mutex_lock(&st->lock);
	if (tuple)
		(void)overlay_put(st->overlay, &w[WANT_TUPLE].row,
		    &w[WANT_TUPLE].base, 0, 0);
	if (client)
		(void)overlay_put(st->overlay, &w[WANT_CLIENT].row,
		    &w[WANT_CLIENT].base, 0, 0);
	store_changed(st);
	dropped = overlay_dropped(st->overlay);
	(void)pthread_mutex_unlock(&st->lock);
	tell_dropped(st, dropped);
}

void
store_decide(struct store *st, const struct store_query *q,
    struct grey_verdict *v)
{
	struct want	 w[WANT_MAX] = {
		[WANT_TUPLE] = { .kind = STORE_TUPLE, .key = q->tuple },
		[WANT_CLIENT] = { .kind = STORE_CLIENT, .key = q->client },
		[WANT_SENDER] = { .kind = STORE_PARTNER },
		[WANT_DOMAIN] = { .kind = STORE_PARTNER }
	};
	struct grey_tuple	*t = &w[WANT_TUPLE].row.tuple, t_before;
	struct grey_client	*c = &w[WANT_CLIENT].row.client, c_before;

	if (q->sender != NULL && *q->sender != '\0') {
		w[WANT_SENDER].key = q->sender;
		w[WANT_DOMAIN].key = strrchr(q->sender, '@');
	}
	look_up(st, w, WANT_MAX);
	t_before = *t;
	c_before = *c;
	grey_decide(&st->rules, q->now, is_partner(w, q->now), q->bait, t, c,
	    v);
	remember(st, w, memcmp(t, &t_before, sizeof(*t)) != 0,
	    memcmp(c, &c_before, sizeof(*c)) != 0);
	store_tell(st);
}

static int
put(struct store *st, const struct store_row *row, int deleted)
{
	size_t	 dropped;
	int	 r;

	if (!st->writable) {
		log_warnx("db %s: opened for reading only", st->path);
		return -1;
	}
	if (strlen(row->key) >= TUPLE_KEY) {
		log_warnx("db %s: a key is too long", st->path);
		return -1;
	}
	(void)pthread_mutex_lock(&st->lock);
	if ((r = overlay_put(st->overlay, row, NULL, deleted, 1)) == 0)
		store_changed(st);
	dropped = overlay_dropped(st->overlay);
	(void)pthread_mutex_unlock(&st->lock);
	tell_dropped(st, dropped);
	if (r == -1)
		log_warnx("db %s: out of memory", st->path);
	store_tell(st);
	return dropped > 0 ? -1 : r;
}

int
store_put(struct store *st, const struct store_row *row)
{
	return put(st, row, 0);
}

int
store_delete(struct store *st, enum store_kind kind, const char *key)
{
	struct store_row	 row = { .kind = kind, .key = key };

	return put(st, &row, 1);
}

int
store_get(struct store *st, enum store_kind kind, const char *key,
    struct store_row *row)
{
	struct want	 w = { .kind = kind, .key = key };

	look_up(st, &w, 1);
	*row = w.row;
	store_tell(st);
	return w.found == 1 ? 0 : -1;
}

const char *
store_trouble(const struct store *st)
{
	const char	*why = __atomic_load_n(&st->unwritten,
			    __ATOMIC_RELAXED);

	return why != NULL ? why : st->unread;
}

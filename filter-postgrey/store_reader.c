/* SPDX-License-Identifier: ISC */
/*
 * The connection that is read from, and what the log is told.  Opened when it
 * is needed, again when the writer says that the file is another one.  What
 * can't be read is not there; it is said once.
 */

#include <string.h>

#include "clock.h"
#include "log.h"
#include "store_private.h"

#define OPEN_WAIT	5		/* ms */
#define OPEN_TRIES	40

/* Opening may wait for one who cleans up after a crash; reading never does. */
static int
reader_wait(void *arg, int n)
{
	const struct store	*st = arg;

	return st->reader == NULL && n < OPEN_TRIES ? OPEN_WAIT : 0;
}

static void
unread(struct store *st, const char *why)
{
	if (st->unread != why)
		log_warnx("db %s: not read: %s", st->path, why);
	st->unread = why;
	st->unread_at = clock_ms();
}

/* The writer moves it aside. */
static void
found_broken(struct store *st, const char *why)
{
	db_abandon(st->reader);
	st->reader = NULL;
	st->reader_retry = clock_ms() + STORE_RETRY;
	unread(st, why);
	if (!st->writable)
		return;
	(void)pthread_mutex_lock(&st->lock);
	st->broken = 1;
	store_changed(st);
	(void)pthread_mutex_unlock(&st->lock);
}

static void
reader_open(struct store *st)
{
	const char	*why;

	switch (db_open(&st->reader, st->path, 0, reader_wait, st, &why)) {
	case DB_FINE:
		return;
	case DB_BROKEN:
		found_broken(st, why);
		return;
	case DB_FOREIGN:
	case DB_MISSING:
	case DB_FAILED:
		unread(st, why);
		st->reader_retry = clock_ms() + STORE_RETRY;
	}
}

struct db *
store_reader(struct store *st)
{
	unsigned int	 now = __atomic_load_n(&st->generation,
			    __ATOMIC_ACQUIRE);

	if (now != st->reader_generation) {
		db_abandon(st->reader);
		st->reader = NULL;
		st->reader_generation = now;
		st->reader_retry = 0;
	}
	if (st->reader == NULL && clock_ms() >= st->reader_retry)
		reader_open(st);
	return st->reader;
}

void
store_reader_check(struct store *st)
{
	const char	*why;

	switch (db_state(st->reader, &why)) {
	case DB_FINE:
		if (st->unread != NULL &&
		    clock_ms() - st->unread_at > STORE_RETRY) {
			log_info("db %s: is read again", st->path);
			st->unread = NULL;
		}
		break;
	case DB_BROKEN:
		found_broken(st, why);
		break;
	case DB_FOREIGN:
	case DB_MISSING:
	case DB_FAILED:
		unread(st, why);
	}
}

static void
tell_unwritten(struct store *st, const char *why)
{
	if (why != NULL)
		log_warnx("db %s: not written: %s; going on in memory, next "
		    "try in %d s", st->path, why, STORE_RETRY / 1000);
	else
		log_info("db %s: is written again, %zu changes were lost",
		    st->path, st->dropped);
	st->said = why;
	if (why == NULL)
		st->dropped = 0;
}

void
store_tell(struct store *st)
{
	const char	*why;
	char		 moved[sizeof(st->moved)];

	if (!__atomic_load_n(&st->news, __ATOMIC_RELAXED))
		return;
	(void)pthread_mutex_lock(&st->lock);
	__atomic_store_n(&st->news, 0, __ATOMIC_RELAXED);
	why = st->unwritten;
	memcpy(moved, st->moved, sizeof(moved));
	st->moved[0] = '\0';
	(void)pthread_mutex_unlock(&st->lock);
	if (moved[0] != '\0')
		log_warnx("db %s: %s; beginning with an empty one", st->path,
		    moved);
	if (why != st->said)
		tell_unwritten(st, why);
}

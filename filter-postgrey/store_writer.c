/* SPDX-License-Identifier: ISC */
/*
 * The one who writes: a thread, made with the first change, which takes what
 * waits, writes it in one transaction, and says whether it is written.  The
 * lock is not held meanwhile.
 *
 * What can't be written stays in the overlay until the next try, in 30 s.  A
 * file that is broken is moved aside; one that was replaced is opened anew.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "store_private.h"
#include "thread.h"

#define BUSY_WAIT	5		/* ms */
#define BUSY_TRIES	1000
#define BUSY_TRIES_END	60		/* smtpd waits for us to end */

void
store_wait(struct store *st, pthread_cond_t *cond, int64_t ms)
{
	struct timespec	 ts = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000
	};

	(void)pthread_cond_timedwait(cond, &st->lock, &ts);
}

/* For other processes that write. */
static int
writer_wait(void *arg, int n)
{
	struct store	*st = arg;
	int		 stop = __atomic_load_n(&st->stop, __ATOMIC_RELAXED);

	return n < (stop ? BUSY_TRIES_END : BUSY_TRIES) ? BUSY_WAIT : 0;
}

/* The file is not the one it was, as readers will see. */
static void
forget_file(struct store *st, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		memset(&st->flights[i].base, 0, sizeof(st->flights[i].base));
	(void)pthread_mutex_lock(&st->lock);
	overlay_rebase(st->overlay);
	(void)__atomic_add_fetch(&st->generation, 1, __ATOMIC_RELEASE);
	(void)pthread_mutex_unlock(&st->lock);
}

static int
is_replaced(const struct store *st)
{
	struct stat	 sb;

	return stat(st->path, &sb) == -1 || sb.st_dev != st->dev ||
	    sb.st_ino != st->ino;
}

/* Another one has put a file there: ours is nobody's any more. */
static int
leave_replaced(struct store *st, size_t n)
{
	if (!is_replaced(st))
		return 0;
	db_abandon(st->writer);
	st->writer = NULL;
	forget_file(st, n);
	return 1;
}

/* What may be over soon, or a mistake of the administrator's? */
static enum db_state
errno_state(void)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case ENOMEM:
	case ENFILE:
	case EMFILE:
		return DB_FAILED;
	default:
		return DB_MISSING;
	}
}

static enum db_state
writer_open(struct store *st, const char **why)
{
	struct stat	 sb;

	if (store_file_create(st->path) == -1 ||
	    stat(st->path, &sb) == -1) {
		*why = strerror(errno);
		return errno_state();
	}
	st->dev = sb.st_dev;
	st->ino = sb.st_ino;
	return db_open(&st->writer, st->path, 1, writer_wait, st, why);
}

static enum db_state
write_flights(struct store *st, size_t n, const char **why)
{
	enum db_state	 state;

	if (st->writer != NULL)
		(void)leave_replaced(st, n);
	if (st->writer == NULL &&
	    (state = writer_open(st, why)) != DB_FINE)
		return state;
	if ((state = db_write(st->writer, st->flights, n, STORE_FILE_MAX,
	    why)) == DB_FINE)
		return DB_FINE;
	if (state == DB_BROKEN)
		db_abandon(st->writer);
	else
		db_close(st->writer);
	st->writer = NULL;
	return state;
}

static int
move_aside(struct store *st, size_t n, const char **why)
{
	char	 to[PATH_MAX];
	int64_t	 now = clock_ms();

	db_abandon(st->writer);
	st->writer = NULL;
	/* A disk that breaks each file is not to be filled with them. */
	if (st->moved_at != 0 && now - st->moved_at < STORE_RETRY) {
		*why = "broken again";
		return -1;
	}
	if (store_file_move(st->path, to, sizeof(to)) == -1) {
		*why = "broken, and can't be moved aside";
		return -1;
	}
	st->moved_at = now;
	forget_file(st, n);
	(void)pthread_mutex_lock(&st->lock);
	(void)snprintf(st->moved, sizeof(st->moved), "%s: moved to %s",
	    *why, to);
	(void)pthread_mutex_unlock(&st->lock);
	return 0;
}

static enum db_state
write_all(struct store *st, size_t n, int broken, const char **why)
{
	enum db_state	 state = DB_BROKEN;
	int		 try;

	*why = "can't be read";
	if (broken && leave_replaced(st, n))
		broken = 0;
	for (try = 0; try < 2; try++) {
		if (!broken)
			state = write_flights(st, n, why);
		broken = 0;
		if (state != DB_BROKEN)
			break;
		if (move_aside(st, n, why) == -1)
			return DB_FAILED;
	}
	return state;
}

enum db_state
store_writer_round(struct store *st)
{
	enum db_state	 state;
	const char	*why = NULL;
	size_t		 n;
	unsigned int	 before = st->generation;
	int		 broken = st->broken;

	st->hurry = 0;
	st->busy = 1;
	n = overlay_take(st->overlay, st->flights, STORE_BATCH);
	(void)pthread_mutex_unlock(&st->lock);
	state = write_all(st, n, broken, &why);
	(void)pthread_mutex_lock(&st->lock);
	overlay_land(st->overlay, st->flights, n, state == DB_FINE);
	/* Found out meanwhile: to be seen to, if it is this file still. */
	if (broken || st->generation != before)
		st->broken = 0;
	if (state == DB_FINE)
		why = NULL;
	/* What could not be read may be now; a new file was empty at first. */
	if (state == DB_FINE &&
	    (st->unwritten != NULL || st->generation != before))
		(void)__atomic_add_fetch(&st->generation, 1, __ATOMIC_RELEASE);
	if (why != st->unwritten || st->moved[0] != '\0')
		__atomic_store_n(&st->news, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&st->unwritten, why, __ATOMIC_RELAXED);
	st->busy = 0;
	st->retry = why == NULL ? 0 : clock_ms() + STORE_RETRY;
	(void)pthread_cond_broadcast(&st->done);
	return state;
}

/* When to write: 0 is now, -1 when something comes. */
static int64_t
next_round(const struct store *st)
{
	size_t	 waiting = overlay_waiting(st->overlay);

	if (waiting == 0 && !st->broken)
		return -1;
	if (st->hurry)
		return 0;
	if (st->retry != 0)
		return st->retry;
	return waiting >= STORE_BATCH || st->broken ? 0 : st->due;
}

/* Returns 0 if there will be no other one. */
static int
thread_turn(struct store *st)
{
	int64_t	 at = next_round(st);

	if (at == -1 && st->stop)
		return 0;
	if (at == -1) {
		st->idle = 1;
		(void)pthread_cond_wait(&st->wake, &st->lock);
	} else if (at > clock_ms() && !st->stop) {
		st->dozing = 1;
		store_wait(st, &st->wake, at);
	} else {
		(void)store_writer_round(st);
		st->due = clock_ms() + STORE_LATER;
		return !st->stop || st->unwritten == NULL;
	}
	st->idle = st->dozing = 0;
	return 1;
}

static void *
thread_main(void *arg)
{
	struct store	*st = arg;

	(void)pthread_mutex_lock(&st->lock);
	while (thread_turn(st))
		;
	(void)pthread_mutex_unlock(&st->lock);
	db_close(st->writer);		/* the last one: moves the journal */
	(void)pthread_mutex_lock(&st->lock);
	st->writer = NULL;
	st->running = 0;
	(void)pthread_cond_broadcast(&st->done);
	(void)pthread_mutex_unlock(&st->lock);
	return NULL;
}

/* Not for ever: then the thread keeps what it has. */
void
store_writer_stop(struct store *st)
{
	int64_t	 end = clock_ms() + STORE_END;

	__atomic_store_n(&st->stop, 1, __ATOMIC_RELAXED);
	(void)pthread_cond_broadcast(&st->wake);
	while (st->running && clock_ms() < end)
		store_wait(st, &st->done, end);
}

/* Without a thread the caller writes, a batch at a time. */
static void
changed_alone(struct store *st)
{
	if ((st->broken || overlay_waiting(st->overlay) >= STORE_BATCH) &&
	    (st->retry == 0 || clock_ms() >= st->retry))
		(void)store_writer_round(st);
}

static void
writer_start(struct store *st)
{
	int	 error;

	if (clock_ms() < st->retry)
		return;
	if ((error = thread_start(thread_main, st, 0, NULL)) == 0) {
		st->running = 1;
		st->due = clock_ms() + STORE_LATER;
		st->retry = 0;
		return;
	}
	st->retry = clock_ms() + STORE_RETRY;
	__atomic_store_n(&st->unwritten, strerror(error), __ATOMIC_RELAXED);
	__atomic_store_n(&st->news, 1, __ATOMIC_RELAXED);
}

void
store_changed(struct store *st)
{
	int	 now = st->broken ||
		    overlay_waiting(st->overlay) >= STORE_BATCH;

	if (!st->threaded)
		changed_alone(st);
	else if (!st->running)
		writer_start(st);
	else if (st->idle || (st->dozing && now && st->retry == 0)) {
		if (st->idle)
			st->due = clock_ms() + STORE_LATER;
		st->idle = st->dozing = 0;
		(void)pthread_cond_signal(&st->wake);
	}
}

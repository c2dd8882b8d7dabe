/* SPDX-License-Identifier: ISC */
/*
 * For store*.c only.  The caller's thread reads and decides, another one
 * writes; without store_start() the caller writes too.
 */

#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include <sys/types.h>

#include <limits.h>
#include <pthread.h>

#include "db.h"
#include "overlay.h"
#include "store.h"
#include "tuple.h"

#define STORE_BATCH	1000		/* changes in a transaction */
#define STORE_LATER	200		/* ms that a change may wait */
#define STORE_SYNC	10000		/* ms that one waits for the thread */
#define STORE_END	400		/* the same, and twice, at the end */
#define STORE_RETRY	30000		/* ms until the next try */
#define STORE_MEMORY	(64 << 20)	/* of changes that can't be written */
#define STORE_FILE_MAX	(INT64_C(2) << 30)

struct store {
	char		 path[PATH_MAX];
	struct grey_rules rules;
	int		 writable;
	int		 threaded;

	/* The caller's. */
	struct db	*reader;
	unsigned int	 reader_generation;
	int64_t		 reader_retry;
	const char	*unread;	/* why not, or NULL */
	int64_t		 unread_at;
	const char	*said;		/* of unwritten */
	size_t		 dropped;	/* changes, since then */
	enum store_kind	 purge_kind;
	char		 purge_key[TUPLE_KEY];

	/* Under the lock. */
	pthread_mutex_t	 lock;
	pthread_cond_t	 wake;		/* there is something to do */
	pthread_cond_t	 done;		/* a round is done, the thread ended */
	struct overlay	*overlay;
	unsigned int	 generation;	/* of the file */
	int		 broken;	/* a reader found out */
	int		 busy, hurry, running, stop;
	int		 idle;		/* the thread waits for a change */
	int		 dozing;	/* it waits for more of them */
	const char	*unwritten;	/* why not, or NULL */
	int64_t		 due, retry;
	char		 moved[PATH_MAX + 128];
	int		 news;		/* something to say */

	/* The writer's. */
	struct db	*writer;
	dev_t		 dev;
	ino_t		 ino;
	struct flight	*flights;
	int64_t		 moved_at;
};

/* The log is the caller's, never the thread's. */
void	store_tell(struct store *);

/* store_file.c: 0, or -1 with errno. */
int	store_file_create(const char *path);
int	store_file_move(const char *path, char *to, size_t size);

/* store_writer.c: under the lock. */
void		store_wait(struct store *, pthread_cond_t *, int64_t until);
/* Writes a batch now; without changes: could it? */
enum db_state	store_writer_round(struct store *);
void		store_writer_stop(struct store *);
/* After changes: has them written in time. */
void		store_changed(struct store *);

/* store_reader.c.  NULL: there is nothing to read from. */
struct db	*store_reader(struct store *);
/* After reading. */
void		 store_reader_check(struct store *);

#endif /* STORE_PRIVATE_H */

/* SPDX-License-Identifier: ISC */
/*
 * The store's file: one connection to it, and all SQL.  A connection belongs
 * to one thread, and never goes through a fork(2).
 */

#ifndef DB_H
#define DB_H

#include <stddef.h>
#include <stdint.h>

#include "overlay.h"
#include "store.h"

struct db;

enum db_state {
	DB_FINE,
	DB_BROKEN,		/* not readable: garbage, cut, too new */
	DB_FOREIGN,		/* a database, but not of ours */
	DB_MISSING,		/* no file, no directory, no permission */
	DB_FAILED		/* now: disk, memory, locks */
};

/*
 * writable: makes tables in an empty file.  wait(arg, n) says for how many ms
 * to wait for other writers, the nth time; 0: no longer.  *db is NULL unless
 * DB_FINE; then *why says why not (static text).
 */
enum db_state	 db_open(struct db **db, const char *path, int writable,
		    int (*wait)(void *, int), void *arg, const char **why);
void		 db_close(struct db *);
/* The file goes: nothing is written on the way. */
void		 db_abandon(struct db *);

/*
 * Reads between begin and end see one state of the file, and wait for nobody.
 * db_get: 1, or 0: not there, or not readable (row is zeroed).
 */
void		 db_begin(struct db *);
void		 db_end(struct db *);
int		 db_get(struct db *, enum store_kind, const char *key,
		    struct store_row *);
/* Rows after key, at most n of them, until cb returns non-zero. */
enum db_state	 db_each(struct db *, enum store_kind, const char *key,
		    size_t n, int (*cb)(const struct store_row *, void *),
		    void *arg);
enum db_state	 db_count(struct db *, int64_t now, struct store_counts *);

/*
 * All of them or none; sets lost.  A file of more than max bytes loses grey
 * tuples, some at a time.
 */
enum db_state	 db_write(struct db *, struct flight *, size_t n,
		    int64_t max, const char **why);

/* What the calls since the last one had: DB_FINE, or the worst of it. */
enum db_state	 db_state(struct db *, const char **why);

#endif /* DB_H */

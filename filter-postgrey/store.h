/* SPDX-License-Identifier: ISC */
/*
 * The memory of one host: an SQLite file.  Decisions are made at once, from
 * the file and what is not yet written to it; a thread writes, many changes in
 * one transaction, so that nobody waits for a disk.
 *
 * A full or broken disk is said once, and all goes on in memory.  A file that
 * can't be read is moved aside, and said.
 */

#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>

#include "grey.h"

struct store;

/* What is asked: keys as tuple.h makes them. */
struct store_query {
	const char	*tuple;
	const char	*client;	/* the full address, as text */
	const char	*sender;	/* for partners: address, lower case */
	int		 bait;		/* the recipient is a trap */
	int64_t		 now;		/* ms since 1970 */
};

enum store_kind { STORE_TUPLE, STORE_CLIENT, STORE_PARTNER };

/* One row, for greylistctl, import and export. */
struct store_row {
	enum store_kind		 kind;
	const char		*key;	/* partner: address, or "@domain" */
	struct grey_tuple	 tuple;
	struct grey_client	 client;
	int64_t			 until;	/* partner */
};

/*
 * Checks or makes the file, and names it to the sandbox ("rpath wpath cpath
 * thread"); nothing stays open, so fork(2) is fine.  NULL after logging why: no
 * such directory, no permission, a database of another program.  A full disk is
 * no reason not to begin.
 */
struct store	*store_open(const char *path, const struct grey_rules *,
		    int writable);
/*
 * In the worker: from now on a thread writes, made with the first change.
 * Without it (greylistctl) the caller writes, 1000 changes at a time and with
 * store_sync().
 */
int		 store_start(struct store *);
/*
 * Has all written now: 0, or -1: it is not (logged), and stays in memory.
 * Waits for disks and for other processes.
 */
int		 store_sync(struct store *);
/* Writes what is left; takes a second at most. */
void		 store_close(struct store *);

/* Never fails: what can't be read is as if it were not there. */
void		 store_decide(struct store *, const struct store_query *,
		    struct grey_verdict *);
/*
 * Changes by hand, by mail going out, by a trap: whole rows, whatever there was.
 * 0: it is remembered (and will be written); -1 after logging: it, or changes
 * before it, are not.  In a hurry store_sync() now and then has room made.
 */
int		 store_put(struct store *, const struct store_row *);
int		 store_delete(struct store *, enum store_kind, const char *key);
/* 0, or -1: there is none, and the row is zero but for kind and key. */
int		 store_get(struct store *, enum store_kind, const char *key,
		    struct store_row *);
/*
 * All rows of a kind by key, until cb returns non-zero; rows live as long as a
 * call.  Writes first.  0, or -1 after logging: not all could be read.
 */
int		 store_walk(struct store *, enum store_kind,
		    int (*cb)(const struct store_row *, void *), void *arg);
/*
 * Looks at n rows, beginning where the last call ended, round and round, and
 * forgets what is over; returns how many.  500 rows take less than a ms.
 */
size_t		 store_purge(struct store *, int64_t now, size_t n);

struct store_counts {
	int64_t	tuples, passed, clients, white, trapped, partners, bytes;
};
/* Reads all that there is (a million rows: 0.1 s): not while mail waits. */
int		 store_count(struct store *, int64_t now,
		    struct store_counts *);

/* Is it on disk, or why not (for the log and the metrics)?  NULL: it is. */
const char	*store_trouble(const struct store *);

#endif /* STORE_H */

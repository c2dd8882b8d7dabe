/* SPDX-License-Identifier: ISC */
/*
 * Changes that are not in the file yet, by kind and key: what is asked is
 * looked up here first.  Takes no lock and knows no file.
 *
 * A change goes to the writer as a copy (take), and comes back as written or
 * not (land); meanwhile it stays here, may be looked up and changed again.
 * All together are bounded: then the oldest go, grey tuples first.
 */

#ifndef OVERLAY_H
#define OVERLAY_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct overlay;
struct change;

/* What was in the file when the change was made, to see that it still is. */
struct base {
	int		 known;		/* there was a row */
	int64_t		 first, last, white_until, trap_until;
};

/* One change on its way to the file. */
struct flight {
	struct change	*change;
	struct store_row row;		/* key lives until it lands */
	struct base	 base;
	int		 deleted, by_hand;
	unsigned int	 serial;
	int		 lost;		/* the file had changed: it stays */
};

struct base	 base_of(const struct store_row *);

/* max: bytes.  NULL: out of memory. */
struct overlay	*overlay_new(size_t max, const uint64_t seed[2]);
void		 overlay_free(struct overlay *);

/*
 * 1 and the row; -1: it is deleted; 0: not here, ask the file.  row->key is
 * the caller's key.
 */
int	overlay_get(const struct overlay *, enum store_kind, const char *key,
	    struct store_row *row);
/*
 * base: of what was read, here or from the file, NULL: nothing was there; it
 * does not count if the change is here already.  by_hand: whatever the file has.
 * Returns -1 if there is no memory for it.
 */
int	overlay_put(struct overlay *, const struct store_row *,
	    const struct base *base, int deleted, int by_hand);

/* Fills at most n, oldest first; returns how many. */
size_t	overlay_take(struct overlay *, struct flight *, size_t n);
/* All that were taken. */
void	overlay_land(struct overlay *, const struct flight *, size_t n,
	    int written);
/* The file is another one, with nothing in it. */
void	overlay_rebase(struct overlay *);

/* Not taken yet. */
size_t	overlay_waiting(const struct overlay *);
/* How many were dropped since the last call. */
size_t	overlay_dropped(struct overlay *);

#endif /* OVERLAY_H */

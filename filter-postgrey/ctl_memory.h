/* SPDX-License-Identifier: ISC */
/*
 * What greylistctl looks at and changes: the file of this host, or the servers
 * of several.  Blocking; all that returns -1 has said why.
 */

#ifndef CTL_MEMORY_H
#define CTL_MEMORY_H

#include "store.h"
#include "tuple.h"

/* A row with a key of its own. */
struct ctl_row {
	struct store_row	 row;
	char			 key[TUPLE_KEY];
};

/* By the options.  Without write the file must be there. */
int	ctl_open(int write);
/* Has all written.  Not after a failed ctl_open(). */
int	ctl_close(void);

/* 1; 0: there is none, and it is zero but for kind and key; -1. */
int	ctl_get(enum store_kind, const char *key, struct ctl_row *);
int	ctl_put(const struct store_row *);
/* After many: all that was put is there, 0, or not. */
int	ctl_sync(void);
int	ctl_delete(enum store_kind, const char *key);
/* As store_walk(), in any order. */
int	ctl_walk(enum store_kind, int (*cb)(const struct store_row *, void *),
	    void *arg);

#endif /* CTL_MEMORY_H */

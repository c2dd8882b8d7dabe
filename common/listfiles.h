/* SPDX-License-Identifier: ISC */
/*
 * The files of a list, one entry a line, '#' begins a comment: read, and read
 * again when they change.  What an entry is, the list's own set knows; here
 * sets are made, filled, and swapped when all files are good.
 */

#ifndef LISTFILES_H
#define LISTFILES_H

#include <stddef.h>

struct listfiles_ops {
	void		*(*new)(void *arg);	/* empty; NULL: out of memory */
	void		 (*free)(void *);
	/* NULL, or what is wrong with the entry (static text). */
	const char	*(*add)(void *, const char *entry);
	size_t		 (*count)(const void *);
};

struct listfiles;

/* One set for entries without a file, at index 0.  Exits: out of memory. */
struct listfiles	*listfiles_new(const struct listfiles_ops *,
			    void *arg);
void			 listfiles_free(struct listfiles *);

/*
 * Read a file, remember it, and name it to the sandbox; local: FILE.local too,
 * which may be there or not, and come and go.  Returns 0, or -1 after logging
 * "file:line: why: entry" for every bad line (up to ten).
 */
int			 listfiles_add(struct listfiles *, const char *path,
			    int local);

/*
 * Read files again that changed (mtime, size or inode), or all when forced.
 * Returns 1: sets are new ones; 0: nothing changed; -1: a file is broken or
 * gone, which was logged once (each time if it is there and can't be opened),
 * and all sets stay.
 */
int			 listfiles_reload(struct listfiles *, int force);

/* The set at an index, NULL after the last. */
void			*listfiles_set(const struct listfiles *, size_t i);
/* Entries of all sets. */
size_t			 listfiles_count(const struct listfiles *);

#endif /* LISTFILES_H */

/* SPDX-License-Identifier: ISC */
/*
 * Names, and what belongs to them: several values for one name stay in the
 * order in which they came.  Built, sorted once, then only searched: a binary
 * search each.  All zero is an empty one.
 */

#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

struct name {
	char		*name;
	const void	*value;
	size_t		 order;
};

struct names {
	struct name	*list;
	size_t		 n, size;
};

/* name is copied.  Returns 0, or -1: out of memory. */
int	names_add(struct names *, const char *name, const void *value);
/* After the last one, before the first search. */
void	names_sort(struct names *);
/* How many there are of this name; they begin at *first. */
size_t	names_find(const struct names *, const char *name,
	    const struct name **first);
void	names_free(struct names *);

#endif /* NAMES_H */

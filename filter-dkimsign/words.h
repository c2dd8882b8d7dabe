/* SPDX-License-Identifier: ISC */
/* Words in the order in which they came.  Each is a copy. */

#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

struct words {
	char	**list;		/* NULL while n is 0 */
	size_t	  n;
};

/* The copy: it is the list's, and lives until words_clear().  Exits: memory. */
char	*words_add(struct words *, const char *);
void	 words_clear(struct words *);

#endif /* WORDS_H */

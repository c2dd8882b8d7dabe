/* SPDX-License-Identifier: ISC */
/*
 * Domains and their signatures: "domain" and -d, rows of a "table", and key
 * files that a "keydir" has.
 */

#ifndef DOMAINS_H
#define DOMAINS_H

#include "author.h"
#include "names.h"

struct recipes;
struct stamps;

/* The first that has a domain is asked, no other. */
enum domains_source {
	DOMAINS_TABLE, DOMAINS_KEYDIR, DOMAINS_LIST, DOMAINS_MAX
};

struct domains {
	struct names	names[DOMAINS_MAX];	/* values: recipes */
	char		first[AUTHOR_DOMAIN];	/* of the list, "" for none */
	size_t		listed;			/* domains in the list */
};

/* Returns 0, or -1 after logging all mistakes. */
int	domains_load(struct domains *, struct recipes *, struct stamps *);
void	domains_free(struct domains *);

/*
 * The recipes of a domain: its own, or else those of the nearest above it if
 * parents says so.  Returns how many; *domain is the one that has them.
 */
size_t	domains_find(const struct domains *, const char *name, int parents,
	    const struct name **first, const char **domain);

#endif /* DOMAINS_H */

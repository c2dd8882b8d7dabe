/* SPDX-License-Identifier: ISC */
/* What a list is made of, see lists.h: the entries of one file. */

#ifndef LISTSET_H
#define LISTSET_H

#include <stddef.h>

#include "lists.h"

struct listset;

/* NULL: out of memory. */
struct listset	*listset_new(enum list_kind);
void		 listset_free(struct listset *);

/* As list_add(). */
const char	*listset_add(struct listset *, const char *entry);

/* As list_match_client() and list_match_address(). */
int		 listset_match_client(struct listset *, const struct addr *,
		    const char *rdns);
int		 listset_match_address(struct listset *, const char *mailbox);
/* Entries, as written. */
size_t		 listset_count(const struct listset *);

#endif /* LISTSET_H */

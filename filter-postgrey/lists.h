/* SPDX-License-Identifier: ISC */
/*
 * Lists of clients, senders and recipients as postgrey's whitelist files have
 * them: domains, addresses, networks, "name@", "user@domain", "@domain", and
 * regular expressions (PCRE) between slashes.  '#' begins a comment.  FILE.local
 * beside a file is read too.
 */

#ifndef LISTS_H
#define LISTS_H

#include <stddef.h>

#include "addrs.h"

struct list;

enum list_kind { LIST_CLIENTS, LIST_SENDERS, LIST_RECIPIENTS };

struct list	*list_new(enum list_kind);	/* exits: out of memory */
void		 list_free(struct list *);
/* As addrs_add() and addrs_add_file(). */
const char	*list_add(struct list *, const char *entry);
int		 list_add_file(struct list *, const char *path);
int		 list_reload(struct list *, int force);

/* rdns: only if it is verified, else NULL. */
int		 list_match_client(const struct list *, const struct addr *,
		    const char *rdns);
/* "+extension" of the local part does not count, nor does case. */
int		 list_match_address(const struct list *, const char *mailbox);
size_t		 list_count(const struct list *);

#endif /* LISTS_H */

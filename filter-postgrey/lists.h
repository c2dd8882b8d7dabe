/* SPDX-License-Identifier: ISC */
/*
 * Lists of clients, senders and recipients as postgrey's whitelist files have
 * them, one entry a line, '#' begins a comment:
 *
 *  example.org		the domain and all below it; so .example.org
 *  192.0.2.0/24	clients: a network, a range, an address, and
 *  198.51		all addresses that begin so
 *  user@example.org	mailboxes: this one, with any +extension
 *  user@ @example.org	at any domain; anyone at just this domain
 *  /expression/	Perl's, any case: of the name or the mailbox
 *
 * FILE.local beside a file is read too, and may come and go.
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

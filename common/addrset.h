/* SPDX-License-Identifier: ISC */
/*
 * What a list of addresses is made of, see addrs.h: the entries of one file.
 */

#ifndef ADDRSET_H
#define ADDRSET_H

#include <stddef.h>

struct addr;
struct addrset;

/* NULL: out of memory. */
struct addrset	*addrset_new(void);
void		 addrset_free(struct addrset *);

/* As addrs_add(). */
const char	*addrset_add(struct addrset *, const char *entry);

/* As addrs_match(); sorts the set if it has grown. */
int		 addrset_match(struct addrset *, const struct addr *,
		    const char *rdns);
/* Entries, as written. */
size_t		 addrset_count(const struct addrset *);

#endif /* ADDRSET_H */

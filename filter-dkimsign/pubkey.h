/* SPDX-License-Identifier: ISC */
/*
 * The public key of a record's p=, as a verifier sees it.
 */

#ifndef PUBKEY_H
#define PUBKEY_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct pubkey;

/* NULL and *why (static text) if p= is no key of that type. */
struct pubkey	*pubkey_parse(enum record_type, const char *p,
		    const char **why);
void		 pubkey_free(struct pubkey *);
int		 pubkey_bits(const struct pubkey *);

/* Is it a signature of this SHA-256?  RFC 6376, 6.1.3; RFC 8463, 3 */
int		 pubkey_verify(struct pubkey *, const uint8_t hash[32],
		    const uint8_t *sig, size_t);

#endif /* PUBKEY_H */

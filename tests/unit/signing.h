/* SPDX-License-Identifier: ISC */
/*
 * What tests of signatures share: the keys of RFC 8463, A.2, a header that is
 * cut into fields, and signatures of it.
 */

#ifndef SIGNING_H
#define SIGNING_H

#include <stddef.h>
#include <stdint.h>

#include "../../filter-dkimsign/fields.h"
#include "../../filter-dkimsign/hfield.h"
#include "../../filter-dkimsign/signature.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))
#define NOW		1528637909
#define NFIELDS		6000

extern struct privkey	*rsa, *ed25519;
extern struct hfield	 fields[NFIELDS];
extern unsigned char	 body_hash[33];	/* RFC 8463, A.3; and its padding */

int	keys_setup(void **);
int	keys_teardown(void **);

/* The fields of a header into fields; how many. */
size_t	header_read(const char *);

/* What a verifier hashes for this signature over the first n fields. */
void	verifier_hash(enum canon, const char *field, size_t n,
	    uint8_t hash[32]);
/* The signature of a hash has to be this one, in base64. */
void	sign_check(struct privkey *, const uint8_t hash[32],
	    const char *want);

/* The tests fail if this is no list. */
struct fields	*list(const char *);
/* Relaxed, for football.example.com. */
struct signing	 signing(struct privkey *, const struct fields *);

/* The whole field, malloced, checked; it has to be this one; one tag has to. */
char	*sign(const struct signing *, size_t n);
void	 sign_is(const struct signing *, size_t n, const char *want);
void	 tag_is(const struct signing *, size_t n, const char *tag,
	    const char *want);

#endif /* SIGNING_H */

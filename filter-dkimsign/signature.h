/* SPDX-License-Identifier: ISC */
/*
 * One signature's header field: DKIM-Signature (RFC 6376, 3.5), or
 * DomainKey-Signature (RFC 4870, 3.3).  A codec: builds the field up to b=,
 * says what is to be signed, and takes the result.
 *
 * The field is written as it is hashed: folded between tags, in h= and in
 * base64 only, no line longer than 78 columns unless a single name is.
 */

#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "canon.h"
#include "privkey.h"

struct fields;
struct hfield;

enum signature_type { SIGNATURE_DKIM, SIGNATURE_DOMAINKEYS };
enum ztag { ZTAG_NO, ZTAG_SIGNED, ZTAG_ALL };	/* RFC 6376, 3.5: z= */

/* What a signature is to be.  Strings are valid as long as its key is held. */
struct signing {
	enum signature_type	 type;
	enum canon		 header, body;
	struct privkey		*key;
	const struct fields	*fields;
	char			 domain[256];	/* d=, A-labels */
	char			 selector[256];	/* s= */
	char			 identity[512];	/* i=, "" for none */
	int			 timestamp;	/* t= */
	int64_t			 expire;	/* x=: s from now, 0: none */
	enum ztag		 ztag;
};

struct signature;

/*
 * fields are the n of the message's header, from its top; body_hash is that of
 * its body (for DomainKeys: SHA-1 of header and body go together, so it is
 * not used and signature_body() comes next).  NULL: out of memory, or the
 * header can't be signed so (no From, a line that would be longer than 998
 * bytes, DomainKeys with a key that is not RSA).  Keeps sg->key held.
 * i= is left out if it is not in d= or longer than a line may be, z= if the
 * field would exceed 64 KB.
 */
struct signature	*signature_new(const struct signing *sg,
			    const struct hfield *fields, size_t n,
			    const uint8_t body_hash[32], int64_t now);
void			 signature_free(struct signature *);

/* DomainKeys: where the canonical body goes, between new and digest. */
struct canon_sink	 signature_body(struct signature *);

/*
 * What is to be signed: 32 bytes of SHA-256, or 20 of SHA-1.  0: libcrypto
 * failed.
 */
size_t			 signature_digest(struct signature *,
			    uint8_t digest[32]);

/*
 * "DKIM-Signature" or "DomainKey-Signature", and the value for
 * message_prepend(), valid until signature_free().  NULL: out of memory.
 */
const char		*signature_name(const struct signature *);
const char		*signature_value(struct signature *,
			    const uint8_t *sig, size_t len);

#endif /* SIGNATURE_H */

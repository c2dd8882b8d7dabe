/* SPDX-License-Identifier: ISC */
/*
 * The body of a message into all the canonical forms that its signatures
 * want, in one pass.  One message at a time: begin, ask, read, look.
 */

#ifndef BODY_H
#define BODY_H

#include <stddef.h>
#include <stdint.h>

#include "canon.h"

struct message;

/* line_max: as for canon_body_begin(). */
void		 body_begin(size_t line_max);
/* Hash it by SHA-256 in this form; asked twice it is done once. */
void		 body_want(enum canon);
/* Put it there in this form.  At most POLICY_SIGNATURES of them. */
void		 body_send(enum canon, struct canon_sink);

enum body_state {
	BODY_OK,
	BODY_CR,	/* a CR inside of a line: not to be signed */
	BODY_FAILED	/* can't be read; message_error() says why */
};
enum body_state	 body_read(struct message *);

/* Had it a byte that is not ASCII? */
int		 body_is_8bit(void);
/* What body_want() asked for; NULL: libcrypto had no memory for it. */
const uint8_t	*body_hash(enum canon);

#endif /* BODY_H */

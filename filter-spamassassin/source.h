/* SPDX-License-Identifier: ISC */
/*
 * The bytes that spamd gets after the head of a request, piece by piece, out
 * of a message or a spool: a big mail is never in memory twice.  Copy one at
 * its begin to send it again.
 */

#ifndef SOURCE_H
#define SOURCE_H

#include <stddef.h>

struct ask_text;
struct message;
struct spool;

struct source {
	const char	*head;		/* of an ask_text */
	size_t		 head_len;
	struct message	*message;	/* or */
	struct spool	*spool;
	size_t		 off, skip, skip_end;
	size_t		 left;		/* bytes that are still to come */
};

void		 source_message(struct source *, const struct ask_text *,
		    struct message *);
void		 source_spool(struct source *, struct spool *);
/* The next piece, valid until the next call; NULL: over, or broken. */
const char	*source_next(struct source *, size_t *len);
/* Why it broke; left is not 0 then. */
const char	*source_error(const struct source *);

#endif /* SOURCE_H */

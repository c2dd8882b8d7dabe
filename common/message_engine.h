/* SPDX-License-Identifier: ISC */
/*
 * The engine's side of a message: filled line by line, then sent on.
 * Filters see message.h.
 */

#ifndef MESSAGE_ENGINE_H
#define MESSAGE_ENGINE_H

#include <stddef.h>

#include "message.h"

/* NULL: out of memory. */
struct message	*message_new(void);
void		 message_free(struct message *);

/*
 * One more line, un-stuffed, without newline.  After a failure the message
 * takes and drops all further lines, and message_error() says why.
 */
void		 message_append(struct message *, const char *, size_t);

/*
 * Forget all edits (the verdict was a failure), and what failed in them;
 * message_next() begins anew.
 */
void		 message_discard_edits(struct message *);

/*
 * The message as it goes on, edits applied, a line a call: without newline
 * and dot-stuffing, at most max bytes of it, the dot that a line needs before
 * its own dot counted; message_cut() says 1 from the first line on that was
 * longer.  NULL after the last, or if the message is not whole or cannot be
 * read (message_error()).  Valid until the next call with this message.
 */
const char	*message_next(struct message *, size_t max, size_t *len);
int		 message_cut(const struct message *);

#endif /* MESSAGE_ENGINE_H */

/* SPDX-License-Identifier: ISC */
/*
 * The text of a question, compressed for "Compress: zlib".  All of it before
 * the first byte is sent, as spamd wants to know its length.
 */

#ifndef PACK_H
#define PACK_H

struct ask_text;
struct message;
struct pack;
struct spool;

/* NULL: out of memory.  The text must stay. */
struct pack	*pack_new(const struct ask_text *, struct message *);
void		 pack_free(struct pack *);
/* Some more of it.  1: all is done, 0: not yet, -1: failed. */
int		 pack_step(struct pack *);
struct spool	*pack_spool(struct pack *);

#endif /* PACK_H */

/* SPDX-License-Identifier: ISC */
/*
 * What one milter changes in a message: its changes are collected in the order
 * in which they come, as places in the header move by them, and become edits
 * when the milter is done.
 *
 * Places, as sendmail and Postfix count: INSHEADER's index is from the top of
 * the header with smtpd's own Received in it (0: above all); CHGHEADER's counts
 * the fields of a name that the milter was shown or has added, from 1 (0 is 1
 * too), those that it deleted included.  Beyond the end: at the end; nothing
 * to delete: nothing happens.  ADDHEADER: at the end of the header.
 */

#ifndef MODS_H
#define MODS_H

#include <stddef.h>

#include "packet.h"

struct message;
struct mods;

/* hidden: the field that the milter is not shown, SIZE_MAX: none. */
struct mods	*mods_new(struct message *, size_t hidden, int leadspc);
void		 mods_free(struct mods *);
/*
 * ADDHEADER, INSHEADER, CHGHEADER, REPLBODY; what is not fit for a header is
 * made so (folds, line ends) or dropped with a warning.  Returns 0; -1: out of
 * memory.
 */
int		 mods_take(struct mods *, const struct change *);
/* Were there any? */
int		 mods_any(const struct mods *);
/* As edits of the message.  0; -1: out of memory. */
int		 mods_apply(struct mods *);

#endif /* MODS_H */

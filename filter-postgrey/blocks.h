/* SPDX-License-Identifier: ISC */
/*
 * Block and bypass lists of addresses, in the order in which they were named,
 * as spamd.conf(5) has them: a bypass list takes out of the block lists before
 * it.  Plain files, read again when they change.
 */

#ifndef BLOCKS_H
#define BLOCKS_H

#include "addrs.h"

/*
 * "FILE" or "FILE text for the reply, %A is the address" (block), "FILE"
 * (bypass); the value is kept.  NULL, or what is wrong.
 */
const char	*blocks_add(int block, const char *value);
int		 blocks_reload(int force);

/*
 * NULL: go on; else the text of the reply, made for this client (valid until
 * the next call); *name is the list's file.
 */
const char	*blocks_find(const struct addr *, const char *rdns,
		    const char **name);

#endif /* BLOCKS_H */

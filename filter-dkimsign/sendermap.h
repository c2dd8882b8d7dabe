/* SPDX-License-Identifier: ISC */
/*
 * dkimproxy's sender_map and listid_map: who it is, and which signatures:
 *
 *	jason@long.example	dkim(d=example.com)
 *	example.org		dkim(c=relaxed), domainkeys(c=nofws)
 *	.			dkim(d=example.net)
 */

#ifndef SENDERMAP_H
#define SENDERMAP_H

#include "names.h"

struct author;
struct recipes;
struct stamps;

/* Returns 0, or -1 after logging all mistakes.  Values are recipes. */
int	sendermap_load(struct names *, const char *path, struct recipes *,
	    struct stamps *);

/*
 * The address, without its "+extension", its domain, the domains above it,
 * and "." for the rest.  Returns how many recipes there are; *domain is what
 * d= is where they don't say.
 */
size_t	sendermap_sender(const struct names *, const struct author *,
	    const struct name **first, const char **domain);
/* The same for a list's id; its own domain is what follows its first label. */
size_t	sendermap_list(const struct names *, const char *list_id,
	    const struct name **first, const char **domain);

#endif /* SENDERMAP_H */

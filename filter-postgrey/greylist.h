/* SPDX-License-Identifier: ISC */
/*
 * Greylisting of one recipient, by what this host or all of them remember:
 * from the question to the reply, with traps, header field and log line.
 */

#ifndef GREYLIST_H
#define GREYLIST_H

#include "filter.h"
#include "memory.h"
#include "outcome.h"

/* After the options, for the name of this host. */
void	greylist_init(void);

/* As memory_decide(): the verdict is for greylist_outcome(). */
int	greylist_ask(const struct session *, struct request,
	    const char *sender, const char *recipient, struct grey_verdict *,
	    enum memory_who *, void (*done)(struct request,
	    const struct grey_verdict *, enum memory_who));
void	greylist_outcome(struct session *, const struct grey_verdict *,
	    enum memory_who, const char *sender, const char *recipient,
	    struct outcome *);

/* Does it trap clients that are not known? */
int	greylist_is_bait(const char *recipient);

#endif /* GREYLIST_H */

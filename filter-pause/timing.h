/* SPDX-License-Identifier: ISC */
/*
 * Early talkers by time, where the kernel can't be asked: what was sent before
 * the greeting smtpd reads right after it, sooner than an answer to it could
 * have come over a network.
 */

#ifndef TIMING_H
#define TIMING_H

#include "filter.h"

extern int64_t	 timing_threshold;	/* ms; 0: off.  Set at start. */

/* Set the hooks that this needs, which must be free. */
void	timing_hooks(struct filter *);

#endif /* TIMING_H */

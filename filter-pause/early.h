/* SPDX-License-Identifier: ISC */
/*
 * Who speaks before the banner?  smtpd does not read while a filter holds the
 * connect phase, so what the client said by then waits in the kernel.  One
 * file per system: early_linux.c asks the kernel, early_none.c can't, and
 * timing.c guesses in its place.
 */

#ifndef EARLY_H
#define EARLY_H

#include "addrs.h"

#define EARLY_TALKED	0x1		/* the client sent something */
#define EARLY_GONE	0x2		/* the client hung up */
#define EARLY_UNKNOWN	0x4		/* could not find out */

/* Is this a system where the kernel can be asked? */
extern const int	 early_kernel;

/* Before the sandbox.  Returns 0, or -1 after saying why it can't be seen. */
int	early_start(void);
void	early_stop(void);

/*
 * The address of ours that the client src is connected to.  The listener's
 * may be a wildcard.  AF_UNSPEC if it can't be found out.
 */
void	early_find(const struct addr *src, const struct addr *listener,
	    struct addr *local);
/* What did it do until now?  0, or flags from above. */
int	early_look(const struct addr *src, const struct addr *local);

#endif /* EARLY_H */

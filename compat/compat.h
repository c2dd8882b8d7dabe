/* SPDX-License-Identifier: ISC */
/*
 * What OpenBSD's libc has and others may lack.  Sources include this and use
 * the names; each missing function is a file of its own in this directory.
 */

#ifndef COMPAT_H
#define COMPAT_H

#include "config.h"

#include <stdlib.h>	/* that is where they are declared */
#include <string.h>

#ifndef HAVE_REALLOCARRAY
void		*reallocarray(void *, size_t, size_t);
#endif
#ifndef HAVE_STRLCPY
size_t		 strlcpy(char *, const char *, size_t);
#endif
#ifndef HAVE_STRTONUM
long long	 strtonum(const char *, long long, long long, const char **);
#endif

/* getopt(3) begins anew, in its way of ordering too. */
#if HAVE_DECL_OPTRESET
#define getopt_again()	(optreset = optind = 1)
#else
#define getopt_again()	(optind = 0)
#endif

#endif /* COMPAT_H */

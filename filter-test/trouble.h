/* SPDX-License-Identifier: ISC */
/* What is no fault of the filter's, and says nothing about it. */

#ifndef TROUBLE_H
#define TROUBLE_H

#define TROUBLE		3	/* exit status, of wrong usage too */

/* Says what failed, and strerror(errno), and exits. */
void	trouble(const char *) __attribute__((__noreturn__));

#endif /* TROUBLE_H */

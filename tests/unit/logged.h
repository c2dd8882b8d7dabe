/* SPDX-License-Identifier: ISC */
/* The log, for tests that look at what was said: all of log.h, kept. */

#ifndef LOGGED_H
#define LOGGED_H

extern char	logged[1024];	/* the last line, but for debugging */
extern int	warnings;	/* how many lines were more than information */

#endif /* LOGGED_H */

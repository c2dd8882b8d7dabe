/* SPDX-License-Identifier: ISC */
/*
 * Rows from elsewhere into the store.  All lines are read, and all that is
 * wrong is said, before the first row is put; what is there already is joined
 * with what comes: the later time, the higher count, the earlier first.
 */

#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include <stdint.h>
#include <stdio.h>

/* "json", "postgrey", "spamdb".  -1: not of these. */
int	ctl_import_format(const char *word);
/* Trap addresses go to stdout.  0, or -1 after logging. */
int	ctl_import(FILE *, int format, int64_t now);

#endif /* CTL_IMPORT_H */

/* SPDX-License-Identifier: ISC */
/* Is a file still the one that was read? */

#ifndef STAMP_H
#define STAMP_H

struct stat;

/* path as it is now, all zero if it is not there: it may come. */
void	stamp_take(const char *path, struct stat *);
int	stamp_same(const struct stat *, const struct stat *);

#endif /* STAMP_H */

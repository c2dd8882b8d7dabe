/* SPDX-License-Identifier: ISC */
/*
 * See stamp.h.  What can't be looked at is as if it were not there.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <string.h>

#include "stamp.h"

void
stamp_take(const char *path, struct stat *st)
{
	if (stat(path, st) == -1)
		memset(st, 0, sizeof(*st));
}

/* Any change changes ctime: of the mode, and where mtime was put back, too. */
int
stamp_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

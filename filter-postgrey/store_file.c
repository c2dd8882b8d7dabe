/* SPDX-License-Identifier: ISC */
/*
 * The store's file as a file: made, and moved aside.  Returns -1: errno.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "store_private.h"

/* Made by root it still is the filter's, as the directory is. */
static int
give(int fd, const char *path)
{
	struct stat	 st;
	char		 dir[PATH_MAX];

	if (geteuid() != 0)
		return 0;
	(void)strlcpy(dir, path, sizeof(dir));
	if (stat(dirname(dir), &st) == -1)
		return -1;
	return fchown(fd, st.st_uid, st.st_gid);
}

/*
 * If it is not there.  One that is must not be opened: to close it would drop
 * the locks that SQLite has on it.
 */
int
store_file_create(const char *path)
{
	int	 fd, r, saved;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno == EEXIST ? 0 : -1;
	r = give(fd, path);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return r;
}

/* With its journal, so that somebody may have a look at it. */
int
store_file_move(const char *path, char *to, size_t size)
{
	struct tm	 tm;
	time_t		 now = time(NULL);
	struct stat	 st;
	char		 date[32], from[PATH_MAX], wal[PATH_MAX];
	int		 n;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm) == 0)
		return -1;
	n = snprintf(to, size, "%s.broken-%s", path, date);
	if (n < 0 || (size_t)n + 4 >= size || n + 4 >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (rename(path, to) == -1)
		return -1;
	(void)snprintf(from, sizeof(from), "%s-wal", path);
	(void)snprintf(wal, sizeof(wal), "%s-wal", to);
	if (stat(from, &st) == 0 && st.st_size > 0)
		(void)rename(from, wal);
	else
		(void)unlink(from);
	(void)snprintf(from, sizeof(from), "%s-shm", path);
	(void)unlink(from);
	return 0;
}

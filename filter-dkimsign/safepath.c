/* SPDX-License-Identifier: ISC */
/*
 * See safepath.h.  Returns -1: not safe, or the path is too long to be looked
 * at.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safepath.h"

struct walk {
	uid_t	 us;
	char	*why;
};

static int
unsafe(const struct walk *w, const char *path, const struct stat *st,
    const char *what)
{
	(void)snprintf(w->why, SAFEPATH_WHY, "%.1024s: %s (mode %04o)", path,
	    what, (unsigned int)(st->st_mode & 07777));
	return -1;
}

static int
owner_check(const struct walk *w, const char *path, const struct stat *st)
{
	if (st->st_uid == 0 || st->st_uid == w->us)
		return 0;
	(void)snprintf(w->why, SAFEPATH_WHY,
	    "%.1024s: owned by user %lu, not by root or user %lu", path,
	    (unsigned long)st->st_uid, (unsigned long)w->us);
	return -1;
}

static int
directory_check(const struct walk *w, const char *path)
{
	struct stat	 st;

	if (lstat(path, &st) == -1)
		return 0;
	if (owner_check(w, path, &st) == -1)
		return -1;
	if (S_ISLNK(st.st_mode) && (stat(path, &st) == -1 ||
	    owner_check(w, path, &st) == -1))
		return -1;
	if ((st.st_mode & S_ISVTX) != 0)
		return 0;
	if ((st.st_mode & S_IWOTH) != 0)
		return unsafe(w, path, &st, "writable by others");
	if ((st.st_mode & S_IWGRP) != 0)
		return unsafe(w, path, &st, "writable by group");
	return 0;
}

/* The directories of an absolute path, from the root on. */
static int
directories_check(const struct walk *w, const char *path)
{
	char	 dir[PATH_MAX];
	size_t	 i;

	if (strlen(path) >= sizeof(dir)) {
		(void)snprintf(w->why, SAFEPATH_WHY, "%.64s...: path too long",
		    path);
		return -1;
	}
	for (i = 0; path[i] != '\0'; i++) {
		dir[i] = path[i];
		if (path[i] != '/' || (i > 0 && path[i - 1] == '/'))
			continue;
		dir[i == 0 ? 1 : i] = '\0';
		if (directory_check(w, dir) == -1)
			return -1;
		dir[i] = '/';
	}
	return 0;
}

/* Its directories, and the last name if that is a link. */
static int
written_check(const struct walk *w, const char *path)
{
	char		 whole[2 * PATH_MAX] = "", cwd[PATH_MAX];
	struct stat	 st;

	if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
		return 0;
	if (path[0] != '/')
		(void)snprintf(whole, sizeof(whole), "%s/%s",
		    strcmp(cwd, "/") == 0 ? "" : cwd, path);
	if (directories_check(w, path[0] == '/' ? path : whole) == -1)
		return -1;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return owner_check(w, path, &st);
	return 0;
}

static int
group_is_ours(gid_t gid)
{
	gid_t	*list;
	int	 i, n, ours = 0;

	if (geteuid() == 0 || gid == getegid())
		return 1;
	if ((n = getgroups(0, NULL)) < 1 ||
	    (list = calloc((size_t)n, sizeof(*list))) == NULL)
		return 0;
	n = getgroups(n, list);
	for (i = 0; i < n && !ours; i++)
		ours = list[i] == gid;
	free(list);
	return ours;
}

static int
file_check(const struct walk *w, const char *path, const struct stat *st)
{
	if (owner_check(w, path, st) == -1)
		return -1;
	if ((st->st_mode & S_IWOTH) != 0)
		return unsafe(w, path, st, "writable by others");
	if ((st->st_mode & S_IROTH) != 0)
		return unsafe(w, path, st, "readable by others");
	if ((st->st_mode & S_IWGRP) != 0)
		return unsafe(w, path, st, "writable by group");
	if ((st->st_mode & S_IRGRP) != 0 && !group_is_ours(st->st_gid))
		return unsafe(w, path, st,
		    "readable by a group that is not ours");
	return 0;
}

int
safepath_check(const char *path, const struct stat *st, char why[SAFEPATH_WHY])
{
	struct walk	 w = { geteuid() == 0 ? st->st_uid : geteuid(), why };
	char		*real;
	int		 ret;

	why[0] = '\0';
	if (file_check(&w, path, st) == -1 || written_check(&w, path) == -1)
		return -1;
	if ((real = realpath(path, NULL)) == NULL)
		return 0;
	ret = directories_check(&w, real);
	free(real);
	return ret;
}

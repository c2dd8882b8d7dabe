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

#include "compat.h"
#include "safepath.h"

#define LINKS_MAX	40

struct walk {
	uid_t	 us;
	char	*why;
	char	 at[PATH_MAX];		/* "" is the root */
	char	 left[2 * PATH_MAX];	/* from there on */
	int	 links;
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

/* Can others put something else in the place of what is in it? */
static int
directory_check(const struct walk *w, const char *path,
    const struct stat *st)
{
	if (owner_check(w, path, st) == -1)
		return -1;
	if ((st->st_mode & S_ISVTX) != 0)
		return 0;
	if ((st->st_mode & S_IWOTH) != 0)
		return unsafe(w, path, st, "writable by others");
	if ((st->st_mode & S_IWGRP) != 0)
		return unsafe(w, path, st, "writable by group");
	return 0;
}

/* "/text" behind what is there. */
static int
append(const struct walk *w, char *path, size_t size, const char *text)
{
	size_t	 len = strlen(path);

	if (len + 1 < size &&
	    strlcpy(path + len + 1, text, size - len - 1) < size - len - 1) {
		path[len] = '/';
		return 0;
	}
	(void)snprintf(w->why, SAFEPATH_WHY, "%.64s...: path too long", path);
	return -1;
}

/* What the link at w->at names comes before what is left to walk. */
static int
link_follow(struct walk *w)
{
	char	 left[sizeof(w->left)];
	ssize_t	 n;

	(void)strlcpy(left, w->left, sizeof(left));
	if ((n = readlink(w->at, w->left, sizeof(w->left) - 1)) == -1)
		return 0;		/* it is gone, and open(2) will fail */
	w->left[n] = '\0';
	if (++w->links > LINKS_MAX) {
		(void)snprintf(w->why, SAFEPATH_WHY, "%.1024s: too many links",
		    w->at);
		return -1;
	}
	if (append(w, w->left, sizeof(w->left), left) == -1)
		return -1;
	*(w->left[0] == '/' ? w->at : strrchr(w->at, '/')) = '\0';
	return 0;
}

/* One step, to name: into it, or to where it leads. */
static int
step(struct walk *w, const char *name)
{
	struct stat	 st;

	if (strcmp(name, "..") == 0) {
		if (w->at[0] != '\0')
			*strrchr(w->at, '/') = '\0';
		return 0;
	}
	if (append(w, w->at, sizeof(w->at), name) == -1)
		return -1;
	if (lstat(w->at, &st) == -1)
		return 0;
	if (S_ISLNK(st.st_mode))
		return owner_check(w, w->at, &st) == -1 ? -1 : link_follow(w);
	return S_ISDIR(st.st_mode) ? directory_check(w, w->at, &st) : 0;
}

/* Each directory and each link on the way from the root to the file. */
static int
walk(struct walk *w, const char *path)
{
	char		 name[NAME_MAX + 1], *next;
	struct stat	 st;
	size_t		 len;

	if (path[0] != '/' && getcwd(w->left, sizeof(w->left)) == NULL)
		return 0;
	if (append(w, w->left, sizeof(w->left), path) == -1)
		return -1;
	if (lstat("/", &st) == 0 && directory_check(w, "/", &st) == -1)
		return -1;
	while (*(next = w->left + strspn(w->left, "/")) != '\0') {
		len = strcspn(next, "/");
		if (len >= sizeof(name))
			return 0;	/* there is no such file */
		memcpy(name, next, len);
		name[len] = '\0';
		memmove(w->left, next + len, strlen(next + len) + 1);
		if (strcmp(name, ".") != 0 && step(w, name) == -1)
			return -1;
	}
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
	struct walk	 w = { .us = geteuid(), .why = why };

	if (w.us == 0)
		w.us = st->st_uid;
	why[0] = '\0';
	return file_check(&w, path, st) == -1 ? -1 : walk(&w, path);
}

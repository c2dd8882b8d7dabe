/* SPDX-License-Identifier: ISC */
/*
 * Lists of networks, ranges and domains, and the files they come from.  A
 * reload reads into new sets and takes them only if all files were good.
 * Exits: out of memory in addrs_new().  Returns -1: a file is broken or gone,
 * or memory is out; what was there before stays.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addrs.h"
#include "addrset.h"
#include "compat.h"
#include "log.h"
#include "textfile.h"
#include "sandbox.h"

#define ERRORS_MAX	10

/* How a file looked; all zero if it was not there. */
struct stamp {
	struct timespec	 mtime;
	off_t		 size;
	ino_t		 ino;
	dev_t		 dev;
};

struct file {
	struct file	*next;
	struct addrset	*set;
	struct addrset	*fresh;		/* during addrs_reload() only */
	struct stamp	 stamp;		/* of what was last read or tried */
	struct stamp	 fresh_stamp;
	int		 broken;
	char		 path[];
};

struct addrs {
	struct addrset	*own;		/* addrs_add() */
	struct file	*files;
};

static void
stamp_set(struct stamp *s, const struct stat *st)
{
	s->mtime = st->st_mtim;
	s->size = st->st_size;
	s->ino = st->st_ino;
	s->dev = st->st_dev;
}

static int
stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec && a->size == b->size &&
	    a->ino == b->ino && a->dev == b->dev;
}

/* The entry in a line, without its comment and the blanks around; or NULL. */
static char *
line_entry(char *line)
{
	char	*p;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	p = line + strlen(line);
	while (p > line && (p[-1] == ' ' || p[-1] == '\t'))
		*--p = '\0';
	return *line == '\0' ? NULL : line;
}

static int
file_lines(FILE *fp, const char *path, struct addrset *set)
{
	const char	*why;
	char		 line[TEXTFILE_LINE], *entry;
	unsigned int	 lineno = 0, errors = 0;

	while (textfile_line(fp, line, &why)) {
		lineno++;
		if ((entry = line_entry(line)) != NULL && why == NULL)
			why = addrset_add(set, entry);
		if (why == NULL)
			continue;
		log_warnx("%s:%u: %s: %s", path, lineno, why,
		    log_safe(entry));
		if (++errors == ERRORS_MAX)
			break;
	}
	if (ferror(fp)) {
		log_warn("%s", path);
		return -1;
	}
	return errors == 0 ? 0 : -1;
}

/*
 * The set in a file, or NULL after logging.  stamp is how it looked when it
 * was read, also if it was broken.
 */
static struct addrset *
file_read(const char *path, struct stamp *stamp)
{
	struct addrset	*set;
	struct stat	 st;
	FILE		*fp;

	memset(stamp, 0, sizeof(*stamp));
	if ((set = addrset_new()) == NULL) {
		log_warn("%s", path);
		return NULL;
	}
	fp = textfile_open(path, &st);
	stamp_set(stamp, &st);
	if (fp == NULL || file_lines(fp, path, set) == -1)
		goto fail;
	(void)fclose(fp);	/* only read */
	return set;
fail:
	if (fp != NULL)
		(void)fclose(fp);
	addrset_free(set);
	return NULL;
}

/* Read it again if need be; a broken one is told only when it is new. */
static void
file_refresh(struct file *f, int force)
{
	struct stamp	 now = { .size = 0 };
	struct stat	 st;
	int		 again;

	if (stat(f->path, &st) == 0)
		stamp_set(&now, &st);
	if (!force && stamp_equal(&now, &f->stamp))
		return;
	again = f->broken;
	f->fresh = file_read(f->path, &f->fresh_stamp);
	f->broken = f->fresh == NULL;
	if (!f->broken)
		return;
	f->stamp = f->fresh_stamp;
	/* One that can't be opened is tried each time. */
	if (again && f->stamp.ino == 0)
		return;
	log_warnx("%s: the list read before stays: %zu entries", f->path,
	    addrset_count(f->set));
}

struct addrs *
addrs_new(void)
{
	struct addrs	*list;

	if ((list = calloc(1, sizeof(*list))) == NULL ||
	    (list->own = addrset_new()) == NULL)
		fatal("addrs");
	return list;
}

void
addrs_free(struct addrs *list)
{
	struct file	*f;

	if (list == NULL)
		return;
	while ((f = list->files) != NULL) {
		list->files = f->next;
		addrset_free(f->set);
		free(f);
	}
	addrset_free(list->own);
	free(list);
}

const char *
addrs_add(struct addrs *list, const char *entry)
{
	return addrset_add(list->own, entry);
}

int
addrs_add_file(struct addrs *list, const char *path)
{
	struct file	*f;
	size_t		 len = strlen(path) + 1;

	if ((f = calloc(1, sizeof(*f) + len)) == NULL) {
		log_warn("%s", path);
		return -1;
	}
	memcpy(f->path, path, len);
	if ((f->set = file_read(path, &f->stamp)) == NULL) {
		free(f);
		return -1;
	}
	sandbox_path(path, "r");
	f->next = list->files;
	list->files = f;
	return 0;
}

/*
 * All or nothing, since an entry may have moved from one file to another; and
 * a broken file, which is told once, holds up the others until it is good.
 */
int
addrs_reload(struct addrs *list, int force)
{
	struct file	*f;
	int		 broken = 0, changed = 0;

	for (f = list->files; f != NULL; f = f->next) {
		file_refresh(f, force);
		broken |= f->broken;
	}
	for (f = list->files; f != NULL; f = f->next) {
		if (f->fresh == NULL)
			continue;
		if (broken) {
			addrset_free(f->fresh);
		} else {
			addrset_free(f->set);
			f->set = f->fresh;
			f->stamp = f->fresh_stamp;
			changed = 1;
			log_info("%s: %zu entries", f->path,
			    addrset_count(f->set));
		}
		f->fresh = NULL;
	}
	return broken ? -1 : changed;
}

int
addrs_match(const struct addrs *list, const struct addr *a, const char *rdns)
{
	const struct file	*f;

	if (addrset_match(list->own, a, rdns))
		return 1;
	for (f = list->files; f != NULL; f = f->next)
		if (addrset_match(f->set, a, rdns))
			return 1;
	return 0;
}

size_t
addrs_count(const struct addrs *list)
{
	const struct file	*f;
	size_t			 n = addrset_count(list->own);

	for (f = list->files; f != NULL; f = f->next)
		n += addrset_count(f->set);
	return n;
}

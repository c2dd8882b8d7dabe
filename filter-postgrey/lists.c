/* SPDX-License-Identifier: ISC */
/*
 * Lists and the files they come from.  A reload reads into new sets and takes
 * them only if all files were good.  FILE.local may be there or not, and come
 * and go.
 * Exits: out of memory in list_new().  Returns -1: a file is broken or gone,
 * or memory is out; what was there before stays.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lists.h"
#include "listset.h"
#include "log.h"
#include "sandbox.h"
#include "textfile.h"

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
	struct listset	*set;
	struct listset	*fresh;		/* during list_reload() only */
	struct stamp	 stamp;		/* of what was last read or tried */
	struct stamp	 fresh_stamp;
	int		 optional;	/* FILE.local */
	int		 broken;
	char		 path[];
};

struct list {
	enum list_kind	 kind;
	struct listset	*own;		/* list_add() */
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
file_lines(FILE *fp, const char *path, struct listset *set)
{
	const char	*why;
	char		 line[TEXTFILE_LINE], *entry;
	unsigned int	 lineno = 0, errors = 0;

	while (textfile_line(fp, line, &why)) {
		lineno++;
		if ((entry = line_entry(line)) != NULL && why == NULL)
			why = listset_add(set, entry);
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

static int
file_absent(const struct file *f)
{
	struct stat	 st;

	return f->optional && stat(f->path, &st) == -1 && errno == ENOENT;
}

/*
 * The set in a file, or NULL after logging.  stamp is how it looked when it
 * was read, also if it was broken.
 */
static struct listset *
file_read(const struct file *f, enum list_kind kind, struct stamp *stamp)
{
	struct listset	*set;
	struct stat	 st;
	FILE		*fp;

	memset(stamp, 0, sizeof(*stamp));
	if ((set = listset_new(kind)) == NULL) {
		log_warn("%s", f->path);
		return NULL;
	}
	if (file_absent(f))
		return set;
	fp = textfile_open(f->path, &st);
	stamp_set(stamp, &st);
	if (fp == NULL || file_lines(fp, f->path, set) == -1) {
		listset_free(set);
		set = NULL;
	}
	if (fp != NULL)
		(void)fclose(fp);	/* only read */
	return set;
}

/* Read it again if need be; a broken one is told only when it is new. */
static void
file_refresh(struct file *f, enum list_kind kind, int force)
{
	struct stamp	 now = { .size = 0 };
	struct stat	 st;
	int		 again = f->broken;

	if (stat(f->path, &st) == 0)
		stamp_set(&now, &st);
	if (!force && stamp_equal(&now, &f->stamp) &&
	    !(f->broken && file_absent(f)))
		return;
	f->fresh = file_read(f, kind, &f->fresh_stamp);
	f->broken = f->fresh == NULL;
	if (!f->broken)
		return;
	f->stamp = f->fresh_stamp;
	/* One that can't be opened is tried each time. */
	if (again && f->stamp.ino == 0)
		return;
	log_warnx("%s: the list read before stays: %zu entries", f->path,
	    listset_count(f->set));
}

static void
file_free(struct file *f)
{
	listset_free(f->set);
	free(f);
}

/* NULL after logging. */
static struct file *
file_new(const char *path, enum list_kind kind, int optional)
{
	static const char	 local[] = ".local";
	struct file		*f;
	size_t			 size = strlen(path) + sizeof(local);

	if ((f = calloc(1, sizeof(*f) + size)) == NULL) {
		log_warn("%s", path);
		return NULL;
	}
	(void)snprintf(f->path, size, "%s%s", path, optional ? local : "");
	f->optional = optional;
	if ((f->set = file_read(f, kind, &f->stamp)) == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

struct list *
list_new(enum list_kind kind)
{
	struct list	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->own = listset_new(kind)) == NULL)
		fatal("lists");
	l->kind = kind;
	return l;
}

void
list_free(struct list *l)
{
	struct file	*f;

	if (l == NULL)
		return;
	while ((f = l->files) != NULL) {
		l->files = f->next;
		file_free(f);
	}
	listset_free(l->own);
	free(l);
}

const char *
list_add(struct list *l, const char *entry)
{
	return listset_add(l->own, entry);
}

int
list_add_file(struct list *l, const char *path)
{
	struct file	*f, *local;

	if ((f = file_new(path, l->kind, 0)) == NULL)
		return -1;
	if ((local = file_new(path, l->kind, 1)) == NULL) {
		file_free(f);
		return -1;
	}
	/* Its directory, so FILE.local too. */
	sandbox_path(path, "r");
	f->next = local;
	local->next = l->files;
	l->files = f;
	return 0;
}

/* All or nothing, as addrs_reload(): an entry may have moved between files. */
int
list_reload(struct list *l, int force)
{
	struct file	*f;
	int		 broken = 0, changed = 0;

	for (f = l->files; f != NULL; f = f->next) {
		file_refresh(f, l->kind, force);
		broken |= f->broken;
	}
	for (f = l->files; f != NULL; f = f->next) {
		if (f->fresh == NULL)
			continue;
		if (broken) {
			listset_free(f->fresh);
		} else {
			listset_free(f->set);
			f->set = f->fresh;
			f->stamp = f->fresh_stamp;
			changed = 1;
			log_info("%s: %zu entries", f->path,
			    listset_count(f->set));
		}
		f->fresh = NULL;
	}
	return broken ? -1 : changed;
}

int
list_match_client(const struct list *l, const struct addr *a, const char *rdns)
{
	const struct file	*f;

	if (listset_match_client(l->own, a, rdns))
		return 1;
	for (f = l->files; f != NULL; f = f->next)
		if (listset_match_client(f->set, a, rdns))
			return 1;
	return 0;
}

int
list_match_address(const struct list *l, const char *mailbox)
{
	const struct file	*f;

	if (listset_match_address(l->own, mailbox))
		return 1;
	for (f = l->files; f != NULL; f = f->next)
		if (listset_match_address(f->set, mailbox))
			return 1;
	return 0;
}

size_t
list_count(const struct list *l)
{
	const struct file	*f;
	size_t			 n = listset_count(l->own);

	for (f = l->files; f != NULL; f = f->next)
		n += listset_count(f->set);
	return n;
}

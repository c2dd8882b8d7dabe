/* SPDX-License-Identifier: ISC */
/*
 * See listfiles.h.  A reload reads into new sets and takes them only if all
 * files were good, since an entry may have moved from one to another.
 * Exits: out of memory in listfiles_new().  Returns -1: a file is broken or
 * gone, or memory is out; what was there before stays.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "listfiles.h"
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
	char		*path;		/* NULL: entries without a file */
	void		*set;
	void		*fresh;		/* during listfiles_reload() only */
	struct stamp	 stamp;		/* of what was last read or tried */
	struct stamp	 fresh_stamp;
	int		 optional;
	int		 broken;
};

struct listfiles {
	const struct listfiles_ops	*ops;
	void				*arg;
	struct file			*files;
	size_t				 n;
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
file_lines(const struct listfiles *l, FILE *fp, const char *path, void *set)
{
	const char	*why;
	char		 line[TEXTFILE_LINE], *entry;
	unsigned int	 lineno = 0, errors = 0;

	while (textfile_line(fp, line, &why)) {
		lineno++;
		if ((entry = line_entry(line)) != NULL && why == NULL)
			why = l->ops->add(set, entry);
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
static void *
file_read(const struct listfiles *l, const struct file *f, struct stamp *stamp)
{
	struct stat	 st;
	FILE		*fp;
	void		*set;

	memset(stamp, 0, sizeof(*stamp));
	if ((set = l->ops->new(l->arg)) == NULL) {
		log_warn("%s", f->path);
		return NULL;
	}
	if (file_absent(f))
		return set;
	fp = textfile_open(f->path, &st);
	stamp_set(stamp, &st);
	if (fp == NULL || file_lines(l, fp, f->path, set) == -1) {
		l->ops->free(set);
		set = NULL;
	}
	if (fp != NULL)
		(void)fclose(fp);	/* only read */
	return set;
}

/* Read it again if need be; a broken one is told only when it is new. */
static void
file_refresh(const struct listfiles *l, struct file *f, int force)
{
	struct stamp	 now = { .size = 0 };
	struct stat	 st;
	int		 again = f->broken;

	if (stat(f->path, &st) == 0)
		stamp_set(&now, &st);
	if (!force && stamp_equal(&now, &f->stamp) &&
	    !(f->broken && file_absent(f)))
		return;
	f->fresh = file_read(l, f, &f->fresh_stamp);
	f->broken = f->fresh == NULL;
	if (!f->broken)
		return;
	f->stamp = f->fresh_stamp;
	/* One that can't be opened is tried each time. */
	if (again && f->stamp.ino == 0)
		return;
	log_warnx("%s: the list read before stays: %zu entries", f->path,
	    l->ops->count(f->set));
}

static void
file_drop(const struct listfiles *l, struct file *f)
{
	l->ops->free(f->set);
	free(f->path);
}

/* One more, read; -1 after logging. */
static int
file_add(struct listfiles *l, const char *path, const char *suffix)
{
	struct file	 f = { .optional = *suffix != '\0' }, *files;
	size_t		 size = strlen(path) + strlen(suffix) + 1;

	if ((f.path = malloc(size)) == NULL ||
	    (files = reallocarray(l->files, l->n + 1, sizeof(f))) == NULL) {
		log_warn("%s", path);
		free(f.path);
		return -1;
	}
	l->files = files;
	(void)snprintf(f.path, size, "%s%s", path, suffix);
	if ((f.set = file_read(l, &f, &f.stamp)) == NULL) {
		free(f.path);
		return -1;
	}
	l->files[l->n++] = f;
	return 0;
}

struct listfiles *
listfiles_new(const struct listfiles_ops *ops, void *arg)
{
	struct listfiles	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->files = calloc(1, sizeof(*l->files))) == NULL ||
	    (l->files->set = ops->new(arg)) == NULL)
		fatal("lists");
	l->ops = ops;
	l->arg = arg;
	l->n = 1;
	return l;
}

void
listfiles_free(struct listfiles *l)
{
	size_t	 i;

	if (l == NULL)
		return;
	for (i = 0; i < l->n; i++)
		file_drop(l, &l->files[i]);
	free(l->files);
	free(l);
}

int
listfiles_add(struct listfiles *l, const char *path, int local)
{
	if (file_add(l, path, "") == -1)
		return -1;
	if (local && file_add(l, path, ".local") == -1) {
		file_drop(l, &l->files[--l->n]);
		return -1;
	}
	/* Its directory, so FILE.local too. */
	sandbox_path(path, "r");
	return 0;
}

static void
file_take(const struct listfiles *l, struct file *f)
{
	l->ops->free(f->set);
	f->set = f->fresh;
	f->stamp = f->fresh_stamp;
	log_info("%s: %zu entries", f->path, l->ops->count(f->set));
}

/* A broken file, which is told once, holds up the others until it is good. */
int
listfiles_reload(struct listfiles *l, int force)
{
	struct file	*f;
	int		 broken = 0, changed = 0;

	for (f = l->files + 1; f < l->files + l->n; f++) {
		file_refresh(l, f, force);
		broken |= f->broken;
	}
	for (f = l->files + 1; f < l->files + l->n; f++) {
		if (f->fresh == NULL)
			continue;
		if (broken)
			l->ops->free(f->fresh);
		else
			file_take(l, f);
		changed |= !broken;
		f->fresh = NULL;
	}
	return broken ? -1 : changed;
}

void *
listfiles_set(const struct listfiles *l, size_t i)
{
	return i < l->n ? l->files[i].set : NULL;
}

size_t
listfiles_count(const struct listfiles *l)
{
	size_t	 i, n = 0;

	for (i = 0; i < l->n; i++)
		n += l->ops->count(l->files[i].set);
	return n;
}

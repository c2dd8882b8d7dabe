/* SPDX-License-Identifier: ISC */
/*
 * See ctl_import.h.  The rows wait in memory, some 200 bytes each.  A row that
 * can't be put, as the disk is full, ends it half-way: the same once more does
 * the rest.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "ctl_foreign.h"
#include "ctl_format.h"
#include "ctl_import.h"
#include "log.h"
#include "postgrey.h"
#include "textfile.h"

#define MISTAKES_MAX	10		/* that are said */
#define SYNC_ROWS	10000		/* of what waits 64 MB are kept */

enum { FORMAT_JSON, FORMAT_POSTGREY, FORMAT_SPAMDB };

struct rows {
	struct store_row	*list;	/* each key is its own memory */
	size_t			 n, size;
};

struct import {
	int			 format;
	int64_t			 now;
	struct foreign_rules	 rules;
	struct dump		 dump;
	struct rows		 rows;
	struct ctl_row		 row;	/* of the line */
	size_t			 line, mistakes, over, skipped;
	const char		*skip_why;	/* the first one */
};

int
ctl_import_format(const char *word)
{
	static const char *const	 words[] = { "json", "postgrey",
					    "spamdb" };
	size_t				 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -1;
}

static int
rows_add(struct rows *rows, const struct store_row *row)
{
	struct store_row	*bigger;
	size_t			 size;
	char			*key;

	if (rows->n == rows->size) {
		size = rows->size == 0 ? 1024 : rows->size * 2;
		bigger = reallocarray(rows->list, size, sizeof(*bigger));
		if (bigger == NULL)
			return -1;
		rows->list = bigger;
		rows->size = size;
	}
	if ((key = strdup(row->key)) == NULL)
		return -1;
	rows->list[rows->n] = *row;
	rows->list[rows->n++].key = key;
	return 0;
}

static void
rows_free(struct rows *rows)
{
	size_t	 i;

	for (i = 0; i < rows->n; i++)
		free((char *)(uintptr_t)rows->list[i].key);
	free(rows->list);
}

static int
row_compare(const void *a, const void *b)
{
	const struct store_row	*x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->key, y->key);
}

static void
raise_to(int64_t *value, int64_t other)
{
	if (*value < other)
		*value = other;
}

static void
lower_to(int64_t *value, int64_t other)
{
	if (*value == 0 || (other != 0 && other < *value))
		*value = other;
}

/* All fields, as those of other kinds are zero. */
static void
row_join(struct store_row *row, const struct store_row *other)
{
	lower_to(&row->tuple.first, other->tuple.first);
	raise_to(&row->tuple.last, other->tuple.last);
	raise_to(&row->tuple.blocked, other->tuple.blocked);
	raise_to(&row->tuple.passed, other->tuple.passed);
	lower_to(&row->client.first, other->client.first);
	raise_to(&row->client.last, other->client.last);
	raise_to(&row->client.passed, other->client.passed);
	raise_to(&row->client.counted, other->client.counted);
	raise_to(&row->client.white_until, other->client.white_until);
	raise_to(&row->client.trap_until, other->client.trap_until);
	raise_to(&row->until, other->until);
}

/* One row a key. */
static void
rows_join(struct rows *rows)
{
	size_t	 i, n = 0;

	if (rows->n == 0)
		return;
	qsort(rows->list, rows->n, sizeof(*rows->list), row_compare);
	for (i = 1; i < rows->n; i++)
		if (row_compare(&rows->list[n], &rows->list[i]) == 0) {
			row_join(&rows->list[n], &rows->list[i]);
			free((char *)(uintptr_t)rows->list[i].key);
		} else
			rows->list[++n] = rows->list[i];
	rows->n = n + 1;
}

/* Joined with a new try, an old one would make it old. */
static int
is_over(const struct import *im, const struct store_row *row)
{
	int64_t	 until;

	return ctl_state(&postgrey.rules, im->now, row, &until) == CTL_OVER;
}

static int
join_present(const struct store_row *row, void *arg)
{
	struct import		*im = arg;
	struct store_row	*found;

	found = bsearch(row, im->rows.list, im->rows.n,
	    sizeof(*im->rows.list), row_compare);
	if (found != NULL && !is_over(im, row))
		row_join(found, row);
	return 0;
}

static enum foreign
judge(struct import *im, enum foreign what)
{
	if (what != FOREIGN_ROW || !is_over(im, &im->row.row))
		return what;
	im->over++;
	return FOREIGN_NOTHING;
}

static enum foreign
line_parse(struct import *im, const char *line, const char **why)
{
	if (im->format == FORMAT_POSTGREY)
		return postgrey_line(&im->dump, &im->rules, line, &im->row,
		    why);
	if (im->format == FORMAT_SPAMDB)
		return spamdb_line(&im->rules, line, &im->row, why);
	if (*line == '\0')
		return FOREIGN_NOTHING;
	*why = ctl_json_parse(line, &im->row);
	return *why == NULL ? FOREIGN_ROW : FOREIGN_BAD;
}

static void
mistake(struct import *im, const char *why)
{
	if (im->mistakes++ < MISTAKES_MAX)
		log_warnx("line %zu: %s", im->line, why);
}

/* -1: out of memory. */
static int
line_take(struct import *im, const char *line)
{
	const char	*why;

	switch (judge(im, line_parse(im, line, &why))) {
	case FOREIGN_ROW:
		return rows_add(&im->rows, &im->row.row);
	case FOREIGN_NOTHING:
		break;
	case FOREIGN_SKIPPED:
		if (im->skipped++ == 0)
			im->skip_why = why;
		break;
	case FOREIGN_TRAP:
		if (im->mistakes == 0)
			(void)puts(im->row.key);
		break;
	case FOREIGN_BAD:
		mistake(im, why);
		break;
	}
	return 0;
}

/* 0, or -1 after saying all that is wrong. */
static int
lines_read(struct import *im, FILE *fp)
{
	const char	*why;
	char		*line;
	int		 r = 0;

	if ((line = malloc(TEXTFILE_LINE)) == NULL)
		r = -1;
	while (r == 0 && textfile_line(fp, line, &why)) {
		im->line++;
		line[strcspn(line, "\r")] = '\0';
		if (why != NULL)
			mistake(im, why);
		else
			r = line_take(im, line);
	}
	if (r == -1 || ferror(fp))
		log_warn("import");
	free(line);
	if (r == 0 && !ferror(fp) && im->format == FORMAT_POSTGREY &&
	    !postgrey_whole(&im->dump))
		mistake(im, "the end is missing");
	if (im->mistakes > MISTAKES_MAX)
		log_warnx("and %zu more", im->mistakes - MISTAKES_MAX);
	if (im->mistakes > 0)
		log_warnx("nothing was imported");
	return r == -1 || ferror(fp) || im->mistakes > 0 ? -1 : 0;
}

/* -1: of the first *written it is known that they are in the store. */
static int
rows_write(const struct rows *rows, size_t *written)
{
	size_t	 i;

	*written = 0;
	for (i = 1; i <= rows->n; i++) {
		if (ctl_put(&rows->list[i - 1]) == -1)
			return -1;
		if (i % SYNC_ROWS != 0 && i != rows->n)
			continue;
		if (ctl_sync() == -1)
			return -1;
		*written = i;
	}
	return 0;
}

static int
rows_put(struct import *im)
{
	struct rows	*rows = &im->rows;
	enum store_kind	 kind;
	size_t		 n;

	rows_join(rows);
	for (kind = STORE_TUPLE; kind <= STORE_PARTNER; kind++)
		if (rows->n > 0 && ctl_walk(kind, join_present, im) == -1)
			return -1;
	if (rows_write(rows, &n) == 0)
		return 0;
	log_warnx("only %zu of %zu rows are in the store for sure; begin "
	    "again to have all", n, rows->n);
	return -1;
}

int
ctl_import(FILE *fp, int format, int64_t now)
{
	struct import	*im;
	int		 r = -1;

	if ((im = calloc(1, sizeof(*im))) == NULL) {
		log_warn("import");
		return -1;
	}
	im->format = format;
	im->now = now;
	im->rules.grey = &postgrey.rules;
	im->rules.tuple = &postgrey.tuple;
	if (lines_read(im, fp) == 0 && (r = rows_put(im)) == 0)
		log_info("imported %zu rows, %zu were over, %zu skipped%s%s",
		    im->rows.n, im->over, im->skipped,
		    im->skip_why != NULL ? ": " : "",
		    im->skip_why != NULL ? im->skip_why : "");
	rows_free(&im->rows);
	free(im);
	return r;
}

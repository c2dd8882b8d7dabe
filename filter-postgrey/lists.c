/* SPDX-License-Identifier: ISC */
/*
 * Lists and the files they come from: see listfiles.h for how these fail.
 */

#include <stdlib.h>

#include "listfiles.h"
#include "lists.h"
#include "listset.h"
#include "log.h"

struct list {
	enum list_kind		 kind;
	struct listfiles	*files;
};

static void *
set_new(void *kind)
{
	return listset_new(*(const enum list_kind *)kind);
}

static void
set_free(void *set)
{
	listset_free(set);
}

static const char *
set_add(void *set, const char *entry)
{
	return listset_add(set, entry);
}

static size_t
set_count(const void *set)
{
	return listset_count(set);
}

static const struct listfiles_ops	 ops = {
	set_new, set_free, set_add, set_count
};

struct list *
list_new(enum list_kind kind)
{
	struct list	*l;

	if ((l = malloc(sizeof(*l))) == NULL)
		fatal("lists");
	l->kind = kind;
	l->files = listfiles_new(&ops, &l->kind);
	return l;
}

void
list_free(struct list *l)
{
	if (l == NULL)
		return;
	listfiles_free(l->files);
	free(l);
}

const char *
list_add(struct list *l, const char *entry)
{
	return listset_add(listfiles_set(l->files, 0), entry);
}

int
list_add_file(struct list *l, const char *path)
{
	return listfiles_add(l->files, path, 1);
}

int
list_reload(struct list *l, int force)
{
	return listfiles_reload(l->files, force);
}

int
list_match_client(const struct list *l, const struct addr *a, const char *rdns)
{
	struct listset	*set;
	size_t		 i;

	for (i = 0; (set = listfiles_set(l->files, i)) != NULL; i++)
		if (listset_match_client(set, a, rdns))
			return 1;
	return 0;
}

int
list_match_address(const struct list *l, const char *mailbox)
{
	struct listset	*set;
	size_t		 i;

	for (i = 0; (set = listfiles_set(l->files, i)) != NULL; i++)
		if (listset_match_address(set, mailbox))
			return 1;
	return 0;
}

size_t
list_count(const struct list *l)
{
	return listfiles_count(l->files);
}

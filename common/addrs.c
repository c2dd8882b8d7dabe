/* SPDX-License-Identifier: ISC */
/*
 * Lists of networks, ranges and domains, and the files they come from: see
 * listfiles.h for how these fail.
 */

#include <stdlib.h>

#include "addrs.h"
#include "addrset.h"
#include "listfiles.h"
#include "log.h"

static void *
set_new(void *arg)
{
	return addrset_new();
}

static void
set_free(void *set)
{
	addrset_free(set);
}

static const char *
set_add(void *set, const char *entry)
{
	return addrset_add(set, entry);
}

static size_t
set_count(const void *set)
{
	return addrset_count(set);
}

static const struct listfiles_ops	 ops = {
	set_new, set_free, set_add, set_count
};

struct addrs {
	struct listfiles	*files;
};

struct addrs *
addrs_new(void)
{
	struct addrs	*list;

	if ((list = malloc(sizeof(*list))) == NULL)
		fatal("addrs");
	list->files = listfiles_new(&ops, NULL);
	return list;
}

void
addrs_free(struct addrs *list)
{
	if (list == NULL)
		return;
	listfiles_free(list->files);
	free(list);
}

const char *
addrs_add(struct addrs *list, const char *entry)
{
	return addrset_add(listfiles_set(list->files, 0), entry);
}

int
addrs_add_file(struct addrs *list, const char *path)
{
	return listfiles_add(list->files, path, 0);
}

int
addrs_reload(struct addrs *list, int force)
{
	return listfiles_reload(list->files, force);
}

int
addrs_match(const struct addrs *list, const struct addr *a, const char *rdns)
{
	struct addrset	*set;
	size_t		 i;

	for (i = 0; (set = listfiles_set(list->files, i)) != NULL; i++)
		if (addrset_match(set, a, rdns))
			return 1;
	return 0;
}

size_t
addrs_count(const struct addrs *list)
{
	return listfiles_count(list->files);
}

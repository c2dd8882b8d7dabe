/* SPDX-License-Identifier: ISC */
/*
 * See sendermap.h.  What a row leaves out is what the options say: keyfile,
 * selector, method, identity.
 */

#include <stdio.h>
#include <string.h>

#include "author.h"
#include "compat.h"
#include "log.h"
#include "policy_options.h"
#include "recipe.h"
#include "rows.h"
#include "sendermap.h"

#define ADDRESS_MAX	(AUTHOR_LOCAL + AUTHOR_DOMAIN)

/* An address, a domain or "."; as it will be looked for. */
static int
name_make(const char *word, char name[ADDRESS_MAX])
{
	const char	*at = strrchr(word, '@'), *host;
	size_t		 local;

	host = at == NULL ? word : at + 1;
	local = (size_t)(host - word);
	if (strcmp(word, ".") == 0) {
		(void)strlcpy(name, word, ADDRESS_MAX);
		return 0;
	}
	if (local > AUTHOR_LOCAL)
		return -1;
	memcpy(name, word, local);
	name[local] = '\0';
	rows_lower(name);
	return author_domain(host, strlen(host), name + local);
}

static int
signature_add(struct names *map, const char *name, struct sigspec *s,
    struct recipes *all, const struct place *at)
{
	const struct policy_options	*o = &policy_options;
	const struct recipe		*r;

	if (strcmp(name, ".") == 0 && s->domain == NULL)
		return place_warn(at, "a row \".\" needs d=");
	if (s->key == NULL && o->keys.n > 0)
		s->key = o->keys.list[0];
	if (s->selector == NULL && o->selectors.n > 0)
		s->selector = o->selectors.list[0];
	if ((r = recipe_new(all, s, NULL, at)) == NULL)
		return -1;
	return names_add(map, name, r) == -1 ?
	    place_warn(at, "out of memory") : 0;
}

static int
map_row(struct names *map, char *row, struct recipes *all,
    const struct place *at)
{
	struct sigspec	 s;
	const char	*why, *word;
	char		 name[ADDRESS_MAX];
	int		 ret = 0;

	word = rows_word(&row);
	if (name_make(word, name) == -1)
		return place_warn(at, "neither an address nor a domain: %s",
		    log_quote(word));
	while (row != NULL) {
		if ((why = sigspec_parse(&s, &row)) != NULL)
			return place_warn(at, "%s: %s", log_quote(word), why);
		if (signature_add(map, name, &s, all, at) == -1)
			ret = -1;
	}
	return ret;
}

/* Two rows of one name: which one is meant? */
static int
map_check(const struct names *map, const char *path)
{
	const struct recipe	*a, *b;
	struct place		 at = { .name = path };
	size_t			 i;
	int			 ret = 0;

	for (i = 1; i < map->n; i++) {
		a = map->list[i - 1].value;
		b = map->list[i].value;
		at.line = b->line;
		if (a->line != b->line &&
		    strcmp(map->list[i - 1].name, map->list[i].name) == 0)
			ret = place_warn(&at, "%s is in line %u too",
			    map->list[i].name, a->line);
	}
	return ret;
}

int
sendermap_load(struct names *map, const char *path, struct recipes *all,
    struct stamps *stamps)
{
	struct rows	 rows;
	char		*row;
	int		 ret = 0;

	if (rows_open(&rows, path, stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL) {
		if (*row != ';' &&
		    map_row(map, row, all, &rows.at) == -1)
			ret = -1;
	}
	names_sort(map);
	if (map_check(map, path) == -1)
		ret = -1;
	return rows_close(&rows) == -1 ? -1 : ret;
}

/* A domain, those above it, and ".". */
static size_t
domain_find(const struct names *map, const char *domain,
    const struct name **first, const char **found)
{
	size_t	 n;

	while (domain != NULL && *domain != '\0') {
		*found = domain;
		if ((n = names_find(map, domain, first)) > 0)
			return n;
		if ((domain = strchr(domain, '.')) != NULL)
			domain++;
	}
	*found = "";
	return names_find(map, ".", first);
}

size_t
sendermap_sender(const struct names *map, const struct author *a,
    const struct name **first, const char **domain)
{
	char	 name[ADDRESS_MAX], *plus;
	size_t	 n;

	*domain = a->domain;
	if (map->n == 0)
		return 0;
	(void)snprintf(name, sizeof(name), "%s@%s", a->local, a->domain);
	rows_lower(name);
	if ((n = names_find(map, name, first)) > 0)
		return n;
	if ((plus = memchr(a->local, '+', strlen(a->local))) != NULL) {
		(void)snprintf(name, sizeof(name), "%.*s@%s",
		    (int)(plus - a->local), a->local, a->domain);
		rows_lower(name);
		if ((n = names_find(map, name, first)) > 0)
			return n;
	}
	return domain_find(map, a->domain, first, domain);
}

size_t
sendermap_list(const struct names *map, const char *list_id,
    const struct name **first, const char **domain)
{
	const char	*dot;
	size_t		 n;

	n = domain_find(map, list_id, first, domain);
	if (n > 0 && *domain == list_id &&
	    (dot = strchr(list_id, '.')) != NULL)
		*domain = dot + 1;
	return n;
}

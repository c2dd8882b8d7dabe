/* SPDX-License-Identifier: ISC */
/*
 * See domains.h.  A mistake is logged with file and line, and the rest is
 * looked at too: an operator wants to hear of all of them at once.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "domains.h"
#include "keyfiles.h"
#include "log.h"
#include "policy.h"
#include "policy_options.h"
#include "recipe.h"
#include "rows.h"

static int
domain_add(struct domains *d, enum domains_source source, const char *domain,
    const struct recipe *r, const struct place *at)
{
	if (names_add(&d->names[source], domain, r) == -1)
		return place_warn(at, "out of memory");
	return 0;
}

/* spec->key may be the name of many files. */
static struct recipe *
recipe_of_domain(struct recipes *all, const struct sigspec *spec,
    const char *domain, const struct place *at)
{
	struct sigspec	 s = *spec;
	struct recipe	*r;
	char		*path;

	if (s.key == NULL || s.selector == NULL || !keyfiles_template(s.key))
		return recipe_new(all, spec, NULL, at);
	if ((path = keyfiles_name(s.key, domain, s.selector)) == NULL) {
		(void)place_warn(at, "out of memory");
		return NULL;
	}
	s.key = path;
	r = recipe_new(all, &s, NULL, at);
	free(path);
	return r;
}

/* domain selector keyfile [name=value ...] */
static int
table_row(struct domains *d, struct recipes *all, char *row,
    const struct place *at)
{
	const struct recipe	*r;
	struct sigspec		 s;
	const char		*domain, *why;
	char			 name[AUTHOR_DOMAIN], *param;

	memset(&s, 0, sizeof(s));
	domain = rows_word(&row);
	s.selector = rows_word(&row);
	if ((s.key = rows_word(&row)) == NULL)
		return place_warn(at, "not DOMAIN SELECTOR KEYFILE");
	if (author_domain(domain, strlen(domain), name) == -1)
		return place_warn(at, "not a domain: %s", log_quote(domain));
	while ((param = rows_word(&row)) != NULL)
		if ((why = sigspec_param(&s, param)) != NULL)
			return place_warn(at, "%s: %s", why,
			    log_quote(param));
	if ((r = recipe_of_domain(all, &s, name, at)) == NULL)
		return -1;
	return domain_add(d, DOMAINS_TABLE, name, r, at);
}

static int
table_load(struct domains *d, struct recipes *all, const char *path,
    struct stamps *stamps)
{
	struct rows	 rows;
	char		*row;
	int		 ret = 0;

	if (rows_open(&rows, path, stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL)
		if (table_row(d, all, row, &rows.at) == -1)
			ret = -1;
	return rows_close(&rows) == -1 ? -1 : ret;
}

/* Of one domain's keys of a type the last one by name signs. */
static int
keydir_load(struct domains *d, struct recipes *all, struct stamps *stamps)
{
	const char		*name = policy_options.keydir, *selector;
	const struct place	 at = { .name = "keydir" };
	const struct recipe	*r;
	struct keyfiles		 kf;
	struct sigspec		 s;
	size_t			 i;
	int			 ret = 0;

	selector = policy_options.selectors.n == 0 ? NULL :
	    policy_options.selectors.list[0];
	if (strstr(name, "%d") == NULL)
		return place_warn(&at, "no %%d in it: %s", name);
	if (selector == NULL && strstr(name, "%s") == NULL)
		return place_warn(&at, "neither %%s nor a selector: %s", name);
	if (keyfiles_find(&kf, name, selector, stamps) == -1)
		return -1;
	if (kf.n == 0)
		ret = place_warn(&at, "no key there: %s", name);
	for (i = 0; i < kf.n; i++) {
		memset(&s, 0, sizeof(s));
		s.selector = kf.list[i].selector;
		s.key = kf.list[i].path;
		s.active_from = (int64_t)i;
		if ((r = recipe_new(all, &s, NULL, &at)) == NULL ||
		    domain_add(d, DOMAINS_KEYDIR, kf.list[i].domain, r,
		    &at) == -1)
			ret = -1;
	}
	keyfiles_free(&kf);
	return ret;
}

static int
domain_file_load(struct names *list, const char *path, struct stamps *stamps,
    char first[AUTHOR_DOMAIN])
{
	struct rows	 rows;
	char		 name[AUTHOR_DOMAIN], *row;
	int		 ret = 0;

	if (rows_open(&rows, path, stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL) {
		if (author_domain(row, strlen(row), name) == -1) {
			ret = place_warn(&rows.at, "not a domain: %s",
			    log_quote(row));
			continue;
		}
		if (names_add(list, name, NULL) == -1)
			ret = place_warn(&rows.at, "out of memory");
		if (*first == '\0')
			(void)strlcpy(first, name, AUTHOR_DOMAIN);
	}
	return rows_close(&rows) == -1 ? -1 : ret;
}

/* All that were said, sorted. */
static int
list_make(struct domains *d, struct names *list, struct stamps *stamps)
{
	const struct words	*w = &policy_options.domains;
	size_t			 i;
	int			 ret = 0;

	for (i = 0; i < w->n; i++) {
		if (i == 0)
			(void)strlcpy(d->first, w->list[0], AUTHOR_DOMAIN);
		if (names_add(list, w->list[i], NULL) == -1) {
			log_warn("domain");
			return -1;
		}
	}
	w = &policy_options.domain_files;
	for (i = 0; i < w->n; i++)
		if (domain_file_load(list, w->list[i], stamps,
		    d->first) == -1)
			ret = -1;
	names_sort(list);
	return ret;
}

/* This signature for all domains of the list, each of them once. */
static int
signature_add(struct domains *d, struct recipes *all,
    const struct names *list, const struct sigspec *s, const struct place *at)
{
	const struct recipe	*r = NULL;
	size_t			 i;
	int			 many, ret = 0;

	many = s->key != NULL && strstr(s->key, "%d") != NULL;
	for (i = 0; i < list->n; i++) {
		if (i > 0 && strcmp(list->list[i].name,
		    list->list[i - 1].name) == 0)
			continue;
		if (r == NULL || many)
			r = recipe_of_domain(all, s, list->list[i].name, at);
		if (r == NULL && !many)
			return -1;
		if (r == NULL || domain_add(d, DOMAINS_LIST,
		    list->list[i].name, r, at) == -1)
			ret = -1;
	}
	return ret;
}

/* What is beyond would never be made. */
static int
count_check(size_t n, const struct place *at)
{
	return n <= POLICY_SIGNATURES ? 0 : place_warn(at,
	    "%zu signatures, a mail gets %d at most", n, POLICY_SIGNATURES);
}

/* "signature" lines: what they leave out is keyfile and selector. */
static int
signatures_add(struct domains *d, struct recipes *all,
    const struct names *list)
{
	const struct policy_options	*o = &policy_options;
	const struct place		 at = { .name = "signature" };
	struct sigspec			 s;
	size_t				 i;
	int				 ret = 0;

	if (o->keys.n > 1 || o->selectors.n > 1)
		return place_warn(&at, "of several keyfiles or selectors: "
		    "write dkim(key=FILE,s=SELECTOR)");
	if (count_check(o->nsignatures, &at) == -1)
		return -1;
	for (i = 0; i < o->nsignatures; i++) {
		s = o->signatures[i];
		if (s.key == NULL && o->keys.n == 1)
			s.key = o->keys.list[0];
		if (s.selector == NULL && o->selectors.n == 1)
			s.selector = o->selectors.list[0];
		if (signature_add(d, all, list, &s, &at) == -1)
			ret = -1;
	}
	return ret;
}

/* -k, -s and -a in parallel: one signature each. */
static int
keys_add(struct domains *d, struct recipes *all, const struct names *list)
{
	const struct policy_options	*o = &policy_options;
	const struct place		 at = { .name = "domain" };
	struct sigspec			 s;
	size_t				 i;
	int				 ret = 0;

	if (o->keys.n == 0)
		return place_warn(&at, "no key: -k, or keyfile, is missing");
	if (o->selectors.n == 0)
		return place_warn(&at,
		    "no selector: -s, or selector, is missing");
	if (o->keys.n != o->selectors.n)
		return place_warn(&at, "%zu keys (-k) and %zu selectors (-s)",
		    o->keys.n, o->selectors.n);
	if (o->algorithms.n > o->keys.n)
		return place_warn(&at, "%zu algorithms (-a) and %zu keys (-k)",
		    o->algorithms.n, o->keys.n);
	if (count_check(o->keys.n, &at) == -1)
		return -1;
	for (i = 0; i < o->keys.n; i++) {
		memset(&s, 0, sizeof(s));
		s.key = o->keys.list[i];
		s.selector = o->selectors.list[i];
		if (i < o->algorithms.n)
			(void)sigspec_algorithm(&s, o->algorithms.list[i]);
		if (signature_add(d, all, list, &s, &at) == -1)
			ret = -1;
	}
	return ret;
}

static int
list_load(struct domains *d, struct recipes *all, struct stamps *stamps)
{
	struct names	 list = { NULL, 0, 0 };
	int		 ret;

	ret = list_make(d, &list, stamps);
	d->listed = list.n;
	if (list.n > 0 && policy_options.nsignatures > 0)
		ret |= signatures_add(d, all, &list);
	/* dkimproxy: with a map the list signs only if it is told how. */
	else if (list.n > 0 && policy_options.sender_map == NULL &&
	    policy_options.listid_map == NULL)
		ret |= keys_add(d, all, &list);
	names_free(&list);
	return ret;
}

int
domains_load(struct domains *d, struct recipes *all, struct stamps *stamps)
{
	const struct words	*tables = &policy_options.tables;
	size_t			 i;
	int			 ret = 0;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < tables->n; i++)
		ret |= table_load(d, all, tables->list[i], stamps);
	if (policy_options.keydir != NULL)
		ret |= keydir_load(d, all, stamps);
	ret |= list_load(d, all, stamps);
	for (i = 0; i < DOMAINS_MAX; i++)
		names_sort(&d->names[i]);
	return ret;
}

void
domains_free(struct domains *d)
{
	size_t	 i;

	for (i = 0; i < DOMAINS_MAX; i++)
		names_free(&d->names[i]);
}

size_t
domains_find(const struct domains *d, const char *name, int parents,
    const struct name **first, const char **domain)
{
	size_t	 i, n;

	while (name != NULL && *name != '\0') {
		for (i = 0; i < DOMAINS_MAX; i++) {
			n = names_find(&d->names[i], name, first);
			if (n > 0) {
				*domain = name;
				return n;
			}
		}
		if (!parents || (name = strchr(name, '.')) == NULL)
			break;
		name++;
	}
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * The SigningTable, see keytable.h.  A plain file is asked for the address and
 * then for ever less of it; with "refile:" each row is a pattern, and they are
 * tried as they were written.
 *
 * Mistakes are logged with file and line: a row that names no key, and one
 * that can never match.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author.h"
#include "choice.h"
#include "compat.h"
#include "keytable.h"
#include "log.h"
#include "rows.h"

#define ADDRESS_MAX	(AUTHOR_LOCAL + AUTHOR_DOMAIN)

int
pattern_match(const char *pattern, const char *text)
{
	const char	*star = NULL, *from = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			/* The last '*' takes one byte more. */
			pattern = star;
			text = ++from;
		} else
			return 0;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* OpenDKIM's '%' as our macro; malloced. */
static char *
identity_make(const char *s)
{
	static const char	 domain[] = "$senderdomain";
	char			*out;
	size_t			 n = 0;

	out = malloc(strlen(s) * (sizeof(domain) - 1) + 1);
	if (out == NULL)
		return NULL;
	for (; *s != '\0'; s++) {
		if (*s == '%') {
			memcpy(out + n, domain, sizeof(domain) - 1);
			n += sizeof(domain) - 1;
			continue;
		}
		if (*s == '$')
			out[n++] = '$';
		out[n++] = *s;
	}
	out[n] = '\0';
	return out;
}

static void
row_free(struct signer_row *r)
{
	free(r->pattern);
	free(r->key);
	free(r->identity);
	free(r);
}

/* As addresses will be: lower case, A-labels where there is no '*'. */
static char *
pattern_make(const char *word)
{
	const char	*at = strrchr(word, '@');
	char		*out, name[AUTHOR_DOMAIN];
	size_t		 local, size = strlen(word) + AUTHOR_DOMAIN + 1;

	if ((out = malloc(size)) == NULL)
		return NULL;
	local = at == NULL ? 0 : (size_t)(at + 1 - word);
	if (word[local] == '.')
		local++;
	(void)strlcpy(out, word, size);
	rows_lower(out);
	if (strchr(word + local, '*') == NULL &&
	    author_domain(word + local, strlen(word + local), name) == 0)
		(void)strlcpy(out + local, name, size - local);
	return out;
}

/* Why a pattern can never match, or NULL. */
static const char *
pattern_useless(const char *p, int patterns)
{
	const char	*star = strchr(p, '*'), *at = strrchr(p, '@');

	if (patterns)
		return star == NULL && at == NULL ?
		    "without '@' and '*' it matches nothing" : NULL;
	if (star == NULL || strcmp(p, "*") == 0)
		return NULL;
	if (at != NULL && star == at + 1 && star[1] == '\0')
		return NULL;
	return "a pattern: for these it is signingtable refile:FILE";
}

static struct signer_row *
row_new(const char *pattern, char *value, const struct place *at)
{
	struct signer_row	*r;
	const char		*key = strsep(&value, ":");

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		(void)place_warn(at, "out of memory");
		return NULL;
	}
	r->pattern = pattern_make(pattern);
	r->key = strdup(key);
	if (value != NULL && *value != '\0')
		r->identity = identity_make(value);
	if (r->pattern == NULL || r->key == NULL ||
	    (value != NULL && *value != '\0' && r->identity == NULL)) {
		(void)place_warn(at, "out of memory");
		row_free(r);
		return NULL;
	}
	rows_lower(r->key);
	return r;
}

/* pattern key[:identity] */
static int
row_add(struct signingtable *st, const struct keytable *kt, char *row,
    const struct place *at)
{
	struct signer_row	*r;
	const char		*pattern = rows_word(&row), *why;
	char			*value = rows_word(&row);

	if (value == NULL)
		return place_warn(at, "%s: no key", log_quote(pattern));
	if (rows_word(&row) != NULL)
		return place_warn(at, "%s: more than a pattern and a key",
		    log_quote(pattern));
	if ((r = row_new(pattern, value, at)) == NULL)
		return -1;
	if (strcmp(r->key, "%") != 0 && !keytable_has(kt, r->key)) {
		row_free(r);
		return place_warn(at, "the keytable has no key %s",
		    log_quote(value));
	}
	why = pattern_useless(r->pattern, st->patterns);
	*st->last = r;
	st->last = &r->next;
	if (names_add(&st->names, r->pattern, r) == -1)
		why = "out of memory";
	return why == NULL ? 0 :
	    place_warn(at, "%s: %s", log_quote(pattern), why);
}

static int
row_takes_all(const struct signer_row *r)
{
	return strcmp(r->pattern, "*") == 0 || strcmp(r->pattern, "*@*") == 0;
}

static void
unreached_warn(const struct signingtable *st, const char *path)
{
	const struct signer_row	*r;

	for (r = st->rows; r != NULL && st->patterns; r = r->next)
		if (row_takes_all(r) && r->next != NULL) {
			log_warnx("%s: \"%s\" takes all: rows after it are "
			    "used with multiple only", path, r->pattern);
			break;
		}
}

int
signingtable_load(struct signingtable *st, const char *where,
    const struct keytable *kt, struct stamps *stamps)
{
	struct rows	 rows;
	const char	*path;
	char		*row;
	int		 ret = 0;

	memset(st, 0, sizeof(*st));
	st->last = &st->rows;
	if ((path = dataset_file(where, &st->patterns)) == NULL) {
		log_warnx("signingtable: not a file: %s", where);
		return -1;
	}
	if (rows_open(&rows, path, stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL)
		if (row_add(st, kt, row, &rows.at) == -1)
			ret = -1;
	names_sort(&st->names);
	unreached_warn(st, path);
	return rows_close(&rows) == -1 ? -1 : ret;
}

void
signingtable_free(struct signingtable *st)
{
	struct signer_row	*r;

	names_free(&st->names);
	while ((r = st->rows) != NULL) {
		st->rows = r->next;
		row_free(r);
	}
}

/* What one row has for the sender. */
static void
row_choose(const struct signer_row *r, const struct keytable *kt,
    const struct author *a, struct choice *c)
{
	const struct name	*first;
	const char		*key = r->key;
	size_t			 i, n;

	if (strcmp(key, "%") == 0)
		key = a->domain;
	n = keytable_find(kt, key, a->domain, &first);
	for (i = 0; i < n; i++)
		choice_add(c, first[i].value, r->identity);
}

/* The rows of local@domain.  Returns 1 if that is enough. */
static int
name_choose(const struct signingtable *st, const struct keytable *kt,
    const struct author *a, int multiple, struct choice *c,
    const char *local, const char *domain)
{
	const struct name	*first;
	char			 name[ADDRESS_MAX + 2];
	size_t			 i, n;

	(void)snprintf(name, sizeof(name), "%s%s%s", local,
	    *local == '\0' ? "" : "@", domain);
	n = names_find(&st->names, name, &first);
	for (i = 0; i < n && (multiple || !c->known); i++)
		row_choose(first[i].value, kt, a, c);
	return !multiple && c->known;
}

static void
names_choose(const struct signingtable *st, const struct keytable *kt,
    const struct author *a, const char *local, int multiple, struct choice *c)
{
	const char	*who[] = { local, "" }, *p;
	size_t		 i;

	for (i = 0; i < 2; i++)
		if (name_choose(st, kt, a, multiple, c, who[i], a->domain))
			return;
	for (i = 0; i < 2; i++)
		for (p = strchr(a->domain, '.'); p != NULL;
		    p = strchr(p + 1, '.'))
			if (name_choose(st, kt, a, multiple, c, who[i], p))
				return;
	for (i = 0; i < 2; i++)
		if (name_choose(st, kt, a, multiple, c, who[i], "*"))
			return;
}

void
signingtable_find(const struct signingtable *st, const struct keytable *kt,
    const struct author *a, int multiple, struct choice *c)
{
	const struct signer_row	*r;
	char			 address[ADDRESS_MAX], local[AUTHOR_LOCAL];

	if (*a->domain == '\0' || st->rows == NULL)
		return;
	(void)strlcpy(local, a->local, sizeof(local));
	rows_lower(local);
	if (!st->patterns) {
		names_choose(st, kt, a, local, multiple, c);
		return;
	}
	(void)snprintf(address, sizeof(address), "%s@%s", local, a->domain);
	for (r = st->rows; r != NULL && (multiple || !c->known); r = r->next)
		if (pattern_match(r->pattern, address))
			row_choose(r, kt, a, c);
}

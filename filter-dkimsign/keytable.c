/* SPDX-License-Identifier: ISC */
/*
 * The KeyTable, see keytable.h; signingtable.c has the other one.  A row has a
 * domain, a selector and a key: a file, or PEM or base64 in the row itself.
 * With '%' in the file's name the row is a key for each domain that has such a
 * file; they are looked for at once, and kept as "name domain".
 *
 * Mistakes are logged with file and line.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author.h"
#include "compat.h"
#include "keyfiles.h"
#include "keytable.h"
#include "log.h"
#include "privkey.h"
#include "recipe.h"
#include "rows.h"
#include "sigspec.h"

#define ACTIVE	"active-from="

struct key_row {
	char		*name;
	struct sigspec	 spec;
	const char	*key;		/* a file's name, or the key itself */
};

const char *
dataset_file(const char *where, int *patterns)
{
	*patterns = strncmp(where, "refile:", 7) == 0;
	if (*patterns)
		where += 7;
	else if (strncmp(where, "file:", 5) == 0)
		where += 5;
	return *where == '/' || *where == '.' ? where : NULL;
}

int
keytable_is_file(const char *key)
{
	return *key == '/' || strncmp(key, "./", 2) == 0 ||
	    strncmp(key, "../", 3) == 0;
}

const char *
keytable_active(char *value, int64_t *when)
{
	char	*word, *blank;
	size_t	 len;

	blank = strrchr(value, ' ');
	if ((word = strrchr(value, '\t')) == NULL || word < blank)
		word = blank;
	if (word == NULL || strncmp(word + 1, ACTIVE, strlen(ACTIVE)) != 0)
		return NULL;
	*word++ = '\0';
	for (len = strlen(value); len > 0; value[--len] = '\0')
		if (value[len - 1] != ' ' && value[len - 1] != '\t')
			break;
	return sigspec_time(word + strlen(ACTIVE), when);
}

/* name domain:selector:key */
static int
row_parse(struct key_row *k, char *row, const struct place *at)
{
	const char	*why, *domain;

	memset(k, 0, sizeof(*k));
	k->name = rows_word(&row);
	rows_lower(k->name);
	if (strlen(k->name) > KEYTABLE_NAME)
		return place_warn(at, "the key's name is too long");
	row += strspn(row, " \t");
	if ((why = keytable_active(row, &k->spec.active_from)) != NULL)
		return place_warn(at, "%s", why);
	domain = strsep(&row, ":");
	k->spec.selector = strsep(&row, ":");
	k->key = row;
	if (k->key == NULL || *k->key == '\0')
		return place_warn(at, "%s: not DOMAIN:SELECTOR:KEY",
		    log_quote(k->name));
	if (strcmp(domain, "%") != 0)
		k->spec.domain = domain;
	return 0;
}

static int
key_add(struct keytable *kt, struct recipes *all, const struct key_row *k,
    const char *name, struct privkey *key, const struct place *at)
{
	const struct recipe	*r;

	if ((r = recipe_new(all, &k->spec, key, at)) == NULL)
		return -1;
	return names_add(&kt->keys, name, r) == -1 ?
	    place_warn(at, "out of memory") : 0;
}

static int
found_add(struct keytable *kt, struct recipes *all, struct key_row *k,
    const struct keyfiles *kf, const struct place *at)
{
	char	*name;
	size_t	 i, size;
	int	 ret = 0;

	for (i = 0; i < kf->n; i++) {
		size = strlen(k->name) + strlen(kf->list[i].domain) + 2;
		if ((name = malloc(size)) == NULL)
			return place_warn(at, "out of memory");
		(void)snprintf(name, size, "%s %s", k->name,
		    kf->list[i].domain);
		k->spec.key = kf->list[i].path;
		if (key_add(kt, all, k, name, NULL, at) == -1)
			ret = -1;
		free(name);
	}
	return ret;
}

/* '%' in the name of the file: as many keys as there are files. */
static int
template_add(struct keytable *kt, struct recipes *all, struct key_row *k,
    struct stamps *stamps, const struct place *at)
{
	struct keyfiles	 kf;
	const char	*p;
	char		*template;
	size_t		 n = 0;
	int		 ret;

	if ((template = malloc(strlen(k->key) * 2 + 1)) == NULL)
		return place_warn(at, "out of memory");
	for (p = k->key; *p != '\0'; p++) {
		template[n++] = *p;
		if (*p == '%')
			template[n++] = 'd';
	}
	template[n] = '\0';
	if ((ret = keyfiles_find(&kf, template, NULL, stamps)) == 0) {
		if (kf.n == 0)
			ret = place_warn(at, "no key there: %s", k->key);
		else
			ret = found_add(kt, all, k, &kf, at);
		keyfiles_free(&kf);
	}
	free(template);
	return ret;
}

/* The row has the key in it. */
static int
inline_add(struct keytable *kt, struct recipes *all, const struct key_row *k,
    const struct place *at)
{
	struct privkey	*key;
	char		 what[64];

	/* Cut is fine: it is for the log. */
	(void)snprintf(what, sizeof(what), "key in line %u", at->line);
	if ((key = privkey_parse(k->key, what)) == NULL)
		return place_warn(at, "the key can't be used");
	return key_add(kt, all, k, k->name, key, at);
}

static int
row_add(struct keytable *kt, struct recipes *all, char *row,
    struct stamps *stamps, struct rows *rows)
{
	const struct place	*at = &rows->at;
	struct key_row		 k;

	if (row_parse(&k, row, at) == -1)
		return -1;
	if (names_add(&kt->known, k.name, NULL) == -1)
		return place_warn(at, "out of memory");
	if (!keytable_is_file(k.key)) {
		if (!kt->secret) {
			kt->secret = 1;
			if (privkey_table(at->name, &rows->st) == -1)
				return -1;
		}
		return inline_add(kt, all, &k, at);
	}
	if (strchr(k.key, '%') != NULL)
		return template_add(kt, all, &k, stamps, at);
	k.spec.key = k.key;
	return key_add(kt, all, &k, k.name, NULL, at);
}

/* The same name again is the next key of a rotation, or a mistake. */
static int
keys_check(const struct keytable *kt, const char *path)
{
	const struct recipe	*a, *b;
	struct place		 at = { .name = path };
	size_t			 i;
	int			 ret = 0;

	for (i = 1; i < kt->keys.n; i++) {
		a = kt->keys.list[i - 1].value;
		b = kt->keys.list[i].value;
		at.line = b->line;
		if (a->active_from == b->active_from &&
		    strcmp(kt->keys.list[i - 1].name,
		    kt->keys.list[i].name) == 0)
			ret = place_warn(&at, "%s is in line %u too",
			    kt->keys.list[i].name, a->line);
	}
	return ret;
}

int
keytable_load(struct keytable *kt, const char *where, struct recipes *all,
    struct stamps *stamps)
{
	struct rows	 rows;
	const char	*path;
	char		*row;
	int		 patterns, ret = 0;

	memset(kt, 0, sizeof(*kt));
	if ((path = dataset_file(where, &patterns)) == NULL) {
		log_warnx("keytable: not a file: %s", where);
		return -1;
	}
	if (rows_open(&rows, path, stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL)
		if (row_add(kt, all, row, stamps, &rows) == -1)
			ret = -1;
	names_sort(&kt->known);
	names_sort(&kt->keys);
	if (keys_check(kt, path) == -1)
		ret = -1;
	return rows_close(&rows) == -1 ? -1 : ret;
}

void
keytable_free(struct keytable *kt)
{
	names_free(&kt->known);
	names_free(&kt->keys);
}

int
keytable_has(const struct keytable *kt, const char *name)
{
	const struct name	*first;

	return names_find(&kt->known, name, &first) > 0;
}

size_t
keytable_find(const struct keytable *kt, const char *name, const char *domain,
    const struct name **first)
{
	char	 both[KEYTABLE_NAME + AUTHOR_DOMAIN + 1];
	size_t	 n;

	if ((n = names_find(&kt->keys, name, first)) > 0)
		return n;
	/* Cut is impossible: such a name is in no table. */
	(void)snprintf(both, sizeof(both), "%s %s", name, domain);
	return names_find(&kt->keys, both, first);
}

/* SPDX-License-Identifier: ISC */
/*
 * Which keys there are to look at: from the command line, or from an option
 * file and the tables that it names.  A KeyTable's row is
 *
 *	name domain:selector:key
 *
 * where key is a path, or the key itself; active-from= may follow, as
 * filter-dkimsign(8) has it: a key is looked at before it is used.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "check.h"
#include "keyfiles.h"
#include "keytable.h"
#include "log.h"
#include "options.h"
#include "rows.h"
#include "words.h"

/* What was said, in its order. */
struct conf {
	struct words	 domains, selectors, keyfiles, keytables;
	int		 tables;	/* filter-dkimsign's, already taken */
};

static char *
copy(const char *s)
{
	char	*p;

	if (s == NULL)
		return NULL;
	if ((p = strdup(s)) == NULL)
		fatal("keys to check");
	return p;
}

static void
checks_append(struct checks *list, struct check *c)
{
	if (c->domain != NULL && c->selector != NULL)
		(void)snprintf(c->name, sizeof(c->name), "%s._domainkey.%s",
		    c->selector, c->domain);
	*list->last = c;
	list->last = &c->next;
}

void
checks_add(struct checks *list, const char *domain, const char *selector,
    const char *path)
{
	struct check	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("keys to check");
	c->domain = copy(domain);
	c->selector = copy(selector);
	c->path = copy(path);
	checks_append(list, c);
}

/* The file's name may be made of both; NULL: only the record is looked at. */
static void
file_check(struct checks *list, const char *domain, const char *selector,
    const char *name)
{
	char	*path = NULL;

	if (name != NULL &&
	    (path = keyfiles_name(name, domain, selector)) == NULL)
		fatal("keys to check");
	checks_add(list, domain, selector, path);
	free(path);
}

/* With each '%' replaced.  NULL: there is one, but nothing to put there. */
static char *
percent_fill(const char *s, const char *domain)
{
	const char	*p;
	char		*out;
	size_t		 size = strlen(s) + 1, n = 0;

	for (p = s; (p = strchr(p, '%')) != NULL; p++) {
		if (domain == NULL)
			return NULL;
		size += strlen(domain);
	}
	if ((out = malloc(size)) == NULL)
		fatal("keys to check");
	for (; *s != '\0'; s++)
		if (*s == '%')
			n += strlcpy(out + n, domain, size - n);
		else
			out[n++] = *s;
	out[n] = '\0';
	return out;
}

static int
row_take(struct checks *list, const struct place *at, char *row,
    const char *domain)
{
	struct check	*c;
	char		*name = rows_word(&row), *selector, *key;
	const char	*why;
	int64_t		 when;

	row += strspn(row, " \t");
	if ((why = keytable_active(row, &when)) != NULL)
		return place_warn(at, "%s", why);
	if ((selector = strchr(row, ':')) == NULL ||
	    (key = strchr(selector + 1, ':')) == NULL || key[1] == '\0')
		return place_warn(at, "not \"name domain:selector:key\"");
	*selector++ = '\0';
	*key++ = '\0';
	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("keys to check");
	if ((c->domain = percent_fill(row, domain)) == NULL ||
	    (keytable_is_file(key) && (c->path = percent_fill(key, domain)) == NULL)) {
		finding(FINDING_WARNING, name == NULL ? "-" : name,
		    "has a %%, give the domain by -d");
		free(c->domain);
		free(c);
		return 0;
	}
	c->selector = copy(selector);
	if (c->path == NULL) {
		c->path = copy(at->name);
		c->text = copy(key);
	}
	checks_append(list, c);
	return 0;
}

static int
table_take(struct checks *list, const char *path, const char *domain)
{
	struct stamps	 stamps = { NULL, 0 };
	struct rows	 rows;
	char		*row;
	int		 ret = 0;

	if (strncmp(path, "file:", 5) == 0)
		path += 5;
	else if (strncmp(path, "refile:", 7) == 0)
		path += 7;
	else if (path[strcspn(path, "/:")] == ':') {
		log_warnx("KeyTable: only tables in files are read: %s", path);
		return -1;
	}
	if (rows_open(&rows, path, &stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL)
		ret |= row_take(list, &rows.at, row, domain);
	ret |= rows_close(&rows);
	stamps_free(&stamps);
	return ret;
}

/* domain selector keyfile ... */
static int
domains_take(struct checks *list, const char *path)
{
	struct stamps	 stamps = { NULL, 0 };
	struct rows	 rows;
	const char	*domain, *selector, *key;
	char		*row;
	int		 ret = 0;

	if (rows_open(&rows, path, &stamps) == -1)
		return -1;
	while ((row = rows_next(&rows)) != NULL) {
		domain = rows_word(&row);
		selector = rows_word(&row);
		if ((key = rows_word(&row)) == NULL) {
			ret = place_warn(&rows.at,
			    "not \"domain selector keyfile\"");
			continue;
		}
		file_check(list, domain, selector, key);
	}
	ret |= rows_close(&rows);
	stamps_free(&stamps);
	return ret;
}

static int
is_key(const char *key, const char *s, size_t len)
{
	return strlen(key) == len && strncasecmp(key, s, len) == 0;
}

/* Returns 0, or -1 if it names a table that can't be read. */
static int
row_keep(struct checks *list, struct conf *conf, char *row)
{
	const struct {
		const char	*name;
		struct words	*dest;
	} words[] = {
		{ "Domain", &conf->domains }, { "Selector", &conf->selectors },
		{ "KeyFile", &conf->keyfiles },
		{ "KeyTable", &conf->keytables },
	};
	char	*value;
	size_t	 i, len = options_split(row, &value);

	if (is_key("table", row, len)) {
		conf->tables = 1;
		return domains_take(list, value);
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_key(words[i].name, row, len))
			(void)words_add(words[i].dest, value);
	return 0;
}

static void
conf_clear(struct conf *conf)
{
	words_clear(&conf->domains);
	words_clear(&conf->selectors);
	words_clear(&conf->keyfiles);
	words_clear(&conf->keytables);
}

/* Each selector with its key, of which OpenDKIM and a table may have none. */
static void
domain_add(struct checks *list, const struct conf *conf, const char *domain)
{
	size_t	 i;

	for (i = 0; i < conf->selectors.n; i++)
		file_check(list, domain, conf->selectors.list[i],
		    i < conf->keyfiles.n ? conf->keyfiles.list[i] : NULL);
}

/* One line may have several. */
static void
domains_add(struct checks *list, const struct conf *conf)
{
	char	*word, *rest;
	size_t	 i;

	for (i = 0; i < conf->domains.n; i++)
		for (rest = conf->domains.list[i]; rest != NULL;) {
			word = rest + strspn(rest, " \t,");
			if ((rest = strpbrk(word, " \t,")) != NULL)
				*rest++ = '\0';
			if (*word != '\0')
				domain_add(list, conf, word);
		}
}

int
checks_conf(struct checks *list, const char *path, const char *domain)
{
	struct stamps	 stamps = { NULL, 0 };
	struct conf	 conf;
	struct rows	 rows;
	char		*row;
	int		 ret = 0;

	if (rows_open(&rows, path, &stamps) == -1)
		return -1;
	memset(&conf, 0, sizeof(conf));
	while ((row = rows_next(&rows)) != NULL)
		ret |= row_keep(list, &conf, row);
	ret |= rows_close(&rows);
	if (ret == 0 && conf.keytables.n > 0)
		ret = table_take(list,
		    conf.keytables.list[conf.keytables.n - 1], domain);
	else if (ret == 0 && conf.domains.n > 0 && conf.selectors.n > 0)
		domains_add(list, &conf);
	else if (ret == 0 && !conf.tables) {
		log_warnx("%s: neither KeyTable nor Domain and Selector in it",
		    path);
		ret = -1;
	}
	conf_clear(&conf);
	stamps_free(&stamps);
	return ret;
}

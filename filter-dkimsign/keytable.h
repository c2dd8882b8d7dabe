/* SPDX-License-Identifier: ISC */
/*
 * OpenDKIM's tables, opendkim.conf(5).  A KeyTable has keys by a name of their
 * own, and a SigningTable says whose mail each of them signs:
 *
 *	netkey		example.net:s1:/etc/mail/dkim/s1.key
 *	anykey		%:s1:/etc/mail/dkim/%.key active-from=2026-12-01
 *
 *	*@example.net	netkey
 *	*@example.org	anykey:postmaster@%
 */

#ifndef KEYTABLE_H
#define KEYTABLE_H

#include <stdint.h>

#include "names.h"

struct author;
struct choice;
struct recipe;
struct recipes;
struct stamps;

#define KEYTABLE_NAME	255		/* a name's length */

struct keytable {
	int		secret;		/* its file has keys in it */
	struct names	known;		/* each name */
	struct names	keys;		/* recipes by name, or "name domain" */
};

/* Each returns 0, or -1 after logging all mistakes. */
int	keytable_load(struct keytable *, const char *where, struct recipes *,
	    struct stamps *);
void	keytable_free(struct keytable *);
/* Is there a key of that name, in lower case? */
int	keytable_has(const struct keytable *, const char *name);
/* Its recipes for the mail of a domain; how many. */
size_t	keytable_find(const struct keytable *, const char *name,
	    const char *domain, const struct name **first);

/*
 * The third part of a row: is it a file's name?  And what stands behind it: a
 * last word "active-from=DATE" is cut off.  NULL, or what is wrong with it.
 */
int		 keytable_is_file(const char *key);
const char	*keytable_active(char *key, int64_t *when);

/* Where a row of a SigningTable leads to. */
struct signer_row {
	struct signer_row	*next;
	char			*pattern;
	char			*key;		/* "%": the sender's domain */
	char			*identity;	/* with macros, or NULL */
};

struct signingtable {
	struct signer_row	 *rows, **last;	/* as written */
	struct names		  names;	/* the same by name; values: rows */
	int			  patterns;	/* refile: ask row by row */
};

int	signingtable_load(struct signingtable *, const char *where,
	    const struct keytable *, struct stamps *);
void	signingtable_free(struct signingtable *);
/* Of all rows that match the sender, or of the first one only. */
void	signingtable_find(const struct signingtable *, const struct keytable *,
	    const struct author *, int multiple, struct choice *);

/* The file of "file:/etc/..." or "refile:..."; NULL: it is none of these. */
const char	*dataset_file(const char *where, int *patterns);
/* "*" is any text; case counts. */
int		 pattern_match(const char *pattern, const char *text);

#endif /* KEYTABLE_H */

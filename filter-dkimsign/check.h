/* SPDX-License-Identifier: ISC */
/*
 * What dkim-check(1) looks at: a list of keys and of where their records
 * should be; and what it finds, one line each.
 */

#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

#include "dns.h"

struct privkey;

/* One selector of one domain. */
struct check {
	struct check		*next;
	char			*domain, *selector;	/* or NULL: no record */
	char			*path;		/* it is there, or NULL */
	char			*text;		/* the key itself, or NULL */
	char			 name[512];	/* S._domainkey.D */
	struct privkey		*key;
	struct dns_answer	 answer;
};

struct checks {
	struct check	*first, **last;
};

enum finding { FINDING_OK, FINDING_WARNING, FINDING_ERROR, FINDING_TEMPORARY };

/* A line on stdout: "what: error: why". */
void	finding(enum finding, const char *what, const char *, ...)
	    __attribute__((__format__ (__printf__, 3, 4)));
/* The exit status after all of them: 0, 1 or 75. */
int	finding_status(void);

/* Copies all; any may be NULL.  Exits: out of memory. */
void	checks_add(struct checks *, const char *domain, const char *selector,
	    const char *key);
/*
 * From an option file of OpenDKIM or filter-dkimsign: Domain, Selector,
 * KeyFile, KeyTable.  domain is what a '%' in a table stands for, or NULL:
 * such rows are left out.  Returns 0, or -1 after logging why.
 */
int	checks_conf(struct checks *, const char *path, const char *domain);

/* The file of a key: its mode and path, and what is in it. */
void	check_key(struct check *);
/* The record as it was found, and whether it is the key's. */
void	check_record(struct check *);

#endif /* CHECK_H */

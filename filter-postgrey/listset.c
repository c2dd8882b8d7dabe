/* SPDX-License-Identifier: ISC */
/*
 * A set of clients or of mailboxes, in the words of postgrey's whitelists.
 * Networks and domains are an addrset, mailboxes a sorted array: only regular
 * expressions are tried one by one.
 * Returns NULL or why not: bad entry, or out of memory; the set is then as it
 * was.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addrset.h"
#include "compat.h"
#include "listset.h"
#include "pattern.h"

/* Longest mailbox looked at; smtpd knows 256 bytes on either side of '@'. */
#define MAILBOX_LEN	(PATTERN_SUBJECT + 1)

struct listset {
	enum list_kind	  kind;
	struct addrset	 *names;	/* and networks, for clients */
	/* "user@domain", "user@" and "@domain", in lower case. */
	char		**boxes;
	size_t		  nboxes, boxes_cap;
	size_t		  pluses;	/* most in the local part of a box */
	struct pattern	**patterns;
	size_t		  npatterns, patterns_cap;
	size_t		  entries;
	int		  sorted;
};

struct listset *
listset_new(enum list_kind kind)
{
	struct listset	*set;

	if ((set = calloc(1, sizeof(*set))) == NULL)
		return NULL;
	set->kind = kind;
	if ((set->names = addrset_new()) == NULL) {
		free(set);
		return NULL;
	}
	return set;
}

void
listset_free(struct listset *set)
{
	size_t	 i;

	if (set == NULL)
		return;
	for (i = 0; i < set->nboxes; i++)
		free(set->boxes[i]);
	for (i = 0; i < set->npatterns; i++)
		pattern_free(set->patterns[i]);
	free(set->boxes);
	free(set->patterns);
	addrset_free(set->names);
	free(set);
}

/* "/expression/"; Postfix's "/expression/i" says what is so anyway. */
static const char *
add_pattern(struct listset *set, const char *entry)
{
	struct pattern	**v;
	const char	 *why;
	size_t		  cap, len = strlen(entry);

	if (len > 2 && entry[len - 1] == 'i' && entry[len - 2] == '/')
		len--;
	if (len < 2 || entry[len - 1] != '/')
		return "no / at its end";
	if (len == 2)
		return "nothing between / and /";
	if (set->npatterns == set->patterns_cap) {
		cap = set->patterns_cap == 0 ? 8 : set->patterns_cap * 2;
		if ((v = reallocarray(set->patterns, cap,
		    sizeof(*v))) == NULL)
			return "out of memory";
		set->patterns = v;
		set->patterns_cap = cap;
	}
	set->patterns[set->npatterns] = pattern_new(entry + 1, len - 2, &why);
	if (set->patterns[set->npatterns] == NULL)
		return why;
	set->npatterns++;
	return NULL;
}

/* "example.org" and ".example.org": that domain and all below it. */
static const char *
add_domain(struct listset *set, const char *entry)
{
	char	 name[MAILBOX_LEN];

	if (*entry == '.')
		return addrset_add(set->names, entry);
	(void)snprintf(name, sizeof(name), ".%s", entry);
	return addrset_add(set->names, name);
}

/* "198.51" and "198.51.100": all that begins so. */
static const char *
add_prefix(struct listset *set, const char *entry, int dots)
{
	static const char *const	 rest[] = { NULL, ".0.0/16", ".0/24" };
	char				 net[32];

	if (dots == 0)
		return "one number: write 10.0.0.0/8 for all of 10";
	if (dots > 2 ||
	    (size_t)snprintf(net, sizeof(net), "%s%s", entry, rest[dots]) >=
	    sizeof(net))
		return "not an address";
	return addrset_add(set->names, net);
}

static const char *
add_client(struct listset *set, const char *entry)
{
	const char	*p;
	int		 dots = 0;

	if (*entry == '/')
		return add_pattern(set, entry);
	for (p = entry; isdigit((unsigned char)*p) || *p == '.'; p++)
		dots += *p == '.';
	if (*p == '\0' && *entry != '.' && dots != 3)
		return add_prefix(set, entry, dots);
	/* A domain can't have these; a range of v4 has neither letter. */
	if (strpbrk(entry, ":/") != NULL ||
	    strspn(entry, "0123456789.- \t") == strlen(entry))
		return addrset_add(set->names, entry);
	return add_domain(set, entry);
}

static void
fold(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

static size_t
count_pluses(const char *s, const char *end)
{
	size_t	 n = 0;

	for (; s < end; s++)
		n += *s == '+';
	return n;
}

static const char *
add_box(struct listset *set, const char *entry, const char *at)
{
	char	**v, *box;
	size_t	  cap, pluses = count_pluses(entry, at);

	if (set->nboxes == set->boxes_cap) {
		cap = set->boxes_cap == 0 ? 8 : set->boxes_cap * 2;
		if ((v = reallocarray(set->boxes, cap, sizeof(*v))) == NULL)
			return "out of memory";
		set->boxes = v;
		set->boxes_cap = cap;
	}
	if ((box = strdup(entry)) == NULL)
		return "out of memory";
	fold(box);
	set->boxes[set->nboxes++] = box;
	if (pluses > set->pluses)
		set->pluses = pluses;
	return NULL;
}

static const char *
add_address(struct listset *set, const char *entry)
{
	const char	*at;

	if (*entry == '/')
		return add_pattern(set, entry);
	if ((at = strrchr(entry, '@')) == NULL)
		return add_domain(set, entry);
	if (strcmp(entry, "@") == 0)
		return "neither a name nor a domain";
	/* Else it would just never match. */
	if (strncmp(entry, "*@", 2) == 0)
		return "* is not a pattern here: write @domain";
	return add_box(set, entry, at);
}

/* Of blanks, only those of a range of addresses. */
static int
blanks_ok(const struct listset *set, const char *entry)
{
	if (entry[strcspn(entry, " \t")] == '\0')
		return 1;
	return set->kind == LIST_CLIENTS && *entry != '/' &&
	    strchr(entry, '-') != NULL;
}

const char *
listset_add(struct listset *set, const char *entry)
{
	const char	*why;

	if (*entry == '\0')
		return "nothing";
	if (!blanks_ok(set, entry))
		return "a blank inside";
	if (*entry != '/' && strlen(entry) >= MAILBOX_LEN - 1)
		return "too long";
	why = set->kind == LIST_CLIENTS ? add_client(set, entry) :
	    add_address(set, entry);
	if (why == NULL) {
		set->entries++;
		set->sorted = 0;
	}
	return why;
}

size_t
listset_count(const struct listset *set)
{
	return set->entries;
}

static int
patterns_match(const struct listset *set, const char *subject)
{
	size_t	 i;

	for (i = 0; i < set->npatterns; i++)
		if (pattern_match(set->patterns[i], subject))
			return 1;
	return 0;
}

int
listset_match_client(struct listset *set, const struct addr *a,
    const char *rdns)
{
	if (set->kind != LIST_CLIENTS)
		return 0;
	return addrset_match(set->names, a, rdns) ||
	    (rdns != NULL && patterns_match(set, rdns));
}

static int
box_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
box_find(const struct listset *set, const char *box)
{
	return set->nboxes > 0 && bsearch(&box, set->boxes, set->nboxes,
	    sizeof(*set->boxes), box_cmp) != NULL;
}

/* len bytes of the local part, at any domain or at this one. */
static int
local_match(const struct listset *set, const char *local, size_t len,
    const char *domain)
{
	char	 box[MAILBOX_LEN + 1];

	if (len == 0)
		return 0;
	memcpy(box, local, len);
	memcpy(box + len, "@", 2);
	if (box_find(set, box))
		return 1;
	(void)strlcpy(box + len + 1, domain, sizeof(box) - len - 1);
	return box_find(set, box);
}

/*
 * The local part as it is, and without what follows its first '+', its second
 * and so on; but for no more of them than the entries themselves have.
 */
static int
boxes_match(const struct listset *set, const char *local, size_t len,
    const char *domain)
{
	const char	*p, *end = local + len;
	size_t		 n = 0;

	if (set->nboxes == 0)
		return 0;
	if (local_match(set, local, len, domain))
		return 1;
	for (p = local; p + 1 < end && n <= set->pluses; p++) {
		if (*p != '+')
			continue;
		n++;
		if (local_match(set, local, (size_t)(p - local), domain))
			return 1;
	}
	return 0;
}

/* "@domain", which is that domain only, and "domain". */
static int
domain_match(const struct listset *set, const char *domain)
{
	const struct addr	 none = { .family = AF_UNSPEC };
	char			 box[MAILBOX_LEN + 1];

	if (*domain == '\0')
		return 0;
	(void)snprintf(box, sizeof(box), "@%s", domain);
	return box_find(set, box) || addrset_match(set->names, &none, domain);
}

int
listset_match_address(struct listset *set, const char *mailbox)
{
	char	 folded[MAILBOX_LEN], *at;
	size_t	 len;

	if (set->kind == LIST_CLIENTS ||
	    strlcpy(folded, mailbox, sizeof(folded)) >= sizeof(folded))
		return 0;
	if (!set->sorted && set->nboxes > 1)
		qsort(set->boxes, set->nboxes, sizeof(*set->boxes), box_cmp);
	set->sorted = 1;
	fold(folded);
	if ((at = strrchr(folded, '@')) == NULL)
		at = folded + strlen(folded);
	len = (size_t)(at - folded);
	if (*at == '@')
		*at++ = '\0';
	return boxes_match(set, folded, len, at) ||
	    domain_match(set, at) || patterns_match(set, mailbox);
}

/* SPDX-License-Identifier: ISC */
/*
 * Wishes about the envelope, see wishes.h.  Addresses lose their brackets; one
 * that is none is dropped with a warning, since it may become a line of SMTP.
 * Recipients are counted: more than smtpd would take, and memory is "out".
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "log.h"
#include "wishes.h"

#define RCPT_MAX	1000
#define ADDRESS_MAX	320	/* RFC 5321, 4.5.3.1: 64 + 1 + 255 */

/* Nothing in it may end the path or the line: RFC 5321, 4.1.2 */
static int
address_ok(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (!isgraph((unsigned char)s[i]) || s[i] == '<' ||
		    s[i] == '>')
			return 0;
	return len > 0 && len <= ADDRESS_MAX && s[0] != '@';
}

/* Without <> and what is around it; NULL: out of memory; "": none. */
static char *
address_bare(const char *s)
{
	size_t	 len;

	s += strspn(s, " \t");
	if (*s == '<')
		s++;
	len = strcspn(s, "> \t");
	return strndup(s, len);
}

static size_t
list_find(char *const *list, size_t n, const char *address)
{
	size_t	 i;

	for (i = 0; i < n && strcasecmp(list[i], address) != 0; i++)
		;
	return i;
}

/* The address is the list's now, or freed. */
static int
list_add(char ***list, size_t *n, char *address)
{
	char	**p;

	if (list_find(*list, *n, address) < *n) {
		free(address);
		return 0;
	}
	if (*n == RCPT_MAX ||
	    (p = reallocarray(*list, *n + 1, sizeof(*p))) == NULL) {
		free(address);
		return -1;
	}
	*list = p;
	p[(*n)++] = address;
	return 0;
}

static void
list_remove(char **list, size_t *n, const char *address)
{
	size_t	 i = list_find(list, *n, address);

	if (i == *n)
		return;
	free(list[i]);
	(*n)--;
	memmove(list + i, list + i + 1, (*n - i) * sizeof(*list));
}

/* Only those that are among others, or only those that are not. */
static void
list_keep(char **list, size_t *n, int among, char *const *others,
    size_t nothers)
{
	size_t	 i, kept = 0;

	for (i = 0; i < *n; i++)
		if ((list_find(others, nothers, list[i]) < nothers) == among)
			list[kept++] = list[i];
		else
			free(list[i]);
	*n = kept;
}

static void
list_clear(char ***list, size_t *n)
{
	while (*n > 0)
		free((*list)[--*n]);
	free(*list);
	*list = NULL;
}

/* The later wish counts. */
static int
take_rcpt(struct wishes *w, int add, char *address)
{
	if (add) {
		list_remove(w->removed, &w->nremoved, address);
		return list_add(&w->added, &w->nadded, address);
	}
	list_remove(w->added, &w->nadded, address);
	return list_add(&w->removed, &w->nremoved, address);
}

static int
take_address(struct wishes *w, const struct change *c)
{
	char	*address;
	int	 null;

	if ((address = address_bare(c->name)) == NULL)
		return -1;
	null = *address == '\0' && c->command == SMFIR_CHGFROM;
	if (!null && !address_ok(address, strlen(address))) {
		log_peer("milter: not an address, wish dropped: %s",
		    log_safe(c->name));
		free(address);
		return 0;
	}
	if (c->command != SMFIR_CHGFROM)
		return take_rcpt(w, c->command != SMFIR_DELRCPT, address);
	free(w->from);
	w->from = address;
	return 0;
}

int
wishes_take(struct wishes *w, const struct change *c)
{
	char	*reason;

	if (c->command != SMFIR_QUARANTINE)
		return take_address(w, c);
	if ((reason = strdup(c->name)) == NULL)
		return -1;
	free(w->quarantine);
	w->quarantine = reason;
	return 0;
}

static int
join_rcpts(struct wishes *w, int add, char **list, size_t n)
{
	size_t	 i;
	int	 error = 0;

	for (i = 0; i < n && error == 0; i++) {
		error = take_rcpt(w, add, list[i]);
		list[i] = NULL;
	}
	return error;
}

static void
join_text(char **to, char **from)
{
	if (*from == NULL)
		return;
	free(*to);
	*to = *from;
	*from = NULL;
}

int
wishes_join(struct wishes *w, struct wishes *from)
{
	int	 error;

	error = join_rcpts(w, 0, from->removed, from->nremoved);
	if (error == 0)
		error = join_rcpts(w, 1, from->added, from->nadded);
	join_text(&w->from, &from->from);
	join_text(&w->quarantine, &from->quarantine);
	wishes_clear(from);
	return error;
}

int
wishes_remove(const struct wishes *w, const char *rcpt)
{
	return list_find(w->removed, w->nremoved, rcpt) < w->nremoved;
}

void
wishes_fit(struct wishes *w, char *const *rcpt, size_t nrcpt)
{
	list_keep(w->added, &w->nadded, 0, rcpt, nrcpt);
	list_keep(w->removed, &w->nremoved, 1, rcpt, nrcpt);
}

void
wishes_clear(struct wishes *w)
{
	list_clear(&w->added, &w->nadded);
	list_clear(&w->removed, &w->nremoved);
	free(w->from);
	free(w->quarantine);
	memset(w, 0, sizeof(*w));
}

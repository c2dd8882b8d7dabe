/* SPDX-License-Identifier: ISC */
/*
 * What spamdb(8) prints, in seconds since 1970:
 *
 *	GREY|ip|helo|<from>|<to>|first|pass|expire|block|pass
 *	WHITE|ip|||first|pass|expire|block|pass
 *	TRAPPED|ip|expire
 *	SPAMTRAP|<address>
 *
 * A '|' may be in an address: numbers are counted from the end.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "ctl_foreign.h"

#define SECONDS_MAX	INT64_C(100000000000)

/* A count may be -1: that of a trap. */
static int
number(const char *s, int64_t *n)
{
	int	 negative = *s == '-';

	s += negative;
	if (*s == '\0')
		return -1;
	for (*n = 0; *s != '\0'; s++)
		if (*s < '0' || *s > '9' ||
		    (*n = *n * 10 + (*s - '0')) > SECONDS_MAX)
			return -1;
	if (negative)
		*n = 0;
	return 0;
}

/* Takes the last n fields of the text, and cuts them off. */
static int
cut_numbers(char *s, int64_t *out, int n)
{
	char	*p;

	while (n-- > 0) {
		if ((p = strrchr(s, '|')) == NULL ||
		    number(p + 1, &out[n]) == -1)
			return -1;
		*p = '\0';
	}
	return 0;
}

/* Takes the first field: NULL if it is the last one too. */
static char *
cut_field(char **s)
{
	char	*field = *s;

	if ((*s = strchr(field, '|')) == NULL)
		return NULL;
	*(*s)++ = '\0';
	return field;
}

static char *
bare(char *s)
{
	size_t	 len = strlen(s);

	if (*s != '<' || s[len - 1] != '>')
		return s;
	s[len - 1] = '\0';
	return s + 1;
}

enum { FIRST, PASS, EXPIRE, BLOCKED, PASSED, NUMBERS };

static int
take_grey(const struct foreign_rules *rules, const struct addr *a, char *s,
    struct ctl_row *r)
{
	struct grey_tuple	*t = &r->row.tuple;
	int64_t			 n[NUMBERS];
	char			*helo, *to;

	if (cut_numbers(s, n, NUMBERS) == -1 ||
	    (helo = cut_field(&s)) == NULL || (to = strrchr(s, '|')) == NULL)
		return -1;
	*to++ = '\0';
	r->row.kind = STORE_TUPLE;
	tuple_key(rules->tuple, a, helo, bare(s), bare(to), r->key);
	t->first = t->last = n[FIRST] * 1000;
	t->blocked = n[BLOCKED] > 0 ? n[BLOCKED] : 1;
	return 0;
}

static int
take_white(const struct addr *a, char *s, struct ctl_row *r)
{
	struct grey_client	*c = &r->row.client;
	int64_t			 n[NUMBERS];

	/* An empty HELO, sender and recipient: "||" is left, or "|||". */
	if (cut_numbers(s, n, NUMBERS) == -1 || strspn(s, "|") != strlen(s))
		return -1;
	r->row.kind = STORE_CLIENT;
	(void)addr_print(a, r->key);
	c->first = n[FIRST] * 1000;
	c->last = n[PASS] * 1000;
	c->white_until = n[EXPIRE] * 1000;
	return 0;
}

static int
take_trapped(const struct addr *a, const char *s, struct ctl_row *r)
{
	struct grey_client	*c = &r->row.client;
	int64_t			 expire;

	if (number(s, &expire) == -1)
		return -1;
	r->row.kind = STORE_CLIENT;
	(void)addr_print(a, r->key);
	c->trap_until = expire * 1000;
	return 0;
}

static enum foreign
take_trap(char *s, struct ctl_row *r, const char **why)
{
	s = bare(s);
	*why = "not an address";
	if (strchr(s, '@') == NULL ||
	    strlcpy(r->key, s, sizeof(r->key)) >= sizeof(r->key))
		return FOREIGN_BAD;
	return FOREIGN_TRAP;
}

enum foreign
spamdb_line(const struct foreign_rules *rules, const char *line,
    struct ctl_row *r, const char **why)
{
	char		 copy[2048], *s = copy, *word, *client;
	struct addr	 a;
	int		 bad = -1;

	*why = "too long";
	if (strlcpy(copy, line, sizeof(copy)) >= sizeof(copy))
		return FOREIGN_BAD;
	if (*s == '\0')
		return FOREIGN_NOTHING;
	memset(&r->row, 0, sizeof(r->row));
	r->row.key = r->key;
	*why = "not GREY|, WHITE|, TRAPPED| or SPAMTRAP|";
	if ((word = cut_field(&s)) == NULL)
		return FOREIGN_BAD;
	if (strcmp(word, "SPAMTRAP") == 0)
		return take_trap(s, r, why);
	client = s;
	if (cut_field(&s) == NULL)
		return FOREIGN_BAD;
	*why = "not an address";
	if (addr_parse(&a, client) == -1)
		return FOREIGN_BAD;
	*why = "not as spamdb(8) writes it";
	if (strcmp(word, "GREY") == 0)
		bad = take_grey(rules, &a, s, r);
	else if (strcmp(word, "WHITE") == 0)
		bad = take_white(&a, s, r);
	else if (strcmp(word, "TRAPPED") == 0)
		bad = take_trapped(&a, s, r);
	return bad == -1 ? FOREIGN_BAD : FOREIGN_ROW;
}

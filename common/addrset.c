/* SPDX-License-Identifier: ISC */
/*
 * A set of address ranges and domains: sorted arrays, which the first look-up
 * after a change sorts and merges.  No I/O, no clock.
 * Returns NULL, -1 or why not: bad entry, or out of memory; the set is then as
 * it was.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addrs.h"
#include "addrset.h"
#include "compat.h"

#define NAME_LEN	254		/* RFC 1035, 3.1, and its NUL */
#define LABEL_LEN	63

/* First and last address of each range: memcmp(3) is their order. */
struct ranges {
	uint8_t		*v;		/* n times 2 * width bytes */
	size_t		 n, cap;
	size_t		 width;		/* 4 or 16 */
};

struct addrset {
	struct ranges	  v4, v6;
	char		**names;	/* lower case, without the first dot */
	size_t		  nnames, cap;
	size_t		  entries;
	int		  sorted;
};

static int
range_cmp4(const void *a, const void *b)
{
	return memcmp(a, b, 2 * 4);
}

static int
range_cmp16(const void *a, const void *b)
{
	return memcmp(a, b, 2 * 16);
}

/* Does b begin inside of a range that ends at a, or right after it? */
static int
range_touches(const uint8_t *a, const uint8_t *b, size_t width)
{
	uint8_t	 after[16];
	size_t	 i;

	if (memcmp(b, a, width) <= 0)
		return 1;
	memcpy(after, a, width);
	for (i = width; i > 0 && ++after[i - 1] == 0; i--)
		;
	return memcmp(b, after, width) == 0;
}

static void
ranges_sort(struct ranges *r)
{
	uint8_t	*last, *cur, *end;
	size_t	 w = r->width;

	if (r->n < 2)
		return;
	qsort(r->v, r->n, 2 * w, w == 4 ? range_cmp4 : range_cmp16);
	last = r->v;
	end = r->v + r->n * 2 * w;
	for (cur = last + 2 * w; cur < end; cur += 2 * w) {
		if (range_touches(last + w, cur, w)) {
			if (memcmp(cur + w, last + w, w) > 0)
				memcpy(last + w, cur + w, w);
			continue;
		}
		last += 2 * w;
		memmove(last, cur, 2 * w);
	}
	r->n = (size_t)(last - r->v) / (2 * w) + 1;
}

static int
ranges_match(const struct ranges *r, const uint8_t *ip)
{
	const uint8_t	*mid;
	size_t		 lo = 0, hi = r->n, w = r->width, i;

	while (lo < hi) {
		i = lo + (hi - lo) / 2;
		mid = r->v + i * 2 * w;
		if (memcmp(ip, mid, w) < 0)
			hi = i;
		else if (memcmp(ip, mid + w, w) > 0)
			lo = i + 1;
		else
			return 1;
	}
	return 0;
}

static int
ranges_add(struct ranges *r, const uint8_t *first, const uint8_t *last)
{
	uint8_t	*v;
	size_t	 cap;

	if (r->n == r->cap) {
		cap = r->cap == 0 ? 8 : r->cap * 2;
		if ((v = reallocarray(r->v, cap, 2 * r->width)) == NULL)
			return -1;
		r->v = v;
		r->cap = cap;
	}
	v = r->v + r->n++ * 2 * r->width;
	memcpy(v, first, r->width);
	memcpy(v + r->width, last, r->width);
	return 0;
}

struct addrset *
addrset_new(void)
{
	struct addrset	*set;

	if ((set = calloc(1, sizeof(*set))) == NULL)
		return NULL;
	set->v4.width = 4;
	set->v6.width = 16;
	return set;
}

void
addrset_free(struct addrset *set)
{
	size_t	 i;

	if (set == NULL)
		return;
	for (i = 0; i < set->nnames; i++)
		free(set->names[i]);
	free(set->names);
	free(set->v4.v);
	free(set->v6.v);
	free(set);
}

static int
name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
set_sort(struct addrset *set)
{
	if (set->sorted)
		return;
	ranges_sort(&set->v4);
	ranges_sort(&set->v6);
	if (set->nnames > 1)
		qsort(set->names, set->nnames, sizeof(*set->names), name_cmp);
	set->sorted = 1;
}

/* Lower case, without a last dot.  -1: too long for a name. */
static int
name_fold(char *out, const char *name)
{
	size_t	 i, len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len >= NAME_LEN)
		return -1;
	for (i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[len] = '\0';
	return 0;
}

/* Each look-up takes off one more label: "a.b.c", "b.c", "c". */
static int
names_match(const struct addrset *set, const char *rdns)
{
	char		 buf[NAME_LEN];
	const char	*name = buf;

	if (set->nnames == 0 || name_fold(buf, rdns) == -1)
		return 0;
	while (*name != '\0') {
		if (bsearch(&name, set->names, set->nnames,
		    sizeof(*set->names), name_cmp) != NULL)
			return 1;
		name += strcspn(name, ".");
		if (*name == '.')
			name++;
	}
	return 0;
}

/* RFC 1035, 2.3.1, as the world uses it: '_' and digits anywhere. */
static int
name_ok(const char *s)
{
	size_t	 n;

	for (;; s += n + 1) {
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_");
		if (n == 0 || n > LABEL_LEN)
			return 0;
		if (s[n] == '\0')
			return 1;
		if (s[n] != '.')
			return 0;
	}
}

static const char *
set_name(struct addrset *set, const char *entry)
{
	char	  name[NAME_LEN], **v;
	size_t	  cap;

	if (name_fold(name, entry) == -1 || !name_ok(name))
		return "not a domain name";
	if (set->nnames == set->cap) {
		cap = set->cap == 0 ? 8 : set->cap * 2;
		if ((v = reallocarray(set->names, cap, sizeof(*v))) == NULL)
			return "out of memory";
		set->names = v;
		set->cap = cap;
	}
	if ((set->names[set->nnames] = strdup(name)) == NULL)
		return "out of memory";
	set->nnames++;
	return NULL;
}

static const char *
set_range(struct addrset *set, const struct addr *first,
    const struct addr *last)
{
	struct ranges	*r = first->family == AF_INET ? &set->v4 : &set->v6;

	if (memcmp(first->ip, last->ip, r->width) > 0)
		return "the range ends before it begins";
	if (ranges_add(r, first->ip, last->ip) == -1)
		return "out of memory";
	return NULL;
}

/* Bits of the host may be set: lists in the wild are full of that. */
static const char *
set_net(struct addrset *set, const struct addr *a, long long bits)
{
	struct addr	 first = *a, last = *a;
	long long	 i, all = a->family == AF_INET ? 32 : 128;

	for (i = bits; i < all; i++) {
		first.ip[i / 8] &= (uint8_t)~(0x80 >> (i % 8));
		last.ip[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	}
	return set_range(set, &first, &last);
}

static const char *
set_cidr(struct addrset *set, const char *entry, const char *prefix)
{
	struct addr	 a;
	const char	*why, *colon = strchr(entry, ':');
	long long	 bits, max;
	int		 v6 = colon != NULL && strchr(colon + 1, ':') != NULL;

	if (addr_parse(&a, entry) == -1 || a.port != 0)
		return "not an address before the /";
	/* A v4-mapped network counts from the v6 address's first bit. */
	max = v6 ? 128 : 32;
	bits = strtonum(prefix, 0, max, &why);
	if (why != NULL || !isdigit((unsigned char)*prefix))
		return v6 ? "not a prefix length of 0 to 128" :
		    "not a prefix length of 0 to 32";
	if (v6 && a.family == AF_INET && (bits -= 96) < 0)
		return "a v4-mapped network has 96 bits or more";
	return set_net(set, &a, bits);
}

static const char	 not_known[] =
    "not an address, network, range or .domain";

/* At the dash, with the blanks around it.  Returns what is behind it. */
static char *
range_split(const char *buf, char *dash)
{
	char	*end = dash;

	while (end > buf && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return dash + 1 + strspn(dash + 1, " \t");
}

static const char *
set_entry(struct addrset *set, const char *entry)
{
	struct addr	 a, b;
	char		 buf[2 * ADDR_STRLEN], *p;

	if (*entry == '.')
		return set_name(set, entry + 1);
	if (strlcpy(buf, entry, sizeof(buf)) >= sizeof(buf))
		return "too long";
	if ((p = strchr(buf, '/')) != NULL) {
		*p++ = '\0';
		return set_cidr(set, buf, p);
	}
	if ((p = strchr(buf, '-')) != NULL)
		p = range_split(buf, p);
	else
		p = buf;
	if (addr_parse(&a, buf) == -1 || addr_parse(&b, p) == -1)
		return not_known;
	if (a.port != 0 || b.port != 0)
		return "an address with a port";
	if (a.family != b.family)
		return "a range from one family to another";
	return set_range(set, &a, &b);
}

const char *
addrset_add(struct addrset *set, const char *entry)
{
	const char	*why;

	if ((why = set_entry(set, entry)) == NULL) {
		set->entries++;
		set->sorted = 0;
	}
	return why;
}

size_t
addrset_count(const struct addrset *set)
{
	return set->entries;
}

int
addrset_match(struct addrset *set, const struct addr *a, const char *rdns)
{
	set_sort(set);
	if (a->family == AF_INET && ranges_match(&set->v4, a->ip))
		return 1;
	if (a->family == AF_INET6 && ranges_match(&set->v6, a->ip))
		return 1;
	return rdns != NULL && names_match(set, rdns);
}

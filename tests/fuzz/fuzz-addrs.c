/* SPDX-License-Identifier: ISC */
/*
 * Addresses, there and back, and lists of them against a slow and simple model.
 * Each line of the input is one of these; all others are entries of the list:
 *
 *	=ADDR	an address, which is looked up
 *	@NAME	a name, which is looked up
 *
 * In the end the list is asked for both ends of each range, and beyond.
 */

#include <ctype.h>
#include <string.h>

#include "addrs.h"
#include "fuzz.h"

#define ENTRIES_MAX	64

/* A range or, if name is not NULL, a domain. */
struct entry {
	int	 family;
	uint8_t	 first[16], last[16];
	char	*name;
};

static struct entry	 entries[ENTRIES_MAX];
static size_t		 nentries;

/* A copy that ends at a NUL, lower case and without the dot at its end. */
static char *
fold(const char *s)
{
	size_t	 i, len = strlen(s);
	char	*p;

	FUZZ_CHECK((p = strdup(s)) != NULL);
	if (len > 0 && p[len - 1] == '.')
		p[--len] = '\0';
	for (i = 0; i < len; i++)
		p[i] = (char)tolower((unsigned char)p[i]);
	return p;
}

static int
domain_ok(const char *s)
{
	size_t	 label = 0, len = strlen(s);

	if (len == 0 || len > 253)
		return 0;
	for (; *s != '\0'; s++)
		if (*s == '.') {
			if (label == 0)
				return 0;
			label = 0;
		} else if ((*s < 'a' || *s > 'z') && !isdigit(*s & 0xff) &&
		    *s != '-' && *s != '_')
			return 0;
		else if (++label > 63)
			return 0;
	return label > 0;
}

/* An address without a port; how many bits it has as it is written, or -1. */
static int
address(struct addr *a, const char *s)
{
	const char	*p = strchr(s, ':');

	if (addr_parse(a, s) == -1 || a->port != 0)
		return -1;
	return p != NULL && strchr(p + 1, ':') != NULL ? 128 : 32;
}

/* "192.0.2.0/24" */
static int
model_net(struct entry *e, const char *net, const char *prefix)
{
	struct addr	 a;
	size_t		 bits = 0, all, i, len = strlen(prefix);
	int		 written = address(&a, net);

	if (written == -1 || len == 0 || strspn(prefix, "0123456789") != len)
		return 0;
	for (; *prefix != '\0'; prefix++)
		if ((bits = bits * 10 + (size_t)(*prefix - '0')) > 128)
			return 0;
	all = a.family == AF_INET ? 32 : 128;
	if (bits > (size_t)written || bits < (size_t)written - all)
		return 0;
	bits -= (size_t)written - all;
	e->family = a.family;
	memcpy(e->first, a.ip, 16);
	memcpy(e->last, a.ip, 16);
	for (i = bits; i < all; i++) {
		e->first[i / 8] &= (uint8_t)~(1 << (7 - i % 8));
		e->last[i / 8] |= (uint8_t)(1 << (7 - i % 8));
	}
	return 1;
}

/* "192.0.2.1-192.0.2.9", or both the same */
static int
model_range(struct entry *e, const char *first, const char *last)
{
	struct addr	 a, b;

	if (address(&a, first) == -1 || address(&b, last) == -1 ||
	    a.family != b.family || memcmp(a.ip, b.ip, 16) > 0)
		return 0;
	e->family = a.family;
	memcpy(e->first, a.ip, 16);
	memcpy(e->last, b.ip, 16);
	return 1;
}

static int
model_add(const char *text)
{
	struct entry	*e = &entries[nentries];
	char		*s, *p, *last;
	int		 ok;

	memset(e, 0, sizeof(*e));
	if (*text == '.') {
		e->name = fold(text + 1);
		ok = domain_ok(e->name);
		if (!ok)
			free(e->name);
		nentries += (size_t)ok;
		return ok;
	}
	if (strlen(text) >= 2 * ADDR_STRLEN)
		return 0;
	FUZZ_CHECK((s = strdup(text)) != NULL);
	if ((p = strchr(s, '/')) != NULL) {
		*p = '\0';
		ok = model_net(e, s, p + 1);
	} else if ((p = strchr(s, '-')) != NULL) {
		*p = '\0';
		last = p + 1 + strspn(p + 1, " \t");
		while (p > s && strchr(" \t", p[-1]) != NULL)
			*--p = '\0';
		ok = model_range(e, s, last);
	} else
		ok = model_range(e, s, s);
	free(s);
	nentries += (size_t)ok;
	return ok;
}

/* The domain itself, or a name that ends with a dot and the domain. */
static int
name_below(const char *name, const char *domain)
{
	size_t	 n = strlen(name), d = strlen(domain);

	if (n > 253 || n < d || strcmp(name + n - d, domain) != 0)
		return 0;
	return n == d || name[n - d - 1] == '.';
}

static int
model_match(const struct addr *a, const char *name)
{
	const struct entry	*e;

	for (e = entries; e < entries + nentries; e++) {
		if (e->name != NULL) {
			if (name != NULL && name_below(name, e->name))
				return 1;
			continue;
		}
		if (a->family == e->family &&
		    memcmp(a->ip, e->first, 16) >= 0 &&
		    memcmp(a->ip, e->last, 16) <= 0)
			return 1;
	}
	return 0;
}

/* As it is printed, with and without a port, it is the same address. */
static void
check_print(const struct addr *a)
{
	struct addr	 b;
	char		 buf[ADDR_STRLEN], again[ADDR_STRLEN];
	char		 text[ADDR_STRLEN + 16];

	FUZZ_CHECK(addr_print(a, buf) == buf);
	FUZZ_CHECK(addr_parse(&b, buf) == 0 && b.port == 0);
	FUZZ_CHECK(addr_equal(a, &b) && addr_equal(&b, a));
	FUZZ_CHECK(strcmp(addr_print(&b, again), buf) == 0);
	(void)snprintf(text, sizeof(text), a->family == AF_INET ? "%s:%d" :
	    "[%s]:%d", buf, a->port);
	FUZZ_CHECK(addr_parse(&b, text) == 0);
	FUZZ_CHECK(b.port == a->port && addr_equal(a, &b));
	(void)snprintf(text, sizeof(text), "IPv6:%s%s",
	    a->family == AF_INET ? "::ffff:" : "", buf);
	FUZZ_CHECK(addr_parse(&b, text) == 0 && addr_equal(a, &b));
}

static void
check_addr(struct addrs *list, const char *text)
{
	static const uint8_t	 zero[16];
	struct addr		 a;
	char			 buf[ADDR_STRLEN];

	if (addr_parse(&a, text) == -1) {
		FUZZ_CHECK(a.family == AF_UNSPEC && !addr_equal(&a, &a));
		FUZZ_CHECK(strcmp(addr_print(&a, buf), "-") == 0);
		FUZZ_CHECK(!addr_is_private(&a));
	} else {
		FUZZ_CHECK(a.family == AF_INET || a.family == AF_INET6);
		FUZZ_CHECK(a.family == AF_INET6 ||
		    memcmp(a.ip + 4, zero, 12) == 0);
		FUZZ_CHECK(!addr_is_loopback(&a) || addr_is_private(&a));
		check_print(&a);
	}
	FUZZ_CHECK(addrs_match(list, &a, NULL) == model_match(&a, NULL));
}

static void
check_name(struct addrs *list, const char *text)
{
	struct addr	 none;
	char		*name = fold(text);

	(void)addr_parse(&none, "-");
	FUZZ_CHECK(addrs_match(list, &none, text) == model_match(&none, name));
	FUZZ_CHECK(addrs_match(list, &none, NULL) == 0);
	free(name);
}

/* The address itself, the one before and the one after; some may wrap. */
static void
check_end(struct addrs *list, int family, const uint8_t *ip)
{
	struct addr	 a = { .family = (uint8_t)family };
	size_t		 width = family == AF_INET ? 4 : 16, i;

	memcpy(a.ip, ip, 16);
	FUZZ_CHECK(addrs_match(list, &a, NULL) == 1);
	for (i = width; i > 0 && a.ip[i - 1]-- == 0; i--)
		;
	FUZZ_CHECK(addrs_match(list, &a, NULL) == model_match(&a, NULL));
	memcpy(a.ip, ip, 16);
	for (i = width; i > 0 && ++a.ip[i - 1] == 0; i--)
		;
	FUZZ_CHECK(addrs_match(list, &a, NULL) == model_match(&a, NULL));
}

static void
run(struct addrs *list, const char *line)
{
	int	 ok;

	if (*line == '=')
		check_addr(list, line + 1);
	else if (*line == '@')
		check_name(list, line + 1);
	else if (nentries < ENTRIES_MAX) {
		ok = addrs_add(list, line) == NULL;
		FUZZ_CHECK(ok == model_add(line));
		FUZZ_CHECK(addrs_count(list) == nentries);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrs	*list = addrs_new();
	struct entry	*e;
	char		*text, *line, *rest;

	FUZZ_CHECK((rest = text = malloc(size + 1)) != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		run(list, line);
	for (e = entries; e < entries + nentries; e++) {
		if (e->name == NULL) {
			check_end(list, e->family, e->first);
			check_end(list, e->family, e->last);
		} else
			check_name(list, e->name);
	}
	while (nentries > 0)
		free(entries[--nentries].name);
	addrs_free(list);
	free(text);
	return 0;
}

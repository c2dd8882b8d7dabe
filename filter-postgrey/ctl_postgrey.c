/* SPDX-License-Identifier: ISC */
/*
 * postgrey's databases, as db_dump(1) writes them: "net/sender/recipient" has
 * "first,last", an address has "count,last", in seconds since 1970.  A mail
 * has passed if its last try was delay or more after its first: postgrey has no
 * other sign of it.
 *
 * With --privacy the keys are SHA-1 sums: nobody knows what of.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_foreign.h"

#define SECONDS_MAX	INT64_C(100000000000)

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* 1, and the byte at *s; 0: there are not two digits. */
static int
hex_byte(const char *s, char *c)
{
	int	 high, low;

	if ((high = hex_digit(s[0])) == -1 || (low = hex_digit(s[1])) == -1)
		return 0;
	*c = (char)(high << 4 | low);
	return *c != '\0';
}

/* A key or a value.  -1: it is none, has a NUL in it, or is too long. */
static int
decode(const char *s, int is_hex, char *out, size_t size)
{
	size_t	 len = 0;

	while (*s != '\0') {
		if (len + 1 >= size)
			return -1;
		if (is_hex || (*s == '\\' && s[1] != '\\')) {
			s += !is_hex;
			if (!hex_byte(s, &out[len++]))
				return -1;
			s += 2;
			continue;
		}
		s += *s == '\\';
		out[len++] = *s++;
	}
	out[len] = '\0';
	return 0;
}

/* "12,34" and maybe more behind another comma. */
static int
numbers(const char *s, int64_t n[2])
{
	int	 i;

	for (i = 0; i < 2; i++) {
		if (*s < '0' || *s > '9')
			return -1;
		for (n[i] = 0; *s >= '0' && *s <= '9'; s++)
			if ((n[i] = n[i] * 10 + (*s - '0')) > SECONDS_MAX)
				return -1;
		if (i == 0 && *s++ != ',')
			return -1;
	}
	return *s == '\0' || *s == ',' ? 0 : -1;
}

static int
is_sum(const char *key)
{
	return strlen(key) == 40 && strspn(key, "0123456789abcdef") == 40;
}

/* Where the sender ends; its local part may have a '/' in it. */
static char *
sender_end(char *sender)
{
	char	*slash = strchr(sender, '/'), *at = strchr(sender, '@'), *end;

	if (slash == NULL || slash == sender || at == NULL ||
	    (end = strchr(at, '/')) == NULL)
		return slash;
	return end;
}

static enum foreign
take_tuple(const struct foreign_rules *rules, char *key, const int64_t n[2],
    struct ctl_row *r, const char **why)
{
	struct grey_tuple	*t = &r->row.tuple;
	struct addr		 net;
	char			*sender = strchr(key, '/'), *end;

	*sender++ = '\0';
	*why = "key: not net/sender/recipient";
	if (addr_parse(&net, key) == -1 || (end = sender_end(sender)) == NULL)
		return FOREIGN_BAD;
	*end = '\0';
	*why = "profile spamd tells mails by HELO, which is not there";
	if (rules->tuple->helo)
		return FOREIGN_SKIPPED;
	r->row.kind = STORE_TUPLE;
	tuple_key(rules->tuple, &net, "", sender, end + 1, r->key);
	t->first = n[0] * 1000;
	t->last = n[1] * 1000;
	t->blocked = 1;
	t->passed = t->last - t->first >= rules->grey->delay;
	return FOREIGN_ROW;
}

static enum foreign
take_pair(const struct foreign_rules *rules, char *key, const char *value,
    struct ctl_row *r, const char **why)
{
	struct grey_client	*c = &r->row.client;
	struct addr		 a;
	int64_t			 n[2];

	*why = "value: not two numbers";
	if (numbers(value, n) == -1)
		return FOREIGN_BAD;
	memset(&r->row, 0, sizeof(r->row));
	r->row.key = r->key;
	if (strchr(key, '/') != NULL)
		return take_tuple(rules, key, n, r, why);
	*why = "a hash of --privacy";
	if (is_sum(key))
		return FOREIGN_SKIPPED;
	*why = "key: neither net/sender/recipient nor an address";
	if (addr_parse(&a, key) == -1)
		return FOREIGN_BAD;
	r->row.kind = STORE_CLIENT;
	(void)addr_print(&a, r->key);
	c->passed = n[0];
	c->first = c->last = c->counted = n[1] * 1000;
	return FOREIGN_ROW;
}

static enum foreign
head_line(struct dump *d, const char *line, const char **why)
{
	if (strncmp(line, "format=", 7) == 0)
		d->is_hex = strcmp(line + 7, "bytevalue") == 0;
	else if (strncmp(line, "type=", 5) == 0) {
		*why = "not a btree or a hash";
		if (strcmp(line + 5, "btree") != 0 &&
		    strcmp(line + 5, "hash") != 0)
			return FOREIGN_BAD;
	} else if (strcmp(line, "HEADER=END") == 0) {
		d->in_data = 1;
		d->has_key = 0;
	} else if (*line != '\0' && strchr(line, '=') == NULL) {
		*why = "not text of db_dump";
		return FOREIGN_BAD;
	}
	return FOREIGN_NOTHING;
}

enum foreign
postgrey_line(struct dump *d, const struct foreign_rules *rules,
    const char *line, struct ctl_row *r, const char **why)
{
	char	 value[128];

	if (!d->in_data)
		return head_line(d, line, why);
	if (strcmp(line, "DATA=END") == 0) {
		d->in_data = 0;
		*why = "a key without a value";
		return d->has_key ? FOREIGN_BAD : FOREIGN_NOTHING;
	}
	*why = "not text of db_dump";
	if (*line != ' ')
		return FOREIGN_BAD;
	d->has_key = !d->has_key;
	if (d->has_key) {
		*why = "key: too long, or not text";
		if (decode(line + 1, d->is_hex, d->key, sizeof(d->key)) == 0)
			return FOREIGN_NOTHING;
		d->key[0] = '\0';
		return FOREIGN_BAD;
	}
	if (d->key[0] == '\0')		/* that was said */
		return FOREIGN_NOTHING;
	*why = "value: too long, or not text";
	if (decode(line + 1, d->is_hex, value, sizeof(value)) == -1)
		return FOREIGN_BAD;
	return take_pair(rules, d->key, value, r, why);
}

int
postgrey_whole(const struct dump *d)
{
	return !d->in_data;
}

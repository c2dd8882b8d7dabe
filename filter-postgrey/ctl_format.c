/* SPDX-License-Identifier: ISC */
/*
 * Rows for humans.  What is of variable length comes last, so that a million
 * rows need no memory and the columns still stand one below the other.
 *
 * Nothing fails; that a terminal or a disk does is found out by the caller.
 */

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "ctl_format.h"

#define SECOND	INT64_C(1000)
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)

const char *const	 ctl_states[CTL_STATES] = {
	[CTL_GREY] = "grey",
	[CTL_PASS] = "pass",
	[CTL_WHITE] = "white",
	[CTL_KNOWN] = "known",
	[CTL_TRAP] = "trap",
	[CTL_PARTNER] = "partner",
	[CTL_SEEN] = "seen",
	[CTL_OVER] = "over",
};

static enum ctl_state
tuple_state(const struct grey_rules *r, int64_t now,
    const struct grey_tuple *t, int64_t *until)
{
	*until = t->passed > 0 ? t->last + r->max_age :
	    t->first + r->retry_window;
	if (grey_tuple_over(r, now, t))
		return CTL_OVER;
	return t->passed > 0 ? CTL_PASS : CTL_GREY;
}

/* In the order in which grey_decide() asks. */
static enum ctl_state
client_state(const struct grey_rules *r, int64_t now,
    const struct grey_client *c, int64_t *until)
{
	*until = c->trap_until;
	if (now < c->trap_until)
		return CTL_TRAP;
	*until = c->white_until;
	if (now < c->white_until)
		return CTL_WHITE;
	*until = c->counted + r->max_age;
	if (grey_client_known(r, now, c))
		return CTL_KNOWN;
	*until = c->last + r->max_age;
	return grey_client_over(r, now, c) ? CTL_OVER : CTL_SEEN;
}

enum ctl_state
ctl_state(const struct grey_rules *r, int64_t now, const struct store_row *row,
    int64_t *until)
{
	if (row->kind == STORE_TUPLE)
		return tuple_state(r, now, &row->tuple, until);
	if (row->kind == STORE_CLIENT)
		return client_state(r, now, &row->client, until);
	*until = row->until;
	return now < row->until ? CTL_PARTNER : CTL_OVER;
}

const char *
ctl_span(int64_t ms, char buf[CTL_SPAN])
{
	if (ms < 0)
		(void)snprintf(buf, CTL_SPAN, "-");
	else if (ms < 100 * SECOND)
		(void)snprintf(buf, CTL_SPAN, "%" PRId64 "s", ms / SECOND);
	else if (ms < 100 * MINUTE)
		(void)snprintf(buf, CTL_SPAN, "%" PRId64 "m", ms / MINUTE);
	else if (ms < 72 * HOUR)
		(void)snprintf(buf, CTL_SPAN, "%" PRId64 "h", ms / HOUR);
	else
		(void)snprintf(buf, CTL_SPAN, "%" PRId64 "d", ms / DAY);
	return buf;
}

static void
print_span(FILE *fp, int64_t ms)
{
	char	 buf[CTL_SPAN];

	(void)fprintf(fp, " %6s", ctl_span(ms, buf));
}

/* 0: it never was. */
static void
print_age(FILE *fp, int64_t now, int64_t then)
{
	print_span(fp, then == 0 ? -1 : now - then);
}

/* Clients chose it, and a terminal may do what it says.  Returns columns. */
static int
print_word(FILE *fp, const char *s, size_t len)
{
	size_t	 i;
	int	 columns = 0;

	for (i = 0; i < len; i++)
		if (s[i] == '\\' || !isgraph((unsigned char)s[i])) {
			(void)fprintf(fp, "\\%03o", (unsigned char)s[i]);
			columns += 4;
		} else {
			(void)putc(s[i], fp);
			columns++;
		}
	return columns;
}

/*
 * Where the sender ends: a local part may have a '/' in it, and what is behind
 * its '@' may not.
 */
static size_t
sender_len(const char *s)
{
	size_t	 slash = strcspn(s, "/"), at = strcspn(s, "@");

	if (slash > 0 && s[at] == '@' && strchr(s + at, '/') != NULL)
		return at + strcspn(s + at, "/");
	return slash;
}

static void
print_tuple(FILE *fp, const char *key, int helo)
{
	size_t	 len = strcspn(key, "/");
	int	 columns;

	columns = print_word(fp, key, len);
	(void)fprintf(fp, "%*s", columns < 15 ? 15 - columns : 0, "");
	key += len + (key[len] == '/');
	if (helo) {
		len = strcspn(key, "/");
		(void)fputs(" helo=", fp);
		(void)print_word(fp, key, len);
		key += len + (key[len] == '/');
	}
	len = sender_len(key);
	(void)fputs(" <", fp);
	(void)print_word(fp, key, len);
	key += len + (key[len] == '/');
	(void)fputs("> -> <", fp);
	(void)print_word(fp, key, strlen(key));
	(void)putc('>', fp);
}

void
ctl_table_head(FILE *fp)
{
	(void)fprintf(fp, "%-7s %6s %6s %6s %6s %6s %s\n", "STATE", "FIRST",
	    "LAST", "LEFT", "DEFER", "PASS", "WHO");
}

void
ctl_table_row(FILE *fp, const struct grey_rules *r, int64_t now, int helo,
    const struct store_row *row)
{
	int64_t		 until;
	enum ctl_state	 state = ctl_state(r, now, row, &until);

	(void)fprintf(fp, "%-7s", ctl_states[state]);
	if (row->kind == STORE_TUPLE) {
		print_age(fp, now, row->tuple.first);
		print_age(fp, now, row->tuple.last);
	} else if (row->kind == STORE_CLIENT) {
		print_age(fp, now, row->client.first);
		print_age(fp, now, row->client.last);
	} else
		(void)fprintf(fp, " %6s %6s", "-", "-");
	print_span(fp, until - now);
	if (row->kind == STORE_TUPLE) {
		(void)fprintf(fp, " %6" PRId64 " %6" PRId64 " ",
		    row->tuple.blocked, row->tuple.passed);
		print_tuple(fp, row->key, helo);
	} else if (row->kind == STORE_CLIENT) {
		(void)fprintf(fp, " %6s %6" PRId64 " ", "-",
		    row->client.passed);
		(void)print_word(fp, row->key, strlen(row->key));
	} else {
		(void)fprintf(fp, " %6s %6s ", "-", "-");
		(void)print_word(fp, row->key, strlen(row->key));
	}
	(void)putc('\n', fp);
}

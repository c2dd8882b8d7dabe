/* SPDX-License-Identifier: ISC */
/*
 * Commands of greylistctl that only look: list, get, stat, export.  They walk
 * through all rows, and keep none.
 */

#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "ctl.h"
#include "ctl_format.h"
#include "ctl_memory.h"
#include "log.h"
#include "postgrey.h"

/* Which rows; all that is 0 or empty does not matter. */
struct choice {
	unsigned int	 states;	/* bits */
	char		 pattern[TUPLE_KEY];
	char		 net[ADDR_STRLEN + 1];	/* "192.0.2.0/" */
	char		 sender[TUPLE_KEY + 2];	/* "/joe@example.net/" */
	char		 recipient[TUPLE_KEY + 1];
	size_t		 shown;
	size_t		 counts[CTL_STATES];
};

static const struct {
	const char	*word;
	unsigned int	 states;
} classes[] = {
	{ "grey", 1 << CTL_GREY },
	{ "pass", 1 << CTL_PASS },
	{ "white", 1 << CTL_WHITE | 1 << CTL_KNOWN },
	{ "trap", 1 << CTL_TRAP },
	{ "partner", 1 << CTL_PARTNER },
};

static void
show(const struct store_row *row)
{
	if (ctl.json)
		ctl_json_row(stdout, &postgrey.rules, ctl.now, row);
	else
		ctl_table_row(stdout, &postgrey.rules, ctl.now,
		    postgrey.tuple.helo, row);
}

static int
ends_with(const char *s, const char *end)
{
	size_t	 len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

static int
is_chosen(const struct choice *c, const struct store_row *row)
{
	int64_t		 until;
	enum ctl_state	 state = ctl_state(&postgrey.rules, ctl.now, row,
			    &until);
	const char	*p = c->pattern;

	if ((c->states & 1u << state) == 0)
		return 0;
	if (c->net[0] != '\0')
		return strncmp(row->key, c->net, strlen(c->net)) == 0;
	if (c->sender[0] != '\0')
		return strstr(row->key, c->sender) != NULL ||
		    ends_with(row->key, c->recipient);
	if (*p == '\0')
		return 1;
	return strpbrk(p, "*?[") != NULL ? fnmatch(p, row->key, 0) == 0 :
	    strstr(row->key, p) != NULL;
}

static int
show_chosen(const struct store_row *row, void *arg)
{
	struct choice	*c = arg;

	if (!is_chosen(c, row))
		return 0;
	c->shown++;
	show(row);
	/* A pager that was left: what follows is for nobody. */
	return ferror(stdout);
}

static int
walk_all(int (*cb)(const struct store_row *, void *), void *arg)
{
	enum store_kind	 kind;

	for (kind = STORE_TUPLE; kind <= STORE_PARTNER; kind++)
		if (ctl_walk(kind, cb, arg) == -1)
			return -1;
	return 0;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

int
ctl_list(int argc, char *argv[])
{
	struct choice	 c = { .states = ~(1u << CTL_OVER) };
	size_t		 i;

	for (i = 0; argc > 0 && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(argv[0], classes[i].word) == 0) {
			c.states = classes[i].states;
			argc--;
			argv++;
			break;
		}
	if (argc > 0)
		(void)strlcpy(c.pattern, argv[0], sizeof(c.pattern));
	lower(c.pattern);
	if (!ctl.json)
		ctl_table_head(stdout);
	return walk_all(show_chosen, &c) == -1 ? CTL_FAILED : 0;
}

/* 1: it was there and is shown. */
static int
show_one(enum store_kind kind, const char *key)
{
	struct ctl_row	 r;
	int		 n = ctl_get(kind, key, &r);

	if (n == 1)
		show(&r.row);
	return n;
}

/* The client, and the mails that count as its. */
static int
show_client(const struct addr *a, struct choice *c)
{
	struct tuple_rules	 rules = postgrey.tuple;
	char			 key[TUPLE_KEY], text[ADDR_STRLEN];

	rules.helo = 0;
	tuple_key(&rules, a, "", "", "", key);
	key[strcspn(key, "/") + 1] = '\0';
	(void)strlcpy(c->net, key, sizeof(c->net));
	return show_one(STORE_CLIENT, addr_print(a, text));
}

/* Did we write to it?  And what came from it, or was for it. */
static int
show_mailbox(const char *mailbox, struct choice *c)
{
	char	 key[TUPLE_KEY];
	int	 n, m = 0;

	if (strlen(mailbox) >= sizeof(key)) {
		log_warnx("too long: %s", log_quote(mailbox));
		return -1;
	}
	tuple_sender(mailbox, key, sizeof(key));
	(void)snprintf(c->sender, sizeof(c->sender), "/%s/", key);
	tuple_recipient(mailbox, key, sizeof(key));
	(void)snprintf(c->recipient, sizeof(c->recipient), "/%s", key);
	n = show_one(STORE_PARTNER, key);
	if (*mailbox != '@')
		m = show_one(STORE_PARTNER, strrchr(key, '@'));
	return n == -1 || m == -1 ? -1 : n + m;
}

int
ctl_show(int argc, char *argv[])
{
	struct choice	 c = { .states = ~0u };
	struct addr	 a;
	int		 n;

	if (addr_parse(&a, argv[0]) == -1 && strchr(argv[0], '@') == NULL) {
		log_warnx("get: neither an address nor a mailbox: %s",
		    log_quote(argv[0]));
		return CTL_FAILED;
	}
	if (!ctl.json)
		ctl_table_head(stdout);
	n = a.family != AF_UNSPEC ? show_client(&a, &c) :
	    show_mailbox(argv[0], &c);
	if (n == -1 || ctl_walk(STORE_TUPLE, show_chosen, &c) == -1)
		return CTL_FAILED;
	return n + c.shown > 0 ? 0 : CTL_NOTHING;
}

static int
count(const struct store_row *row, void *arg)
{
	struct choice	*c = arg;
	int64_t		 until;

	c->counts[ctl_state(&postgrey.rules, ctl.now, row, &until)]++;
	return 0;
}

int
ctl_stat(int argc, char *argv[])
{
	struct choice	 c = { .states = 0 };
	int		 i;

	if (walk_all(count, &c) == -1)
		return CTL_FAILED;
	for (i = 0; i < CTL_STATES; i++)
		if (ctl.json)
			(void)printf("%c\"%s\":%zu", i == 0 ? '{' : ',',
			    ctl_states[i], c.counts[i]);
		else
			(void)printf("%-8s %zu\n", ctl_states[i],
			    c.counts[i]);
	if (ctl.json)
		(void)puts("}");
	return 0;
}

static int
export_row(const struct store_row *row, void *arg)
{
	ctl_json_row(stdout, &postgrey.rules, ctl.now, row);
	return ferror(stdout);
}

int
ctl_export(int argc, char *argv[])
{
	return walk_all(export_row, NULL) == -1 ? CTL_FAILED : 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Commands of greylistctl that change one row: add and delete.  What the
 * filter learns of the same client at the same moment may be lost.
 */

#include <string.h>

#include "compat.h"
#include "ctl.h"
#include "ctl_memory.h"
#include "log.h"
#include "options.h"
#include "postgrey.h"

#define SPAN_MAX	INT64_C(315360000000)	/* ms: 3650 days */

enum { WHAT_WHITE, WHAT_TRAP, WHAT_PARTNER, WHAT_CLIENT, WHAT_TUPLE };

static const char *const	 whats[] = {
	[WHAT_WHITE] = "white",
	[WHAT_TRAP] = "trap",
	[WHAT_PARTNER] = "partner",
	[WHAT_CLIENT] = "client",
	[WHAT_TUPLE] = "tuple",
};

/* Of the first n of them; -1 after saying so. */
static int
what_find(const char *command, const char *word, int n)
{
	int	 i;

	for (i = 0; i < n; i++)
		if (strcmp(whats[i], word) == 0)
			return i;
	log_warnx("%s: what is %s?", command, log_quote(word));
	return -1;
}

static int
span_parse(const char *s, int64_t *ms)
{
	const char	*why = options_duration(s, ms);

	if (why == NULL && (*ms < 1000 || *ms > SPAN_MAX))
		why = "not from 1s to 3650d";
	if (why != NULL)
		log_warnx("add: %s: %s", why, log_quote(s));
	return why == NULL ? 0 : -1;
}

/* Of a client: its address as the store has it. */
static int
key_of(int what, const char *who, char key[TUPLE_KEY])
{
	struct addr	 a;

	if (strlen(who) >= TUPLE_KEY) {
		log_warnx("too long: %s", log_quote(who));
		return -1;
	}
	if (what == WHAT_TUPLE || what == WHAT_PARTNER)
		tuple_recipient(who, key, TUPLE_KEY);
	else if (addr_parse(&a, who) == 0)
		(void)addr_print(&a, key);
	else {
		log_warnx("not an address: %s", log_quote(who));
		return -1;
	}
	if (what == WHAT_PARTNER && strchr(key, '@') == NULL) {
		log_warnx("neither a mailbox nor @domain: %s",
		    log_quote(who));
		return -1;
	}
	return 0;
}

static enum store_kind
kind_of(int what)
{
	return what == WHAT_TUPLE ? STORE_TUPLE :
	    what == WHAT_PARTNER ? STORE_PARTNER : STORE_CLIENT;
}

int
ctl_add(int argc, char *argv[])
{
	struct ctl_row		 r;
	struct grey_client	*c = &r.row.client;
	int64_t			 span;
	char			 key[TUPLE_KEY];
	int			 what = what_find("add", argv[0], WHAT_CLIENT);

	span = what == WHAT_TRAP ? postgrey.rules.trap_time :
	    postgrey.rules.max_age;
	if (what == -1 || key_of(what, argv[1], key) == -1 ||
	    (argc > 2 && span_parse(argv[2], &span) == -1) ||
	    ctl_get(kind_of(what), key, &r) == -1)
		return CTL_FAILED;
	if (what == WHAT_PARTNER)
		r.row.until = ctl.now + span;
	else if (what == WHAT_TRAP)
		c->trap_until = ctl.now + span;
	else {
		c->white_until = ctl.now + span;
		c->trap_until = 0;
	}
	if (what != WHAT_PARTNER && c->first == 0)
		c->first = c->last = ctl.now;
	return ctl_put(&r.row) == -1 ? CTL_FAILED : 0;
}

/* All that makes it white, or a trap.  Returns if it was. */
static int
take_away(int what, struct grey_client *c)
{
	int	 was = what == WHAT_TRAP ? ctl.now < c->trap_until :
		    ctl.now < c->white_until || c->passed > 0;

	if (what == WHAT_TRAP)
		c->trap_until = 0;
	else
		c->white_until = c->passed = c->counted = 0;
	return was;
}

int
ctl_remove(int argc, char *argv[])
{
	struct ctl_row	 r;
	char		 key[TUPLE_KEY];
	int		 what, n;

	what = what_find("delete", argv[0],
	    (int)(sizeof(whats) / sizeof(whats[0])));
	if (what == -1 || key_of(what, argv[1], key) == -1 ||
	    (n = ctl_get(kind_of(what), key, &r)) == -1)
		return CTL_FAILED;
	if (n == 0)
		return CTL_NOTHING;
	if (what != WHAT_WHITE && what != WHAT_TRAP)
		return ctl_delete(kind_of(what), key) == -1 ? CTL_FAILED : 0;
	if (!take_away(what, &r.row.client))
		return CTL_NOTHING;
	return ctl_put(&r.row) == -1 ? CTL_FAILED : 0;
}

/* SPDX-License-Identifier: ISC */
/* See chain_rig.h. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "chain_rig.h"
#include "client.h"
#include "inject.h"
#include "message.h"
#include "mods.h"
#include "terms.h"
#include "wishes.h"

struct event_base	*base;
struct milter		 servers[MILTERS];
struct link		 links[MILTERS];
static size_t		 nlinks;
struct session		 session;
struct tx		 tx;
struct client		 client = { .s = &session };
struct chain		*chain;
int64_t			 deadline = 10000;

/* The open request, and what was answered to the last one. */
static uint64_t		 serial;
uint64_t		 open_serial;
char			 said[600];
char			 told[600];

/* What the stand-ins of others are to say, and what they were asked. */
const char		*sink_address;
enum settled		 discard_is, wishes_are;
int			 copy_fails, mods_fail, apply_fails, join_fails;
int			 applied, mods_applied, went, freed, marked;

struct milter		*milters;

struct event_base *
filter_events(void)
{
	return base;
}

int64_t
filter_deadline(void)
{
	return deadline;
}

int
filter_dry_run(void)
{
	return 0;
}

struct session *
filter_session(struct request rq)
{
	return rq.serial == open_serial ? &session : NULL;
}

void
filter_log(const struct session *s, const char *fmt, ...)
{
}

static void
answer(struct request rq, const char *text)
{
	assert_int_equal(rq.serial, open_serial);
	(void)snprintf(said, sizeof(said), "%s", text);
	open_serial = 0;
}

void
filter_proceed(struct request rq)
{
	answer(rq, "proceed");
}

void
filter_junk(struct request rq)
{
	answer(rq, "junk");
}

void
filter_rewrite(struct request rq, const char *to)
{
	char	 text[300];

	(void)snprintf(text, sizeof(text), "rewrite %s", to);
	answer(rq, text);
}

static void	refuse(struct request, const char *, int, const char *, va_list)
		    __attribute__((__format__ (__printf__, 4, 0)));

static void
refuse(struct request rq, const char *how, int code, const char *fmt,
    va_list ap)
{
	char	 text[560], whole[600];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)snprintf(whole, sizeof(whole), "%s %d %s", how, code, text);
	answer(rq, whole);
}

void
filter_reject(struct request rq, int code, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	refuse(rq, "reject", code, fmt, ap);
	va_end(ap);
}

void
filter_disconnect(struct request rq, int code, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	refuse(rq, "disconnect", code, fmt, ap);
	va_end(ap);
}

void
filter_fail(struct request rq, const char *fmt, ...)
{
	answer(rq, "fail");
}

struct link *
link_new(struct milter *m, struct client *c, const struct link_ops *ops,
    void *arg)
{
	struct link	*l = &links[nlinks++];

	memset(l, 0, sizeof(*l));
	l->milter = m;
	l->ops = ops;
	l->arg = arg;
	return l;
}

static void
tell(enum link_event event)
{
	static const char	 letters[] = "CHMRTEU";
	const char		*addr = "", *args = "";
	size_t			 n = strlen(told);

	if (event == EVENT_MAIL) {
		addr = client.mail;
		args = client.mail_args;
	} else if (event == EVENT_RCPT) {
		addr = client.rcpt;
		args = client.rcpt_args;
	}
	(void)snprintf(told + n, sizeof(told) - n, "%c%s%s ", letters[event],
	    addr, args);
}

int
link_ask(struct link *l, enum link_event event, const char *arg,
    struct message *m, size_t skip)
{
	assert_false(l->asked);
	l->events |= 1U << event;
	if (l == &links[0])
		tell(event);
	if (event == EVENT_UNKNOWN || l->not_wanted)
		return 0;
	l->asked = 1;
	return 1;
}

int
link_wants_message(const struct link *l)
{
	return !l->not_wanted;
}

const struct terms *
link_terms(const struct link *l)
{
	static const struct terms	 t = { .version = 6 };

	return &t;
}

void
link_abort(struct link *l)
{
	l->aborted++;
	l->asked = 0;
}

void
link_close(struct link *l)
{
	l->closed++;
}

const struct milter *
link_milter(const struct link *l)
{
	return l->milter;
}

struct mods *
mods_new(struct message *m, size_t hidden, int leadspc)
{
	return mods_fail ? NULL : (struct mods *)&applied;
}

void
mods_free(struct mods *m)
{
}

int
mods_take(struct mods *m, const struct change *c)
{
	return 0;
}

int
mods_any(const struct mods *m)
{
	return 1;
}

int
mods_apply(struct mods *m)
{
	mods_applied++;
	return apply_fails ? -1 : 0;
}

int
message_apply(struct message *m)
{
	applied++;
	return 0;
}

ssize_t
message_find(struct message *m, const char *name, size_t nth)
{
	return -1;
}

const char *
message_value(struct message *m, size_t i, size_t *len)
{
	*len = 0;
	return "";
}

int
wishes_take(struct wishes *w, const struct change *c)
{
	w->nadded++;
	return 0;
}

int
wishes_join(struct wishes *w, struct wishes *from)
{
	w->nadded += from->nadded;
	from->nadded = 0;
	return join_fails ? -1 : 0;
}

void
wishes_clear(struct wishes *w)
{
	w->nadded = 0;
}

enum settled
settle_discard(const struct session *s, const char *milter)
{
	return discard_is;
}

enum settled
settle_message(const struct session *s, struct message *m,
    struct wishes *w, int junk)
{
	marked = junk;
	return wishes_are;
}

int
settle_code(enum settled settled, const char **text)
{
	*text = "5.7.1 Settled";
	return settled == SETTLED_REJECT ? 550 : 451;
}

const char *
settle_sink(void)
{
	return sink_address;
}

int
settle_copy(const struct session *s, struct message *m,
    const struct wishes *w, struct inject **copy)
{
	*copy = w->nadded > 0 ? (struct inject *)&went : NULL;
	return copy_fails ? -1 : 0;
}

void
inject_go(struct inject *i)
{
	went++;
}

void
inject_free(struct inject *i)
{
	freed++;
}

int
setup(void **state)
{
	size_t	 i;

	memset(&session, 0, sizeof(session));
	memset(&tx, 0, sizeof(tx));
	for (i = 0; i < MILTERS; i++) {
		servers[i].name = (char *)"milter";
		servers[i].on_failure = FAILURE_TEMPFAIL;
		servers[i].next = i + 1 < MILTERS ? &servers[i + 1] : NULL;
	}
	milters = servers;
	deadline = 10000;
	sink_address = NULL;
	discard_is = SETTLED_REJECT;
	wishes_are = SETTLED_ACCEPT;
	copy_fails = mods_fail = apply_fails = join_fails = 0;
	applied = mods_applied = went = freed = 0;
	marked = 0;
	nlinks = 0;
	*told = '\0';
	base = event_base_new();
	assert_non_null(chain = chain_new(&client));
	assert_int_equal(nlinks, MILTERS);
	return 0;
}

int
teardown(void **state)
{
	size_t	 i;

	chain_free(chain);
	client_end(&client);
	for (i = 0; i < MILTERS; i++)
		assert_int_equal(links[i].closed, 1);
	event_base_free(base);
	return 0;
}

void
put(enum link_event event)
{
	struct request	 rq = { .session = 1, .serial = ++serial };

	*said = '\0';
	open_serial = serial;
	if (event == EVENT_MESSAGE)
		chain_message(chain, rq, NULL);
	else
		chain_ask(chain, rq, event, "arg");
}

void
says_reply(int i, enum answer_kind kind, int code, const char *text)
{
	struct answer	 a = { .kind = kind, .why = "no reason" };

	assert_true(links[i].asked);
	links[i].asked = 0;
	a.reply.code = code;
	(void)snprintf(a.reply.text, sizeof(a.reply.text), "%s", text);
	links[i].ops->answer(&links[i], &a, links[i].arg);
}

void
says(int i, enum answer_kind kind)
{
	says_reply(i, kind, 0, "");
}

/* All milters but the first say continue, and then nothing is open. */
void
pass(enum link_event event)
{
	int	 i;

	put(event);
	for (i = 0; i < MILTERS; i++)
		says(i, ANSWER_CONTINUE);
	assert_string_equal(said, "proceed");
}

void
change(int i, char command)
{
	struct change	 c = { .command = command };

	links[i].ops->change(&links[i], &c, links[i].arg);
}


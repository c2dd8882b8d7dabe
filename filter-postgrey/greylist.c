/* SPDX-License-Identifier: ISC */
/*
 * See greylist.h.  A header field that there is no memory for is counted, and
 * the mail goes on without it; nothing else fails.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "compat.h"
#include "diary.h"
#include "expand.h"
#include "greylist.h"
#include "lists.h"
#include "memory.h"
#include "policyd.h"
#include "postgrey.h"

static char	 hostname[256];

void
greylist_init(void)
{
	if (gethostname(hostname, sizeof(hostname)) == -1)
		hostname[0] = '\0';
	hostname[sizeof(hostname) - 1] = '\0';
}

/* smtpd's name for itself; before 7.0 it does not tell. */
static const char *
host(void)
{
	return *filter_admd() != '\0' ? filter_admd() : hostname;
}

static void
lower_copy(char *out, size_t size, const char *s)
{
	(void)strlcpy(out, s, size);
	for (; *out != '\0'; out++)
		*out = (char)tolower((unsigned char)*out);
}

int
greylist_ask(const struct session *s, struct request rq, const char *sender,
    const char *recipient, struct grey_verdict *v, enum memory_who *who,
    void (*done)(struct request, const struct grey_verdict *,
    enum memory_who))
{
	char			 tuple[TUPLE_KEY], client[ADDR_STRLEN];
	char			 partner[TUPLE_KEY];
	struct store_query	 q;

	tuple_key(&postgrey.tuple, &s->src, s->helo == NULL ? "" : s->helo,
	    sender, recipient, tuple);
	lower_copy(partner, sizeof(partner), sender);
	q.tuple = tuple;
	q.client = addr_print(&s->src, client);
	q.sender = partner;
	q.now = memory_now();
	q.bait = greylist_is_bait(recipient);
	return memory_decide(&q, rq, v, who, done);
}

/* smtpd takes a mailbox without a domain for one of ours: RFC 5321, 4.5.1. */
static int
is_foreign(const char *recipient)
{
	const char	*at = strrchr(recipient, '@');

	return at != NULL && at[1] != '\0' &&
	    postgrey_asks(postgrey.allowed) &&
	    !list_match_address(postgrey.allowed, recipient);
}

int
greylist_is_bait(const char *recipient)
{
	return is_foreign(recipient) || (postgrey_asks(postgrey.traps) &&
	    list_match_address(postgrey.traps, recipient));
}

/*
 * spamd(8): nobody who is not known yet has business there.  A server that
 * keeps to RFC 5321, 5.1 has been at another of our hosts before, and that one
 * shares its memory with us, if it can.
 */
static int
is_trap(const struct session *s, const char *recipient,
    const struct grey_verdict *v, enum memory_who who)
{
	/* Mail to a trap is new each time: grey_decide(). */
	if (v->reason != GREY_NEW)
		return 0;
	if (who == MEMORY_SURE && postgrey.low_mx.family != AF_UNSPEC &&
	    addr_equal(&s->dst, &postgrey.low_mx))
		return 1;
	return greylist_is_bait(recipient);
}

static void
trapped(struct outcome *o)
{
	if (postgrey.trap_action == REFUSE_REJECT)
		outcome_refuse(o, 550, "Your address is blocked");
	else
		outcome_refuse(o, 451,
		    "Your address is blocked, try again later");
}

static void
deferred(const struct session *s, const struct grey_verdict *v,
    const char *sender, const char *recipient, struct outcome *o)
{
	const char		*at = strrchr(recipient, '@');
	char			 seconds[24], client[ADDR_STRLEN];
	char			 text[OUTCOME_TEXT];
	const struct expansion	 values[] = {
		{ 's', seconds },
		{ 'r', at == NULL ? recipient : at + 1 },
		{ 'i', addr_print(&s->src, client) },
		{ 'f', sender },
		{ 'h', host() },
		{ 0, NULL }
	};

	(void)snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)((v->wait + 999) / 1000));
	expand(postgrey.text, values, text, sizeof(text));
	outcome_refuse(o, postgrey.code, text);
	o->wait = v->wait;
}

/* X-Greylist, once a message: the first recipient that had to wait. */
static void
stamp(struct client *c, const struct grey_verdict *v)
{
	char			 field[POLICYD_TEXT_MAX + 1], seconds[24];
	char			 date[64] = "";
	time_t			 now = (time_t)(memory_now() / 1000);
	struct tm		 tm;
	const struct expansion	 values[] = {
		{ 't', seconds },
		{ 'v', PACKAGE_VERSION },
		{ 'h', host() },
		{ 'd', date },
		{ 0, NULL }
	};

	if (postgrey.header == NULL || v->delayed <= 0 || c->dated)
		return;
	(void)snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)(v->delayed / 1000));
	if (gmtime_r(&now, &tm) == NULL || strftime(date, sizeof(date),
	    "%a, %d %b %Y %H:%M:%S +0000", &tm) == 0)
		date[0] = '\0';
	expand(postgrey.header, values, field, sizeof(field));
	c->dated = 1;
	if (stamps_add(&c->mail, field) == -1)
		metric_inc(&diary_counters[LOST]);
}

static void
tell(const struct session *s, const struct grey_verdict *v,
    const char *sender, const char *recipient)
{
	struct entry	 e = {
		.action = v->reason == GREY_TRAPPED ? "block" :
		    v->defer ? "greylist" : "pass",
		.reason = grey_reasons[v->reason],
		.sender = sender,
		.recipient = recipient,
		.wait = v->defer ? v->wait : 0,
		.delayed = v->delayed,
	};

	metric_inc(&diary_counters[v->reason == GREY_TRAPPED ? TRAPPED :
	    v->defer ? GREYLISTED : PASSED]);
	diary(s, &e);
}

void
greylist_outcome(struct session *s, const struct grey_verdict *verdict,
    enum memory_who who, const char *sender, const char *recipient,
    struct outcome *o)
{
	struct grey_verdict	 v = *verdict;

	outcome_pass(o);
	if (is_trap(s, recipient, &v, who)) {
		memory_trap(&s->src);
		v.reason = GREY_TRAPPED;
		v.defer = 1;
		v.wait = postgrey.rules.trap_time;
		v.delayed = 0;
	}
	tell(s, &v, sender, recipient);
	if (v.reason == GREY_TRAPPED)
		trapped(o);
	else if (v.defer)
		deferred(s, &v, sender, recipient, o);
	else
		stamp(s->data, &v);
}

/* SPDX-License-Identifier: ISC */
/*
 * See settle.h.  Each wish is one line in the log, that says what was done
 * instead of it; one that can't be done is never an error.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "inject.h"
#include "log.h"
#include "message.h"
#include "settle.h"

#define REASON_MAX	200	/* in the header */

static const char *const	 words[] = {
	[SETTLED_ACCEPT] = "accept", [SETTLED_JUNK] = "junk",
	[SETTLED_REJECT] = "reject", [SETTLED_TEMPFAIL] = "tempfail", NULL
};

static int			 discard = SETTLED_REJECT;
static int			 quarantine = SETTLED_JUNK;
static const char		*sink;

static const char *
key_discard_to(const char *value)
{
	if (strpbrk(value, " \t<>") != NULL || strchr(value, '@') == NULL ||
	    *value == '@' || strlen(value) > 320)
		return "not an address";
	sink = value;
	return NULL;
}

const struct key	 settle_keys[] = {
	{ .name = "discard", .type = KEY_CHOICE, .dest = &discard,
	    .choices = words },
	{ .name = "discard-to", .type = KEY_CALL, .call = key_discard_to },
	{ .name = "quarantine", .type = KEY_CHOICE, .dest = &quarantine,
	    .choices = words },
	{ .name = "inject", .type = KEY_CALL, .call = inject_server },
	{ .name = NULL }
};

const char *
settle_sink(void)
{
	return sink;
}

int
settle_code(enum settled settled, const char **text)
{
	if (settled == SETTLED_TEMPFAIL) {
		*text = "4.7.1 Message not accepted now, try again later";
		return 451;
	}
	*text = "5.7.1 Message refused";
	return 550;
}

enum settled
settle_discard(const struct session *s, const char *milter)
{
	filter_log(s, "action=discard as=%s milter=%s", words[discard],
	    log_safe(milter));
	return (enum settled)discard;
}

/* Of two, the one that lets less through. */
static enum settled
stricter(enum settled a, enum settled b)
{
	static const int	 rank[] = {
		[SETTLED_ACCEPT] = 0, [SETTLED_JUNK] = 1,
		[SETTLED_TEMPFAIL] = 2, [SETTLED_REJECT] = 3
	};

	return rank[a] > rank[b] ? a : b;
}

/* A field of one line. */
static void
mark_quarantine(struct message *m, const char *reason)
{
	char	 text[REASON_MAX], *p;

	(void)strlcpy(text, reason, sizeof(text));
	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	message_prepend(m, "X-Milter-Quarantine", text);
}

static enum settled
settle_quarantine(const struct session *s, struct message *m,
    const char *reason)
{
	filter_log(s, "action=quarantine as=%s reason=%s", words[quarantine],
	    log_quote(reason));
	if (quarantine == SETTLED_JUNK)
		mark_quarantine(m, reason);
	return (enum settled)quarantine;
}

static void
log_recipients(const struct session *s, const char *what, char *const *rcpt,
    size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		filter_log(s, "action=ignore wish=%s to=%s", what,
		    log_safe(rcpt[i]));
}

/* Has smtpd a recipient who was not removed? */
static int
any_left(const struct session *s, const struct wishes *w)
{
	size_t	 i;

	for (i = 0; s->tx != NULL && i < s->tx->nrcpt; i++)
		if (!wishes_remove(w, s->tx->rcpt[i]))
			return 1;
	return 0;
}

static enum settled
settle_removed(const struct session *s, const struct wishes *w)
{
	if (w->nremoved == 0)
		return SETTLED_ACCEPT;
	if (any_left(s, w)) {
		log_recipients(s, "remove", w->removed, w->nremoved);
		return SETTLED_ACCEPT;
	}
	filter_log(s, "action=discard as=%s wish=remove-all", words[discard]);
	return (enum settled)discard;
}

enum settled
settle_message(const struct session *s, struct message *m,
    struct wishes *w, int junk)
{
	enum settled	 settled;

	if (s->tx != NULL)
		wishes_fit(w, s->tx->rcpt, s->tx->nrcpt);
	settled = settle_removed(s, w);
	if (junk)
		settled = stricter(settled, SETTLED_JUNK);
	if (w->quarantine != NULL)
		settled = stricter(settled,
		    settle_quarantine(s, m, w->quarantine));
	if (settled == SETTLED_JUNK)
		message_prepend(m, "X-Spam", "Yes");
	return settled;
}

int
settle_copy(const struct session *s, struct message *m,
    const struct wishes *w, struct inject **copy)
{
	const char	*from = w->from;

	*copy = NULL;
	if (w->nadded == 0 || !inject_set() || filter_dry_run()) {
		log_recipients(s, "add", w->added, w->nadded);
		if (from != NULL)
			filter_log(s, "action=ignore wish=from from=%s",
			    log_safe(from));
		return 0;
	}
	if (from == NULL)
		from = s->tx != NULL ? s->tx->from : "";
	*copy = inject_new(s->id, from, w->added, w->nadded, m);
	return *copy != NULL ? 0 : -1;
}

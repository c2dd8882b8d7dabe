/* SPDX-License-Identifier: ISC */
/*
 * See fallback.h.  Runs in the guard too, which must not want for memory:
 * nothing is said unless there is room for it, or the caller saw to that.
 */

#include <string.h>

#include "fallback.h"

/*
 * The code of a refusal at connect has to come with a disconnect: smtpd would
 * keep a client that it only rejects.  To refuse QUIT, RSET or NOOP helps
 * nobody.
 */
const char *
fallback_verdict(enum failure policy, int phase)
{
	if (policy == FAILURE_ACCEPT || phase == PHASE_QUIT ||
	    phase == PHASE_RSET || phase == PHASE_NOOP ||
	    phase == PHASE_UNKNOWN)
		return "proceed";
	if (policy == FAILURE_TEMPFAIL)
		return phase == PHASE_CONNECT ?
		    "disconnect|421 4.3.0 Mail filter failed, try again later" :
		    FALLBACK_LOST;
	return phase == PHASE_CONNECT ?
	    "disconnect|554 5.3.0 Mail filter failed" :
	    "reject|550 5.3.0 Mail filter failed";
}

static void
pay(struct channel *ch, const struct debt *d, const char *verdict)
{
	char		 line[PROTO_ANSWER_MAX];
	struct debt	 paid = { .session = d->session };

	channel_say(ch, line, proto_result(line, ch->sh->facts.minor,
	    d->session, d->token, verdict), &paid);
}

static void
pay_dot(struct channel *ch, uint64_t session, uint64_t token, int lost)
{
	char		 prefix[PROTO_PREFIX];
	struct debt	 after = { .session = session, .token = token,
			    .owed = OWED_VERDICT, .lost = 1 };

	proto_prefix(prefix, ch->sh->facts.minor, session, token);
	channel_dot(ch, prefix, lost ? &after : NULL);
}

int
fallback_recover(struct channel *ch, enum failure policy, unsigned int *next,
    unsigned int *paid)
{
	struct debt	 d;

	for (; *next < LEDGER_SLOTS; (*next)++) {
		d = ch->sh->ledger.debts[*next];
		if (d.owed == OWED_NOTHING)
			continue;
		if (!channel_fits(ch, PROTO_ANSWER_MAX))
			return 0;
		(*paid)++;
		d.lost = 1;
		if (d.owed == OWED_DOT)
			pay_dot(ch, d.session, d.token, 1);
		else if (d.owed != OWED_ANSWER)
			(void)channel_owe(ch, &d);
		else
			pay(ch, &d, d.phase == PHASE_COMMIT ? FALLBACK_LOST :
			    fallback_verdict(policy, d.phase));
	}
	return 1;
}

/* What smtpd asks of a session without a worker. */
static void
answer(struct channel *ch, const struct proto_line *l, enum failure policy)
{
	struct debt	 d = { .session = l->session, .token = l->token }, *had;

	had = ledger_find(&ch->sh->ledger, l->session);
	/* No debt may mean no room for it: that is not to be trusted. */
	if (l->what == PHASE_COMMIT && ((had != NULL && had->lost) ||
	    (policy == FAILURE_ACCEPT && ch->sh->facts.must_see)))
		pay(ch, &d, FALLBACK_LOST);
	else
		pay(ch, &d, fallback_verdict(policy, l->what));
}

static int
is_end(const struct proto_line *l)
{
	return l->len == 1 && l->arg[0] == '.';
}

/* The line as it came.  Returns whether it had to be cut. */
static int
pass_on(struct channel *ch, const struct proto_line *l)
{
	char	 prefix[PROTO_PREFIX];
	/* It comes stuffed, and would be stuffed again. */
	int	 dot = l->len > 0 && l->arg[0] == '.';

	proto_prefix(prefix, ch->sh->facts.minor, l->session, l->token);
	return channel_data(ch, prefix, l->arg + dot, l->len - dot);
}

void
fallback_echo(struct channel *ch, const struct proto_line *l)
{
	channel_consume(ch);
	if (is_end(l))
		pay_dot(ch, l->session, l->token, 0);
	else
		(void)pass_on(ch, l);
}

/* Without room in the ledger for it, every message is one that was lost. */
static void
note_lost(struct channel *ch, const struct proto_line *l)
{
	struct debt	 lost = { .session = l->session, .token = l->token,
			    .owed = OWED_LINES, .lost = 1 };

	if (channel_owe(ch, &lost) == -1)
		ch->sh->facts.must_see = 1;
}

/*
 * A message goes on as it is if the policy is to accept it, no part of it was
 * lost, and the filter need not have seen it; else smtpd gets nothing but its
 * end.
 */
static void
data_line(struct channel *ch, const struct proto_line *l, enum failure policy)
{
	struct debt	*had = ledger_find(&ch->sh->ledger, l->session);

	if (is_end(l))
		pay_dot(ch, l->session, l->token, had != NULL && had->lost);
	else if (policy == FAILURE_ACCEPT && (had == NULL || !had->lost) &&
	    (ch->sh->facts.must_see || pass_on(ch, l)))
		note_lost(ch, l);
}

void
fallback_line(struct channel *ch, const struct proto_line *l,
    enum failure policy)
{
	struct debt	 gone = { .session = l->session };

	channel_consume(ch);
	if (l->kind == PROTO_FILTER) {
		ch->sh->facts.minor = l->minor;
		if (l->what == PHASE_DATA_LINE)
			data_line(ch, l, policy);
		else
			answer(ch, l, policy);
	} else if (l->kind == PROTO_REPORT &&
	    (l->what == REPORT_LINK_DISCONNECT ||
	    l->what == REPORT_TX_RESET || l->what == REPORT_TX_ROLLBACK))
		(void)channel_owe(ch, &gone);
}

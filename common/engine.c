/* SPDX-License-Identifier: ISC */
/*
 * Lines from smtpd become facts, and questions to hooks.  A line that makes
 * no sense is logged and dropped, a session that nobody knows is answered by
 * the fail policy: nothing here exits.
 */

#include <string.h>

#include "engine.h"
#include "fallback.h"
#include "log.h"
#include "message_engine.h"

/* Lines per turn of the event loop: timers and backends want theirs too. */
#define TURN_LINES	8192
/* What one line from a stranger may make us say. */
#define STRANGER_ROOM	(PROTO_PREFIX + PROTO_PAYLOAD_MAX + 2)

static void
expired(struct request rq)
{
	filter_fail(rq, "no answer in time");
}

struct engine	engine = { .expired = expired };

struct metric	engine_counts[COUNT_MAX] = {
	[COUNT_SESSIONS] = METRIC_COMMON("sessions_total", "Sessions begun."),
	[COUNT_REQUESTS] = METRIC_COMMON("requests_total",
	    "Questions of smtpd."),
	[COUNT_MESSAGES] = METRIC_COMMON("messages_total",
	    "Messages that came whole."),
	[COUNT_REFUSED] = METRIC_COMMON("refused_total",
	    "Answers that were not proceed."),
	[COUNT_FAILED] = METRIC_COMMON("failed_total",
	    "Answers given by on-failure."),
	[COUNT_DEADLINE] = METRIC_COMMON("deadline_total",
	    "Questions that got no answer in time."),
	[COUNT_LATE] = METRIC_COMMON("late_answers_total",
	    "Answers dropped: too late, or a second one."),
	[COUNT_STRANGERS] = METRIC_COMMON("stranger_requests_total",
	    "Questions of sessions older than the last crash."),
	[COUNT_RESTARTS] = METRIC_COMMON("worker_restarts_total",
	    "Workers that died and were replaced."),
};

/* For hooks: NUL terminated.  The longest line of the kind is 4095 bytes. */
static const char *
argument(const struct proto_line *l)
{
	static char	 buf[8192];
	const char	*arg = l->arg;
	size_t		 len = l->len;

	if (l->kind == PROTO_FILTER &&
	    (l->what == PHASE_MAIL_FROM || l->what == PHASE_RCPT_TO))
		proto_mailbox(&arg, &len);
	if (len >= sizeof(buf))
		len = sizeof(buf) - 1;
	memcpy(buf, arg, len);
	buf[len] = '\0';
	return buf;
}

static void
tx_end(struct conn *c)
{
	if (c->s.tx != NULL && engine.filter->tx_end != NULL)
		engine.filter->tx_end(&c->s);
	session_tx_end(c);
}

void
engine_end(struct conn *c)
{
	struct debt	 gone = { .session = c->s.id };

	ticket_cancel(c);
	transfer_end(c);
	tx_end(c);
	if (engine.filter->session_end != NULL)
		engine.filter->session_end(&c->s);
	(void)channel_owe(&engine.channel, &gone);
	session_free(c);
}

static void
begin(struct proto_line *l)
{
	struct conn	*c;

	if ((c = session_find(l->session)) != NULL)
		engine_end(c);
	c = session_new(l->session, engine.filter->session_size);
	if (c == NULL) {
		log_peer("%016llx failed: out of memory",
		    (unsigned long long)l->session);
		return;
	}
	c->s.outgoing = l->outgoing;
	metric_inc(&engine_counts[COUNT_SESSIONS]);
}

/* Rolled back: nobody will ask for the rest of it, or for its verdict. */
static void
message_gone(struct conn *c)
{
	struct debt	 gone = { .session = c->s.id };

	if (c->stage == STAGE_NONE)
		return;
	transfer_end(c);
	if (c->serial == 0)
		(void)channel_owe(&engine.channel, &gone);
}

/*
 * The session or its message is over: who is told of it can't answer any more.
 */
static void
over(struct conn *c, enum report what)
{
	if (what == REPORT_LINK_DISCONNECT)
		ticket_cancel(c);
	if (what == REPORT_LINK_DISCONNECT || what == REPORT_TX_RESET ||
	    what == REPORT_TX_ROLLBACK)
		message_gone(c);
}

/*
 * Outgoing, smtpd reports a rollback and a reset for one refused recipient,
 * and then commits: there a transaction ends with its commit, or the next one.
 */
static void
report(struct proto_line *l)
{
	const struct filter	*f = engine.filter;
	struct conn		*c;

	if (l->what == REPORT_LINK_CONNECT)
		begin(l);
	/* smtp-out ends sessions that never began. */
	if ((c = session_find(l->session)) == NULL) {
		fallback_line(&engine.channel, l, engine_fallback());
		return;
	}
	channel_consume(&engine.channel);
	c->s.time = l->time;
	if (l->what == REPORT_UNKNOWN)
		return;
	if (l->what == REPORT_TX_BEGIN)
		tx_end(c);
	over(c, l->what);
	if (session_fact(c, l->minor, l->what, l->arg, l->len,
	    f->tx_size) == -1)
		log_peer("%016llx a fact is lost: out of memory",
		    (unsigned long long)l->session);
	if (f->report[l->what] != NULL)
		f->report[l->what](&c->s, argument(l));
	if (f->any_report != NULL)
		f->any_report(&c->s, l->what, argument(l));
	if (l->what == (c->s.outgoing ? REPORT_TX_COMMIT : REPORT_TX_RESET))
		tx_end(c);
	else if (l->what == REPORT_LINK_DISCONNECT)
		engine_end(c);
}

static void
question(struct conn *c, struct proto_line *l)
{
	const struct filter	*f = engine.filter;
	const char		*kept;

	metric_inc(&engine_counts[COUNT_REQUESTS]);
	ticket_open(c, l, OWED_ANSWER);
	c->s.time = l->time;
	if (l->what == PHASE_COMMIT && (kept = transfer_kept(c)) != NULL)
		answer_say(c, kept);
	else if (f->request[l->what] != NULL)
		f->request[l->what](&c->s, ticket_request(c), argument(l));
	else if (f->any_phases >> l->what & 1)
		f->any_request(&c->s, ticket_request(c), l->what, argument(l));
	else
		answer_say(c, "proceed");
	ticket_wait(c);
}

enum failure
engine_fallback(void)
{
	return engine.dry_run ? FAILURE_ACCEPT : (enum failure)engine.policy;
}

/* From now on this session is answered as one that nobody knows. */
static void
estrange(struct conn *c, const struct proto_line *l, const char *why)
{
	struct debt	 lost = { .session = c->s.id, .token = l->token,
			    .owed = OWED_LINES, .lost = 1 };

	log_peer("%016llx answered by on-failure: %s",
	    (unsigned long long)c->s.id, why);
	if (c->stage != STAGE_NONE)
		(void)channel_owe(&engine.channel, &lost);
	ticket_cancel(c);
	transfer_end(c);
	c->stranger = 1;
}

/* A line of the same message, from another place of the chain? */
static int
is_elsewhere(const struct conn *c, const struct proto_line *l)
{
	return c != NULL && !c->stranger && l->what == PHASE_DATA_LINE &&
	    c->stage != STAGE_NONE && l->token != c->lines;
}

/* What can't be answered but by fallback.h. */
static int
is_stranger(struct conn *c, const struct proto_line *l)
{
	if (c == NULL || c->stranger || l->what == PHASE_UNKNOWN)
		return 1;
	if (engine.channel.in_pos == engine.channel.sh->skip)
		estrange(c, l, "a line that killed two workers");
	else if ((l->what != PHASE_DATA_LINE || c->stage == STAGE_NONE) &&
	    !ledger_room(&engine.channel.sh->ledger, c->s.id))
		estrange(c, l, "too many sessions");
	return c->stranger;
}

/* Returns 0 if there is no room for the answer now: try again later. */
static int
request(struct proto_line *l)
{
	struct conn	*c = session_find(l->session);
	int		 elsewhere = is_elsewhere(c, l);

	if (elsewhere || is_stranger(c, l)) {
		if (!channel_fits(&engine.channel, STRANGER_ROOM))
			return 0;
		if (elsewhere) {
			fallback_echo(&engine.channel, l);
			return 1;
		}
		if (l->what != PHASE_DATA_LINE)
			metric_inc(&engine_counts[COUNT_STRANGERS]);
		fallback_line(&engine.channel, l, engine_fallback());
	} else if (l->what == PHASE_DATA_LINE)
		transfer_line(c, l);
	else
		question(c, l);
	return 1;
}

static int
one_line(const char *line, size_t len)
{
	struct channel		*ch = &engine.channel;
	struct proto_line	 l;
	const char		*why;

	if ((why = proto_parse(&l, line, len)) != NULL) {
		log_peer("line from smtpd dropped: %s", why);
		channel_consume(ch);
		return 1;
	}
	if (l.kind == PROTO_CONFIG) {
		channel_consume(ch);
		handshake_config(l.arg, l.len);
		return 1;
	}
	ch->sh->facts.minor = l.minor;
	if (l.kind == PROTO_FILTER)
		return request(&l);
	if (ch->in_pos == ch->sh->skip)
		channel_consume(ch);
	else
		report(&l);
	return 1;
}

int
engine_read(void)
{
	struct channel	*ch = &engine.channel;
	const char	*line;
	size_t		 len;
	int		 n;

	for (n = 0; n < TURN_LINES && !channel_full(ch); n++) {
		if ((line = channel_line(ch, &len)) == NULL)
			break;
		ring_store(&ch->sh->current, ch->in_pos);
		if (!one_line(line, len))
			break;
	}
	ring_store(&ch->sh->current, NO_LINE);
	return n == TURN_LINES;
}

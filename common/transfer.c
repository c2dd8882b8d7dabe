/* SPDX-License-Identifier: ISC */
/*
 * Messages: their lines come in, the filter looks at them, they go on.  The
 * answer is kept until smtpd asks at commit, since there only can a message be
 * refused.  A message that is refused goes no further than its end.
 *
 * Running out of memory or disk refuses the message with 451.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "fallback.h"
#include "log.h"
#include "message_engine.h"

#define LINE_ROOM	(PROTO_PREFIX + PROTO_PAYLOAD_MAX + 1)

#define TOO_LONG	"reject|550 5.6.0 Line too long"
#define NO_SPACE	"reject|451 4.3.1 Out of memory or disk, try later"

/* Those in STAGE_SENDING, first come first served. */
static struct conn	 *sending;
static struct conn	**sending_last = &sending;

const char *
transfer_kept(const struct conn *c)
{
	return c->stage == STAGE_SENT ? c->verdict : NULL;
}

static void
keep(struct conn *c, const char *verdict)
{
	free(c->verdict);
	c->verdict = NULL;
	if (strcmp(verdict, "proceed") != 0 && strcmp(verdict, "junk") != 0 &&
	    (c->verdict = strdup(verdict)) == NULL) {
		/* Without a verdict it would be accepted. */
		log_peer("%016llx out of memory for a verdict",
		    (unsigned long long)c->s.id);
		_exit(71);
	}
}

static void
unlink_sending(struct conn *c)
{
	struct conn	**p;

	for (p = &sending; *p != NULL && *p != c; p = &(*p)->next_sending)
		;
	if (*p == NULL)
		return;
	if ((*p = c->next_sending) == NULL)
		sending_last = p;
	c->next_sending = NULL;
}

void
transfer_end(struct conn *c)
{
	if (c->phase == PHASE_DATA_LINE)
		ticket_cancel(c);
	if (c->stage == STAGE_SENDING)
		unlink_sending(c);
	message_free(c->message);
	c->message = NULL;
	free(c->verdict);
	c->verdict = NULL;
	c->stage = STAGE_NONE;
	c->cut = 0;
}

/* Our "." goes out: from now on it is the verdict that is owed. */
static void
finish(struct conn *c)
{
	struct debt	 d = { .session = c->s.id, .token = c->lines,
			    .owed = OWED_VERDICT };

	if (c->cut && c->verdict == NULL)
		keep(c, TOO_LONG);
	channel_dot(&engine.channel, c->prefix, &d);
	c->stage = STAGE_SENT;
	message_free(c->message);
	c->message = NULL;
}

/* The first line: a new message. */
static void
start(struct conn *c, const struct proto_line *l)
{
	const struct filter	*f = engine.filter;

	transfer_end(c);
	ticket_open(c, l, OWED_LINES);
	c->stage = STAGE_LINES;
	c->lines = l->token;
	proto_prefix(c->prefix, l->minor, l->session, l->token);
	/* Nobody asked for lines, or not for these: as if it was answered. */
	if ((f->line == NULL && f->message == NULL) ||
	    (f->wants != NULL && !f->wants(&c->s)))
		ticket_cancel(c);
	else if (f->message != NULL && (c->message = message_new()) == NULL) {
		log_peer("%016llx message refused: out of memory",
		    (unsigned long long)c->s.id);
		ticket_cancel(c);
		keep(c, NO_SPACE);
	}
}

static void
send_line(struct conn *c, const char *line, size_t len)
{
	if (channel_data(&engine.channel, c->prefix, line, len))
		c->cut = 1;
}

static void
take_line(struct conn *c, const char *line, size_t len)
{
	const struct filter	*f = engine.filter;

	if (len > 0 && line[0] == '.') {	/* RFC 5321, 4.5.2 */
		line++;
		len--;
	}
	if (c->message != NULL) {
		message_append(c->message, line, len);
		return;
	}
	if (c->serial == 0) {		/* answered before its end */
		if (c->verdict == NULL)
			send_line(c, line, len);
		return;
	}
	if (engine.dry_run)
		send_line(c, line, len);
	f->line(&c->s, ticket_request(c), line, len);
}

static void
take_end(struct conn *c)
{
	const struct filter	*f = engine.filter;
	struct debt		 d = { .session = c->s.id, .token = c->lines,
				    .owed = OWED_DOT };

	metric_inc(&engine_counts[COUNT_MESSAGES]);
	(void)channel_owe(&engine.channel, &d);
	c->stage = STAGE_HELD;
	if (c->serial == 0) {
		finish(c);
		return;
	}
	if (c->message == NULL)
		f->line(&c->s, ticket_request(c), NULL, 0);
	else
		f->message(&c->s, ticket_request(c), c->message);
	ticket_wait(c);
}

void
transfer_line(struct conn *c, const struct proto_line *l)
{
	if (c->stage == STAGE_NONE || c->stage == STAGE_SENT)
		start(c, l);
	else
		channel_consume(&engine.channel);
	if (c->stage != STAGE_LINES)	/* smtpd said "." already */
		return;
	if (l->len == 1 && l->arg[0] == '.')
		take_end(c);
	else
		take_line(c, l->arg, l->len);
}

void
transfer_verdict(struct conn *c, const char *verdict)
{
	const char	*broken = NULL;

	ticket_cancel(c);
	if (c->message != NULL)
		broken = message_error(c->message);
	if (broken != NULL) {
		log_peer("%016llx message refused: %s",
		    (unsigned long long)c->s.id, broken);
		verdict = NO_SPACE;
	}
	keep(c, verdict);
	if (c->stage != STAGE_HELD)
		return;
	if (c->message == NULL || c->verdict != NULL) {
		finish(c);
		return;
	}
	if (engine.dry_run)
		message_discard_edits(c->message);
	c->stage = STAGE_SENDING;
	*sending_last = c;
	sending_last = &c->next_sending;
}

/* Returns whether all of it went. */
static int
send_message(struct conn *c)
{
	const char	*line;
	size_t		 len;

	while (channel_fits(&engine.channel, LINE_ROOM)) {
		line = message_next(c->message, PROTO_PAYLOAD_MAX, &len);
		if (line == NULL) {
			if (message_error(c->message) != NULL)
				keep(c, NO_SPACE);
			c->cut |= message_cut(c->message);
			return 1;
		}
		send_line(c, line, len);
	}
	return 0;
}

int
transfer_pump(void)
{
	struct conn	*c;

	while ((c = sending) != NULL) {
		if (!send_message(c))
			return 1;
		unlink_sending(c);
		finish(c);
	}
	return 0;
}

void
filter_line(struct request rq, const char *line, size_t len)
{
	struct conn	*c = session_find(rq.session);
	const char	*end;

	if (c == NULL || rq.serial == 0 || c->serial != rq.serial ||
	    c->phase != PHASE_DATA_LINE || c->message != NULL) {
		metric_inc(&engine_counts[COUNT_LATE]);
		return;
	}
	if (engine.dry_run)
		return;
	/* A line is one line, whoever made it: smtpd would die of the rest. */
	for (; (end = memchr(line, '\n', len)) != NULL; line = end + 1) {
		send_line(c, line, end - line);
		if ((len -= end + 1 - line) == 0)
			return;
	}
	send_line(c, line, len);
}

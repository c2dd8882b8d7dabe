/* SPDX-License-Identifier: ISC */
/*
 * The connection of a link: what goes out, what comes in, and how long it may
 * take.  While milter and we do not yet agree, failures count against the
 * milter, and it is left alone for a while (backend.h); from then on only
 * against the message: one that takes too long must not keep others away.
 *
 * Fails by STEP_FAILED with l->why, or, from the event loop, by link_fail().
 */

#include <sys/types.h>
#include <sys/time.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"
#include "bytes.h"
#include "command.h"
#include "compat.h"
#include "link_private.h"
#include "log.h"
#include "macro.h"
#include "message.h"
#include "stream.h"

/* On its way to a milter that does not answer: this much, and one packet. */
#define LINK_FULL	(128 * 1024)

/* What libmilter knows macros for, and since when. */
static const struct {
	char		 command;
	int		 stage;
	uint32_t	 version;
} stages[] = {
	{ SMFIC_CONNECT, SMFIM_CONNECT, 2 },
	{ SMFIC_HELO, SMFIM_HELO, 2 },
	{ SMFIC_MAIL, SMFIM_ENVFROM, 2 },
	{ SMFIC_RCPT, SMFIM_ENVRCPT, 2 },
	{ SMFIC_DATA, SMFIM_DATA, 4 },
	{ SMFIC_EOH, SMFIM_EOH, 6 },
	{ SMFIC_BODYEOB, SMFIM_EOM, 2 },
};

static const struct {
	char			 letter;
	enum answer_kind	 kind;
} answers[] = {
	{ SMFIR_CONTINUE, ANSWER_CONTINUE },
	{ SMFIR_SKIP, ANSWER_CONTINUE },
	{ SMFIR_ACCEPT, ANSWER_ACCEPT },
	{ SMFIR_REJECT, ANSWER_REJECT },
	{ SMFIR_TEMPFAIL, ANSWER_TEMPFAIL },
	{ SMFIR_DISCARD, ANSWER_DISCARD },
	{ SMFIR_SHUTDOWN, ANSWER_SHUTDOWN },
};

/* For the log. */
static const char *
command_name(char command)
{
	switch (command) {
	case SMFIC_OPTNEG:
		return "negotiation";
	case SMFIC_CONNECT:
		return "connect";
	case SMFIC_HELO:
		return "helo";
	case SMFIC_MAIL:
		return "mail";
	case SMFIC_RCPT:
		return "rcpt";
	case SMFIC_DATA:
		return "data";
	case SMFIC_HEADER:
		return "header";
	case SMFIC_EOH:
		return "end of header";
	case SMFIC_BODY:
		return "body";
	case SMFIC_BODYEOB:
		return "end of message";
	case SMFIC_UNKNOWN:
		return "unknown command";
	default:
		return "";
	}
}

/* What went wrong, and when. */
static void
link_after(const struct link *l, char *why, size_t size)
{
	size_t	 n = strlen(why);

	(void)snprintf(why + n, size - n, "%s%s%s",
	    l->full ? " in the middle of a message" : "",
	    l->wait != 0 ? " after " : "", command_name(l->wait));
}

static enum step
link_failed(struct link *l, const char *why)
{
	(void)strlcpy(l->why, why, sizeof(l->why));
	return STEP_FAILED;
}

static enum step
link_await(struct link *l, int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	if (event_add(&l->timer, &tv) == -1)
		return link_failed(l, strerror(ENOMEM));
	return STEP_WAIT;
}

/* How long the milter may take for its reply. */
static int64_t
link_patience(const struct link *l, char command)
{
	switch (command) {
	case SMFIC_HEADER:
	case SMFIC_EOH:
	case SMFIC_BODY:
	case SMFIC_BODYEOB:
		return l->milter->content;
	default:
		return l->milter->command;
	}
}

static enum step
link_await_reply(struct link *l, char command)
{
	l->wait = command;
	return link_await(l, link_patience(l, command));
}

void
link_soon(struct link *l)
{
	event_active(&l->timer, EV_WRITE, 0);
}

void
link_say(struct link *l, char command)
{
	struct bytes	 out = { NULL, 0, 0, 0 };

	if (packet_put(&out, command, NULL, 0) == 0)
		(void)stream_write(l->stream, out.data + out.off, out.len, 0);
	bytes_clear(&out);
}

void
link_disconnect(struct link *l, const char *why)
{
	struct stream	*s = l->stream;

	(void)event_del(&l->timer);
	l->stream = NULL;
	l->agreed = l->told_client = l->told_helo = l->in_message = 0;
	l->wait = 0;
	l->full = l->failing = 0;
	if (s != NULL && why != NULL)
		stream_fail(s, why);
	else
		stream_close(s);
	slot_give(l);
}

static int
link_put_macros(struct link *l, struct bytes *out, char command)
{
	size_t	 i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (stages[i].command == command &&
		    l->terms.version >= stages[i].version)
			return macro_packet(out, l->client, stages[i].stage,
			    command, l->terms.macros[stages[i].stage]);
	}
	return 0;
}

static int
link_put(struct link *l, struct bytes *out, char command, const char *arg)
{
	switch (command) {
	case SMFIC_CONNECT:
		return command_connect(out, l->client);
	case SMFIC_HELO:
		return command_helo(out, arg);
	case SMFIC_MAIL:
		return command_mail(out, l->client);
	case SMFIC_RCPT:
		return command_rcpt(out, l->client);
	case SMFIC_UNKNOWN:
		return command_unknown(out, arg);
	case SMFIC_DATA:
		return packet_put(out, command, NULL, 0);
	default:
		return content_put(&l->content, out,
		    (l->terms.protocol & SMFIP_HDR_LEADSPC) != 0);
	}
}

enum step
link_command(struct link *l, char command, const char *arg)
{
	struct bytes	 out = { NULL, 0, 0, 0 };
	size_t		 macros;
	int		 error, replies = 0;

	errno = 0;
	error = link_put_macros(l, &out, command);
	macros = out.len;
	if (!terms_wants(&l->terms, command))
		content_skip(&l->content, command);
	else if (error == 0) {
		error = link_put(l, &out, command, arg);
		replies = out.len > macros && terms_replies(&l->terms, command);
	}
	if (error == 0 && out.len > 0)
		error = stream_write(l->stream, out.data + out.off, out.len,
		    0);
	bytes_clear(&out);
	if (error == -1)
		return link_failed(l, strerror(errno != 0 ? errno : ENOMEM));
	return replies ? link_await_reply(l, command) : STEP_NEXT;
}

enum step
link_content(struct link *l)
{
	if (stream_pending(l->stream) < LINK_FULL)
		return link_command(l, l->content.next, NULL);
	l->full = 1;
	return link_await(l, l->milter->content);
}

static void
link_sent(struct stream *s, void *arg)
{
	struct link	*l = arg;

	if (!l->full)
		return;
	l->full = 0;
	(void)event_del(&l->timer);
	link_resume(l);
}

static void
link_nonsense(struct link *l, const char *what, char letter)
{
	char	 why[LINK_WHY];

	(void)snprintf(why, sizeof(why), "protocol error: %s %s", what,
	    log_safe_n(&letter, 1));
	link_after(l, why, sizeof(why));
	link_fail(l, why);
}

static void
link_negotiated(struct link *l, const struct packet *p)
{
	struct terms	 offer;
	const char	*why;
	char		 text[LINK_WHY];

	terms_offer(&offer, l->milter->version);
	terms_free(&l->terms);
	if ((why = terms_take(&l->terms, p, &offer)) != NULL) {
		(void)snprintf(text, sizeof(text), "negotiation: %s", why);
		link_fail(l, text);
		return;
	}
	l->agreed = 1;
	l->wait = 0;
	link_resume(l);
}

static void
link_reply(struct link *l, const struct packet *p)
{
	struct answer	 a;
	size_t		 i;

	memset(&a, 0, sizeof(a));
	if (p->command == SMFIR_REPLYCODE) {
		a.kind = ANSWER_REPLY;
		if (reply_take(&a.reply, p->data, p->len) == -1)
			link_nonsense(l, "malformed", p->command);
		else
			link_take(l, &a, 0);
		return;
	}
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].letter != p->command || p->len != 0)
			continue;
		a.kind = answers[i].kind;
		link_take(l, &a, p->command == SMFIR_SKIP);
		return;
	}
	link_nonsense(l, "answer", p->command);
}

/* Returns 0 if it is no change. */
static int
link_change(struct link *l, const struct packet *p)
{
	struct change	 c;
	int		 r;

	if (l->wait != SMFIC_BODYEOB || (r = packet_change(p, &c)) == 0)
		return 0;
	if (r == -1) {
		link_nonsense(l, "malformed", p->command);
		return 1;
	}
	l->ops->change(l, &c, l->arg);
	if (link_await_reply(l, l->wait) == STEP_FAILED)
		link_fail(l, l->why);
	return 1;
}

/* It works on something: wait on. */
static void
link_progress(struct link *l)
{
	enum step	 step = STEP_WAIT;

	if (l->full)
		step = link_await(l, l->milter->content);
	else if (l->wait != 0)
		step = link_await_reply(l, l->wait);
	if (step == STEP_FAILED)
		link_fail(l, l->why);
}

/*
 * A reply to what was not yet sent can't be one.  That is known for sure, as
 * what is said in here goes out after all that has been read.
 */
static void
link_in(struct stream *s, const void *frame, size_t len, void *arg)
{
	struct link	*l = arg;
	struct packet	 p;

	if (len == MILTER_LEN_BYTES) {
		link_nonsense(l, "no packet", *(const char *)frame);
		return;
	}
	packet_open(frame, len, &p);
	if (l->agreed && p.command == SMFIR_PROGRESS && p.len == 0)
		link_progress(l);
	else if (l->wait == 0 || stream_pending(s) > 0)
		link_nonsense(l, "unasked", p.command);
	else if (!l->agreed)
		link_negotiated(l, &p);
	else if (!link_change(l, &p))
		link_reply(l, &p);
}

/* What is no packet is taken as a length without one, for link_in(). */
static size_t
link_frame(const void *data, size_t len, void *arg)
{
	const struct link	*l = arg;
	size_t			 n = packet_frame(data, len);

	return n == SIZE_MAX && l->agreed ? MILTER_LEN_BYTES : n;
}

static void
link_gone(const char *why, size_t left, void *arg)
{
	struct link	*l = arg;
	char		 text[LINK_WHY];

	(void)snprintf(text, sizeof(text), "%s%s", why != NULL ? why :
	    "hung up", left > 0 ? " in the middle of a packet" : "");
	/* Not if it was never connected: it got no word of ours. */
	if (l->agreed || stream_pending(l->stream) == 0)
		link_after(l, text, sizeof(text));
	/* It closes itself. */
	l->stream = NULL;
	link_fail(l, text);
}

static const struct stream_ops	 wire_ops = {
	.frame = link_frame,
	.in = link_in,
	.gone = link_gone,
	.sent = link_sent,
	.max = PACKET_MAX
};

enum step
link_connect(struct link *l)
{
	struct milter	*m = l->milter;
	struct bytes	 out = { NULL, 0, 0, 0 };
	struct terms	 offer;
	int		 error;

	if (!slot_take(l))
		return link_await(l, m->connect);
	l->stream = stream_open(m->backend, &wire_ops, l, m->connect);
	if (l->stream == NULL)
		return link_failed(l, backend_why(m->backend));
	terms_offer(&offer, m->version);
	error = terms_put(&out, &offer);
	if (error == 0)
		error = stream_write(l->stream, out.data + out.off, out.len,
		    m->connect + m->command);
	bytes_clear(&out);
	if (error == -1)
		return link_failed(l, strerror(ENOMEM));
	l->wait = SMFIC_OPTNEG;
	return STEP_WAIT;
}

void
link_timer(evutil_socket_t fd, short what, void *arg)
{
	struct link	*l = arg;
	char		 why[LINK_WHY];

	(void)event_del(&l->timer);
	if (l->failing)
		link_fail(l, l->why);
	else if (what & EV_WRITE)
		link_resume(l);
	else {
		(void)strlcpy(why, l->slot == SLOT_WAITS ?
		    "all connections are busy" : "timed out", sizeof(why));
		link_after(l, why, sizeof(why));
		link_fail(l, why);
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * A whole conversation, line by line, with a filter that does everything a
 * filter may do, and some things that it may not: whatever smtpd says, each
 * answer is to an open request, in the right form, and no message has a second
 * end.
 */

#include <string.h>

#include <event2/event.h>

#include "engine.h"
#include "fuzz.h"
#include "guard.h"
#include "log.h"
#include "message.h"

#define OPEN_MAX_	256

struct open_request {
	uint64_t	session, token;
	int		lines;		/* a message: waits for its "." */
	int		dot;		/* smtpd said its own */
};

static struct open_request	 asked[OPEN_MAX_];
static unsigned int		 nasked;
static int			 minor_;	/* smtpd has one version */
static struct request		 stale;

/* The first byte of the argument says what to do. */
static void
act(struct session *s, struct request rq, const char *arg)
{
	switch (*arg) {
	case 'r':
		filter_reject(rq, 550, "%s", arg);
		break;
	case 'd':
		filter_disconnect(rq, *arg + arg[1], "%s", arg + 1);
		break;
	case 'j':
		filter_junk(rq);
		break;
	case 'w':
		filter_rewrite(rq, arg + 1);
		break;
	case 'f':
		filter_fail(rq, "%s", arg);
		break;
	case 'l':
		filter_delay(rq, 1, filter_proceed);
		break;
	case 's':
		filter_proceed(stale);
		stale = rq;
		break;
	default:
		filter_proceed(rq);
		filter_reject(rq, 451, "twice");
	}
}

static void
on_message(struct session *s, struct request rq, struct message *m)
{
	const char	*line;
	size_t		 len, off = 0;
	char		 first[2] = "";

	if ((line = message_line(m, &off, &len)) != NULL && len > 0)
		first[0] = line[0];
	message_prepend(m, "X-Fuzz", first);
	if (message_nfields(m) > 1)
		message_delete(m, 1);
	if (first[0] == 'b')
		message_replace_body(m, ".\r\n..\n", 6);
	act(s, rq, first);
}

static void
on_report(struct session *s, const char *arg)
{
	if (*arg == 's')
		filter_proceed(stale);
}

static const struct filter	 fuzz_filter = {
	.name = "fuzz",
	.session_size = 8,
	.tx_size = 8,
	.report = { [REPORT_TX_MAIL] = on_report },
	.request = {
		[PHASE_CONNECT] = act,
		[PHASE_HELO] = act,
		[PHASE_MAIL_FROM] = act,
		[PHASE_RCPT_TO] = act,
		[PHASE_DATA] = act,
		[PHASE_COMMIT] = act,
	},
	.message = on_message,
};

static struct open_request *
find(uint64_t session)
{
	unsigned int	 i;

	for (i = 0; i < nasked; i++)
		if (asked[i].session == session)
			return &asked[i];
	return NULL;
}

static void
forget(struct open_request *r)
{
	*r = asked[--nasked];
}

/* What smtpd would now wait for.  Returns 0: not something smtpd does. */
static int
note(const struct proto_line *l)
{
	struct open_request	*r = find(l->session);

	if (l->kind != PROTO_CONFIG && minor_ == -1)
		minor_ = l->minor;
	if (l->kind != PROTO_CONFIG && l->minor != minor_)
		return 0;
	if (l->kind == PROTO_REPORT && (l->what == REPORT_LINK_DISCONNECT ||
	    l->what == REPORT_LINK_CONNECT || l->what == REPORT_TX_RESET ||
	    l->what == REPORT_TX_ROLLBACK)) {
		/* A new session with the id of an open one: smtpd has none. */
		if (l->what == REPORT_LINK_CONNECT)
			return r == NULL;
		if (r != NULL && (l->what == REPORT_LINK_DISCONNECT ||
		    r->lines))
			forget(r);
		return 1;
	}
	if (l->kind != PROTO_FILTER)
		return 1;
	if (l->what == PHASE_DATA_LINE) {
		if (r != NULL && (!r->lines || r->dot))
			return 0;
		if (r == NULL) {
			if (nasked == OPEN_MAX_)
				return 0;
			r = &asked[nasked++];
			memset(r, 0, sizeof(*r));
			r->lines = 1;
		}
		r->dot = l->len == 1 && *l->arg == '.';
	} else {
		if (r != NULL || nasked == OPEN_MAX_)
			return 0;
		r = &asked[nasked++];
		memset(r, 0, sizeof(*r));
	}
	r->session = l->session;
	r->token = l->token;
	return 1;
}

/* An answer: RESULT or DATALINE, then the ids as this version has them. */
static void
check(const char *line, size_t len, int minor)
{
	struct open_request	*r;
	char			 a[17] = "", b[17] = "";
	uint64_t		 ida, idb;
	int			 data = strncmp(line, "filter-dataline|", 16) == 0;
	size_t			 head = data ? 16 : 14;

	if (strncmp(line, "register|", 9) == 0)
		return;
	FUZZ_CHECK(data || strncmp(line, "filter-result|", 14) == 0);
	FUZZ_CHECK(len >= head + 34 && len <= 65535);
	memcpy(a, line + head, 16);
	memcpy(b, line + head + 17, 16);
	ida = strtoull(a, NULL, 16);
	idb = strtoull(b, NULL, 16);
	r = find(minor < 5 ? idb : ida);
	FUZZ_CHECK(r != NULL);
	FUZZ_CHECK(r->token == (minor < 5 ? ida : idb) || r->lines);
	FUZZ_CHECK(r->lines == data);
	if (!data) {
		FUZZ_CHECK(len > head + 34 && len < 600);
		forget(r);
	} else if (len == head + 35 && line[len - 1] == '.') {
		FUZZ_CHECK(r->dot);
		forget(r);
	}
}

static void
check_output(struct shared *sh)
{
	static char	 buf[RING_SIZE];
	const char	*p, *nl;
	size_t		 n;

	n = ring_used(&sh->out);
	p = ring_view(&sh->out, sh->out.tail, n, buf);
	if (p != buf)
		memcpy(buf, p, n);
	ring_store(&sh->out.tail, sh->out.tail + n);
	for (p = buf; (nl = memchr(p, '\n', buf + n - p)) != NULL; p = nl + 1)
		check(p, nl - p, sh->facts.minor);
	FUZZ_CHECK(p == buf + n);
}

static void
turn(struct shared *sh)
{
	do {
		(void)engine_read();
		(void)transfer_pump();
		channel_publish(&engine.channel);
		check_output(sh);
	} while (ring_used(&sh->in) > 0);
}

static void
run(struct shared *sh, const char *line, size_t len)
{
	struct proto_line	 l;

	if (proto_parse(&l, line, len) == NULL && !note(&l))
		return;
	ring_put(&sh->in, sh->in.head, line, len);
	ring_put(&sh->in, sh->in.head + len, "\n", 1);
	ring_store(&sh->in.head, sh->in.head + len + 1);
	turn(sh);
}

static struct shared *
begin(void)
{
	static struct shared	*sh;

	if (sh == NULL) {
		sh = guard_map();
		engine.filter = &fuzz_filter;
		engine.deadline = 1000000;
		engine.base = event_base_new();
		FUZZ_CHECK(engine.base != NULL);
		FUZZ_CHECK(channel_init(&engine.channel, sh, -1) == 0);
	}
	memset(&sh->facts, 0, sizeof(sh->facts));
	sh->facts.minor = 7;
	nasked = 0;
	minor_ = -1;
	return sh;
}

/* Every session goes, and with it all that is owed. */
static void
end(struct shared *sh, const char *data, size_t size)
{
	struct proto_line	 l;
	char			 bye[80];
	const char		*nl;
	size_t			 i, n;

	for (i = 0; i < size; i += n + 1) {
		nl = memchr(data + i, '\n', size - i);
		n = nl == NULL ? size - i : (size_t)(nl - data) - i;
		if (proto_parse(&l, data + i, n) != NULL ||
		    l.kind == PROTO_CONFIG)
			continue;
		(void)snprintf(bye, sizeof(bye),
		    "report|0.%d|1|smtp-in|link-disconnect|%016llx", minor_,
		    (unsigned long long)l.session);
		run(sh, bye, strlen(bye));
	}
	FUZZ_CHECK(session_count() == 0);
	for (i = 0; i < LEDGER_SLOTS; i++)
		FUZZ_CHECK(sh->ledger.debts[i].owed == OWED_NOTHING);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shared	*sh = begin();
	const char	*p = (const char *)data, *nl;
	size_t		 i, n;

	engine.policy = size % 3;
	for (i = 0; i < size; i += n + 1) {
		nl = memchr(p + i, '\n', size - i);
		n = nl == NULL ? size - i : (size_t)(nl - p) - i;
		if (n < PROTO_LINE_MAX)
			run(sh, p + i, n);
	}
	(void)event_base_loop(engine.base, EVLOOP_NONBLOCK);
	turn(sh);
	end(sh, p, size);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * See content.h.  All lines but the last are said before the filter has to
 * answer, and it is waited until it fell silent: so an early end is seen.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "compat.h"
#include "content.h"

/* What smtpd puts above the message, and the message. */
static void
received_add(struct talk *t, struct lines *out)
{
	const struct scene	*sc = t->scene;
	char			 line[1024], ip[ADDR_STRLEN + 2];
	time_t			 now = time(NULL);
	struct tm		 tm;

	talk_client(sc, ip, sizeof(ip));
	(void)snprintf(line, sizeof(line), "Received: from %s (%s %s%s%s)",
	    sc->helo, sc->rdns ? sc->rdns : "<unknown>",
	    *ip == '[' ? "" : "[", ip, *ip == '[' ? "" : "]");
	lines_add(out, line, strlen(line));
	(void)snprintf(line, sizeof(line), "\tby " TALK_HOST " (OpenSMTPD) with "
	    "ESMTP%s%s id " TALK_MSGID "%s", sc->tls ? "S" : "",
	    sc->user ? "A" : "", sc->tls ?
	    " (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)" : "");
	lines_add(out, line, strlen(line));
	if (t->result->accepted == 1 && sc->nto == 1) {
		(void)snprintf(line, sizeof(line), "\tfor <%s>;", sc->to[0]);
		lines_add(out, line, strlen(line));
	}
	(void)strftime(line, sizeof(line), "\t%a, %d %b %Y %H:%M:%S +0000 "
	    "(UTC)", gmtime_r(&now, &tm));
	lines_add(out, line, strlen(line));
}

static void
before_make(struct talk *t)
{
	const struct lines	*mail = &t->scene->mail;
	struct lines		*before = &t->result->before;
	size_t			 i;

	if (t->result->junk)
		lines_add(before, "X-Spam: Yes", 11);
	received_add(t, before);
	for (i = 0; i < mail->n; i++)
		lines_add(before, mail->line[i].text, mail->line[i].len);
}

static void
line_say(struct talk *t, const struct line *l)
{
	char	 buf[LINES_LONGEST + 1];

	if (l->len > 0 && l->text[l->len - 1] == '\r')
		t->judge.cr_sent = 1;
	if (l->len == 0 || *l->text != '.') {
		talk_request(t, "data-line", l->text, l->len);
		return;
	}
	buf[0] = '.';
	memcpy(buf + 1, l->text, l->len);
	talk_request(t, "data-line", buf, l->len + 1);
}

/* All but the '.', until the filter took it and says no more. */
static int
lines_say(struct talk *t)
{
	const struct lines	*before = &t->result->before;
	int64_t			 until = clock_ms() + t->scene->timeout;
	size_t			 i;

	for (i = 0; i < before->n; i++)
		line_say(t, &before->line[i]);
	do {
		if (talk_await(t, SAID_DOT, TALK_QUIET, NULL) == -1)
			return -1;
	} while ((!child_told(&t->child) || t->late >= TALK_LATE) &&
	    clock_ms() < until);
	return 0;
}

int
content_pass(struct talk *t)
{
	char		 what[64];
	struct step	 s = { .phase = "data-line", .what = what };
	double		 start;

	before_make(t);
	(void)snprintf(what, sizeof(what), "%zu lines, %zu bytes",
	    t->result->before.n, t->result->before.bytes);
	t->result->phase = s.phase;
	if (!talk_asks(t, s.phase)) {
		t->report->step(&s);
		return 0;
	}
	if (lines_say(t) == -1)
		return -1;
	talk_report(t, "protocol-server",
	    "354 Enter mail, end with \".\" on a line by itself");
	talk_report(t, "tx-data", TALK_MSGID "|ok");
	start = talk_clock();
	t->judge.dot_sent = 1;
	talk_request(t, s.phase, ".", 1);
	if (talk_await(t, SAID_DOT, t->scene->timeout, "no-dot") == -1)
		return -1;
	t->result->came_back = 1;
	s.ms = talk_clock() - start;
	s.answer = "came back";
	(void)snprintf(what, sizeof(what), "%zu lines, %zu bytes",
	    t->result->after.n, t->result->after.bytes);
	s.parameter = what;
	s.what = "";
	t->report->step(&s);
	return 0;
}

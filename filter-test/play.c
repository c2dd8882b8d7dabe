/* SPDX-License-Identifier: ISC */
/*
 * See play.h.  Each step says what smtpd reports about a command, asks, and
 * does what smtpd does after that answer.  The client gives up after the first
 * refusal, but for recipients: the others are tried.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "content.h"
#include "talk.h"

#define SOCKET		"unix:/var/run/smtpd.sock"
static int
act_connect(struct talk *t)
{
	const struct scene	*sc = t->scene;
	const char		*rdns = sc->rdns ? sc->rdns : "<unknown>";
	char			 ip[ADDR_STRLEN + 2], ask[512];
	int			 r;

	talk_client(sc, ip, sizeof(ip));
	if (sc->client.family == AF_UNSPEC)
		talk_report(t, "link-connect", "%s|pass|%s|%s", rdns, SOCKET,
		    SOCKET);
	else
		talk_report(t, "link-connect", "%s|%s|%s:4711|%s:%s", rdns,
		    sc->rdns ? "pass" : "error", ip, sc->client.family ==
		    AF_INET6 ? "[2001:db8::25]" : "192.0.2.25",
		    sc->user ? "587" : "25");
	(void)snprintf(ask, sizeof(ask), "%s|%s", rdns, ip);
	r = talk_step(t, "connect", ip, ask, NULL, 0);
	if (r == GOES_ON) {
		talk_report(t, "protocol-server", "220 " TALK_HOST
		    " ESMTP OpenSMTPD");
		talk_report(t, "link-greeting", TALK_HOST);
	}
	return r;
}

static int
act_ehlo(struct talk *t)
{
	char	 name[256];
	int	 r;

	(void)strlcpy(name, t->scene->helo, sizeof(name));
	talk_report(t, "protocol-client", "EHLO %s", name);
	r = talk_step(t, "ehlo", t->scene->helo, name, name, sizeof(name));
	if (r == GOES_ON) {
		talk_report(t, "link-identify", "EHLO|%s", name);
		talk_report(t, "protocol-server", "250 " TALK_HOST " Hello %s",
		    name);
	}
	return r;
}

static int
act_tls(struct talk *t)
{
	int	 r;

	if (!t->scene->tls)
		return GOES_ON;
	talk_report(t, "protocol-client", "STARTTLS");
	if ((r = talk_step(t, "starttls", "", "", NULL, 0)) != GOES_ON)
		return r;
	talk_report(t, "protocol-server", "220 2.0.0 Ready to start TLS");
	talk_report(t, "link-tls", "TLSv1.3:TLS_AES_256_GCM_SHA384:256");
	return act_ehlo(t);
}

static int
act_auth(struct talk *t)
{
	const char	*user = t->scene->user;
	int		 r;

	if (user == NULL || t->scene->client.family == AF_UNSPEC)
		return GOES_ON;
	talk_report(t, "protocol-client", "AUTH PLAIN ********");
	if ((r = talk_step(t, "auth", user, "PLAIN", NULL, 0)) != GOES_ON)
		return r;
	if (t->judge.minor >= 7)
		talk_report(t, "link-auth", "pass|%s", user);
	else
		talk_report(t, "link-auth", "%s|pass", user);
	talk_report(t, "protocol-server",
	    "235 2.0.0 Authentication succeeded");
	return GOES_ON;
}

/* The fields of tx-mail and tx-rcpt in the order of the version. */
static void
report_address(struct talk *t, const char *event, const char *result,
    const char *address)
{
	if (t->judge.minor < 6)
		talk_report(t, event, TALK_MSGID "|%s|%s", address, result);
	else
		talk_report(t, event, TALK_MSGID "|%s|%s", result, address);
}

static int
act_mail(struct talk *t)
{
	char	 from[512];
	int	 r;

	(void)strlcpy(from, t->scene->from, sizeof(from));
	talk_report(t, "protocol-client", "MAIL FROM:<%s>", from);
	r = talk_step(t, "mail-from", t->scene->from, from, from, sizeof(from));
	if (r == GOES_ON) {
		t->in_tx = 1;
		talk_report(t, "protocol-server", "250 2.0.0 Ok");
		talk_report(t, "tx-begin", TALK_MSGID);
		report_address(t, "tx-mail", "ok", t->scene->from);
	}
	return r;
}

static int
act_rcpt(struct talk *t, unsigned int i)
{
	const char	*to = t->scene->to[i];
	char		 arg[512];
	int		 r;

	t->result->recipients++;
	(void)strlcpy(arg, to, sizeof(arg));
	talk_report(t, "protocol-client", "RCPT TO:<%s>", to);
	r = talk_step(t, "rcpt-to", to, arg, arg, sizeof(arg));
	if (r == GOES_ON) {
		t->result->accepted++;
		talk_report(t, "tx-envelope", TALK_MSGID "|" TALK_MSGID "%08x", i + 1);
		talk_report(t, "protocol-server",
		    "250 2.1.5 Destination address valid: Recipient ok");
		report_address(t, "tx-rcpt", "ok", to);
	} else if (r == GIVES_UP)
		report_address(t, "tx-rcpt", *t->result->reply == '4' ?
		    "tempfail" : "permfail", to);
	return r;
}

static int
act_recipients(struct talk *t)
{
	unsigned int	 i;
	int		 r;

	for (i = 0; i < t->scene->nto; i++)
		if ((r = act_rcpt(t, i)) == -1 || t->cut_off)
			return r;
	if (t->result->accepted == 0)
		return GIVES_UP;
	t->result->outcome = OUTCOME_ACCEPTED;
	return GOES_ON;
}

static int
act_commit(struct talk *t)
{
	int	 r;

	talk_report(t, "protocol-client", ".");
	r = talk_step(t, "commit", "", "", NULL, 0);
	if (r == -1)
		return -1;
	t->in_tx = 0;
	if (r == GOES_ON) {
		talk_report(t, "protocol-server", "250 2.0.0 " TALK_MSGID
		    " Message accepted for delivery");
		talk_report(t, "tx-commit", TALK_MSGID "|%zu",
		    t->result->before.bytes);
	} else {
		talk_report(t, "tx-data", TALK_MSGID "|%s",
		    *t->result->reply == '4' ? "tempfail" : "permfail");
		talk_report(t, "tx-rollback", TALK_MSGID);
	}
	talk_report(t, "tx-reset", TALK_MSGID);
	return r;
}

static int
act_data(struct talk *t)
{
	int	 r;

	talk_report(t, "protocol-client", "DATA");
	if ((r = talk_step(t, "data", "", "", NULL, 0)) != GOES_ON)
		return r;
	if (content_pass(t) == -1)
		return -1;
	return act_commit(t);
}

/* The end of the session, which decides nothing any more. */
static int
act_quit(struct talk *t)
{
	enum outcome	 outcome = t->result->outcome;
	const char	*phase = t->result->phase;
	char		 reply[sizeof(t->result->reply)];

	(void)strlcpy(reply, t->result->reply, sizeof(reply));
	if (!t->cut_off) {
		talk_report(t, "protocol-client", "QUIT");
		if (talk_step(t, "quit", "", "", NULL, 0) == -1)
			return -1;
		talk_report(t, "protocol-server", "221 2.0.0 Bye");
	}
	/* Second answers come late. */
	if (talk_silence(t) == -1)
		return -1;
	t->result->outcome = outcome;
	t->result->phase = phase;
	(void)strlcpy(t->result->reply, reply, sizeof(reply));
	if (t->in_tx) {
		talk_report(t, "tx-rollback", TALK_MSGID);
		talk_report(t, "tx-reset", TALK_MSGID);
	}
	talk_report(t, "link-disconnect", NULL);
	t->judge.gone = 1;
	return talk_silence(t);
}

static int
act_session(struct talk *t)
{
	int	(*const acts[])(struct talk *) = {
		act_connect, act_ehlo, act_tls, act_auth, act_mail,
		act_recipients, act_data
	};
	size_t	 i;
	int	 r = GOES_ON;

	for (i = 0; r == GOES_ON && i < sizeof(acts) / sizeof(acts[0]); i++)
		r = acts[i](t);
	return r == -1 ? -1 : act_quit(t);
}

static int
act_handshake(struct talk *t)
{
	double	 start = talk_clock();

	t->result->phase = "register";
	talk_say(t, "config|smtpd-version|%s", judge_release(&t->judge));
	if (t->judge.minor >= 7)
		talk_say(t, "config|protocol|0.%d", t->judge.minor);
	talk_say(t, "config|smtp-session-timeout|300");
	if (t->judge.minor >= 5) {
		talk_say(t, "config|subsystem|smtp-in");
		talk_say(t, "config|admd|" TALK_HOST);
	}
	talk_say(t, "config|ready");
	if (talk_await(t, SAID_READY, t->scene->timeout, "never-ready") == -1)
		return -1;
	t->report->registered(&t->judge, talk_clock() - start);
	return 0;
}

enum outcome
play_run(const struct scene *sc, const char *dir, char *argv[],
    const struct report *report, struct result *result)
{
	struct talk	 t = { .scene = sc, .report = report,
			    .result = result };
	double		 start = talk_clock();

	memset(result, 0, sizeof(*result));
	judge_init(&t.judge, sc->minor);
	report->begin(argv[0], &t.judge);
	child_start(&t.child, dir, argv);
	if (act_handshake(&t) == 0)
		(void)act_session(&t);
	talk_end(&t);
	result->ms = talk_clock() - start;
	report->end(result);
	return result->outcome;
}

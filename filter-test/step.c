/* SPDX-License-Identifier: ISC */
/* A phase, its question and what smtpd does after the answer.  See talk.h. */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "talk.h"

static const char *const	 words[] = {
	[DECISION_PROCEED] = "proceed", [DECISION_JUNK] = "junk",
	[DECISION_REWRITE] = "rewrite", [DECISION_REJECT] = "reject",
	[DECISION_DISCONNECT] = "disconnect"
};

/* The filter said no: what the client is told. */
static void
refused(struct talk *t, const char *phase, const char *reply)
{
	t->result->outcome = OUTCOME_REFUSED;
	t->result->phase = phase;
	(void)strlcpy(t->result->reply, reply, sizeof(t->result->reply));
	talk_report(t, "protocol-server", "%s", reply);
}

/* The name of the phase in filter-response. */
static const char *
response_name(const char *phase)
{
	if (strcmp(phase, "connect") == 0)
		return "connected";
	return strcmp(phase, "starttls") == 0 ? "tls" : phase;
}

static int
decided(struct talk *t, const char *phase, const char *param, char *arg,
    size_t size)
{
	switch (t->answer.decision) {
	case DECISION_PROCEED:
		break;
	case DECISION_JUNK:
		t->result->junk = 1;
		break;
	case DECISION_REWRITE:
		if (arg != NULL)
			(void)strlcpy(arg, param, size);
		break;
	case DECISION_DISCONNECT:
		t->cut_off = 1;
		/* FALLTHROUGH */
	case DECISION_REJECT:
		t->cut_off |= strncmp(param, "421", 3) == 0;
		refused(t, phase, param);
		return GIVES_UP;
	}
	return GOES_ON;
}

int
talk_step(struct talk *t, const char *phase, const char *what, const char *ask,
    char *arg, size_t size)
{
	struct step	 s = { .phase = phase, .what = what };
	char		 param[512] = "";
	double		 start = talk_clock();

	t->result->phase = phase;
	/* What comes now is not an answer to this one. */
	if (talk_await(t, SAID_ANSWER, 0, NULL) == -1)
		return -1;
	if (!talk_asks(t, phase)) {
		t->report->step(&s);
		return GOES_ON;
	}
	talk_request(t, phase, ask, strlen(ask));
	if (talk_await(t, SAID_ANSWER, t->scene->timeout, "no-answer") == -1)
		return -1;
	(void)snprintf(param, sizeof(param), "%.*s", (int)t->answer.len,
	    t->answer.text == NULL ? "" : t->answer.text);
	s.ms = talk_clock() - start;
	s.answer = words[t->answer.decision];
	s.parameter = param;
	t->report->step(&s);
	talk_report(t, "filter-response", "%s|%s%s%s", response_name(phase),
	    s.answer, *param == '\0' ? "" : "|", param);
	return decided(t, phase, param, arg, size);
}

/* "192.0.2.1", "[2001:db8::1]", "local" */
void
talk_client(const struct scene *sc, char *buf, size_t size)
{
	char	 ip[ADDR_STRLEN];

	if (sc->client.family == AF_UNSPEC)
		(void)strlcpy(buf, "local", size);
	else
		(void)snprintf(buf, size, sc->client.family == AF_INET6 ?
		    "[%s]" : "%s", addr_print(&sc->client, ip));
}

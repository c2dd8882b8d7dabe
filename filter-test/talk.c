/* SPDX-License-Identifier: ISC */
/* See talk.h. */

#include <sys/types.h>
#include <sys/wait.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "compat.h"
#include "log.h"
#include "talk.h"

/* How long a filter may take to end, and a second answer to come. */
#define END_MS		1000
#define DYING_MS	500
/* A message may come back twice as long, and this on top. */
#define MORE_MAX	(64 * 1024 * 1024)

double
talk_clock(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
say(struct talk *t, const char *line, size_t len)
{
	if (t->scene->raw)
		t->report->raw(1, line, len);
	child_say(&t->child, line, len);
	child_say(&t->child, "\n", 1);
}

void
talk_say(struct talk *t, const char *fmt, ...)
{
	char	 line[4096];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say(t, line, strlen(line));
}

/* "report|0.7|1576146008.006099|smtp-in|" */
static size_t
head(struct talk *t, char *buf, size_t size, const char *kind)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (size_t)snprintf(buf, size, "%s|0.%d|%lld.%06ld|smtp-in|", kind,
	    t->judge.minor, (long long)ts.tv_sec, ts.tv_nsec / 1000);
}

void
talk_report(struct talk *t, const char *event, const char *fmt, ...)
{
	char	 line[4096];
	size_t	 len;
	va_list	 ap;
	int	 i = judge_find(judge_events, event, strlen(event));

	if ((t->judge.reports[0] & 1U << i) == 0)
		return;
	len = head(t, line, sizeof(line), "report");
	len += (size_t)snprintf(line + len, sizeof(line) - len,
	    "%s|%016" PRIx64 "%s", event, JUDGE_SESSION,
	    fmt == NULL ? "" : "|");
	if (fmt != NULL) {
		va_start(ap, fmt);
		(void)vsnprintf(line + len, sizeof(line) - len, fmt, ap);
		va_end(ap);
	}
	say(t, line, strlen(line));
}

int
talk_asks(const struct talk *t, const char *phase)
{
	int	 i = judge_find(judge_phases, phase, strlen(phase));

	return (t->judge.phases & 1U << i) != 0;
}

void
talk_request(struct talk *t, const char *phase, const char *arg, size_t len)
{
	char	 line[LINES_LONGEST + 256];
	int	 i = judge_find(judge_phases, phase, strlen(phase));
	size_t	 n;

	n = head(t, line, sizeof(line), "filter");
	n += (size_t)snprintf(line + n, sizeof(line) - n,
	    "%s|%016" PRIx64 "|%016" PRIx64 "|", phase, JUDGE_SESSION,
	    judge_token(i));
	memcpy(line + n, arg, len);
	judge_asked(&t->judge, i);
	say(t, line, n + len);
}

/* The filter broke it. */
static int
talk_broken(struct talk *t, const char *rule, const char *detail, size_t len)
{
	struct result	*r = t->result;

	r->outcome = OUTCOME_BROKEN;
	r->rule = judge_rule(rule);
	if (len >= sizeof(r->detail))
		len = sizeof(r->detail) - 1;
	memcpy(r->detail, detail, len);
	r->detail[len] = '\0';
	return -1;
}

/* smtpd copies it into its own log, whatever it is. */
static void
heard_log(struct talk *t, const char *line, size_t len)
{
	size_t	 i;
	int	 c;

	t->report->log(line, len);
	for (i = 0; i < len; i++) {
		c = (unsigned char)line[i];
		if (c != '\t' && (c < ' ' || c > '~')) {
			t->report->note(judge_rule("log-bytes"), "", 0);
			return;
		}
	}
}

/* After the end: a child of the filter's may go on for ever. */
static void
hear_rest(struct talk *t)
{
	const char	*line;
	size_t		 len, n = 0;

	while (n < TALK_LATE && child_hear(&t->child, clock_ms(), &line,
	    &len) == HEARD_LOG) {
		heard_log(t, line, len);
		n += len + 1;
	}
}

/* What it wrote on stderr before it went, and how it went. */
static int
gone(struct talk *t)
{
	char	 how[64] = "";
	int	 ended;

	ended = child_ended(&t->child, clock_ms() + DYING_MS);
	child_hang_up(&t->child);
	hear_rest(t);
	if (!ended)
		return talk_broken(t, "closed", "", 0);
	if (WIFSIGNALED(t->child.status))
		(void)snprintf(how, sizeof(how), "signal %d",
		    WTERMSIG(t->child.status));
	else
		(void)snprintf(how, sizeof(how), "exit status %d",
		    WEXITSTATUS(t->child.status));
	return talk_broken(t, "exit", how, strlen(how));
}

static int
keep_line(struct talk *t, const char *line, size_t len)
{
	struct result	*r = t->result;

	lines_add(&r->after, line, len);
	if (lines_cost(&r->after) <= 2 * lines_cost(&r->before) + MORE_MAX)
		return 0;
	return talk_broken(t, "no-end", line, len);
}

/* A line of the filter's: 0, or -1 if it breaks a rule. */
static int
heard_line(struct talk *t, const char *line, size_t len)
{
	const struct rule	*rule;
	struct words		*w = &t->answer;

	if (t->scene->raw)
		t->report->raw(0, line, len);
	rule = judge_line(&t->judge, line, len, w);
	if (rule != NULL && rule->harm != HARM_NOTE)
		return talk_broken(t, rule->name, line, len);
	if (rule != NULL)
		t->report->note(rule, line, len);
	if (w->said == SAID_LINE)
		return keep_line(t, w->text, w->len);
	return 0;
}

static void
count_late(struct talk *t, int64_t until, size_t len)
{
	if (clock_ms() >= until)
		t->late += len + 1;
}

/* Returns 1: nothing more in time. */
static int
hear(struct talk *t, int64_t until)
{
	const char	*line;
	size_t		 len;

	t->answer.said = SAID_NOTHING;
	if (t->late >= TALK_LATE)
		return 1;
	switch (child_hear(&t->child, until, &line, &len)) {
	case HEARD_LINE:
		count_late(t, until, len);
		return heard_line(t, line, len);
	case HEARD_LOG:
		count_late(t, until, len);
		heard_log(t, line, len);
		return 0;
	case HEARD_LONG:
		return talk_broken(t, "long-line", "", 0);
	case HEARD_LONG_LOG:
		return talk_broken(t, "log-line", "", 0);
	case HEARD_CLOSED:
		return gone(t);
	case HEARD_NOTHING:
		break;
	}
	return 1;
}

int
talk_await(struct talk *t, enum said what, int64_t ms, const char *missing)
{
	int64_t	 until = clock_ms() + ms;
	double	 start = talk_clock();
	int	 r;

	t->late = 0;
	while ((r = hear(t, until)) == 0 && t->answer.said != what)
		;
	if (missing != NULL)
		t->result->filter_ms += talk_clock() - start;
	if (r == 1)
		return missing == NULL ? 0 : talk_broken(t, missing, "", 0);
	return r;
}

int
talk_silence(struct talk *t)
{
	const char	*line;
	size_t		 len;

	if (talk_await(t, SAID_ANSWER, TALK_QUIET, NULL) == -1)
		return -1;
	if (t->late >= TALK_LATE) {
		if (t->judge.gone)	/* once */
			t->report->note(judge_rule("no-pause"), "", 0);
	} else if (child_begun(&t->child, &line, &len))
		return talk_broken(t, "partial-line", line, len);
	return 0;
}

void
talk_end(struct talk *t)
{
	const struct rule	*rule = NULL;
	const char		*line;
	size_t			 len;
	int64_t			 until = clock_ms() + END_MS;

	child_hang_up(&t->child);
	while (!child_ended(&t->child, clock_ms()) && clock_ms() < until)
		if (child_hear(&t->child, clock_ms() + 5, &line, &len) ==
		    HEARD_LOG)
			heard_log(t, line, len);
	hear_rest(t);
	if (t->child.pid != 0)
		rule = judge_rule("no-exit");
	else if (t->child.status != 0)
		rule = judge_rule("exit-status");
	if (rule != NULL && t->result->outcome != OUTCOME_BROKEN)
		t->report->note(rule, "", 0);
	child_kill(&t->child);
}

/* SPDX-License-Identifier: ISC */
/*
 * For tests: an author who does everything wrong.  The client says what, and
 * when, in its EHLO: "twice.rcpt-to" answers RCPT twice.  Whatever it is,
 * smtpd has to live.  With the key "lines yes" messages go through the line
 * hook, else through the message hook.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"
#include "message.h"

static int		 lines;
static struct request	 stale;
static char		 big[200000];

static void
twice(struct request rq)
{
	filter_proceed(rq);
	filter_reject(rq, 550, "5.7.1 Twice");
}

static void
late(struct request rq)
{
	filter_delay(rq, 5, filter_proceed);
	filter_proceed(rq);
	filter_delay(rq, 5, filter_proceed);
}

static void
of_another(struct request rq)
{
	struct request	 next = { rq.session, rq.serial + 1 };
	struct request	 none = { 0, 0 };

	filter_proceed(stale);
	filter_proceed(next);
	filter_proceed(none);
	stale = rq;
	filter_proceed(rq);
}

static void
rewrite(struct request rq)
{
	filter_rewrite(rq, "<alice@example.org>");
}

static void
rewrite_lines(struct request rq)
{
	filter_rewrite(rq, "a\nfilter-result|1|2|proceed\r\n");
}

static void
rewrite_nothing(struct request rq)
{
	filter_rewrite(rq, "");
}

static void
rewrite_big(struct request rq)
{
	filter_rewrite(rq, big);
}

static void
reject_250(struct request rq)
{
	filter_reject(rq, 250, "Fine");
}

static void
reject_9999(struct request rq)
{
	filter_reject(rq, 9999, "4.7.1 Large");
}

static void
reject_nothing(struct request rq)
{
	filter_reject(rq, 450, "%s", "");
}

static void
reject_lines(struct request rq)
{
	filter_reject(rq, 451, "4.7.1 a\r\nreport|x\n\377\001|");
}

static void
reject_big(struct request rq)
{
	filter_reject(rq, 450, "4.7.1 %s", big);
}

static void
cut_off(struct request rq)
{
	filter_disconnect(rq, 421, "%s", "\n\n");
}

static void
fail(struct request rq)
{
	filter_fail(rq, "%s\n%s", "because", big);
}

static void
silent(struct request rq)
{
}

static void
leave(struct request rq)
{
	exit(0);
}

static void
abort_it(struct request rq)
{
	abort();
}

/* What it logged and said is so, whatever comes of it. */
static void
tell_and_abort(struct request rq)
{
	filter_fail(rq, "for the last time");
	abort();
}

static void
crash(struct request rq)
{
	(void)raise(SIGSEGV);
}

static void
spin(struct request rq)
{
	for (;;)
		;
}

static void
stop(struct request rq)
{
	(void)raise(SIGSTOP);
}

static void
print(struct request rq)
{
	printf("report|0.7|1|smtp-in|timeout|1\n\nnonsense\n");
	(void)fflush(stdout);
	(void)!write(1, "filter-result|\n", 15);
	filter_proceed(rq);
}

static void
close_all(struct request rq)
{
	int	 fd;

	for (fd = 0; fd < 20; fd++)
		(void)close(fd);
	filter_proceed(rq);
}

static const struct deed {
	const char	*name;
	void		(*what)(struct request);
} deeds[] = {
	{ "twice", twice }, { "late", late }, { "another", of_another },
	{ "junk", filter_junk }, { "rewrite", rewrite },
	{ "rewrite-lines", rewrite_lines }, { "rewrite-big", rewrite_big },
	{ "rewrite-nothing", rewrite_nothing }, { "reject-250", reject_250 },
	{ "reject-9999", reject_9999 }, { "reject-nothing", reject_nothing },
	{ "reject-lines", reject_lines }, { "reject-big", reject_big },
	{ "disconnect", cut_off }, { "fail", fail }, { "silent", silent },
	{ "exit", leave }, { "abort", abort_it }, { "crash", crash },
	{ "spin", spin }, { "stop", stop }, { "print", print },
	{ "close", close_all }, { "tell", tell_and_abort },
};

/* What helo wants to be done in this phase; else proceed. */
static void
act(const char *helo, struct request rq, const char *phase)
{
	size_t	 i, n;

	for (i = 0; helo != NULL && i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		n = strlen(deeds[i].name);
		if (strncmp(helo, deeds[i].name, n) == 0 && helo[n] == '.' &&
		    strcmp(helo + n + 1, phase) == 0) {
			deeds[i].what(rq);
			return;
		}
	}
	filter_proceed(rq);
}

#define HOOK(name, phase)						\
static void								\
on_##name(struct session *s, struct request rq, const char *arg)	\
{									\
	act(s->helo, rq, phase);					\
}

HOOK(starttls, "starttls")
HOOK(mail, "mail-from")
HOOK(rcpt, "rcpt-to")
HOOK(data, "data")
HOOK(rset, "rset")
HOOK(quit, "quit")
HOOK(noop, "noop")
HOOK(commit, "commit")

static void
on_helo(struct session *s, struct request rq, const char *arg)
{
	act(arg, rq, "helo");
}

/* Edits that can't be, and then the deed. */
static void
on_message(struct session *s, struct request rq, struct message *m)
{
	if (s->helo != NULL && strstr(s->helo, ".edits") != NULL) {
		message_prepend(m, "X Bad:\nName", "x");
		message_prepend(m, "X-Bad", "a\nb: c\n\nd");
		message_prepend(m, "X-Big", big);
		message_insert(m, 100000, "X-Far", "x");
		message_change(m, 100000, "x");
		message_delete(m, 100000);
		message_change(m, 0, "\r\n.\r\n");
		message_replace_body(m, ".\n..\r\n\0\n", 8);
		message_replace_body(m, big, sizeof(big) - 1);
	}
	act(s->helo, rq, "message");
}

/* Lines that can't be, too early and too late. */
static void
on_line(struct session *s, struct request rq, const char *line, size_t len)
{
	int	 bad = s->helo != NULL && strstr(s->helo, ".lines") != NULL;

	if (line != NULL) {
		filter_line(rq, line, len);
		if (bad && len == 0) {
			filter_line(rq, "a\n.\n\nb\n", 7);
			filter_line(rq, ".", 1);
			filter_line(rq, "nul\0nul", 7);
			filter_line(rq, big, sizeof(big) - 1);
		}
		if (s->helo != NULL && strstr(s->helo, ".early") != NULL)
			act(s->helo, rq, "early");
		return;
	}
	act(s->helo, rq, "message");
	filter_line(rq, "after the end", 13);
}

static const struct key keys[] = {
	{ .name = "lines", .type = KEY_BOOL, .dest = &lines },
	{ .name = NULL }
};

static struct filter rogue = {
	.name = "filter-rogue",
	.usage = "[-FnVv] [-f file] [-o key=value]",
	.keys = { keys },
	.on_failure = FAILURE_TEMPFAIL,
	.request = {
		[PHASE_HELO] = on_helo,
		[PHASE_EHLO] = on_helo,
		[PHASE_STARTTLS] = on_starttls,
		[PHASE_MAIL_FROM] = on_mail,
		[PHASE_RCPT_TO] = on_rcpt,
		[PHASE_DATA] = on_data,
		[PHASE_RSET] = on_rset,
		[PHASE_QUIT] = on_quit,
		[PHASE_NOOP] = on_noop,
		[PHASE_COMMIT] = on_commit,
	},
	.message = on_message,
	.line = on_line,
};

/* One of the two ways. */
static int
choose(enum load when)
{
	if (lines)
		rogue.message = NULL;
	else
		rogue.line = NULL;
	return 0;
}

int
main(int argc, char *argv[])
{
	memset(big, 'x', sizeof(big) - 1);
	rogue.load = choose;
	return filter_main(&rogue, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * Answers: the part of filter.h that a hook, a timer or a backend calls.  What
 * it says is made fit for smtpd; none of it fails.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "engine.h"
#include "fallback.h"
#include "log.h"
#include "message_engine.h"

/* Longest text of a reply, RFC 5321, 4.5.3.1.5 without code and CRLF. */
#define TEXT_MAX	505

void
answer_say(struct conn *c, const char *verdict)
{
	char		 line[PROTO_ANSWER_MAX];
	struct debt	 paid = { .session = c->s.id };

	ticket_cancel(c);
	if (strcmp(verdict, "proceed") != 0)
		metric_inc(&engine_counts[COUNT_REFUSED]);
	channel_say(&engine.channel, line, proto_result(line,
	    engine.channel.sh->facts.minor, c->s.id, c->token, verdict),
	    &paid);
	if (c->phase == PHASE_COMMIT)
		transfer_end(c);
}

static void
answer(struct conn *c, const char *verdict)
{
	if (engine.dry_run) {
		if (strcmp(verdict, "proceed") != 0)
			filter_log(&c->s, "verdict=%s", log_quote(verdict));
		verdict = "proceed";
	}
	if (c->phase == PHASE_DATA_LINE)
		transfer_verdict(c, verdict);
	else
		answer_say(c, verdict);
}

/*
 * Printable, one line, not empty: RFC 5321, 4.2.  What comes from a backend
 * may be anything.
 */
static void
clean_text(char *text)
{
	char	*p;

	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = (unsigned char)*p < ' ' ? ' ' : '?';
	if (text[strspn(text, " ")] == '\0')
		(void)snprintf(text, TEXT_MAX + 1, "Refused");
}

static void	refuse(struct request, const char *, int, const char *,
		    va_list) __attribute__((__format__ (__printf__, 4, 0)));

static void
refuse(struct request rq, const char *how, int code, const char *fmt,
    va_list ap)
{
	char		 text[TEXT_MAX + 1], verdict[TEXT_MAX + 32];
	struct conn	*c;

	if ((c = ticket_redeem(rq)) == NULL)
		return;
	if (code < 400 || code > 599) {
		log_warnx("code %d can't refuse anything: 451 instead", code);
		code = 451;
	}
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	clean_text(text);
	(void)snprintf(verdict, sizeof(verdict), "%s|%d %s", how, code, text);
	answer(c, verdict);
}

void
filter_proceed(struct request rq)
{
	struct conn	*c;

	if ((c = ticket_redeem(rq)) != NULL)
		answer(c, "proceed");
}

/* smtpd marks mail itself up to DATA; later on it would die of it. */
void
filter_junk(struct request rq)
{
	struct conn	*c;

	if ((c = ticket_redeem(rq)) == NULL)
		return;
	switch (c->phase) {
	case PHASE_CONNECT:
	case PHASE_HELO:
	case PHASE_EHLO:
	case PHASE_MAIL_FROM:
	case PHASE_RCPT_TO:
	case PHASE_DATA:
		answer(c, "junk");
		return;
	case PHASE_DATA_LINE:
		if (c->message != NULL) {
			message_prepend(c->message, "X-Spam", "Yes");
			break;
		}
		/* FALLTHROUGH */
	default:
		log_warnx("%016llx junk is not possible here",
		    (unsigned long long)c->s.id);
	}
	answer(c, "proceed");
}

/* HELO and EHLO take a name, MAIL and RCPT "<address> parameters". */
static int
rewritable(const struct conn *c, const char *arg)
{
	return (c->phase == PHASE_HELO || c->phase == PHASE_EHLO ||
	    c->phase == PHASE_AUTH || c->phase == PHASE_MAIL_FROM || c->phase == PHASE_RCPT_TO) &&
	    *arg != '\0' && strlen(arg) < TEXT_MAX &&
	    strpbrk(arg, "\r\n") == NULL;
}

void
filter_rewrite(struct request rq, const char *arg)
{
	char		 verdict[TEXT_MAX + 16];
	struct conn	*c;
	int		 bare;

	if ((c = ticket_redeem(rq)) == NULL)
		return;
	if (!rewritable(c, arg)) {
		log_warnx("%016llx rewrite is not possible here",
		    (unsigned long long)c->s.id);
		answer(c, "proceed");
		return;
	}
	bare = *arg != '<' &&
	    (c->phase == PHASE_MAIL_FROM || c->phase == PHASE_RCPT_TO);
	(void)snprintf(verdict, sizeof(verdict), "rewrite|%s%s%s",
	    bare ? "<" : "", arg, bare ? ">" : "");
	answer(c, verdict);
}

void
filter_reject(struct request rq, int code, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	refuse(rq, "reject", code, fmt, ap);
	va_end(ap);
}

void
filter_disconnect(struct request rq, int code, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	refuse(rq, "disconnect", code, fmt, ap);
	va_end(ap);
}

/* What was edited so far may be half of it. */
static void
message_unknown(struct conn *c)
{
	message_discard_edits(c->message);
	if (engine.policy == FAILURE_ACCEPT && engine.filter->unknown != NULL)
		engine.filter->unknown(&c->s, c->message);
}

/* As the policy says, in the filter's own words if it has some. */
static void
answer_unknown(struct conn *c)
{
	const char	*text = engine.filter->fail_text, *ours;
	char		 verdict[TEXT_MAX + 32];

	ours = fallback_verdict(engine.policy,
	    c->phase == PHASE_DATA_LINE ? PHASE_COMMIT : c->phase);
	if (text == NULL || strncmp(ours, "reject|", 7) != 0) {
		answer(c, ours);
		return;
	}
	(void)snprintf(verdict, sizeof(verdict), "reject|%s%.*s",
	    engine.policy == FAILURE_TEMPFAIL ? "451 4." : "550 5.", TEXT_MAX,
	    text);
	answer(c, verdict);
}

void
filter_fail(struct request rq, const char *fmt, ...)
{
	static const char *const policies[] = {
		[FAILURE_ACCEPT] = "accept",
		[FAILURE_TEMPFAIL] = "tempfail",
		[FAILURE_REJECT] = "reject",
	};
	char		 why[256];
	struct conn	*c;
	va_list		 ap;

	if ((c = ticket_redeem(rq)) == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	metric_inc(&engine_counts[COUNT_FAILED]);
	filter_log(&c->s, "action=fail on-failure=%s reason=%s",
	    policies[engine.policy], log_quote(why));
	if (c->message != NULL)
		message_unknown(c);
	/* What a line hook held back, nobody knows. */
	if (c->phase == PHASE_DATA_LINE && c->message == NULL)
		answer(c, FALLBACK_LOST);
	else
		answer_unknown(c);
}

void
filter_delay(struct request rq, int64_t ms, void (*cb)(struct request))
{
	struct conn	*c;

	if ((c = ticket_redeem(rq)) == NULL)
		return;
	ticket_delay(c, engine.dry_run || ms < 0 ? 0 : ms, cb);
}

int64_t
filter_deadline(void)
{
	return engine.deadline;
}

enum failure
filter_on_failure(void)
{
	return engine.policy;
}

int
filter_dry_run(void)
{
	return engine.dry_run;
}

/* "3ff2c7d1a5b4c3d2 src=192.0.2.1 ", as every message has it. */
static size_t
log_front(const struct session *s, char *line)
{
	static const char	 src[] = " src=";
	char			*p = line + PROTO_ID;

	proto_id(line, s->id);
	memcpy(p, src, sizeof(src) - 1);
	p += sizeof(src) - 1;
	if (s->local)
		(void)strlcpy(p, "local", ADDR_STRLEN);
	else
		(void)addr_print(&s->src, p);
	p += strlen(p);
	*p++ = ' ';
	return (size_t)(p - line);
}

void
filter_log(const struct session *s, const char *fmt, ...)
{
	char	 line[LOG_LINE_MAX + 1];
	size_t	 len = log_front(s, line);
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	va_end(ap);
	log_info("%s%s", line, engine.dry_run ? " dry-run=yes" : "");
}

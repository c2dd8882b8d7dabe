/* SPDX-License-Identifier: ISC */
/*
 * The filter's answers.  The session and the token in a context are the
 * engine's ticket: it drops what comes twice, too late, or for nobody.  A
 * message has a ticket of its own, which nothing but its lines can reach; its
 * "." is the answer.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "library.h"

/* Room for a line that smtpd does not take: the engine has to see that. */
#define LINE_SIZE	(PROTO_PAYLOAD_MAX + 2)
/* Longer replies the engine cuts. */
#define TEXT_SIZE	1024

static struct request
ticket(const struct osmtpd_ctx *ctx)
{
	struct request	 rq = { ctx->reqid, ctx->token };

	return rq;
}

static struct request
message_ticket(const struct osmtpd_ctx *ctx)
{
	const struct client	*c = (const struct client *)ctx;
	struct request		 rq = { ctx->reqid, c->message };

	return rq;
}

void
osmtpd_filter_proceed(struct osmtpd_ctx *ctx)
{
	filter_proceed(ticket(ctx));
}

void
osmtpd_filter_junk(struct osmtpd_ctx *ctx)
{
	filter_junk(ticket(ctx));
}

void
osmtpd_filter_reject(struct osmtpd_ctx *ctx, int code, const char *fmt, ...)
{
	char	 text[TEXT_SIZE];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	filter_reject(ticket(ctx), code, "%s", text);
}

void
osmtpd_filter_reject_enh(struct osmtpd_ctx *ctx, int code, int class,
    int subject, int detail, const char *fmt, ...)
{
	char	 text[TEXT_SIZE];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	filter_reject(ticket(ctx), code, "%d.%d.%d %s", class, subject, detail,
	    text);
}

void
osmtpd_filter_disconnect(struct osmtpd_ctx *ctx, const char *fmt, ...)
{
	char	 text[TEXT_SIZE];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	filter_disconnect(ticket(ctx), 421, "%s", text);
}

/* RFC 2034, 4: the code has to be of the same class. */
void
osmtpd_filter_disconnect_enh(struct osmtpd_ctx *ctx, int class, int subject,
    int detail, const char *fmt, ...)
{
	char	 text[TEXT_SIZE];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	filter_disconnect(ticket(ctx), class == 5 ? 554 : 421, "%d.%d.%d %s",
	    class, subject, detail, text);
}

void
osmtpd_filter_rewrite(struct osmtpd_ctx *ctx, const char *fmt, ...)
{
	char	 text[TEXT_SIZE];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	filter_rewrite(ticket(ctx), text);
}

/* The "." of a client that has not said it yet would cut its message off. */
static void
end_message(struct osmtpd_ctx *ctx)
{
	const struct client	*c = (const struct client *)ctx;

	if (c->ended)
		filter_proceed(message_ticket(ctx));
	else
		filter_fail(message_ticket(ctx), "the filter ended a message early");
}

void
osmtpd_filter_dataline(struct osmtpd_ctx *ctx, const char *fmt, ...)
{
	static char	 buf[LINE_SIZE];
	const char	*line = buf;
	va_list		 ap;

	va_start(ap, fmt);
	if (strcmp(fmt, "%s") == 0)	/* a message has a million of these */
		line = va_arg(ap, const char *);
	else
		(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (strcmp(line, ".") == 0) {
		end_message(ctx);
		return;
	}
	if (*line == '.')			/* the engine puts it back */
		line++;
	filter_line(message_ticket(ctx), line, strlen(line));
}

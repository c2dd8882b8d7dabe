/* SPDX-License-Identifier: ISC */
/*
 * See submit.h.  A command at a time, as smtpd has no pipelining.  What fails
 * leaves recipients due, unless the server said 5xx: that is for good.
 */

#include <sys/types.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"
#include "bytes.h"
#include "compat.h"
#include "spool.h"
#include "stream.h"
#include "submit.h"

#define CONNECT_MS	30000
#define REPLY_MS	300000		/* RFC 5321, 4.5.3.2 */
#define END_MS		600000
#define REPLY_MAX	8192
#define PIECE		65536		/* of the body, written at once */

static void	submit_say(struct submit *, const char *, ...)
		    __attribute__((__format__ (__printf__, 2, 3)));

/* The try is over; nothing of it is used after this. */
static void
submit_end(struct submit *sb)
{
	size_t	 i;

	for (i = 0; i < sb->nrcpt; i++)
		if (sb->states[i] == RCPT_TAKEN)
			sb->states[i] = RCPT_DUE;
	sb->step = SUBMIT_END;
	sb->stream = NULL;
	sb->done(sb);
}

/* In order, whatever came of it. */
static void
submit_quit(struct submit *sb)
{
	(void)stream_write(sb->stream, "QUIT\r\n", 6, 0);
	stream_close(sb->stream);
	submit_end(sb);
}

static void
submit_broken(struct submit *sb, const char *why)
{
	(void)strlcpy(sb->why, why, sizeof(sb->why));
	stream_close(sb->stream);
	submit_end(sb);
}

static void
submit_say(struct submit *sb, const char *fmt, ...)
{
	char	 line[512];	/* RFC 5321, 4.5.3.1.4; addresses are shorter */
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		submit_broken(sb, "a line too long");
	else if (stream_write(sb->stream, line, (size_t)n, REPLY_MS) == -1)
		submit_broken(sb, "out of memory");
}

/* All recipients of that state were refused, or may be tried again. */
static void
submit_settle(struct submit *sb, enum rcpt_state was, const char *reply)
{
	size_t	 i;

	for (i = 0; *reply == '5' && i < sb->nrcpt; i++)
		if (sb->states[i] == was) {
			sb->states[i] = RCPT_REFUSED;
			sb->refused(sb, i);
		}
	submit_quit(sb);
}

static void
submit_data(struct submit *sb)
{
	size_t	 i;

	for (i = 0; i < sb->nrcpt && sb->states[i] != RCPT_TAKEN; i++)
		;
	if (i == sb->nrcpt) {
		submit_quit(sb);
		return;
	}
	sb->step = SUBMIT_DATA;
	submit_say(sb, "DATA\r\n");
}

/* The next one that is due, from at on. */
static void
submit_rcpt(struct submit *sb)
{
	while (sb->at < sb->nrcpt && sb->states[sb->at] != RCPT_DUE)
		sb->at++;
	if (sb->at == sb->nrcpt) {
		submit_data(sb);
		return;
	}
	sb->step = SUBMIT_RCPT;
	submit_say(sb, "RCPT TO:<%s>\r\n", sb->rcpt[sb->at]);
}

static void
submit_rcpt_reply(struct submit *sb, const char *reply)
{
	if (*reply == '2')
		sb->states[sb->at] = RCPT_TAKEN;
	else if (*reply == '5') {
		sb->states[sb->at] = RCPT_REFUSED;
		sb->refused(sb, sb->at);
	}
	sb->at++;
	submit_rcpt(sb);
}

/* RFC 6152 */
static void
submit_mail(struct submit *sb, const char *reply)
{
	sb->step = SUBMIT_MAIL;
	submit_say(sb, "MAIL FROM:<%s>%s\r\n", sb->from,
	    sb->eight_bit && strstr(reply, "8BITMIME") != NULL ?
	    " BODY=8BITMIME" : "");
}

/* One line, RFC 5321, 4.5.2.  A piece of a long one has no end. */
static int
piece_add(struct bytes *b, const char *line, size_t len, int end)
{
	if (len > 0 && *line == '.' && bytes_add(b, ".", 1) == -1)
		return -1;
	if (bytes_add(b, line, len) == -1)
		return -1;
	return end ? bytes_add(b, "\r\n", 2) : 0;
}

/* The next piece of the body, or its end. */
static void
submit_feed(struct submit *sb)
{
	struct bytes	 piece = { .data = NULL };
	const char	*line = "";
	size_t		 len, next;
	int		 error = 0;

	while (error == 0 && piece.len < PIECE && (line = spool_line(sb->spool,
	    sb->off, &len, &next)) != NULL) {
		error = piece_add(&piece, line, len, next - sb->off != len);
		sb->off = next;
	}
	if (line == NULL && sb->off < spool_size(sb->spool))
		error = -1;
	else if (line == NULL && error == 0) {
		error = bytes_add(&piece, ".\r\n", 3);
		sb->step = SUBMIT_END;
	}
	if (error == 0)
		error = stream_write(sb->stream, piece.data + piece.off,
		    piece.len, sb->step == SUBMIT_END ? END_MS : REPLY_MS);
	bytes_clear(&piece);
	if (error == -1)
		submit_broken(sb, "out of memory or disk");
}

static void
submit_sent(struct stream *s, void *arg)
{
	struct submit	*sb = arg;

	if (sb->step == SUBMIT_BODY)
		submit_feed(sb);
}

static void
submit_taken(struct submit *sb)
{
	size_t	 i;

	for (i = 0; i < sb->nrcpt; i++)
		if (sb->states[i] == RCPT_TAKEN)
			sb->states[i] = RCPT_SENT;
	submit_quit(sb);
}

/* The good one for each step. */
static void
submit_next(struct submit *sb, const char *reply)
{
	switch (sb->step) {
	case SUBMIT_GREETING:
		sb->step = SUBMIT_EHLO;
		submit_say(sb, "EHLO localhost\r\n");
		break;
	case SUBMIT_EHLO:
		submit_mail(sb, reply);
		break;
	case SUBMIT_MAIL:
		submit_rcpt(sb);
		break;
	case SUBMIT_DATA:
		sb->step = SUBMIT_BODY;
		submit_feed(sb);
		break;
	default:
		submit_taken(sb);
	}
}

/* What is over after the last reply, for the log. */
static void
submit_keep(struct submit *sb, const char *reply)
{
	(void)strlcpy(sb->why, reply, sizeof(sb->why));
	sb->why[strcspn(sb->why, "\r\n")] = '\0';
}

static void
submit_in(struct stream *s, const void *frame, size_t len, void *arg)
{
	struct submit	*sb = arg;
	char		 reply[REPLY_MAX + 1];
	char		 good = sb->step == SUBMIT_DATA ? '3' : '2';

	memcpy(reply, frame, len);
	reply[len] = '\0';
	if (*reply != good)
		submit_keep(sb, reply);
	if (sb->step == SUBMIT_RCPT)
		submit_rcpt_reply(sb, reply);
	else if (*reply == good && sb->step != SUBMIT_BODY)
		submit_next(sb, reply);
	else if (sb->step == SUBMIT_MAIL)
		submit_settle(sb, RCPT_DUE, reply);
	else if (sb->step == SUBMIT_DATA || sb->step == SUBMIT_END)
		submit_settle(sb, RCPT_TAKEN, reply);
	else if (sb->step == SUBMIT_BODY)
		submit_broken(sb, sb->why);
	else
		submit_quit(sb);
}

/* "250-one", "250 two": RFC 5321, 4.2.1 */
static size_t
submit_frame(const void *buf, size_t len, void *arg)
{
	const char	*p = buf, *end = p + len, *nl;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;
	    p = nl + 1) {
		if (nl - p < 3 || *p < '2' || *p > '5' ||
		    !isdigit((unsigned char)p[1]) ||
		    !isdigit((unsigned char)p[2]))
			return SIZE_MAX;
		if (p[3] != '-')
			return (size_t)(nl - (const char *)buf) + 1;
	}
	return 0;
}

static void
submit_gone(const char *why, size_t left, void *arg)
{
	struct submit	*sb = arg;

	(void)strlcpy(sb->why, why != NULL ? why : "connection closed",
	    sizeof(sb->why));
	submit_end(sb);
}

static const struct stream_ops	 submit_ops = {
	.frame = submit_frame,
	.in = submit_in,
	.gone = submit_gone,
	.sent = submit_sent,
	.max = REPLY_MAX,
};

int
submit_start(struct submit *sb, struct backend *b)
{
	sb->step = SUBMIT_GREETING;
	sb->at = sb->off = 0;
	sb->why[0] = '\0';
	sb->stream = stream_open(b, &submit_ops, sb, CONNECT_MS);
	if (sb->stream == NULL) {
		(void)strlcpy(sb->why, backend_why(b), sizeof(sb->why));
		return -1;
	}
	if (stream_write(sb->stream, "", 0, REPLY_MS) == -1) {
		(void)strlcpy(sb->why, "out of memory", sizeof(sb->why));
		submit_stop(sb);
		return -1;
	}
	return 0;
}

void
submit_stop(struct submit *sb)
{
	stream_close(sb->stream);
	sb->stream = NULL;
}

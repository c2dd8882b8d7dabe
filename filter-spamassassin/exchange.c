/* SPDX-License-Identifier: ISC */
/*
 * The message goes out as fast as spamd takes it, and our side of the
 * connection is shut behind it.  The reply counts when it is as long as it
 * said, and the server has hung up behind it or added nothing for a while:
 * a longer one was counted wrongly and may be cut anywhere.
 *
 * Fails by done(), once, with x->why for the log.  A server that takes a
 * request and does not answer it, or with nonsense, is left alone for some
 * time (see backend.h).
 */

#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "backend.h"
#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "stream.h"

#define REPLY_MIN	(1024 * 1024)		/* may be this long always */
#define REPLY_MAX	(256 * 1024 * 1024)	/* and never longer */
#define HANG_UP_MS	1000	/* that spamd may take to hang up */

static int64_t
exchange_left(const struct exchange *x)
{
	int64_t	 left = x->due - clock_ms();

	return left > 1 ? left : 1;
}

void
exchange_stop(struct exchange *x)
{
	if (event_initialized(&x->timer))
		(void)event_del(&x->timer);
	stream_close(x->stream);
	x->stream = NULL;
	bytes_clear(&x->in);
}

static void	exchange_say(struct exchange *, const char *, ...)
		    __attribute__((__format__ (__printf__, 2, 3)));

static void
exchange_say(struct exchange *x, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(x->why, sizeof(x->why), fmt, ap);
	va_end(ap);
}

/* The stream is closed or closes: nothing of x is used after this. */
static void
exchange_end(struct exchange *x, enum exchange_end end)
{
	x->stream = NULL;
	if (event_initialized(&x->timer))
		(void)event_del(&x->timer);
	x->done(x, end);
}

/* It answered, but not as spamd does. */
static void
exchange_nonsense(struct exchange *x, const char *why)
{
	exchange_say(x, "%s", why);
	stream_fail(x->stream, why);
	exchange_end(x, EXCHANGE_FAILED);
}

/* Not the server's fault. */
static void
exchange_broken(struct exchange *x, const char *why)
{
	exchange_say(x, "%s", why);
	stream_close(x->stream);
	exchange_end(x, EXCHANGE_FAILED);
}

/* Returns -1 if x is gone. */
static int
exchange_feed(struct exchange *x)
{
	const char	*p;
	size_t		 len;

	if ((p = source_next(&x->source, &len)) != NULL) {
		if (stream_write(x->stream, p, len, 0) == -1) {
			exchange_broken(x, "out of memory");
			return -1;
		}
	}
	if (x->source.left == 0)
		stream_finish(x->stream);
	else if (p == NULL) {
		exchange_broken(x, source_error(&x->source));
		return -1;
	}
	return 0;
}

static void
exchange_up(struct stream *s, void *arg)
{
	struct exchange	*x = arg;

	x->sent = 1;
}

static void
exchange_sent(struct stream *s, void *arg)
{
	(void)exchange_feed(arg);
}

/*
 * Chunks as they come: they are gathered here, as the end of the stream
 * belongs to the reply.
 */
static size_t
exchange_frame(const void *data, size_t len, void *arg)
{
	return len;
}

/* What spamd says when it could not: its own words are the best. */
static void
exchange_refused(struct exchange *x)
{
	exchange_say(x, "%s%d %s", x->reply.code == 79 ? "timed out: " : "",
	    x->reply.code, x->reply.text);
	stream_close(x->stream);
	exchange_end(x, EXCHANGE_FAILED);
}

static void
exchange_timer(evutil_socket_t fd, short what, void *arg)
{
	struct exchange	*x = arg;

	if (!x->whole) {
		exchange_nonsense(x, "timed out");
		return;
	}
	stream_close(x->stream);
	exchange_end(x, EXCHANGE_OK);
}

/* The stream has met its deadline; this one is for what is still to come. */
static void
exchange_wait(struct exchange *x, int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	if (event_add(&x->timer, &tv) == -1)
		exchange_broken(x, "out of memory");
}

static const char *
exchange_odd(const struct exchange *x)
{
	const struct spamd_reply	*r = &x->reply;

	if (x->verb != SPAMD_TELL && !r->scored)
		return "no score in its reply";
	/* It is delivered: half of it must not pass for all of it. */
	if (x->verb == SPAMD_PROCESS && (!r->has_length || r->length == 0))
		return "no length in its reply";
	if (r->has_length && r->length > x->limit - x->head)
		return "its reply is too long";
	if (r->has_length && x->in.len - x->head > r->length)
		return "its reply is longer than it said";
	return NULL;
}

/* The head is there.  In any case x is over when it is due. */
static void
exchange_body(struct exchange *x)
{
	int64_t		 left = exchange_left(x);
	const char	*why;

	if (x->reply.code != 0)
		exchange_refused(x);
	else if (x->verb == SPAMD_PING) {
		stream_close(x->stream);
		exchange_end(x, EXCHANGE_OK);
	} else if ((why = exchange_odd(x)) != NULL)
		exchange_nonsense(x, why);
	else if (!x->reply.has_length)
		exchange_wait(x, left);
	else if (x->in.len - x->head == x->reply.length) {
		x->whole = 1;
		exchange_wait(x, left < HANG_UP_MS ? left : HANG_UP_MS);
	} else if (stream_write(x->stream, NULL, 0, left) == -1)
		exchange_broken(x, "out of memory");
}

static void
exchange_head(struct exchange *x)
{
	const char	*data = x->in.data + x->in.off, *why;
	long		 head;

	head = spamd_parse(data, x->in.len, &x->reply, &why);
	if (head > 0) {
		x->head = (size_t)head;
		exchange_body(x);
	} else if (head == -1) {
		log_peer("spamd: %s: %s: %s", x->server, why,
		    log_safe_n(data, x->in.len < 80 ? x->in.len : 80));
		exchange_nonsense(x, why);
	} else if (stream_write(x->stream, NULL, 0, exchange_left(x)) == -1)
		exchange_broken(x, "out of memory");
}

static void
exchange_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct exchange	*x = arg;

	x->server = stream_peer(s);
	if (len > x->limit - x->in.len)
		exchange_nonsense(x, "its reply is too long");
	else if (bytes_add(&x->in, data, len) == -1)
		exchange_broken(x, "out of memory");
	else if (x->head == 0)
		exchange_head(x);
	else
		exchange_body(x);
}

static void
exchange_gone(const char *why, size_t left, void *arg)
{
	struct exchange	*x = arg;

	x->server = stream_peer(x->stream);
	if (x->whole || (why == NULL && x->head != 0 &&
	    !x->reply.has_length)) {
		exchange_end(x, EXCHANGE_OK);
		return;
	}
	if (x->in.len == 0) {
		exchange_say(x, "%s", why != NULL ? why :
		    "hung up without an answer");
		exchange_end(x, EXCHANGE_SILENT);
		return;
	}
	exchange_say(x, "%s in the middle of its reply", why != NULL ? why :
	    "hung up");
	exchange_end(x, EXCHANGE_FAILED);
}

static const struct stream_ops	 exchange_ops = {
	.up = exchange_up,
	.frame = exchange_frame,
	.in = exchange_in,
	.gone = exchange_gone,
	.sent = exchange_sent,
	.max = SIZE_MAX
};

static size_t
exchange_limit(size_t length)
{
	if (length > REPLY_MAX / 2)
		return REPLY_MAX;
	return length > REPLY_MIN / 2 ? 2 * length : REPLY_MIN;
}

/* The head, and as much of the message as goes out with it in one piece. */
int
exchange_start(struct exchange *x, struct backend *b, struct event_base *base,
    const struct spamd_request *rq, int64_t connect_ms)
{
	char		 head[SPAMD_HEAD_MAX];
	const char	*p;
	size_t		 len;

	x->limit = exchange_limit(x->text);
	if ((x->stream = stream_open(b, &exchange_ops, x, connect_ms)) == NULL)
		return -1;
	x->server = stream_peer(x->stream);
	(void)evtimer_assign(&x->timer, base, exchange_timer, x);
	len = spamd_head(head, rq);
	if (stream_write(x->stream, head, len, exchange_left(x)) == -1)
		goto fail;
	if ((p = source_next(&x->source, &len)) != NULL &&
	    stream_write(x->stream, p, len, 0) == -1)
		goto fail;
	if (x->source.left == 0)
		stream_finish(x->stream);
	return 0;
 fail:
	exchange_stop(x);
	return -1;
}

/* SPDX-License-Identifier: ISC */
/*
 * A connection is one of the engine's streams, so that names, deadlines and the
 * rest of servers that fail are as with other services; hiredis reads the
 * replies.  They come in the order of the commands, so the deadline is always
 * that of the first one.
 *
 * With TLS nothing goes to the stream but what shared_tls.h made of it: what is
 * sent waits in plain until the server has shown who it is, and then for the
 * end of the loop's round.
 *
 * Fails by done() of each command on its way, then shared_conn_gone().
 */

#include <sys/time.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis.h>
#include <event2/event.h>

#include "backend.h"
#include "clock.h"
#include "compat.h"
#include "shared_config.h"
#include "shared_conn.h"
#include "shared_reply.h"
#include "shared_text.h"
#include "shared_tls.h"
#include "stream.h"

#define REPLY_MAX	(1024 * 1024)
#define WIRE_MAX	(256 * 1024)	/* that mean nothing: certificates */
#define TLS_ALERT	0x15		/* RFC 8446, 5.1 */

struct event_base	*shared_conn_events;
void	(*shared_conn_up)(struct shared_conn *);
void	(*shared_conn_gone)(struct shared_conn *, int);

static void
conn_clear(struct shared_conn *c)
{
	redisReaderFree(c->reader);
	c->reader = NULL;
	c->stream = NULL;
	if (!shared_config.tls)
		return;
	(void)event_del(&c->flush);
	tls_free(c->tls);
	c->tls = NULL;
	c->secure = 0;
	bytes_clear(&c->plain);
}

/* The stream is closed, or closes by itself. */
static void
conn_end(struct shared_conn *c, const char *why, int failed)
{
	struct shared_command	*cmd, *first = c->first;
	char			 text[256];

	(void)snprintf(text, sizeof(text), "redis: %s: %s", c->peer, why);
	conn_clear(c);
	c->first = c->last = NULL;
	c->n = 0;
	c->up = 0;
	while ((cmd = first) != NULL) {
		first = cmd->next;
		cmd->done(cmd, c, NULL, text);
	}
	shared_conn_gone(c, failed);
}

void
shared_conn_fail(struct shared_conn *c, const char *why)
{
	if (c->stream == NULL)
		return;
	stream_fail(c->stream, why);
	conn_end(c, why, 1);
}

void
shared_conn_shut(struct shared_conn *c, const char *why)
{
	if (c->stream == NULL)
		return;
	stream_close(c->stream);
	conn_end(c, why, 0);
}

/* The deadline is the first one's. */
static int
conn_arm(struct shared_conn *c)
{
	int64_t	 left;

	if (c->first == NULL)
		return 0;
	left = c->first->due - clock_ms();
	return stream_write(c->stream, "", 0, left > 1 ? left : 1);
}

static int
conn_write(struct shared_conn *c, const void *data, size_t len, int64_t ms)
{
	if (!shared_config.tls)
		return stream_write(c->stream, data, len, ms);
	/* Until then the deadline is that of the handshake. */
	if (c->secure && stream_write(c->stream, "", 0, ms) == -1)
		return -1;
	if (bytes_add(&c->plain, data, len) == -1)
		return -1;
	event_active(&c->flush, EV_WRITE, 0);
	return 0;
}

int
shared_conn_send(struct shared_conn *c, struct shared_command *cmd,
    const void *data, size_t len, int64_t due)
{
	int64_t	 left = 0;

	if (c->first == NULL) {
		left = due - clock_ms();
		left = left > 1 ? left : 1;
	}
	if (conn_write(c, data, len, left) == -1)
		return -1;
	cmd->next = NULL;
	cmd->due = due;
	if (c->last != NULL)
		c->last->next = cmd;
	else
		c->first = cmd;
	c->last = cmd;
	c->n++;
	return 0;
}

static void
conn_reply(struct shared_conn *c, const struct redisReply *r)
{
	struct shared_command	*cmd = c->first;

	if (cmd == NULL) {
		shared_conn_fail(c, r->type == REDIS_REPLY_ERROR ?
		    shared_reply_why(r) : "an answer to nothing");
		return;
	}
	if ((c->first = cmd->next) == NULL)
		c->last = NULL;
	c->n--;
	cmd->done(cmd, c, r, NULL);
}

static size_t
conn_frame(const void *data, size_t len, void *arg)
{
	return len;
}

/* All that are whole, of len more bytes. */
static void
conn_replies(struct shared_conn *c, size_t len, const char *garbage)
{
	void	*r;

	for (c->fed += len; ; c->fed = 0) {
		if (redisReaderGetReply(c->reader, &r) != REDIS_OK) {
			shared_conn_fail(c, garbage);
			return;
		}
		if (r == NULL)
			break;
		conn_reply(c, r);
		freeReplyObject(r);
		/* Nothing opens it again from within. */
		if (c->stream == NULL)
			return;
	}
	if (c->fed > REPLY_MAX)
		shared_conn_fail(c, "an endless answer");
	else if (conn_arm(c) == -1)
		shared_conn_shut(c, "out of memory");
}

static void
conn_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct shared_conn	*c = arg;

	(void)redisReaderFeed(c->reader, data, len);
	conn_replies(c, len, *(const unsigned char *)data == TLS_ALERT ?
	    "this is TLS: rediss: is for that" : "this is not Redis");
}

static void
conn_gone(const char *why, size_t left, void *arg)
{
	struct shared_conn	*c = arg;

	char			 text[192];

	(void)snprintf(text, sizeof(text), "%s%s", c->tls != NULL &&
	    !c->secure ? "no TLS: " : "", why != NULL ? why : "hung up");
	conn_end(c, text, why != NULL);
}

static const struct stream_ops	 conn_ops = {
	.frame = conn_frame,
	.in = conn_in,
	.gone = conn_gone,
	.max = SIZE_MAX - 1
};

/* What TLS has to say. */
static int
secure_ship(struct shared_conn *c)
{
	const void	*data;
	size_t		 len = tls_out(c->tls, &data);

	if (len == 0)
		return 0;
	if (stream_write(c->stream, data, len, 0) == -1)
		return -1;
	tls_sent(c->tls);
	return 0;
}

/* It is over, with a last word why. */
static void
secure_end(struct shared_conn *c)
{
	const char	*why = tls_why(c->tls);

	(void)secure_ship(c);
	if (why == NULL && c->first == NULL)
		shared_conn_shut(c, "hung up");
	else
		shared_conn_fail(c, why != NULL ? why : "hung up");
}

/* The handshake must be over by then; each call of the event takes it back. */
static int
secure_wait(struct shared_conn *c)
{
	int64_t		 left = c->by - clock_ms();
	struct timeval	 tv;

	left = left > 1 ? left : 1;
	tv.tv_sec = left / 1000;
	tv.tv_usec = left % 1000 * 1000;
	return event_add(&c->flush, &tv);
}

/* At the end of a round: both directions have something for the other. */
static void
secure_flush(evutil_socket_t fd, short what, void *arg)
{
	struct shared_conn	*c = arg;
	ssize_t			 n = 0;
	int			 r = 0;

	if (c->tls == NULL)
		return;
	while (c->plain.len != 0 && (n = tls_write(c->tls,
	    c->plain.data + c->plain.off, c->plain.len)) > 0)
		bytes_drop(&c->plain, (size_t)n);
	if (n == -1) {
		secure_end(c);
		return;
	}
	if (!c->secure && (c->secure = tls_secure(c->tls)))
		r = conn_arm(c);
	if (!c->secure && clock_ms() >= c->by)
		shared_conn_fail(c, "no TLS: timed out");
	else if (r == -1 || secure_ship(c) == -1 ||
	    (!c->secure && secure_wait(c) == -1))
		shared_conn_shut(c, "out of memory");
}

static void
secure_begin(struct stream *s, void *arg)
{
	struct shared_conn	*c = arg;

	if ((c->tls = tls_new(stream_peer(s))) == NULL)
		shared_conn_shut(c, "out of memory");
	else
		event_active(&c->flush, EV_WRITE, 0);
}

/*
 * Records that mean nothing to Redis are no frame, so that they meet no
 * deadline and do not tell that the server works.  All bytes are taken at once,
 * and seen again if that was not enough for a frame.
 */
static size_t
secure_frame(const void *data, size_t len, void *arg)
{
	struct shared_conn	*c = arg;
	char			 text[16384];
	size_t			 got = 0;
	ssize_t			 n;

	tls_put(c->tls, (const char *)data + c->seen, len - c->seen);
	while ((n = tls_read(c->tls, text, sizeof(text))) > 0) {
		(void)redisReaderFeed(c->reader, text, (size_t)n);
		got += (size_t)n;
	}
	c->fed += got;
	c->seen = len;
	event_active(&c->flush, EV_WRITE, 0);
	if (n == 0 && got == 0)
		return 0;
	c->seen = 0;
	return len;
}

static void
secure_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct shared_conn	*c = arg;

	conn_replies(c, 0, "this is not Redis");
	if (c->stream != NULL && tls_over(c->tls))
		secure_end(c);
}

static const struct stream_ops	 secure_ops = {
	.up = secure_begin,
	.frame = secure_frame,
	.in = secure_in,
	.gone = conn_gone,
	.max = WIRE_MAX
};

/* AUTH, SELECT and PING are not used for anything but this. */
static void
hello_done(struct shared_command *cmd, struct shared_conn *c,
    const struct redisReply *r, const char *why)
{
	if (r == NULL)
		return;
	if (r->type != REDIS_REPLY_STATUS) {
		shared_conn_fail(c, shared_reply_why(r));
	} else if (cmd == &c->hello[SHARED_HELLO - 1]) {
		c->up = 1;
		(void)strlcpy(c->peer, stream_peer(c->stream),
		    sizeof(c->peer));
		shared_conn_up(c);
	}
}

static int
hello_send(struct shared_conn *c, int i, const char *const words[], size_t n)
{
	struct bytes	 b = { .data = NULL };
	int64_t		 due = clock_ms() + shared_config.connect_timeout +
			    shared_config.timeout;
	int		 r;

	c->hello[i].done = hello_done;
	if ((r = shared_text_words(&b, words, n)) == 0)
		r = shared_conn_send(c, &c->hello[i], b.data + b.off, b.len,
		    due);
	/* It may have been the password. */
	if (b.len != 0)
		memset(b.data + b.off, 0, b.len);
	bytes_clear(&b);
	return r;
}

static int
hello(struct shared_conn *c)
{
	const struct shared_config	*conf = &shared_config;
	char				 db[16];
	const char *const		 user[] = { "AUTH", conf->user,
					    conf->password };
	const char *const		 pass[] = { "AUTH", conf->password };
	const char *const		 select[] = { "SELECT", db };
	const char *const		 ping[] = { "PING" };

	(void)snprintf(db, sizeof(db), "%d", (int)conf->db);
	if (conf->password != NULL && conf->user != NULL &&
	    hello_send(c, 0, user, 3) == -1)
		return -1;
	if (conf->password != NULL && conf->user == NULL &&
	    hello_send(c, 0, pass, 2) == -1)
		return -1;
	if (conf->db != 0 && hello_send(c, 1, select, 2) == -1)
		return -1;
	return hello_send(c, 2, ping, 1);
}

int
shared_conn_open(struct shared_conn *c)
{
	struct backend	*b = shared_config.backend;

	c->probe = backend_probes(b);
	c->fed = 0;
	c->seen = 0;
	c->n = 0;
	c->first = c->last = NULL;
	c->by = clock_ms() + shared_config.connect_timeout;
	if ((c->reader = redisReaderCreate()) == NULL)
		return -1;
	if (shared_config.tls)
		event_assign(&c->flush, shared_conn_events, -1, 0,
		    secure_flush, c);
	c->stream = stream_open(b, shared_config.tls ? &secure_ops : &conn_ops,
	    c, shared_config.connect_timeout);
	if (c->stream == NULL) {
		conn_clear(c);
		return -1;
	}
	(void)strlcpy(c->peer, stream_peer(c->stream), sizeof(c->peer));
	if (hello(c) == 0)
		return 0;
	stream_close(c->stream);
	conn_clear(c);
	return -1;
}

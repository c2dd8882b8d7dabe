/* SPDX-License-Identifier: ISC */
/*
 * A connection is one of the engine's streams, so that names, deadlines and the
 * rest of servers that fail are as with other services; hiredis reads the
 * replies.  They come in the order of the commands, so the deadline is always
 * that of the first one.
 *
 * Fails by done() of each command on its way, then shared_conn_gone().
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis.h>

#include "backend.h"
#include "compat.h"
#include "shared_config.h"
#include "shared_conn.h"
#include "shared_reply.h"
#include "shared_text.h"
#include "stream.h"

#define REPLY_MAX	(1024 * 1024)

void	(*shared_conn_up)(struct shared_conn *);
void	(*shared_conn_gone)(struct shared_conn *, int);

int64_t
shared_clock(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* can't fail */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The stream is closed, or closes by itself. */
static void
conn_end(struct shared_conn *c, const char *why, int failed)
{
	struct shared_command	*cmd, *first = c->first;
	char			 text[256];

	(void)snprintf(text, sizeof(text), "redis: %s: %s", c->peer, why);
	redisReaderFree(c->reader);
	c->reader = NULL;
	c->stream = NULL;
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
	left = c->first->due - shared_clock();
	return stream_write(c->stream, "", 0, left > 1 ? left : 1);
}

int
shared_conn_send(struct shared_conn *c, struct shared_command *cmd,
    const void *data, size_t len, int64_t due)
{
	int64_t	 left = 0;

	if (c->first == NULL) {
		left = due - shared_clock();
		left = left > 1 ? left : 1;
	}
	if (stream_write(c->stream, data, len, left) == -1)
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

static void
conn_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct shared_conn	*c = arg;
	void			*r;

	(void)redisReaderFeed(c->reader, data, len);
	for (c->fed += len; ; c->fed = 0) {
		if (redisReaderGetReply(c->reader, &r) != REDIS_OK) {
			shared_conn_fail(c, "this is not Redis");
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
conn_gone(const char *why, size_t left, void *arg)
{
	conn_end(arg, why != NULL ? why : "hung up", why != NULL);
}

static const struct stream_ops	 conn_ops = {
	.frame = conn_frame,
	.in = conn_in,
	.gone = conn_gone,
	.max = SIZE_MAX - 1
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
	int64_t		 due = shared_clock() + shared_config.connect_timeout +
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
	c->n = 0;
	c->first = c->last = NULL;
	if ((c->reader = redisReaderCreate()) == NULL)
		return -1;
	c->stream = stream_open(b, &conn_ops, c, shared_config.connect_timeout);
	if (c->stream == NULL) {
		redisReaderFree(c->reader);
		c->reader = NULL;
		return -1;
	}
	(void)strlcpy(c->peer, stream_peer(c->stream), sizeof(c->peer));
	if (hello(c) == 0)
		return 0;
	stream_close(c->stream);
	redisReaderFree(c->reader);
	c->reader = NULL;
	c->stream = NULL;
	return -1;
}

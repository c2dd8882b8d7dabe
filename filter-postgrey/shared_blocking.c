/* SPDX-License-Identifier: ISC */
/*
 * The shared store for a program that has nothing else to do: each call runs an
 * event loop of its own until all is answered.  Fails by -1, logged; a
 * connection that is lost is not opened again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis.h>
#include <event2/event.h>

#include "backend.h"
#include "clock.h"
#include "compat.h"
#include "log.h"
#include "shared.h"
#include "shared_config.h"
#include "shared_conn.h"
#include "shared_reply.h"
#include "shared_text.h"

#define SCAN_COUNT	"500"

/* A command that is waited for. */
struct call {
	struct shared_command	 cmd;	/* first */
	/* 0, or -1: this is no answer. */
	int			(*take)(struct call *, const struct redisReply *);
	char			*key;
	struct walk		*walk;
	int			*left;	/* how many are waited for */
	int			*failed;
	enum shared_fate	 fate;
	char			 why[256];
};

struct walk {
	enum store_kind	 kind;
	int		(*cb)(const struct store_row *, void *);
	void		*arg;
	char		 cursor[32];
	char		**keys;
	size_t		 nkeys;
	int		 stop;
};

static struct event_base	*loop;
static struct shared_conn	 conn;
static struct grey_rules	 rules;

static void
blocking_up(struct shared_conn *c)
{
}

static void
blocking_gone(struct shared_conn *c, int failed)
{
}

static void
call_done(struct shared_command *cmd, struct shared_conn *c,
    const struct redisReply *r, const char *why)
{
	struct call	*call = (struct call *)cmd;

	(*call->left)--;
	call->fate = r != NULL ? shared_reply_fate(r) : FATE_NEXT;
	if (r != NULL && call->fate == FATE_FINE && call->take(call, r) == 0)
		return;
	if (call->fate == FATE_FINE)
		call->fate = FATE_NONSENSE;
	if (r != NULL)
		why = shared_reply_why(r);
	if (call->walk != NULL && call->fate == FATE_FOREIGN) {
		log_warnx("redis: not ours: %s: %s", log_quote(call->key), why);
		return;
	}
	(void)snprintf(call->why, sizeof(call->why), "%s%s",
	    r != NULL ? "redis: " : "", why);
	*call->failed = 1;
}

static int
call_send(struct call *call, struct bytes *b)
{
	int	 r = -1;

	if (conn.stream == NULL)
		(void)strlcpy(call->why, "redis: not connected",
		    sizeof(call->why));
	else if ((r = shared_conn_send(&conn, &call->cmd, b->data + b->off,
	    b->len, clock_ms() + shared_config.timeout)) == -1)
		(void)strlcpy(call->why, "redis: out of memory",
		    sizeof(call->why));
	bytes_clear(b);
	if (r == 0)
		(*call->left)++;
	return r;
}

static void
calls_run(const int *left)
{
	while (*left > 0)
		if (event_base_loop(loop, EVLOOP_ONCE) != 0)
			break;
}

/* One command; the fate of it. */
static enum shared_fate
call_one(struct call *call, struct bytes *b)
{
	int	 left = 0, failed = 0;

	call->cmd.done = call_done;
	call->left = &left;
	call->failed = &failed;
	call->fate = FATE_NEXT;
	if (call_send(call, b) == 0)
		calls_run(&left);
	if (call->fate != FATE_FINE && call->fate != FATE_SCRIPT)
		log_warnx("%s", call->why);
	return call->fate;
}

static int
take_any(struct call *call, const struct redisReply *r)
{
	return 0;
}

static int
call_words(const char *const words[], size_t n)
{
	struct call	 call = { .take = take_any };
	struct bytes	 b = { .data = NULL };

	if (shared_text_words(&b, words, n) == -1) {
		bytes_clear(&b);
		log_warnx("redis: out of memory");
		return -1;
	}
	return call_one(&call, &b) == FATE_FINE ? 0 : -1;
}

void
shared_close(void)
{
	shared_conn_shut(&conn, "the end");
}

int
shared_open(const struct grey_rules *r)
{
	struct backend	*b = shared_config.backend;

	if (script_init() == -1 || (loop == NULL &&
	    (loop = event_base_new()) == NULL)) {
		log_warnx("redis: no event loop, or no SHA-1");
		return -1;
	}
	rules = *r;
	shared_conn_up = blocking_up;
	shared_conn_gone = blocking_gone;
	shared_conn_events = loop;
	backend_start(b, loop);
	shared_close();
	/* From one server to the next: those that fail rest. */
	while (!conn.up && backend_ready(b) && shared_conn_open(&conn) == 0)
		while (conn.stream != NULL && !conn.up)
			if (event_base_loop(loop, EVLOOP_ONCE) != 0)
				break;
	if (conn.up)
		return 0;
	log_warnx("%s", backend_why(b));
	return -1;
}

int
shared_check(void)
{
	const char *const	 eval[] = { "EVAL",
				    "return redis.call('TIME')", "0" };
	struct grey_rules	 none = { .delay = 0 };
	int			 r;

	if (shared_config.backend == NULL)
		return 0;
	if (backend_check(shared_config.backend,
	    shared_config.connect_timeout) == -1 || shared_open(&none) == -1)
		return -1;
	r = call_words(eval, 3);
	shared_close();
	return r;
}

int
shared_row_put(const struct store_row *row)
{
	struct call		 call = { .take = take_any };
	struct shared_text	 text = { .words = 0 };
	enum shared_fate	 fate = FATE_SCRIPT;
	struct bytes		 b = { .data = NULL };
	int			 full;

	if (shared_text_put(&text, row, &rules, 1) == -1) {
		bytes_clear(&text.tail);
		log_warnx("redis: out of memory");
		return -1;
	}
	for (full = 0; full < 2 && fate == FATE_SCRIPT; full++) {
		if (shared_text_command(&text, full, &b) == -1) {
			bytes_clear(&b);
			log_warnx("redis: out of memory");
			break;
		}
		fate = call_one(&call, &b);
	}
	bytes_clear(&text.tail);
	return fate == FATE_FINE ? 0 : -1;
}

/* "*2 DEL prefix:key": the words of one key. */
static int
key_command(struct bytes *b, const char *verb, enum store_kind kind,
    const char *key)
{
	char	 begin[64];
	int	 len = snprintf(begin, sizeof(begin), "*2\r\n$%zu\r\n%s\r\n",
		    strlen(verb), verb);

	if (bytes_add(b, begin, (size_t)len) == -1)
		return -1;
	return shared_text_key(b, kind, key);
}

int
shared_row_delete(enum store_kind kind, const char *key)
{
	struct call	 call = { .take = take_any };
	struct bytes	 b = { .data = NULL };

	if (key_command(&b, "DEL", kind, key) == -1) {
		bytes_clear(&b);
		log_warnx("redis: out of memory");
		return -1;
	}
	return call_one(&call, &b) == FATE_FINE ? 0 : -1;
}

static void
walk_free(struct walk *w)
{
	while (w->nkeys > 0)
		free(w->keys[--w->nkeys]);
	free(w->keys);
	w->keys = NULL;
}

/* "cursor", [ keys ] */
static int
take_scan(struct call *call, const struct redisReply *r)
{
	size_t			 skip, i;
	struct walk		*w = call->walk;
	const struct redisReply	*k;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 ||
	    r->element[0]->type != REDIS_REPLY_STRING ||
	    r->element[1]->type != REDIS_REPLY_ARRAY)
		return -1;
	(void)strlcpy(w->cursor, r->element[0]->str, sizeof(w->cursor));
	skip = strlen(shared_text_kind(w->kind));
	if ((w->keys = calloc(r->element[1]->elements + 1,
	    sizeof(*w->keys))) == NULL)
		return -1;
	for (i = 0; i < r->element[1]->elements; i++) {
		k = r->element[1]->element[i];
		if (k->type != REDIS_REPLY_STRING || k->len < skip ||
		    (w->keys[w->nkeys] = strdup(k->str + skip)) == NULL)
			return -1;
		w->nkeys++;
	}
	return 0;
}

static int
take_row(struct call *call, const struct redisReply *r)
{
	struct store_row	 row = { .kind = call->walk->kind,
				    .key = call->key };

	if (shared_reply_row(r, &row) == -1)
		return -1;
	/* It may have gone meanwhile. */
	if (r->elements > 0 && !call->walk->stop)
		call->walk->stop = call->walk->cb(&row, call->walk->arg);
	return 0;
}

/* The rows of a page, all asked for before the first is waited for. */
static int
walk_rows(struct walk *w)
{
	struct call	*calls;
	struct bytes	 b = { .data = NULL };
	size_t		 i;
	int		 left = 0, failed = 0;

	if (w->nkeys == 0)
		return 0;
	if ((calls = calloc(w->nkeys, sizeof(*calls))) == NULL) {
		log_warn("redis");
		return -1;
	}
	for (i = 0; i < w->nkeys && !failed; i++) {
		calls[i].cmd.done = call_done;
		calls[i].take = take_row;
		calls[i].walk = w;
		calls[i].key = w->keys[i];
		calls[i].left = &left;
		calls[i].failed = &failed;
		if (key_command(&b, "HGETALL", w->kind, w->keys[i]) == -1)
			failed = 1;
		else if (call_send(&calls[i], &b) == -1)
			failed = 1;
		bytes_clear(&b);
	}
	calls_run(&left);
	for (i = 0; failed && i < w->nkeys; i++)
		if (calls[i].why[0] != '\0') {
			log_warnx("%s", calls[i].why);
			break;
		}
	free(calls);
	return failed ? -1 : 0;
}

static int
walk_page(struct walk *w)
{
	struct call		 call = { .take = take_scan, .walk = w };
	struct bytes		 b = { .data = NULL };
	char			 match[SHARED_PREFIX + 8];
	const char *const	 scan[] = { "SCAN", w->cursor, "MATCH", match,
				    "COUNT", SCAN_COUNT };

	(void)snprintf(match, sizeof(match), "%s*",
	    shared_text_kind(w->kind));
	if (shared_text_words(&b, scan, 6) == -1) {
		bytes_clear(&b);
		log_warnx("redis: out of memory");
		return -1;
	}
	return call_one(&call, &b) == FATE_FINE ? walk_rows(w) : -1;
}

int
shared_walk(enum store_kind kind, int (*cb)(const struct store_row *, void *),
    void *arg)
{
	struct walk	 w = { .kind = kind, .cb = cb, .arg = arg,
			    .cursor = "0" };
	int		 r;

	do {
		r = walk_page(&w);
		walk_free(&w);
	} while (r == 0 && !w.stop && strcmp(w.cursor, "0") != 0);
	return r;
}

/* SPDX-License-Identifier: ISC */
/*
 * A question and its answer over one connection, which serves the next when it
 * did its job.  One question a time on each, so that there is no doubt what is
 * answered.  Fails by inquiry_ended(), with q->why for the log.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "clock.h"
#include "inquiry.h"
#include "log.h"
#include "stream.h"

#define SHOWN	80		/* bytes of nonsense in the log */

void	(*inquiry_ended)(struct inquiry *, enum inquiry_end,
	    const struct policyd_answer *);

struct inquiry *
inquiry_new(const char *text, size_t len)
{
	struct inquiry	*q;

	if ((q = malloc(sizeof(*q) + len)) == NULL)
		return NULL;
	memset(q, 0, sizeof(*q));
	memcpy(q->text, text, len);
	q->len = len;
	return q;
}

static void
inquiry_take(struct inquiry *q)
{
	struct inquiries	*l = q->list;

	if (l == NULL)
		return;
	if (q->next != NULL)
		q->next->prev = q->prev;
	else
		l->last = q->prev;
	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		l->first = q->next;
	l->n--;
	q->list = NULL;
}

/* Before that one; NULL: at the end. */
static void
inquiry_insert(struct inquiries *l, struct inquiry *q, struct inquiry *before)
{
	inquiry_take(q);
	q->list = l;
	q->next = before;
	q->prev = before != NULL ? before->prev : l->last;
	if (q->prev != NULL)
		q->prev->next = q;
	else
		l->first = q;
	if (before != NULL)
		before->prev = q;
	else
		l->last = q;
	l->n++;
}

void
inquiry_put(struct inquiries *l, struct inquiry *q)
{
	inquiry_insert(l, q, NULL);
}

/* Only those that were tried can be older: as many as connections. */
void
inquiry_put_back(struct inquiries *l, struct inquiry *q)
{
	struct inquiry	*p;

	for (p = l->first; p != NULL && p->asked < q->asked; p = p->next)
		continue;
	inquiry_insert(l, q, p);
}

void
inquiry_free(struct inquiry *q)
{
	inquiry_take(q);
	stream_close(q->stream);
	free(q);
}

static void
inquiry_say(struct inquiry *q, const char *why)
{
	(void)snprintf(q->why, sizeof(q->why), "policy: %s: %s",
	    stream_peer(q->stream), why);
}

static void
inquiry_log(const struct inquiry *q, const char *why, const char *data,
    size_t len)
{
	log_peer("policy: %s: %s: %s", stream_peer(q->stream), why,
	    log_safe_n(data, len < SHOWN ? len : SHOWN));
}

static size_t
inquiry_frame(const void *data, size_t len, void *arg)
{
	struct inquiry	*q = arg;
	size_t		 n;

	if ((n = policyd_frame(data, len)) == SIZE_MAX) {
		inquiry_log(q, "this is no answer", data, len);
		q->garbage = 1;
	}
	return n;
}

static void
inquiry_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct policyd_answer	 a;
	struct inquiry		*q = arg;
	const char		*why;
	int			 r;

	if ((r = policyd_parse(data, len, &a, &why)) == -1) {
		inquiry_say(q, why);
		inquiry_log(q, why, data, len);
	}
	q->stream = NULL;
	stream_release(s);
	if (r == 0)
		inquiry_ended(q, INQUIRY_ANSWERED, &a);
	else
		inquiry_ended(q, INQUIRY_NONSENSE, NULL);
}

static void
inquiry_gone(const char *why, size_t left, void *arg)
{
	struct inquiry	*q = arg;
	int		 reused = stream_reused(q->stream);

	if (q->garbage)
		inquiry_say(q, "this is no answer");
	else if (why != NULL)
		inquiry_say(q, why);
	else if (left != 0)
		inquiry_say(q, "hung up in the middle of its answer");
	else
		inquiry_say(q, "hung up without an answer");
	q->stream = NULL;
	if (q->garbage)
		inquiry_ended(q, INQUIRY_NONSENSE, NULL);
	else if (clock_ms() >= q->by)
		inquiry_ended(q, INQUIRY_LATE, NULL);
	else if (reused && left == 0)
		inquiry_ended(q, INQUIRY_STALE, NULL);
	else
		inquiry_ended(q, INQUIRY_UNANSWERED, NULL);
}

static const struct stream_ops	 inquiry_ops = {
	.frame = inquiry_frame,
	.in = inquiry_in,
	.gone = inquiry_gone,
	.max = POLICYD_ANSWER_MAX
};

int
inquiry_try(struct inquiry *q, struct backend *b, int64_t connect_ms,
    int64_t ms)
{
	q->began = clock_ms();
	q->by = q->began + ms;
	q->stream = stream_open(b, &inquiry_ops, q, connect_ms);
	if (q->stream == NULL) {
		(void)snprintf(q->why, sizeof(q->why), "%s", backend_why(b));
		return -1;
	}
	if (stream_write(q->stream, q->text, q->len, ms) == 0)
		return 0;
	inquiry_say(q, "out of memory");
	stream_close(q->stream);
	q->stream = NULL;
	return -1;
}

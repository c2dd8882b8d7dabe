/* SPDX-License-Identifier: ISC */
/*
 * Questions in lists.  Nothing fails here but for memory.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "pack.h"
#include "question.h"

/* So that it is we who say what went wrong, and not the engine. */
static int64_t
question_due(int64_t now)
{
	int64_t	 ms = filter_deadline();

	return now + ms - (ms / 10 < 1000 ? ms / 10 : 1000);
}

struct question *
question_new(const struct ask_question *a, int64_t now)
{
	struct question	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->a = *a;
	if (a->user != NULL && (q->a.user = strdup(a->user)) == NULL) {
		free(q);
		return NULL;
	}
	q->asked = q->queued = now;
	q->due = question_due(now);
	return q;
}

void
question_free(struct question *q)
{
	exchange_stop(&q->x);
	pack_free(q->pack);
	free((char *)(uintptr_t)q->a.user);
	free(q->a.text.head);
	free(q);
}

void
question_take(struct question *q)
{
	struct questions	*l = q->list;

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

/* Behind that one; NULL: first of all. */
static void
question_insert(struct questions *l, struct question *q, struct question *prev)
{
	q->list = l;
	q->prev = prev;
	q->next = prev != NULL ? prev->next : l->first;
	if (q->next != NULL)
		q->next->prev = q;
	else
		l->last = q;
	if (prev != NULL)
		prev->next = q;
	else
		l->first = q;
	l->n++;
}

void
question_put(struct questions *l, struct question *q)
{
	question_take(q);
	question_insert(l, q, l->last);
}

void
question_put_first(struct questions *l, struct question *q)
{
	question_take(q);
	question_insert(l, q, NULL);
}

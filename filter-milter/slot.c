/* SPDX-License-Identifier: ISC */
/*
 * How many connections a milter has at a time, one a session: it may spend a
 * thread or a process on each.  Who comes when all are taken waits in line; a
 * link that is between messages gives its connection up for it, as that can be
 * made anew.  Who has waited for too long is the link's to know.
 */

#include <stddef.h>

#include "link_private.h"
#include "milter.h"

#define SLOTS		128

static void
line_add(struct line *line, struct link *l)
{
	if (line->first == NULL)
		line->end = &line->first;
	l->next = NULL;
	l->prev = line->end;
	*line->end = l;
	line->end = &l->next;
	line->n++;
}

static void
line_remove(struct line *line, struct link *l)
{
	if (l->next != NULL)
		l->next->prev = l->prev;
	else
		line->end = l->prev;
	*l->prev = l->next;
	line->n--;
}

/* Who has been connected for longest is the first. */
static void
slot_clear(struct milter *m)
{
	struct link	*l;

	for (l = m->connected.first; l != NULL; l = l->next) {
		if (link_is_idle(l)) {
			link_leave(l);
			return;
		}
	}
}

static void
slot_hold(struct link *l)
{
	line_add(&l->milter->connected, l);
	l->slot = SLOT_HELD;
}

int
slot_take(struct link *l)
{
	struct milter	*m = l->milter;

	if (l->slot == SLOT_HELD)
		return 1;
	if (m->connected.n < (m->max != 0 ? m->max : SLOTS))
		slot_hold(l);
	else if (l->slot == SLOT_NONE) {
		line_add(&m->waiting, l);
		l->slot = SLOT_WAITS;
		slot_clear(m);
	}
	return l->slot == SLOT_HELD;
}

void
slot_give(struct link *l)
{
	struct milter	*m = l->milter;
	struct link	*first = m->waiting.first;

	if (l->slot == SLOT_WAITS)
		line_remove(&m->waiting, l);
	else if (l->slot == SLOT_HELD) {
		line_remove(&m->connected, l);
		if (first != NULL) {
			line_remove(&m->waiting, first);
			slot_hold(first);
			link_soon(first);
		}
	}
	l->slot = SLOT_NONE;
}

/* SPDX-License-Identifier: ISC */
/*
 * See ledger.h.  Nothing here allocates, logs or fails but for want of a slot.
 */

#include "ledger.h"

/* Ids come from smtpd's random numbers, but tests count from 1. */
static uint32_t
ledger_home(uint64_t session)
{
	return (session * 0x9e3779b97f4a7c15ULL >> 32) % LEDGER_SLOTS;
}

struct debt *
ledger_find(struct ledger *l, uint64_t session)
{
	struct debt	*d;
	uint32_t	 home = ledger_home(session), i;

	for (i = 0; i < LEDGER_REACH; i++) {
		d = &l->debts[(home + i) % LEDGER_SLOTS];
		if (d->owed != OWED_NOTHING && d->session == session)
			return d;
	}
	return NULL;
}

struct debt *
ledger_slot(struct ledger *l, uint64_t session)
{
	struct debt	*d, *free_slot = NULL;
	uint32_t	 home = ledger_home(session), i;

	for (i = 0; i < LEDGER_REACH; i++) {
		d = &l->debts[(home + i) % LEDGER_SLOTS];
		if (d->owed == OWED_NOTHING) {
			if (free_slot == NULL)
				free_slot = d;
		} else if (d->session == session)
			return d;
	}
	return free_slot;
}

int
ledger_room(const struct ledger *l, uint64_t session)
{
	const struct debt	*d;
	uint32_t		 home = ledger_home(session), i;

	for (i = 0; i < LEDGER_REACH; i++) {
		d = &l->debts[(home + i) % LEDGER_SLOTS];
		if (d->owed == OWED_NOTHING || d->session == session)
			return 1;
	}
	return 0;
}

static void
step_do(struct ledger *l, struct ring *in, struct ring *out)
{
	if (l->step.slot < LEDGER_SLOTS)
		l->debts[l->step.slot] = l->step.debt;
	ring_store(&in->tail, l->step.in_tail);
	ring_store(&out->head, l->step.out_head);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&l->step.armed, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void
ledger_step(struct ledger *l, struct debt *slot, const struct debt *new,
    struct ring *in, uint64_t in_tail, struct ring *out, uint64_t out_head)
{
	l->step.slot = slot == NULL ? LEDGER_SLOTS : slot - l->debts;
	if (slot != NULL)
		l->step.debt = *new;
	l->step.in_tail = in_tail;
	l->step.out_head = out_head;
	/* A kill comes between two instructions: their order counts. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&l->step.armed, 1, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	step_do(l, in, out);
}

void
ledger_redo(struct ledger *l, struct ring *in, struct ring *out)
{
	if (__atomic_load_n(&l->step.armed, __ATOMIC_ACQUIRE))
		step_do(l, in, out);
}

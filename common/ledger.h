/* SPDX-License-Identifier: ISC */
/*
 * What smtpd is owed: for each session with an open request or a message in
 * flight, what the next answer has to be.  It lies in the mapping that the
 * guard shares with its worker, so that the answer can still be given when
 * the worker is dead.
 *
 * A debt changes together with the positions of the rings, as one step: what
 * was said and what is still owed can't disagree, wherever a worker was
 * killed.
 */

#ifndef LEDGER_H
#define LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

enum owed {
	OWED_NOTHING,	/* the slot is free */
	OWED_ANSWER,	/* to the request of phase and token */
	OWED_LINES,	/* smtpd is sending a message; its "." is to come */
	OWED_DOT,	/* smtpd's "." came, ours did not go yet */
	OWED_VERDICT	/* our "." went, commit will be asked */
};

struct debt {
	uint64_t	session;
	uint64_t	token;		/* of the request, or of the lines */
	uint8_t		owed;		/* enum owed */
	uint8_t		phase;		/* enum phase, for OWED_ANSWER */
	uint8_t		lost;		/* its worker died: refuse at commit */
};

/*
 * A session has its debt in one of LEDGER_REACH slots from where its id
 * hashes to; all of them are looked at, so that freeing one is one store.
 * When none of them is free the session is answered by the fail policy.
 */
#define LEDGER_SLOTS	32768
#define LEDGER_REACH	32

/* The one step that may be half done. */
struct step {
	uint32_t	armed;		/* the rest is to be done (again) */
	uint32_t	slot;		/* LEDGER_SLOTS: no debt changes */
	struct debt	debt;
	uint64_t	in_tail;
	uint64_t	out_head;
};

struct ledger {
	struct step	step;
	struct debt	debts[LEDGER_SLOTS];
};

/* The session's debt, or NULL. */
struct debt	*ledger_find(struct ledger *, uint64_t session);
/* The session's debt, or a free slot for it, or NULL: no room. */
struct debt	*ledger_slot(struct ledger *, uint64_t session);
/* Is there a slot?  Most often the first one tells. */
int		 ledger_room(const struct ledger *, uint64_t session);

/*
 * In one step: *slot becomes new (slot NULL: no debt changes), input is
 * consumed up to in_tail, output published up to out_head.
 */
void	ledger_step(struct ledger *, struct debt *slot,
	    const struct debt *new, struct ring *in, uint64_t in_tail,
	    struct ring *out, uint64_t out_head);
/* A worker died: finish the step that it may have left half done. */
void	ledger_redo(struct ledger *, struct ring *in, struct ring *out);

#endif /* LEDGER_H */

/* SPDX-License-Identifier: ISC */
/*
 * Messages on their way out: who is exempt, what to do with one that can't be
 * signed, and what the log says.
 */

#ifndef OUTGOING_H
#define OUTGOING_H

#include "filter.h"
#include "metric.h"

struct policy;
struct work;

enum {
	OUTGOING_SIGNED,
	OUTGOING_SIGNATURES,
	OUTGOING_EXEMPT,
	OUTGOING_NO_KEY,
	OUTGOING_UNFIT,
	OUTGOING_SECONDS,
	OUTGOING_COUNTERS
};

extern struct metric		 outgoing_counters[OUTGOING_COUNTERS];

/* May be replaced between two messages; those under way hold their keys. */
extern const struct policy	*outgoing_policy;

/* What hangs on a session. */
struct outgoing_client {
	char		*host;	/* what smtpd calls itself, or NULL */
	struct work	*work;	/* its message that threads sign, or NULL */
};

/* Mail of those who are exempt goes on unseen. */
int	outgoing_wants(struct session *);
void	outgoing_message(struct session *, struct request, struct message *);
/* The message is gone, or its client: what is not begun need not be signed. */
void	outgoing_gone(struct outgoing_client *);

#endif /* OUTGOING_H */

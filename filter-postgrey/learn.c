/* SPDX-License-Identifier: ISC */
/*
 * See learn.h.  A bounce teaches nothing, as anybody could make us send one.
 * Nothing fails.
 */

#include "diary.h"
#include "learn.h"
#include "lists.h"
#include "log.h"
#include "memory.h"
#include "postgrey.h"

/* A host of ours sends, and takes mail for these only. */
static int
is_ours(const char *mailbox)
{
	return postgrey_asks(postgrey.allowed) &&
	    list_match_address(postgrey.allowed, mailbox);
}

static void
learn_partners(const struct tx *tx)
{
	size_t	 i;

	for (i = 0; i < tx->nrcpt; i++)
		if (!is_ours(tx->rcpt[i]))
			memory_partner(tx->rcpt[i]);
}

void
learn_commit(struct session *s, const char *arg)
{
	char	 host[ADDR_STRLEN];

	if (s->tx == NULL || *s->tx->from == '\0' || s->tx->nrcpt == 0)
		return;
	if (!s->outgoing) {
		if (!postgrey.learn_auth || s->user == NULL)
			return;
	} else if (!postgrey.learn_out || s->dst.family == AF_UNSPEC)
		return;
	else
		memory_white(&s->dst);
	learn_partners(s->tx);
	metric_inc(&diary_counters[LEARNED]);
	log_debug("learned: host %s, %zu recipients",
	    s->outgoing ? addr_print(&s->dst, host) : "-", s->tx->nrcpt);
}

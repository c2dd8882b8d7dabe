/* SPDX-License-Identifier: ISC */
/*
 * See standin.h.  The ledger is walked once for each death, in as many turns
 * as it takes smtpd to read the answers.
 */

#include "fallback.h"
#include "log.h"
#include "standin.h"

/* The longest thing that one line from smtpd makes us say, and some more. */
#define ROOM	(2 * PROTO_PAYLOAD_MAX)

static struct channel	 channel;
static enum failure	 policy;
static unsigned int	 next = LEDGER_SLOTS, paid;

void
standin_init(struct shared *sh, enum failure p)
{
	policy = p;
	if (channel_init(&channel, sh, -1) == -1)
		fatal("channel");
}

void
standin_begin(void)
{
	channel_resume(&channel);
	next = paid = 0;
}

int
standin_pay(void)
{
	int	 done;

	if (next == LEDGER_SLOTS)
		return 1;
	done = fallback_recover(&channel, policy, &next, &paid);
	channel_publish(&channel);
	if (done && paid > 0)
		log_warnx("answered for the dead worker: %u open requests and "
		    "messages", paid);
	return done;
}

void
standin_work(void)
{
	struct proto_line	 l;
	const char		*line, *why;
	size_t			 len;

	while (channel_fits(&channel, ROOM) &&
	    (line = channel_line(&channel, &len)) != NULL) {
		if ((why = proto_parse(&l, line, len)) != NULL) {
			log_peer("line from smtpd dropped: %s", why);
			channel_consume(&channel);
		} else
			fallback_line(&channel, &l, policy);
	}
	channel_publish(&channel);
}

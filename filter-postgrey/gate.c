/* SPDX-License-Identifier: ISC */
/*
 * See gate.h.  White goes before black, as in spamd(8).  Nothing fails.
 */

#include <string.h>

#include "blocks.h"
#include "gate.h"
#include "lists.h"
#include "postgrey.h"

/* Also clients without an address, as there is nothing to remember them by. */
static const char *
exempt_reason(const struct session *s)
{
	const char	*why = filter_exempt(s);

	if (why == NULL)
		return s->src.family == AF_UNSPEC ? "exempt-local" : NULL;
	if (strcmp(why, "auth") == 0)
		return "exempt-auth";
	return strcmp(why, "local") == 0 ? "exempt-local" : "exempt-list";
}

static const char *
whitelist_reason(const struct session *s, const char *rdns,
    const char *sender, const char *recipient)
{
	if (postgrey_asks(postgrey.clients) &&
	    list_match_client(postgrey.clients, &s->src, rdns))
		return "client whitelist";
	if (recipient != NULL && postgrey_asks(postgrey.recipients) &&
	    list_match_address(postgrey.recipients, recipient))
		return "recipient whitelist";
	if (sender != NULL && *sender != '\0' &&
	    postgrey_asks(postgrey.senders) &&
	    list_match_address(postgrey.senders, sender))
		return "sender whitelist";
	return NULL;
}

/* Recipients that do not want it. */
static const char *
opt_reason(const char *recipient)
{
	if (recipient == NULL)
		return NULL;
	if (postgrey_asks(postgrey.opt_out) &&
	    list_match_address(postgrey.opt_out, recipient))
		return "opt-out";
	if (postgrey.opt_in_only &&
	    !list_match_address(postgrey.opt_in, recipient))
		return "no opt-in";
	return NULL;
}

enum gate
gate_check(const struct session *s, const char *sender, const char *recipient,
    struct gate_answer *a)
{
	const char	*rdns = s->fcrdns == FCRDNS_PASS ? s->rdns : NULL;

	memset(a, 0, sizeof(*a));
	if ((a->reason = exempt_reason(s)) != NULL)
		return GATE_EXEMPT;
	if ((a->reason = whitelist_reason(s, rdns, sender, recipient)) != NULL)
		return GATE_PASS;
	if ((a->text = blocks_find(&s->src, rdns, &a->list)) != NULL) {
		a->reason = "block list";
		return GATE_BLOCK;
	}
	if ((a->reason = opt_reason(recipient)) != NULL)
		return GATE_PASS;
	if (sender != NULL && *sender == '\0' &&
	    postgrey.null_sender == NULL_SKIP) {
		a->reason = "null sender";
		return GATE_PASS;
	}
	return GATE_ASK;
}

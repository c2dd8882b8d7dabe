/* SPDX-License-Identifier: ISC */
/*
 * A message on its way through the milters: what is hidden from them, what they
 * change, what becomes of it.  A message that can't be shown is the failure of
 * the milter whose turn it is; one that can't be changed is refused, as no
 * milter is to blame and half of a change must not go on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain_private.h"
#include "message.h"
#include "mods.h"
#include "settle.h"
#include "terms.h"
#include "verdict.h"

/* smtpd's own is among the first, after those of filters before us. */
#define OWN_AMONG	4
/* Longest value of it that is looked at. */
#define OWN_MAX		2048
#define MESSAGE_ID_MAX	998

/* Does a value have "id 0badc0de", as smtpd writes it? */
static int
has_id(const char *value, size_t len, uint32_t id)
{
	char	 copy[OWN_MAX], text[16];

	if (len >= sizeof(copy))
		len = sizeof(copy) - 1;
	memcpy(copy, value, len);
	copy[len] = '\0';
	(void)snprintf(text, sizeof(text), " id %08x", id);
	return strstr(copy, text) != NULL;
}

/* smtpd's Received: milters know of this hop by other means. */
static size_t
own_received(struct message *m, const struct session *s)
{
	const char	*value;
	ssize_t		 i;
	size_t		 len, nth;

	for (nth = 0; s->tx != NULL && nth < OWN_AMONG; nth++) {
		if ((i = message_find(m, "Received", nth)) == -1)
			break;
		value = message_value(m, (size_t)i, &len);
		if (has_id(value, len, s->tx->id))
			return (size_t)i;
	}
	return SIZE_MAX;
}

/* For the macro {msg_id}. */
static void
message_id(struct client *c, struct message *m)
{
	const char	*value;
	ssize_t		 i;
	size_t		 len;

	free(c->message_id);
	c->message_id = NULL;
	if ((i = message_find(m, "Message-ID", 0)) == -1)
		return;
	value = message_value(m, (size_t)i, &len);
	while (len > 0 && strchr(" \t\n", *value) != NULL) {
		value++;
		len--;
	}
	while (len > 0 && strchr(" \t\n", value[len - 1]) != NULL)
		len--;
	if (len <= MESSAGE_ID_MAX && memchr(value, '\n', len) == NULL)
		c->message_id = strndup(value, len);
}

int
chain_show(struct chain *ch)
{
	if (!ch->edited || !link_wants_message(ch->links[ch->at]))
		return 0;
	if (ch->changes > 0 && !filter_dry_run() &&
	    message_apply(ch->message) == -1)
		return -1;
	ch->own = own_received(ch->message, ch->client->s);
	message_id(ch->client, ch->message);
	ch->edited = 0;
	return 0;
}

static int
chain_keep(struct chain *ch, const struct change *c, const struct terms *t)
{
	switch (c->command) {
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
	case SMFIR_REPLBODY:
		if (ch->mods == NULL && (ch->mods = mods_new(ch->message,
		    ch->own, (t->protocol & SMFIP_HDR_LEADSPC) != 0)) == NULL)
			return -1;
		return mods_take(ch->mods, c);
	default:
		return wishes_take(&ch->wish, c);
	}
}

void
chain_change(struct link *l, const struct change *c, void *arg)
{
	struct chain	*ch = arg;

	if (chain_session(ch) == NULL || ch->lost ||
	    chain_keep(ch, c, link_terms(l)) == 0)
		return;
	chain_drop(ch);
	ch->lost = 1;
}

int
chain_apply(struct chain *ch)
{
	if (ch->lost)
		return -1;
	if (ch->mods != NULL && mods_any(ch->mods)) {
		if (mods_apply(ch->mods) == -1)
			return -1;
		ch->edited = 1;
		ch->changes++;
	}
	return wishes_join(&ch->wishes, &ch->wish);
}

void
chain_drop(struct chain *ch)
{
	mods_free(ch->mods);
	ch->mods = NULL;
	wishes_clear(&ch->wish);
	ch->lost = 0;
}

void
chain_message_done(struct chain *ch)
{
	const struct session	*s = ch->client->s;
	enum settled		 settled;

	settled = settle_message(s, ch->message, &ch->wishes, ch->junk);
	if (settled == SETTLED_REJECT || settled == SETTLED_TEMPFAIL)
		verdict_settled(ch, settled, "wishes");
	else if (settle_copy(s, ch->message, &ch->wishes, &ch->copy) == -1)
		verdict_settled(ch, SETTLED_TEMPFAIL, "no room for a copy");
	else
		verdict_pass(ch);
}

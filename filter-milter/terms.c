/* SPDX-License-Identifier: ISC */
/*
 * See terms.h.  A milter that demands what was not offered can't be talked to,
 * as it would wait for what does not come; one that only might do more than
 * was offered is held to the offer.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "terms.h"

#define VERSION_MIN	2

/* What may be left out, and what is sent but not answered. */
static const struct {
	char		 command;
	uint32_t	 version;	/* that has it */
	uint32_t	 unwanted;
	uint32_t	 unanswered;
} commands[] = {
	{ SMFIC_CONNECT, 2, SMFIP_NOCONNECT, SMFIP_NR_CONN },
	{ SMFIC_HELO, 2, SMFIP_NOHELO, SMFIP_NR_HELO },
	{ SMFIC_MAIL, 2, SMFIP_NOMAIL, SMFIP_NR_MAIL },
	{ SMFIC_RCPT, 2, SMFIP_NORCPT, SMFIP_NR_RCPT },
	{ SMFIC_UNKNOWN, 3, SMFIP_NOUNKNOWN, SMFIP_NR_UNKN },
	{ SMFIC_DATA, 4, SMFIP_NODATA, SMFIP_NR_DATA },
	{ SMFIC_HEADER, 2, SMFIP_NOHDRS, SMFIP_NR_HDR },
	{ SMFIC_EOH, 2, SMFIP_NOEOH, SMFIP_NR_EOH },
	{ SMFIC_BODY, 2, SMFIP_NOBODY, SMFIP_NR_BODY },
	{ SMFIC_BODYEOB, 2, 0, 0 },
	{ SMFIC_OPTNEG, 2, 0, 0 },
};

/*
 * Every action, whether smtpd can do it or not: milters give up if they miss
 * one.  Versions before 6 have no "no reply" but that to headers.
 */
void
terms_offer(struct terms *t, uint32_t version)
{
	memset(t, 0, sizeof(*t));
	t->version = version;
	t->actions = SMFI_V2_ACTS;
	t->protocol = SMFI_V2_PROT;
	if (version >= 3)
		t->protocol |= SMFIP_NOUNKNOWN;
	if (version >= 4)
		t->protocol |= SMFIP_NODATA;
	if (version >= 6) {
		t->actions = SMFI_CURR_ACTS;
		t->protocol = SMFI_CURR_PROT;
	}
}

static int
terms_put_macros(struct bytes *b, const struct terms *t)
{
	uint32_t	 stage;

	for (stage = 0; stage < TERMS_STAGES; stage++) {
		if (t->macros[stage] == NULL)
			continue;
		if (packet_add_uint32(b, stage) == -1 ||
		    packet_add_string(b, t->macros[stage],
		    strlen(t->macros[stage])) == -1)
			return -1;
	}
	return 0;
}

int
terms_put(struct bytes *b, const struct terms *t)
{
	ssize_t	 begin;

	if ((begin = packet_begin(b, SMFIC_OPTNEG)) == -1)
		return -1;
	if (packet_add_uint32(b, t->version) == -1 ||
	    packet_add_uint32(b, t->actions) == -1 ||
	    packet_add_uint32(b, t->protocol) == -1 ||
	    terms_put_macros(b, t) == -1) {
		packet_undo(b, begin);
		return -1;
	}
	packet_end(b, begin);
	return 0;
}

static const char *
terms_take_macros(struct terms *t, struct packet *p)
{
	const char	*list;
	uint32_t	 stage;
	char		*copy;

	while (p->len > 0) {
		if (packet_take_uint32(p, &stage) == -1 ||
		    packet_take_string(p, &list) == -1)
			return "a broken list of macros";
		if (stage >= TERMS_STAGES)
			return "macros of an unknown stage";
		if ((copy = strdup(list)) == NULL)
			return "out of memory";
		free(t->macros[stage]);
		t->macros[stage] = copy;
	}
	return NULL;
}

static const char *
terms_agree(struct terms *t, const struct terms *offer)
{
	uint32_t	 more = t->protocol & ~offer->protocol;

	if (t->version < VERSION_MIN || t->version > offer->version) {
		(void)snprintf(t->why, sizeof(t->why), "version %" PRIu32,
		    t->version);
		return t->why;
	}
	if (more != 0) {
		(void)snprintf(t->why, sizeof(t->why),
		    "protocol bits 0x%" PRIx32, more);
		return t->why;
	}
	t->actions &= offer->actions;
	return NULL;
}

const char *
terms_take(struct terms *t, const struct packet *packet,
    const struct terms *offer)
{
	struct packet	 p = *packet;
	const char	*why;

	memset(t, 0, sizeof(*t));
	if (p.command != SMFIC_OPTNEG)
		return "no negotiation";
	if (packet_take_uint32(&p, &t->version) == -1 ||
	    packet_take_uint32(&p, &t->actions) == -1 ||
	    packet_take_uint32(&p, &t->protocol) == -1)
		why = "a short negotiation";
	else if ((why = terms_agree(t, offer)) == NULL)
		why = terms_take_macros(t, &p);
	if (why != NULL)
		terms_free(t);
	return why;
}

void
terms_free(struct terms *t)
{
	size_t	 i;

	t->version = t->actions = t->protocol = 0;
	for (i = 0; i < TERMS_STAGES; i++) {
		free(t->macros[i]);
		t->macros[i] = NULL;
	}
}

static int
command_find(char command)
{
	size_t	 i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == command)
			return (int)i;
	return -1;
}

int
terms_wants(const struct terms *t, char command)
{
	int	 i = command_find(command);

	return i == -1 || (t->version >= commands[i].version &&
	    (t->protocol & commands[i].unwanted) == 0);
}

int
terms_replies(const struct terms *t, char command)
{
	int	 i = command_find(command);

	return i != -1 && terms_wants(t, command) &&
	    (t->protocol & commands[i].unanswered) == 0;
}

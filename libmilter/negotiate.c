/* SPDX-License-Identifier: ISC */
/*
 * What MTA and milter agree on, the milter's side.  A milter that wants what
 * is not offered, or does not agree, has no session.
 */

#include <string.h>

#include "context.h"
#include "log.h"

/* May be wanted without being offered: they then mean nothing. */
#define HARMLESS	(SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NR_HDR | \
			    SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | \
			    SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN | \
			    SMFIP_NR_EOH | SMFIP_NR_BODY)

/* What there is no callback for is not to be sent. */
static unsigned long
unwanted(void)
{
	unsigned long	 bits = 0;

	if (milter.xxfi_connect == NULL)
		bits |= SMFIP_NOCONNECT;
	if (milter.xxfi_helo == NULL)
		bits |= SMFIP_NOHELO;
	if (milter.xxfi_envfrom == NULL)
		bits |= SMFIP_NOMAIL;
	if (milter.xxfi_envrcpt == NULL)
		bits |= SMFIP_NORCPT;
	if (milter.xxfi_header == NULL)
		bits |= SMFIP_NOHDRS;
	if (milter.xxfi_eoh == NULL)
		bits |= SMFIP_NOEOH;
	if (milter.xxfi_body == NULL)
		bits |= SMFIP_NOBODY;
	if (milter.xxfi_unknown == NULL)
		bits |= SMFIP_NOUNKNOWN;
	if (milter.xxfi_data == NULL)
		bits |= SMFIP_NODATA;
	return bits;
}

/* The milter's own choice.  Returns 0, or -1: it does not want to. */
static int
ask_milter(SMFICTX *ctx, const struct terms *offer, unsigned long *actions,
    unsigned long *protocol)
{
	unsigned long	 f2 = 0, f3 = 0;
	sfsistat	 r;

	*actions = offer->actions;
	*protocol = unwanted() | (offer->protocol & SMFIP_SKIP);
	r = milter.xxfi_negotiate(ctx, offer->actions, offer->protocol, 0, 0,
	    actions, protocol, &f2, &f3);
	if (r == SMFIS_ALL_OPTS) {
		*actions = offer->actions;
		*protocol = unwanted() | (offer->protocol & SMFIP_SKIP);
	}
	if (r == SMFIS_ALL_OPTS || r == SMFIS_CONTINUE)
		return 0;
	log_peer("%s: xxfi_negotiate returned %d", milter.xxfi_name, r);
	return -1;
}

static int
agree(SMFICTX *ctx, const struct terms *offer)
{
	unsigned long	 actions = milter.xxfi_flags, protocol = unwanted();

	if (milter.xxfi_negotiate != NULL &&
	    ask_milter(ctx, offer, &actions, &protocol) == -1)
		return -1;
	if ((actions & ~(unsigned long)offer->actions) != 0 ||
	    (protocol & ~(unsigned long)(offer->protocol | HARMLESS)) != 0) {
		log_peer("%s wants what is not offered: actions 0x%lx, "
		    "protocol 0x%lx", milter.xxfi_name, actions, protocol);
		return -1;
	}
	ctx->terms.version = offer->version;
	ctx->terms.actions = (uint32_t)actions;
	ctx->terms.protocol = (uint32_t)protocol & offer->protocol;
	return 0;
}

int
negotiate(SMFICTX *ctx, struct packet *p)
{
	struct bytes	 out = { 0 };
	struct terms	 offer, all;
	int		 status = -1;

	if (ctx->terms.version != 0)
		return -1;
	terms_offer(&all, SMFI_PROT_VERSION);
	if (terms_take(&offer, p, &all) != NULL)
		return -1;
	if (agree(ctx, &offer) == 0 && terms_put(&out, &ctx->terms) == 0)
		status = session_send(ctx, &out);
	bytes_clear(&out);
	terms_free(&offer);
	return status;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *macros)
{
	if (ctx == NULL || ctx->command != SMFIC_OPTNEG || macros == NULL ||
	    *macros == '\0' || stage < SMFIM_FIRST || stage > SMFIM_LAST ||
	    ctx->terms.macros[stage] != NULL)
		return MI_FAILURE;
	ctx->terms.macros[stage] = strdup(macros);
	return ctx->terms.macros[stage] != NULL ? MI_SUCCESS : MI_FAILURE;
}

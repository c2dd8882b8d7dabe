/* SPDX-License-Identifier: ISC */
/*
 * What a milter asks for at the end of a message: it becomes packets, sent at
 * once; what is done about them is the MTA side's matter.  Without the right
 * to it, or at another time, it is refused.
 */

#include <string.h>

#include "context.h"

/* At the end of a message, and agreed on? */
static int
may(const SMFICTX *ctx, unsigned long actions)
{
	return ctx != NULL && ctx->command == SMFIC_BODYEOB &&
	    (ctx->terms.actions & actions) != 0;
}

/* NULL is no string, and nothing is added. */
static int
add_string(struct bytes *b, const char *s)
{
	return s == NULL ? 0 : packet_add_string(b, s, strlen(s));
}

/* index -1: none. */
static int
put(SMFICTX *ctx, char command, int64_t index, const char *one,
    const char *two)
{
	struct bytes	 b = { 0 };
	int		 status = MI_FAILURE;

	if (packet_begin(&b, command) == 0 &&
	    (index == -1 || packet_add_uint32(&b, (uint32_t)index) == 0) &&
	    add_string(&b, one) == 0 && add_string(&b, two) == 0 &&
	    b.len <= MILTER_LEN_BYTES + 1 + PACKET_DATA_MAX) {
		packet_end(&b, 0);
		if (session_send(ctx, &b) == 0)
			status = MI_SUCCESS;
	}
	bytes_clear(&b);
	return status;
}

static int
is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

int
smfi_addheader(SMFICTX *ctx, char *name, char *value)
{
	if (!may(ctx, SMFIF_ADDHDRS) || is_empty(name) || value == NULL)
		return MI_FAILURE;
	return put(ctx, SMFIR_ADDHEADER, -1, name, value);
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	if (!may(ctx, SMFIF_ADDHDRS) || index < 0 || is_empty(name) ||
	    value == NULL)
		return MI_FAILURE;
	return put(ctx, SMFIR_INSHEADER, index, name, value);
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	if (!may(ctx, SMFIF_CHGHDRS) || index < 0 || is_empty(name))
		return MI_FAILURE;
	return put(ctx, SMFIR_CHGHEADER, index, name,
	    value == NULL ? "" : value);
}

int
smfi_chgfrom(SMFICTX *ctx, char *address, char *args)
{
	if (!may(ctx, SMFIF_CHGFROM) || is_empty(address))
		return MI_FAILURE;
	return put(ctx, SMFIR_CHGFROM, -1, address, args);
}

int
smfi_addrcpt(SMFICTX *ctx, char *address)
{
	if (!may(ctx, SMFIF_ADDRCPT) || is_empty(address))
		return MI_FAILURE;
	return put(ctx, SMFIR_ADDRCPT, -1, address, NULL);
}

int
smfi_addrcpt_par(SMFICTX *ctx, char *address, char *args)
{
	if (!may(ctx, SMFIF_ADDRCPT_PAR) || is_empty(address))
		return MI_FAILURE;
	return put(ctx, SMFIR_ADDRCPT_PAR, -1, address, args);
}

int
smfi_delrcpt(SMFICTX *ctx, char *address)
{
	if (!may(ctx, SMFIF_DELRCPT) || is_empty(address))
		return MI_FAILURE;
	return put(ctx, SMFIR_DELRCPT, -1, address, NULL);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	if (!may(ctx, SMFIF_QUARANTINE) || is_empty(reason))
		return MI_FAILURE;
	return put(ctx, SMFIR_QUARANTINE, -1, reason, NULL);
}

/* In pieces; the first one takes the place of the body, even if empty. */
int
smfi_replacebody(SMFICTX *ctx, unsigned char *body, int len)
{
	int	 n;

	if (!may(ctx, SMFIF_CHGBODY) || len < 0 || (body == NULL && len > 0))
		return MI_FAILURE;
	do {
		n = len < MILTER_CHUNK_SIZE ? len : MILTER_CHUNK_SIZE;
		if (session_put(ctx, SMFIR_REPLBODY, body, (size_t)n) == -1)
			return MI_FAILURE;
		if ((len -= n) > 0)
			body += n;
	} while (len > 0);
	return MI_SUCCESS;
}

int
smfi_progress(SMFICTX *ctx)
{
	if (ctx == NULL || session_put(ctx, SMFIR_PROGRESS, NULL, 0) == -1)
		return MI_FAILURE;
	return MI_SUCCESS;
}

int
smfi_setpriv(SMFICTX *ctx, void *priv)
{
	if (ctx == NULL)
		return MI_FAILURE;
	ctx->priv = priv;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	return ctx == NULL ? NULL : ctx->priv;
}

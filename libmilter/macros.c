/* SPDX-License-Identifier: ISC */
/*
 * The MTA's macros, kept as they came, by the stage that they were sent for.  A
 * packet that is none ends the session.
 */

#include <stdlib.h>
#include <string.h>

#include "context.h"

/* As the stages follow each other: their numbers don't. */
static const struct {
	int	 stage;
	char	 command;
} order[TERMS_STAGES] = {
	{ SMFIM_CONNECT, SMFIC_CONNECT },
	{ SMFIM_HELO, SMFIC_HELO },
	{ SMFIM_ENVFROM, SMFIC_MAIL },
	{ SMFIM_ENVRCPT, SMFIC_RCPT },
	{ SMFIM_DATA, SMFIC_DATA },
	{ SMFIM_EOH, SMFIC_EOH },
	{ SMFIM_EOM, SMFIC_BODYEOB }
};

static int
order_find(char command)
{
	int	 i;

	for (i = 0; i < TERMS_STAGES; i++)
		if (order[i].command == command)
			return i;
	return -1;
}

static void
macros_clear(struct macros *m)
{
	free(m->data);
	m->data = NULL;
	m->len = 0;
}

/* Whole pairs of strings? */
static int
macros_fit(const struct packet *packet)
{
	struct packet	 p = *packet;
	const char	*s;
	int		 n = 0;

	for (; p.len > 0; n++)
		if (packet_take_string(&p, &s) == -1)
			return 0;
	return n % 2 == 0;
}

int
macros_take(SMFICTX *ctx, const struct packet *packet)
{
	struct packet	 p = *packet;
	struct macros	*m;
	int		 i;

	if (p.len == 0)
		return 0;
	if ((i = order_find(p.data[0])) == -1)
		return -1;
	p.data++;
	p.len--;
	m = &ctx->macros[order[i].stage];
	if (p.len == 0 || !macros_fit(&p))
		return p.len == 0 ? 0 : -1;
	macros_clear(m);
	if ((m->data = malloc(p.len)) == NULL)
		return -1;
	memcpy(m->data, p.data, p.len);
	m->len = p.len;
	return 0;
}

void
macros_forget(SMFICTX *ctx, char command)
{
	int	 i;

	if ((i = order_find(command)) == -1)
		return;
	while (++i < TERMS_STAGES)
		macros_clear(&ctx->macros[order[i].stage]);
}

void
macros_free(SMFICTX *ctx)
{
	int	 i;

	for (i = 0; i < TERMS_STAGES; i++)
		macros_clear(&ctx->macros[i]);
}

/* "{i}" and "i" are the same. */
static size_t
name_bare(const char **name)
{
	size_t	 len = strlen(*name);

	if (len > 2 && (*name)[0] == '{' && (*name)[len - 1] == '}') {
		(*name)++;
		len -= 2;
	}
	return len;
}

static char *
macros_find(const struct macros *m, const char *name, size_t len)
{
	char		*p = m->data, *value;
	const char	*have;
	size_t		 n;

	for (; p != NULL && p < m->data + m->len;
	    p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		have = p;
		n = name_bare(&have);
		if (n == len && memcmp(have, name, len) == 0)
			return value;
	}
	return NULL;
}

char *
smfi_getsymval(SMFICTX *ctx, char *symbol)
{
	const char	*name = symbol;
	size_t		 len;
	char		*value = NULL;
	int		 i;

	if (ctx == NULL || name == NULL || *name == '\0')
		return NULL;
	len = name_bare(&name);
	for (i = TERMS_STAGES - 1; i >= 0 && value == NULL; i--)
		value = macros_find(&ctx->macros[order[i].stage], name, len);
	return value;
}

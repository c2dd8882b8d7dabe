/* SPDX-License-Identifier: ISC */
/*
 * One milter's changes to a message.  They wait until the milter is done, as
 * one that fails has changed nothing; where they go is for mods_place.c.
 *
 * What they take counts with the spools of messages, so that all of it is
 * bounded: -1 then, as when memory is out.  The first step is one that spool.h
 * always grants: clients that are slow to send large mail must not keep milters
 * from marking that of others.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "filter.h"
#include "header.h"
#include "log.h"
#include "message.h"
#include "mods.h"
#include "mods_private.h"
#include "spool.h"

#define RESERVE_FIRST	65536		/* free, see spool_reserve() */
#define RESERVE		131072		/* at once, after that */
#define BLANKS		" \t\r"		/* a CR by itself becomes one */

struct mods {
	struct message	 *m;
	size_t		  hidden;
	int		  leadspc;
	struct mod	**mods;
	size_t		  nmods, max;
	struct spool	 *body;		/* NULL: as it is */
	size_t		  used, reserved;
};

struct mods *
mods_new(struct message *m, size_t hidden, int leadspc)
{
	struct mods	*mods;

	if ((mods = calloc(1, sizeof(*mods))) == NULL)
		return NULL;
	mods->m = m;
	mods->hidden = hidden;
	mods->leadspc = leadspc;
	return mods;
}

void
mods_free(struct mods *mods)
{
	size_t	 i;

	if (mods == NULL)
		return;
	for (i = 0; i < mods->nmods; i++)
		free(mods->mods[i]);
	free(mods->mods);
	spool_free(mods->body);
	spool_release(mods->reserved);
	free(mods);
}

int
mods_any(const struct mods *mods)
{
	return mods->nmods > 0 || mods->body != NULL;
}

static int
mods_reserve(struct mods *mods, size_t n)
{
	size_t	 step;

	mods->used += n;
	while (mods->used > mods->reserved) {
		step = mods->reserved == 0 ? RESERVE_FIRST : RESERVE;
		if (spool_reserve(step) == -1)
			return -1;
		mods->reserved += step;
	}
	return 0;
}

static int
mods_grow(struct mods *mods)
{
	struct mod	**p;
	size_t		  max;

	if (mods->nmods < mods->max)
		return 0;
	max = mods->max != 0 ? mods->max * 2 : 8;
	if ((p = reallocarray(mods->mods, max, sizeof(*p))) == NULL)
		return -1;
	mods->mods = p;
	mods->max = max;
	return 0;
}

/* Is there nothing but blanks on this line?  Where it ends, or NULL. */
static const char *
line_blank(const char *line)
{
	line += strspn(line, BLANKS);
	return *line == '\n' || *line == '\0' ? line : NULL;
}

/*
 * Fit for a header, RFC 5322, 2.2.3: lines end in LF, those that continue
 * begin with a blank, and none of these is empty.  out has room for twice the
 * length.
 */
static void
value_clean(char *out, const char *in)
{
	const char	*end;

	for (; *in != '\0'; in++) {
		if (*in == '\r' && in[1] == '\n')
			continue;
		if (*in != '\n') {
			*out++ = *in == '\r' ? ' ' : *in;
			continue;
		}
		while (*in == '\n' && (end = line_blank(in + 1)) != NULL)
			in = end;
		if (*in == '\0')
			break;
		*out++ = '\n';
		if (strchr(BLANKS, in[1]) == NULL)
			*out++ = '\t';
	}
	*out = '\0';
}

/* What message_change_raw() takes: all that comes after the ':'. */
static struct mod *
mod_new(const struct change *c, int leadspc)
{
	struct mod	*mod;
	size_t		 len = strlen(c->name), max;
	char		*value;

	max = len + 2 * strlen(c->value) + 3;
	if ((mod = malloc(sizeof(*mod) + max)) == NULL)
		return NULL;
	mod->command = c->command;
	mod->index = c->index;
	memcpy(mod->text, c->name, len + 1);
	mod->value = NULL;
	if (*c->value != '\0' || c->command != SMFIR_CHGHEADER) {
		mod->value = value = mod->text + len + 1;
		if (!leadspc)
			*value++ = ' ';
		value_clean(value, c->value);
	}
	return mod;
}

/* smtpd before 7.4 cuts them, and says nothing. */
static void
warn_long_line(const struct mod *mod)
{
	const char	*p = mod->value;
	size_t		 before = strlen(mod->text) + 1, len;

	for (; p != NULL; p = p[len] != '\0' ? p + len + 1 : NULL) {
		len = strcspn(p, "\n");
		if (before + len > filter_line_max()) {
			log_peer("milter: %s: a line too long for smtpd: "
			    "%zu bytes", mod->text, before + len);
			return;
		}
		before = 0;
	}
}

static int
mods_field(struct mods *mods, const struct change *c)
{
	struct mod	*mod;

	if (!header_name_ok(c->name, strlen(c->name))) {
		log_peer("milter: not a field name, change dropped: %s",
		    log_safe(c->name));
		return 0;
	}
	if (mods_grow(mods) == -1 ||
	    (mod = mod_new(c, mods->leadspc)) == NULL)
		return -1;
	if (c->command == SMFIR_ADDHEADER)
		mod->index = PLACE_END;
	if (c->command == SMFIR_CHGHEADER && c->index == 0)
		mod->index = 1;
	mods->mods[mods->nmods++] = mod;
	warn_long_line(mod);
	return mods_reserve(mods, sizeof(*mod) + 2 * sizeof(mod) +
	    strlen(c->name) + 2 * strlen(c->value));
}

/* Without NULs: smtpd drops what follows one, up to the end of the line. */
static int
body_append(struct spool *body, const char *p, size_t len)
{
	const char	*nul;
	size_t		 n;

	for (; len > 0; p += n, len -= n) {
		if ((nul = memchr(p, '\0', len)) == p) {
			n = 1;
			continue;
		}
		n = nul != NULL ? (size_t)(nul - p) : len;
		if (spool_append(body, p, n) == -1)
			return -1;
	}
	return 0;
}

int
mods_take(struct mods *mods, const struct change *c)
{
	if (c->command != SMFIR_REPLBODY)
		return mods_field(mods, c);
	if (mods->body == NULL && (mods->body = spool_new()) == NULL)
		return -1;
	return body_append(mods->body, c->body, c->len);
}

static void
apply_place(const struct mods *mods, const struct place *p, size_t next)
{
	const struct mod	*mod;

	if (p->changed == PLACE_NONE && p->field != PLACE_NONE)
		return;
	mod = mods->mods[p->changed != PLACE_NONE ? p->changed : p->made];
	if (p->field != PLACE_NONE && mod->value == NULL)
		message_delete(mods->m, p->field);
	else if (p->field != PLACE_NONE)
		message_change_raw(mods->m, p->field, mod->value);
	else if (mod->value != NULL)
		message_insert_raw(mods->m, next, mods->mods[p->made]->text,
		    mod->value);
}

static int
apply_body(struct mods *mods)
{
	const char	*p;
	size_t		 len, off = 0;

	message_replace_body(mods->m, "", 0);
	for (; (p = spool_at(mods->body, off, &len)) != NULL; off += len)
		message_replace_body(mods->m, p, len);
	return errno == 0 ? 0 : -1;
}

int
mods_apply(struct mods *mods)
{
	struct place	*places;
	size_t		 i, n, next = 0;

	if (mods->nmods > 0) {
		if (mods_place(mods->m, mods->hidden, mods->mods, mods->nmods,
		    &places, &n) == -1)
			return -1;
		for (i = 0; i < n; i++) {
			apply_place(mods, &places[i], next);
			if (places[i].field != PLACE_NONE)
				next = places[i].field + 1;
		}
		free(places);
	}
	if (mods->body != NULL && apply_body(mods) == -1)
		return -1;
	return message_error(mods->m) == NULL ? 0 : -1;
}

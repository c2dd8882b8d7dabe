/* SPDX-License-Identifier: ISC */
/*
 * A policy in words.  The administrator is looking; nothing can fail but
 * stdout, which is not worth a word.
 */

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "keytable.h"
#include "names.h"
#include "privkey.h"
#include "recipe.h"
#include "show.h"

#define SHOW_TIME	1000000000	/* in 2001 */

static const char *const	 canons[] = {
	[CANON_SIMPLE] = "simple", [CANON_RELAXED] = "relaxed",
	[CANON_NOFWS] = "nofws",
};

static void
show_key(const struct privkey *key)
{
	if (privkey_type(key) == PRIVKEY_RSA)
		printf(", RSA %d bits", privkey_bits(key));
	else
		printf(", Ed25519");
	printf(", %s", privkey_name(key));
}

/* A keydir's are numbered: what is that long ago is no time. */
static void
show_time(int64_t when)
{
	char		 text[32];
	struct tm	 tm;
	time_t		 t = (time_t)when;

	if (when > SHOW_TIME && gmtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M", &tm) > 0)
		printf(", active from %s UTC", text);
}

static void
show_recipe(const struct recipe *r)
{
	printf("selector %s", r->selector);
	if (r->domain != NULL)
		printf(", d=%s", r->domain);
	if (r->identity != NULL)
		printf(", i=%s", r->identity);
	if (r->type == SIGNATURE_DOMAINKEYS)
		printf(", domainkeys %s", canons[r->header]);
	else
		printf(", %s/%s", canons[r->header], canons[r->body]);
	if (r->expire != 0 && r->type == SIGNATURE_DKIM)
		printf(", expires after %lld s", (long long)r->expire);
	show_key(r->key);
	show_time(r->active_from);
	printf("\n");
}

void
show_recipes(const char *what, const struct names *names)
{
	size_t	 i;

	for (i = 0; i < names->n; i++) {
		printf("%s %s: ", what, names->list[i].name);
		show_recipe(names->list[i].value);
	}
}

void
show_signingtable(const struct signingtable *t)
{
	const struct signer_row	*row;

	for (row = t->rows; row != NULL; row = row->next)
		printf("sender %s: key %s%s%s\n", row->pattern, row->key,
		    row->identity != NULL ? ", i=" : "",
		    row->identity != NULL ? row->identity : "");
}

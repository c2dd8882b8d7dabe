/* SPDX-License-Identifier: ISC */
/*
 * See policy.h.  Tables are asked in this order, and the first one that has
 * something decides: listid_map, sender_map, signingtable, and the domains.
 *
 * Out of memory is a mistake when a policy is built; to ask it takes none.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "compat.h"
#include "dkimsign.h"
#include "domains.h"
#include "keytable.h"
#include "log.h"
#include "policy.h"
#include "policy_options.h"
#include "privkey.h"
#include "recipe.h"
#include "rows.h"
#include "sendermap.h"
#include "show.h"

struct policy {
	struct recipes		 recipes;
	struct names		 senders, lists;	/* dkimproxy's maps */
	struct keytable		 keytable;
	struct signingtable	 signingtable;
	struct domains		 domains;
	struct stamps		 stamps;
	int			 nomatch;	/* enum nomatch */
};

/* The files of the last policy that could not be built. */
static struct stamps	 failed;

/* What is historic, and what dkimproxy has; once. */
static void
policy_notice(const struct policy *p)
{
	static int		 said;
	const struct recipe	*r;

	if (said++)
		return;
	dkimsign_notice();
	for (r = p->recipes.list; r != NULL; r = r->next)
		if (r->type == SIGNATURE_DOMAINKEYS)
			break;
	if (r != NULL)
		log_warnx("signature domainkeys: historic (RFC 4870), signed "
		    "with SHA-1: hardly anybody verifies it");
}

/* A lone domain signs everything, as it does for dkimproxy; so does -d. */
static int
nomatch_set(struct policy *p)
{
	int	 nomatch = policy_options.nomatch;

	if (nomatch == -1 && *p->domains.first != '\0' &&
	    (policy_options.letters || p->domains.listed == 1))
		nomatch = NOMATCH_FIRST;
	else if (nomatch == -1)
		nomatch = NOMATCH_UNSIGNED;
	p->nomatch = nomatch;
	if (policy_options.nomatch == NOMATCH_FIRST &&
	    *p->domains.first == '\0') {
		log_warnx("nomatch: first, but no domain is there: -d, or "
		    "domain");
		return -1;
	}
	return 0;
}

static int
opendkim_load(struct policy *p)
{
	const struct policy_options	*o = &policy_options;
	int				 ret;

	if (o->keytable == NULL && o->signingtable == NULL)
		return 0;
	if (o->keytable == NULL || o->signingtable == NULL) {
		log_warnx("%s", o->keytable == NULL ?
		    "signingtable: needs a keytable" :
		    "keytable: needs a signingtable");
		return -1;
	}
	ret = keytable_load(&p->keytable, o->keytable, &p->recipes,
	    &p->stamps);
	/* Of what is left, rows would name keys that are not there. */
	if (ret == 0)
		ret = signingtable_load(&p->signingtable, o->signingtable,
		    &p->keytable, &p->stamps);
	return ret;
}

static int
policy_load(struct policy *p)
{
	const struct policy_options	*o = &policy_options;
	int				 ret = 0;

	if (o->listid_map != NULL)
		ret |= sendermap_load(&p->lists, o->listid_map, &p->recipes,
		    &p->stamps);
	if (o->sender_map != NULL)
		ret |= sendermap_load(&p->senders, o->sender_map, &p->recipes,
		    &p->stamps);
	ret |= opendkim_load(p);
	ret |= domains_load(&p->domains, &p->recipes, &p->stamps);
	ret |= nomatch_set(p);
	if (ret == 0 && p->recipes.list == NULL) {
		log_warnx("nothing to sign with: -d and -k and -s, domain, "
		    "table, keydir or signingtable is missing");
		ret = -1;
	}
	return ret;
}

struct policy *
policy_new(void)
{
	struct policy	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL) {
		log_warn("policy");
		return NULL;
	}
	privkey_forget();
	stamps_free(&failed);
	if (recipes_init(&p->recipes) == 0 && policy_load(p) == 0) {
		policy_notice(p);
		return p;
	}
	failed = p->stamps;
	memset(&p->stamps, 0, sizeof(p->stamps));
	policy_free(p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	names_free(&p->lists);
	names_free(&p->senders);
	signingtable_free(&p->signingtable);
	keytable_free(&p->keytable);
	domains_free(&p->domains);
	recipes_free(&p->recipes);
	stamps_free(&p->stamps);
	free(p);
}

int
policy_changed(const struct policy *p)
{
	/* One that is broken is told once, and not every 30 s. */
	if (stamps_changed(failed.n > 0 ? &failed : &p->stamps))
		return 1;
	return privkey_changed();
}

void
policy_show(const struct policy *p)
{
	size_t	 i;

	show_recipes("list", &p->lists);
	show_recipes("sender", &p->senders);
	show_signingtable(&p->signingtable);
	show_recipes("key", &p->keytable.keys);
	for (i = 0; i < DOMAINS_MAX; i++)
		show_recipes("domain", &p->domains.names[i]);
	if (p->nomatch == NOMATCH_FIRST)
		printf("any other domain: signed by %s\n", p->domains.first);
	else
		printf("any other domain: %s\n", policy_nomatch[p->nomatch]);
}

static void
choice_add_all(struct choice *c, const struct name *first, size_t n,
    const char *domain)
{
	size_t	 i;

	c->match.domain = domain;
	for (i = 0; i < n; i++)
		choice_add(c, first[i].value, NULL);
}

static void
choice_domain(struct choice *c, const struct policy *p, const char *name,
    int parents)
{
	const struct name	*first;
	const char		*domain;
	size_t			 n;

	n = domains_find(&p->domains, name, parents, &first, &domain);
	if (n > 0)
		choice_add_all(c, first, n, domain);
}

static void
choice_make(struct choice *c, const struct policy *p, const struct who *who)
{
	const struct author	*a = c->match.sender;
	const struct name	*first;
	const char		*domain;
	size_t			 n = 0;

	if (*who->list_id != '\0')
		n = sendermap_list(&p->lists, who->list_id, &first, &domain);
	if (n == 0 && *a->domain != '\0')
		n = sendermap_sender(&p->senders, a, &first, &domain);
	if (n > 0) {
		choice_add_all(c, first, n, domain);
		return;
	}
	c->match.domain = a->domain;
	signingtable_find(&p->signingtable, &p->keytable, a,
	    policy_options.multiple, c);
	if (!c->known)
		choice_domain(c, p, a->domain, policy_options.subdomains);
}

static void
plan_make(struct plan *plan, struct choice *c)
{
	size_t	 i;

	for (i = 0; i < c->n && plan->n < POLICY_SIGNATURES; i++) {
		c->match.identity = c->list[i].identity;
		if (recipe_fill(c->list[i].recipe, &c->match,
		    &plan->sign[plan->n]) == 0)
			plan->n++;
	}
}

enum policy_verdict
policy_find(const struct policy *p, const struct who *who, long long now,
    struct plan *plan)
{
	struct choice	 c;

	plan->n = 0;
	choice_begin(&c, now);
	c.match.originator = *who->sender.domain != '\0' ?
	    &who->sender : &who->from;
	c.match.sender = policy_options.senders == SENDERS_SENDER ?
	    c.match.originator : &who->from;
	choice_make(&c, p, who);
	plan_make(plan, &c);
	if (!c.known && p->nomatch == NOMATCH_FIRST) {
		choice_domain(&c, p, p->domains.first, 0);
		plan_make(plan, &c);
	}
	if (plan->n > 0)
		return POLICY_SIGN;
	/* A key that is yet to become active is none for others to replace. */
	return p->nomatch == NOMATCH_REJECT && !c.known ?
	    POLICY_REJECT : POLICY_UNSIGNED;
}

void
policy_plan_end(struct plan *plan)
{
	while (plan->n > 0)
		privkey_drop(plan->sign[--plan->n].key);
}

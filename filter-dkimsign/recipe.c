/* SPDX-License-Identifier: ISC */
/*
 * See recipe.h.  Mistakes are logged where they were written; out of memory is
 * one of them, as a policy is then not taken.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author.h"
#include "compat.h"
#include "fields.h"
#include "log.h"
#include "policy_options.h"
#include "privkey.h"
#include "recipe.h"
#include "rows.h"

/* dkimproxy's, in domains and identities. */
enum macro {
	MACRO_SENDER, MACRO_SENDERDOMAIN, MACRO_KEY, MACRO_KEYDOMAIN,
	MACRO_DOLLAR, MACRO_MAX
};
static const char *const	 macros[MACRO_MAX] = {
	[MACRO_SENDER] = "sender", [MACRO_SENDERDOMAIN] = "senderdomain",
	[MACRO_KEY] = "key", [MACRO_KEYDOMAIN] = "keydomain",
	[MACRO_DOLLAR] = "$"
};

/* The macro after a '$', and its length; MACRO_MAX if there is none. */
static enum macro
macro_find(const char *s, size_t *len)
{
	int	 i;

	*len = *s == '$' ? 1 : 0;
	while (*s != '$' && (isalnum((unsigned char)s[*len]) ||
	    s[*len] == '_'))
		(*len)++;
	for (i = 0; i < MACRO_MAX; i++)
		if (strlen(macros[i]) == *len &&
		    strncmp(macros[i], s, *len) == 0)
			break;
	return (enum macro)i;
}

static int
macros_check(const char *s, const struct place *at)
{
	size_t	 len;

	for (; *s != '\0'; s++) {
		if (*s != '$')
			continue;
		if (macro_find(s + 1, &len) == MACRO_MAX)
			return place_warn(at, "unknown macro: %s",
			    log_quote(s));
		s += len;
	}
	return 0;
}

/* Returns -1 if there is nothing, or too much, to put there. */
static int
macro_print(enum macro macro, const struct match *m, char *out, size_t size)
{
	const char	*at = "", *local = "", *domain = "";
	int		 n;

	switch (macro) {
	case MACRO_SENDER:
		local = m->sender->local;
		at = "@";
		/* FALLTHROUGH */
	case MACRO_SENDERDOMAIN:
		if (*(domain = m->sender->domain) == '\0')
			return -1;
		break;
	case MACRO_KEY:
	case MACRO_KEYDOMAIN:
		domain = m->domain;
		break;
	default:
		domain = "$";
	}
	n = snprintf(out, size, "%s%s%s", local, at, domain);
	return n < 0 || (size_t)n >= size ? -1 : n;
}

/* Puts the macros in; -1: it does not fit, or there is no sender. */
static int
text_expand(const char *s, const struct match *m, char *out, size_t size)
{
	enum macro	 macro;
	size_t		 used = 0, len;
	int		 n;

	for (; *s != '\0'; s++) {
		if (used + 1 >= size)
			return -1;
		if (*s != '$') {
			out[used++] = *s;
			continue;
		}
		macro = macro_find(s + 1, &len);
		n = macro_print(macro, m, out + used, size - used);
		if (n == -1)
			return -1;
		used += (size_t)n;
		s += len;
	}
	out[used] = '\0';
	return 0;
}

/* As it will be in d=, unless macros have to tell. */
static int
domain_set(struct recipe *r, const char *domain, const struct place *at)
{
	char	 name[AUTHOR_DOMAIN];

	if (domain == NULL)
		return 0;
	if (strchr(domain, '$') != NULL) {
		if (macros_check(domain, at) == -1)
			return -1;
	} else {
		if (author_domain(domain, strlen(domain), name) == -1)
			return place_warn(at, "not a domain: %s",
			    log_quote(domain));
		domain = name;
	}
	r->domain = strdup(domain);
	return r->domain == NULL ? place_warn(at, "out of memory") : 0;
}

/* RFC 6376, 3.1: names with dots between, as in the DNS; case is kept. */
static int
selector_set(struct recipe *r, const char *selector, const struct place *at)
{
	char		 name[AUTHOR_DOMAIN];
	const char	*p;

	if (selector == NULL)
		return place_warn(at, "no selector");
	if (author_domain(selector, strlen(selector), name) == -1)
		return place_warn(at, "not a selector: %s",
		    log_quote(selector));
	for (p = selector; *p != '\0'; p++)
		if ((unsigned char)*p > 126)
			break;
	r->selector = strdup(*p == '\0' ? selector : name);
	return r->selector == NULL ? place_warn(at, "out of memory") : 0;
}

static int
identity_set(struct recipe *r, const char *identity, const struct place *at)
{
	const char	*host;
	char		 name[AUTHOR_DOMAIN];

	if (identity == NULL)
		identity = policy_options.identity;
	if (identity == NULL || r->type != SIGNATURE_DKIM)
		return 0;
	if (macros_check(identity, at) == -1)
		return -1;
	host = strrchr(identity, '@');
	if (strchr(identity, '$') == NULL && (host == NULL ||
	    author_domain(host + 1, strlen(host + 1), name) == -1))
		return place_warn(at, "identity: without '@' and a domain: %s",
		    log_quote(identity));
	r->identity = strdup(identity);
	return r->identity == NULL ? place_warn(at, "out of memory") : 0;
}

static int
fields_set(struct recipe *r, const char *list, const struct place *at)
{
	const char	*why;

	if (list == NULL)
		return 0;
	r->own_fields = fields_new(list, fields_oversign, &why);
	if (r->own_fields == NULL)
		return place_warn(at, "headers: %s", why);
	r->fields = r->own_fields;
	return 0;
}

/* What of it is DKIM's, and what DomainKeys'. */
static void
canon_set(struct recipe *r, const struct sigspec *s)
{
	enum canon	 fallback = CANON_RELAXED;

	if (policy_options.letters)
		fallback = CANON_SIMPLE;
	if (r->type == SIGNATURE_DOMAINKEYS)
		fallback = CANON_NOFWS;
	r->header = r->body = fallback;
	if (s->has_canon) {
		r->header = s->header;
		r->body = s->body;
	} else if (policy_options.has_canon) {
		r->header = policy_options.header;
		r->body = policy_options.body;
	}
	if (r->type == SIGNATURE_DKIM) {
		if (r->header == CANON_NOFWS)
			r->header = r->body = fallback;
	} else if (r->header == CANON_RELAXED || r->body == CANON_RELAXED)
		r->header = r->body = CANON_NOFWS;
}

/* Where SHA-1 is forbidden, each message would have to tell. */
static int
sha1_works(struct privkey *key)
{
	static const uint8_t	 hash[20];
	uint8_t			 sig[PRIVKEY_SIG_MAX];

	return privkey_sign(key, PRIVKEY_SHA1, hash, sizeof(hash), sig) != -1;
}

static const char *
key_check(struct privkey *key, const struct sigspec *s)
{
	int	 rsa = privkey_type(key) == PRIVKEY_RSA;

	if (s->type == SIGNATURE_DOMAINKEYS && !rsa)
		return "domainkeys needs an RSA key";
	if (s->type == SIGNATURE_DOMAINKEYS && !sha1_works(key))
		return "domainkeys needs SHA-1, which is forbidden here";
	if (s->alg == SIGSPEC_RSA && !rsa)
		return "an Ed25519 key, but the algorithm is rsa-sha256";
	if (s->alg == SIGSPEC_ED25519 && rsa)
		return "an RSA key, but the algorithm is ed25519-sha256";
	if (s->bits != 0 && s->bits != privkey_bits(key))
		return "the key has another number of bits";
	return NULL;
}

static int
key_set(struct recipe *r, const struct sigspec *s, const struct place *at)
{
	const char	*why;

	if (r->key == NULL && s->key == NULL)
		return place_warn(at, "no key file");
	if (r->key == NULL && (r->key = privkey_load(s->key)) == NULL)
		return place_warn(at, "the key can't be used: %s", s->key);
	if ((why = key_check(r->key, s)) != NULL)
		return place_warn(at, "%s: %s", privkey_name(r->key), why);
	return 0;
}

static void
recipe_free(struct recipe *r)
{
	privkey_drop(r->key);
	fields_free(r->own_fields);
	free(r->domain);
	free(r->selector);
	free(r->identity);
	free(r);
}

struct recipe *
recipe_new(struct recipes *all, const struct sigspec *s, struct privkey *key,
    const struct place *at)
{
	struct recipe	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		privkey_drop(key);
		(void)place_warn(at, "out of memory");
		return NULL;
	}
	r->type = s->type;
	r->key = key;
	r->fields = all->fields;
	r->expire = s->expire != 0 ? s->expire : policy_options.expire;
	r->active_from = s->active_from;
	r->line = at->line;
	if (s->sha1 && s->type == SIGNATURE_DKIM)
		(void)place_warn(at,
		    "rsa-sha1 is signed as rsa-sha256 (RFC 8301)");
	canon_set(r, s);
	if (domain_set(r, s->domain, at) == -1 ||
	    selector_set(r, s->selector, at) == -1 ||
	    identity_set(r, s->identity, at) == -1 ||
	    fields_set(r, s->headers, at) == -1 ||
	    key_set(r, s, at) == -1) {
		recipe_free(r);
		return NULL;
	}
	r->next = all->list;
	all->list = r;
	return r;
}

int
recipes_init(struct recipes *all)
{
	const char	*base, *list, *why;

	base = policy_options.letters ? fields_default : fields_oversign;
	list = policy_options.headers != NULL ? policy_options.headers : base;
	all->list = NULL;
	if ((all->fields = fields_new(list, base, &why)) == NULL) {
		log_warnx("headers: %s", why);
		return -1;
	}
	return 0;
}

void
recipes_free(struct recipes *all)
{
	struct recipe	*r;

	while ((r = all->list) != NULL) {
		all->list = r->next;
		recipe_free(r);
	}
	fields_free(all->fields);
}

static int
domain_fill(const struct recipe *r, const struct match *m, char *out)
{
	char	 name[AUTHOR_DOMAIN];

	if (r->domain == NULL)
		return author_domain(m->domain, strlen(m->domain), out);
	if (strchr(r->domain, '$') == NULL) {
		(void)strlcpy(out, r->domain, AUTHOR_DOMAIN);
		return 0;
	}
	if (text_expand(r->domain, m, name, sizeof(name)) == -1)
		return -1;
	return author_domain(name, strlen(name), out);
}

/* RFC 6376, 3.5: i= is of the domain of d=, or there is none. */
static void
identity_fill(const struct recipe *r, const struct match *m,
    struct signing *sg)
{
	const char	*text = m->identity, *host;
	char		 name[AUTHOR_DOMAIN];

	sg->identity[0] = '\0';
	if (text == NULL)
		text = r->identity;
	if (text == NULL || r->type != SIGNATURE_DKIM)
		return;
	if (text_expand(text, m, sg->identity, sizeof(sg->identity)) == 0 &&
	    (host = strrchr(sg->identity, '@')) != NULL &&
	    author_domain(host + 1, strlen(host + 1), name) == 0 &&
	    author_below(name, sg->domain) != -1)
		return;
	sg->identity[0] = '\0';
}

int
recipe_fill(const struct recipe *r, const struct match *m, struct signing *sg)
{
	if (domain_fill(r, m, sg->domain) == -1)
		return -1;
	/* RFC 4870, 3.3: others would not verify it. */
	if (r->type == SIGNATURE_DOMAINKEYS &&
	    author_below(m->originator->domain, sg->domain) == -1)
		return -1;
	sg->type = r->type;
	sg->header = r->header;
	sg->body = r->body;
	sg->fields = r->fields;
	sg->expire = r->expire;
	sg->timestamp = policy_options.timestamp != -1 ?
	    policy_options.timestamp : !policy_options.letters;
	sg->ztag = (enum ztag)policy_options.ztag;
	/* Cut is impossible: selector_set() saw that it fits. */
	(void)strlcpy(sg->selector, r->selector, sizeof(sg->selector));
	identity_fill(r, m, sg);
	sg->key = privkey_hold(r->key);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Builds a signature's field, and the hash that is signed.  All but b= is
 * written and hashed first; b= comes last, in lines of its own, so that nothing
 * that was hashed moves: RFC 6376, 3.7.
 *
 * Fails, all at once, if memory is out or the hash can't be had (SHA-1 may be
 * forbidden).  A header without From is not signed (RFC 6376, 5.4).
 */

#include <sys/types.h>

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fields.h"
#include "hfield.h"
#include "signature.h"
#include "sigtext.h"

#define COPIED_MAX	60000		/* up to z=: 64 KB with the longest b= */
#define TIME_MAX	999999999999LL	/* 12 digits: RFC 6376, 3.5 */

struct signature {
	enum signature_type	 type;
	struct privkey		*key;
	struct sigtext		 text;		/* "Name: value" */
	size_t			 unsigned_len;	/* of it, up to "b=" */
	EVP_MD_CTX		*md;
	int			 failed;
	uint8_t			 digest[EVP_MAX_MD_SIZE];
	unsigned int		 digest_len;	/* 0: not yet */
	char			 held[2];	/* DomainKeys: of the body */
	size_t			 nheld;
	int			 body;		/* it is not empty */
};

static const char *const	 names[] = {
	[SIGNATURE_DKIM] = "DKIM-Signature",
	[SIGNATURE_DOMAINKEYS] = "DomainKey-Signature",
};

/* Of the last one, ready for the next. */
static EVP_MD_CTX		*sha256;

static const char *const	 canons[] = {
	[CANON_SIMPLE] = "simple",
	[CANON_RELAXED] = "relaxed",
	[CANON_NOFWS] = "nofws",
};

/* DKIM has no nofws. */
static const char *const	 pairs[][2] = {
	[CANON_SIMPLE] = { "simple/simple", "simple/relaxed" },
	[CANON_RELAXED] = { "relaxed/simple", "relaxed/relaxed" },
};

static void
md_put(void *arg, const void *p, size_t len)
{
	struct signature *s = arg;

	if (EVP_DigestUpdate(s->md, p, len) != 1)
		s->failed = 1;
}

/* The second time the context has its digest, and no look-up is needed. */
static void
md_begin(struct signature *s, const EVP_MD *type)
{
	if (s->type == SIGNATURE_DKIM && sha256 != NULL) {
		s->md = sha256;
		sha256 = NULL;
		type = NULL;
	} else
		s->md = EVP_MD_CTX_new();
	if (s->md == NULL || EVP_DigestInit_ex(s->md, type, NULL) != 1)
		s->failed = 1;
}

static void
md_end(struct signature *s)
{
	if (EVP_DigestFinal_ex(s->md, s->digest, &s->digest_len) != 1)
		s->failed = 1;
	if (s->type == SIGNATURE_DKIM && sha256 == NULL && !s->failed)
		sha256 = s->md;
	else
		EVP_MD_CTX_free(s->md);
	s->md = NULL;
}

static struct canon_sink
md_sink(struct signature *s)
{
	return (struct canon_sink){ md_put, s };
}

/* h=, RFC 6376, 5.4; returns whether From is there. */
static int
list_picked(struct sigtext *t, const struct fields_pick *p, size_t n)
{
	size_t i;
	int from = 0;

	sigtext_fold(t);
	sigtext_add(t, "h=", 2);
	for (i = 0; i < n; i++) {
		sigtext_word(t, p[i].name, i + 1 < n ? ':' : ';');
		if (p[i].field != -1 && strcmp(p[i].name, "from") == 0)
			from = 1;
	}
	return from;
}

/* smtpd drops Bcc after us, so that nobody reads it: not here either. */
static int
is_secret(const struct hfield *f)
{
	return (f->name_len == strlen("bcc") &&
	    strncasecmp(f->raw, "bcc", f->name_len) == 0) ||
	    (f->name_len == strlen("resent-bcc") &&
	    strncasecmp(f->raw, "resent-bcc", f->name_len) == 0);
}

static int
is_copied(const struct signing *sg, const struct hfield *f)
{
	if (is_secret(f))
		return 0;
	return sg->ztag == ZTAG_ALL ||
	    fields_find(sg->fields, f->raw, f->name_len) != NULL;
}

/* z=: left out if the field would get too long with it. */
static void
add_copies(struct sigtext *t, const struct signing *sg,
    const struct hfield *f, size_t n)
{
	size_t i, len = t->len, column = t->column;
	int copies = 0, fits = 1;

	sigtext_fold(t);
	sigtext_add(t, "z=", 2);
	for (i = 0; i < n && fits; i++) {
		if (!is_copied(sg, &f[i]))
			continue;
		fits = t->len + f[i].len < COPIED_MAX;
		if (fits)
			copies += sigtext_copy(t, &f[i], copies > 0);
	}
	sigtext_add(t, ";", 1);
	if (copies == 0 || !fits || t->len > COPIED_MAX) {
		t->len = len;
		t->column = column;
	}
}

/* t= and x=, RFC 6376, 3.5 */
static void
add_times(struct sigtext *t, const struct signing *sg, int64_t now)
{
	if (now < 0 || now >= TIME_MAX)
		return;
	if (sg->timestamp)
		sigtext_number(t, "t", now);
	if (sg->expire > 0)
		sigtext_number(t, "x", sg->expire < TIME_MAX - now ?
		    now + sg->expire : TIME_MAX);
}

/* RFC 6376, 3.5: all up to b=.  Returns whether From is signed. */
static int
write_dkim(struct signature *s, const struct signing *sg,
    const struct fields_pick *p, size_t npicks, const struct hfield *f,
    size_t n, const uint8_t *body_hash, int64_t now)
{
	struct sigtext *t = &s->text;
	int from;

	sigtext_tag(t, "v", "1");
	sigtext_tag(t, "a", privkey_type(sg->key) == PRIVKEY_RSA ?
	    "rsa-sha256" : "ed25519-sha256");
	sigtext_tag(t, "c", pairs[sg->header][sg->body]);
	sigtext_tag(t, "d", sg->domain);
	sigtext_tag(t, "s", sg->selector);
	add_times(t, sg, now);
	sigtext_identity(t, sg->identity, sg->domain);
	from = list_picked(t, p, npicks);
	sigtext_fold(t);
	sigtext_add(t, "bh=", 3);
	sigtext_base64(t, body_hash, 32);
	sigtext_add(t, ";", 1);
	if (sg->ztag != ZTAG_NO)
		add_copies(t, sg, f, n);
	sigtext_fold(t);
	sigtext_add(t, "b=", 2);
	return from;
}

/* RFC 6376, 3.7: the fields in the order of h=, and the signature's own. */
static void
hash_dkim(struct signature *s, const struct signing *sg,
    const struct fields_pick *p, size_t npicks, const struct hfield *f)
{
	const struct hfield own = {
		.raw = s->text.data,
		.len = s->text.len,
		.name_len = strlen(names[s->type]),
		.value_off = strlen(names[s->type]) + 1,
	};
	size_t i;

	md_begin(s, EVP_sha256());
	if (s->failed)
		return;
	for (i = 0; i < npicks; i++)
		if (p[i].field != -1)
			canon_field(sg->header, &f[p[i].field], md_sink(s));
	canon_own_field(sg->header, &own, md_sink(s));
	md_end(s);
}

static int
make_dkim(struct signature *s, const struct signing *sg,
    const struct hfield *f, size_t n, const uint8_t *body_hash, int64_t now)
{
	struct fields_pick *p;
	ssize_t npicks;
	int from;

	if ((npicks = fields_pick(sg->fields, f, n, &p)) == -1)
		return -1;
	from = write_dkim(s, sg, p, (size_t)npicks, f, n, body_hash, now);
	if (from && !s->text.failed)
		hash_dkim(s, sg, p, (size_t)npicks, f);
	free(p);
	return from ? 0 : -1;
}

/*
 * RFC 4870, 3.3: in h= every field that is signed, in their order in the
 * message.  Only what is signed is hashed, never the signature's own field.
 */
static int
make_domainkeys(struct signature *s, const struct signing *sg,
    const struct hfield *f, size_t n)
{
	struct sigtext *t = &s->text;
	const char *last = NULL, *name;
	size_t i;
	int from = 0;

	md_begin(s, EVP_sha1());
	if (s->failed || privkey_type(sg->key) != PRIVKEY_RSA)
		return -1;
	sigtext_tag(t, "a", "rsa-sha1");
	sigtext_tag(t, "q", "dns");
	sigtext_tag(t, "c", canons[sg->header]);
	sigtext_tag(t, "d", sg->domain);
	sigtext_tag(t, "s", sg->selector);
	sigtext_fold(t);
	sigtext_add(t, "h=", 2);
	for (i = 0; i < n; i++) {
		name = fields_find(sg->fields, f[i].raw, f[i].name_len);
		if (name == NULL)
			continue;
		if (last != NULL)
			sigtext_word(t, last, ':');
		last = name;
		from |= strcmp(name, "from") == 0;
		canon_field(sg->header, &f[i], md_sink(s));
	}
	if (!from)
		return -1;
	sigtext_word(t, last, ';');
	sigtext_fold(t);
	sigtext_add(t, "b=", 2);
	return 0;
}

struct signature *
signature_new(const struct signing *sg, const struct hfield *f, size_t n,
    const uint8_t body_hash[32], int64_t now)
{
	struct signature *s;
	int made;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->type = sg->type;
	s->key = privkey_hold(sg->key);
	sigtext_add(&s->text, names[s->type], strlen(names[s->type]));
	sigtext_add(&s->text, ":", 1);
	if (s->type == SIGNATURE_DKIM)
		made = make_dkim(s, sg, f, n, body_hash, now);
	else
		made = make_domainkeys(s, sg, f, n);
	s->unsigned_len = s->text.len;
	if (made == -1 || s->failed || s->text.failed) {
		signature_free(s);
		return NULL;
	}
	return s;
}

void
signature_free(struct signature *s)
{
	if (s == NULL)
		return;
	privkey_drop(s->key);
	EVP_MD_CTX_free(s->md);
	sigtext_clear(&s->text);
	free(s);
}

/*
 * RFC 4870, 3.4.2: an empty line stands before the body only if there is one.
 * A canonical body of two bytes is RFC 6376's CRLF for none.
 */
static void
body_put(void *arg, const void *p, size_t len)
{
	struct signature *s = arg;
	const char *c = p;

	if (s->md == NULL)
		return;
	if (!s->body) {
		for (; len > 0 && s->nheld < sizeof(s->held); len--)
			s->held[s->nheld++] = *c++;
		if (len == 0)
			return;
		md_put(s, "\r\n", 2);
		md_put(s, s->held, s->nheld);
		s->body = 1;
	}
	md_put(s, c, len);
}

struct canon_sink
signature_body(struct signature *s)
{
	return (struct canon_sink){ body_put, s };
}

size_t
signature_digest(struct signature *s, uint8_t digest[32])
{
	if (s->md != NULL)
		md_end(s);
	if (s->failed)
		return 0;
	memcpy(digest, s->digest, s->digest_len);
	return s->digest_len;
}

const char *
signature_name(const struct signature *s)
{
	return names[s->type];
}

const char *
signature_value(struct signature *s, const uint8_t *sig, size_t len)
{
	struct sigtext *t = &s->text;

	t->len = s->unsigned_len;
	t->column = strlen("\tb=") - 1 + 8;
	sigtext_base64(t, sig, len);
	sigtext_add(t, "", 1);
	return t->failed ? NULL : t->data + strlen(names[s->type]) + 2;
}

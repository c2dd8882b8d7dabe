/* SPDX-License-Identifier: ISC */
/*
 * Writes a signature's field: RFC 6376, 3.2 and 3.5.  Lines are folded before
 * they get longer than 78 columns, where folding changes nothing: between tags,
 * in h= between names, in base64 anywhere, in z= between two characters, of
 * which "=20" is one.  No line is blank, none ends in a blank.
 *
 * If memory is out, or a word alone is longer than a line may be, the text is
 * marked as failed, and all that follows does nothing.
 */

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hfield.h"
#include "privkey.h"
#include "sigtext.h"

#define COLUMNS		78		/* RFC 5322, 2.1.1: should */
#define COLUMNS_MAX	998		/* and must */
#define TAB		8
#define IDENTITY_MAX	(COLUMNS_MAX - TAB - 3)		/* "i=", ';' */

void
sigtext_clear(struct sigtext *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}

static void
text_put(struct sigtext *t, const char *p, size_t len)
{
	size_t size;
	char *data;

	if (t->failed)
		return;
	if (len > t->size - t->len) {
		size = t->size + t->size / 2 + len + 512;
		if ((data = realloc(t->data, size)) == NULL) {
			t->failed = 1;
			return;
		}
		t->data = data;
		t->size = size;
	}
	memcpy(t->data + t->len, p, len);
	t->len += len;
}

void
sigtext_add(struct sigtext *t, const char *p, size_t len)
{
	text_put(t, p, len);
	t->column += len;
	if (t->column > COLUMNS_MAX)
		t->failed = 1;
}

void
sigtext_fold(struct sigtext *t)
{
	text_put(t, "\n\t", 2);
	t->column = TAB;
}

/* A new line unless so much still fits into this one. */
static void
text_fit(struct sigtext *t, size_t len)
{
	if (t->column + len > COLUMNS)
		sigtext_fold(t);
}

void
sigtext_word(struct sigtext *t, const char *word, char end)
{
	size_t len = strlen(word);

	text_fit(t, len + 1);
	sigtext_add(t, word, len);
	sigtext_add(t, &end, 1);
}

void
sigtext_tag(struct sigtext *t, const char *name, const char *value)
{
	size_t len = strlen(value), name_len = strlen(name);

	if (t->column + 1 + name_len + 1 + len + 1 > COLUMNS)
		sigtext_fold(t);
	else
		sigtext_add(t, " ", 1);
	sigtext_add(t, name, name_len);
	sigtext_add(t, "=", 1);
	sigtext_add(t, value, len);
	sigtext_add(t, ";", 1);
}

void
sigtext_number(struct sigtext *t, const char *name, int64_t value)
{
	char buf[32];

	(void)snprintf(buf, sizeof(buf), "%lld", (long long)value);
	sigtext_tag(t, name, buf);
}

void
sigtext_base64(struct sigtext *t, const uint8_t *p, size_t len)
{
	unsigned char buf[PRIVKEY_SIG_MAX / 3 * 4 + 5];
	size_t n, off, out;

	if (len > PRIVKEY_SIG_MAX) {
		t->failed = 1;
		return;
	}
	out = (size_t)EVP_EncodeBlock(buf, p, (int)len);
	for (off = 0; off < out; off += n) {
		text_fit(t, 1);
		n = out - off;
		if (n > COLUMNS - t->column)
			n = COLUMNS - t->column;
		sigtext_add(t, (char *)buf + off, n);
	}
}

/* dkim-safe-char, RFC 6376, 2.11 */
static int
is_safe(unsigned char c)
{
	return c > 32 && c < 127 && c != ';' && c != '=';
}

/* One character of dkim-quoted-printable, RFC 6376, 2.11. */
static size_t
quote(char out[4], unsigned char c, int as_it_is)
{
	if (!as_it_is)
		return (size_t)snprintf(out, 4, "=%02X", c);
	out[0] = (char)c;
	return 1;
}

/* Is it d= or below?  Letters, digits and what else is in a name only. */
static int
in_domain(const char *name, const char *domain)
{
	size_t len = strlen(name), n = strlen(domain);

	return len >= n && strcasecmp(name + len - n, domain) == 0 &&
	    (len == n || (len > n + 1 && name[len - n - 1] == '.')) &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.") == len;
}

void
sigtext_identity(struct sigtext *t, const char *identity, const char *domain)
{
	char buf[IDENTITY_MAX + 1];
	const char *at, *p;
	size_t n = 0;

	at = strrchr(identity, '@');
	if (at == NULL || !in_domain(at + 1, domain))
		return;
	for (p = identity; p < at && n + 4 < sizeof(buf); p++)
		n += quote(buf + n, (unsigned char)*p,
		    is_safe((unsigned char)*p));
	if (p < at || n + strlen(at) > IDENTITY_MAX)
		return;
	memcpy(buf + n, at, strlen(at) + 1);
	sigtext_tag(t, "i", buf);
}

static int
z_safe(char c)
{
	return is_safe((unsigned char)c) && c != '|';
}

static void
z_char(struct sigtext *t, char c, int as_it_is)
{
	char unit[4];
	size_t n;

	n = quote(unit, (unsigned char)c, as_it_is);
	text_fit(t, n + 1);
	sigtext_add(t, unit, n);
}

/*
 * Some verifiers take "b=" inside of z= for that tag, so that a 'b' before
 * what becomes "=20" is written as "=62", and so is one before that.
 */
static void
z_value(struct sigtext *t, const char *p, const char *end)
{
	const char *run = p;	/* behind the run of 'b' at p */

	for (; p < end; p++) {
		if (run <= p)
			for (run = p; run < end && *run == 'b'; run++)
				;
		if (*p == '\n')
			z_char(t, '\r', 0);
		z_char(t, *p, z_safe(*p) &&
		    (*p != 'b' || run == end || z_safe(*run)));
	}
}

int
sigtext_copy(struct sigtext *t, const struct hfield *f, int more)
{
	size_t i;

	if (f->name_len + 2 > COLUMNS - TAB)
		return 0;
	for (i = 0; i < f->name_len; i++)
		if (!z_safe(f->raw[i]))
			return 0;
	if (more)
		sigtext_add(t, "|", 1);
	text_fit(t, f->name_len + 2);
	sigtext_add(t, f->raw, f->name_len);
	sigtext_add(t, ":", 1);
	z_value(t, f->raw + f->value_off, f->raw + f->len);
	return 1;
}

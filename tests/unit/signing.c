/* SPDX-License-Identifier: ISC */
/*
 * What tests of signatures share.  Each signature that is made here is checked
 * for what all of them have to be: legal, and of what a verifier would hash.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "bytes.h"
#include "header.h"
#include "rfc_vectors.h"
#include "siglint.h"
#include "signing.h"

struct privkey	*rsa, *ed25519;
struct hfield	 fields[NFIELDS];
unsigned char	 body_hash[33];	/* RFC 8463, A.3; and its padding */

int
keys_setup(void **state)
{
	(void)EVP_DecodeBlock(body_hash, (const unsigned char *)
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=", 44);
	rsa = privkey_parse(RFC8463_RSA, "rsa");
	ed25519 = privkey_parse(RFC8463_ED25519, "ed25519");
	return rsa != NULL && ed25519 != NULL ? 0 : -1;
}

int
keys_teardown(void **state)
{
	privkey_drop(rsa);
	privkey_drop(ed25519);
	return 0;
}

/* The fields of a header; how many. */
size_t
header_read(const char *header)
{
	struct header_field f;
	size_t len = strlen(header), n = 0, next, off;

	for (off = 0; (next = header_next(header, len, off, &f)) != off;
	    off = next) {
		assert_true(n < NFIELDS && f.name_len > 0);
		fields[n++] = (struct hfield){ header + off, f.len - 1,
		    f.name_len, f.value_off };
	}
	return n;
}

static void
bytes_put(void *arg, const void *p, size_t len)
{
	assert_int_equal(bytes_add(arg, p, len), 0);
}

/*
 * The hash that a verifier makes: the names of h= from the bottom up, then the
 * signature with nothing in b=.  As simple as can be.
 */
void
verifier_hash(enum canon how, const char *field, size_t n, uint8_t hash[32])
{
	struct bytes data = { 0 };
	struct canon_sink sink = { bytes_put, &data };
	struct hfield own = { .name_len = 14, .value_off = 15 };
	char *copy, *h, *name, *rest, used[NFIELDS] = { 0 };
	size_t i;

	assert_non_null(h = rest = siglint_tag(field, "h", NULL));
	while ((name = strsep(&rest, ":")) != NULL)
		for (i = n; i-- > 0;)
			if (!used[i] && strlen(name) == fields[i].name_len &&
			    strncasecmp(name, fields[i].raw,
			    fields[i].name_len) == 0) {
				canon_field(how, &fields[i], sink);
				used[i] = 1;
				break;
			}
	free(h);
	assert_non_null(copy = strdup(field));
	if ((rest = strstr(copy, " b=")) == NULL)
		rest = strstr(copy, "\tb=");
	rest += 3;
	memmove(rest, rest + strcspn(rest, ";"),
	    strlen(rest + strcspn(rest, ";")) + 1);
	own.raw = copy;
	own.len = strlen(copy);
	canon_own_field(how, &own, sink);
	free(copy);
	assert_int_equal(EVP_Digest(data.data, data.len, hash, NULL,
	    EVP_sha256(), NULL), 1);
	bytes_clear(&data);
}

/* What sig has to be in base64. */
void
sign_check(struct privkey *key, const uint8_t hash[32], const char *want)
{
	uint8_t sig[PRIVKEY_SIG_MAX];
	unsigned char text[PRIVKEY_SIG_MAX * 2];
	ssize_t len;

	len = privkey_sign(key, PRIVKEY_SHA256, hash, 32, sig);
	assert_true(len > 0);
	(void)EVP_EncodeBlock(text, sig, (int)len);
	assert_string_equal((char *)text, want);
}

struct fields *
list(const char *text)
{
	const char *why;
	struct fields *fs = fields_new(text, NULL, &why);

	assert_non_null(fs);
	return fs;
}

struct signing
signing(struct privkey *key, const struct fields *fs)
{
	struct signing sg = {
		.key = key, .fields = fs, .domain = "football.example.com",
		.selector = "brisbane", .header = CANON_RELAXED,
		.body = CANON_RELAXED,
	};

	return sg;
}

/* The whole field, malloced; checked for what all of them have to be. */
char *
sign(const struct signing *sg, size_t n)
{
	struct signature *s = signature_new(sg, fields, n, body_hash, NOW);
	uint8_t digest[32], hash[32], sig[PRIVKEY_SIG_MAX];
	const char *value, *why;
	char *b, *field;
	ssize_t len;

	assert_non_null(s);
	assert_string_equal(signature_name(s), "DKIM-Signature");
	assert_int_equal(signature_digest(s, digest), 32);
	len = privkey_sign(sg->key, PRIVKEY_SHA256, digest, 32, sig);
	assert_true(len > 0);
	assert_non_null(value = signature_value(s, sig, (size_t)len));
	assert_non_null(field = malloc(strlen(value) + 17));
	(void)snprintf(field, strlen(value) + 17, "DKIM-Signature: %s", value);
	assert_string_equal(signature_value(s, sig, (size_t)len), value);
	signature_free(s);
	if ((why = siglint(field)) != NULL)
		fail_msg("%s in\n%s", why, field);
	verifier_hash(sg->header, field, n, hash);
	assert_memory_equal(hash, digest, 32);
	assert_non_null(b = siglint_tag(field, "b", NULL));
	sign_check(sg->key, digest, b);
	free(b);
	return field;
}

void
sign_is(const struct signing *sg, size_t n, const char *want)
{
	char *field = sign(sg, n);

	assert_string_equal(field, want);
	free(field);
}

/* One tag as it is written, without folds; "none" if it is not there. */
void
tag_is(const struct signing *sg, size_t n, const char *tag, const char *want)
{
	char *field = sign(sg, n), *value = siglint_tag(field, tag, NULL);

	assert_string_equal(value != NULL ? value : "none", want);
	free(value);
	free(field);
}

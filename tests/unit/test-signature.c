/* SPDX-License-Identifier: ISC */
/*
 * Signatures: the RFCs' own, ours byte for byte, and which fields they cover.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "rfc_vectors.h"
#include "siglint.h"
#include "signing.h"

/* RFC 8463, A.3 */
static void
rfc8463_signatures_come_out(void **state)
{
	static const char *const signatures[] = {
		RFC8463_SIGNED_ED25519, RFC8463_SIGNED_RSA
	};
	size_t i, n = header_read(RFC8463_HEADER);
	uint8_t hash[32];
	char *b;

	for (i = 0; i < COUNT(signatures); i++) {
		verifier_hash(CANON_RELAXED, signatures[i], n, hash);
		b = siglint_tag(signatures[i], "b", NULL);
		assert_non_null(b);
		sign_check(i == 0 ? ed25519 : rsa, hash, b);
		free(b);
	}
}

/* RFC 6376, A.2: its private key is in appendix C, its public one here. */
static void
rfc6376_signature_verifies(void **state)
{
	size_t n = header_read(RFC6376_HEADER);
	const unsigned char *p;
	unsigned char der[256], sig[256];
	uint8_t hash[32];
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key;
	char *b;
	int len;

	len = EVP_DecodeBlock(der, (const unsigned char *)RFC6376_PUBLIC,
	    (int)strlen(RFC6376_PUBLIC));
	p = der;
	assert_non_null(key = d2i_PUBKEY(NULL, &p, len));
	verifier_hash(CANON_SIMPLE, RFC6376_SIGNED, n, hash);
	assert_non_null(b = siglint_tag(RFC6376_SIGNED, "b", NULL));
	len = EVP_DecodeBlock(sig, (unsigned char *)b, (int)strlen(b));
	free(b);
	assert_int_equal(len, 129);	/* padding counts */
	assert_non_null(ctx = EVP_PKEY_CTX_new(key, NULL));
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, sig, 128, hash, sizeof(hash)),
	    1);
	hash[0] ^= 1;
	assert_int_not_equal(EVP_PKEY_verify(ctx, sig, 128, hash,
	    sizeof(hash)), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void
layout_is_pinned(void **state)
{
	struct fields *fs = list("from/o:to:subject/x:date:message-id:cc/o");
	struct signing sg = signing(ed25519, fs);
	size_t n = header_read(RFC8463_HEADER);

	sign_is(&sg, n,
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
	    "\td=football.example.com; s=brisbane;\n"
	    "\th=from:from:to:subject:subject:date:message-id:cc;\n"
	    "\tbh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
	    "\tb=8DsWai+m9FG6h1E+GZ86VyPoBghPcl3jWZSVh55bP1GSx9cmreuD"
	    "FCJqLoXylsA5RW1c\n"
	    "\tAao5Dvief5E3zOElBg==");
	sg.key = rsa;
	sg.timestamp = 1;
	sg.expire = 604800;
	(void)snprintf(sg.identity, sizeof(sg.identity),
	    "joe@football.example.com");
	sg.header = CANON_SIMPLE;
	sign_is(&sg, n,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/relaxed; d=f"
	    "ootball.example.com;\n"
	    "\ts=brisbane; t=1528637909; x=1529242709; i=joe@football"
	    ".example.com;\n"
	    "\th=from:from:to:subject:subject:date:message-id:cc;\n"
	    "\tbh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
	    "\tb=OZ7JVBujN3/heBb1NGQSS/CtJh78IQN7ID/DrFL8EaYqH3xZ/AjB"
	    "7k0I4C9nmnW3n8gI\n"
	    "\tksjAxZcXQ6q9+JcdK6QD4gzTsY4+swGXorxFYc9NB2T4muqpXoJKQ2"
	    "0zjiqnkzeothNpA1\n"
	    "\t9+b0it955kfd8FTt+oh9MPbmlKmOkw6r0=");
	fields_free(fs);
}

/* RFC 6376, 5.4.2 and 8.15 */
static void
fields_are_listed_as_they_are_hashed(void **state)
{
	struct fields *fs = list("from/o:to:subject/x:cc/o");
	struct signing sg = signing(rsa, fs);
	size_t n;

	n = header_read("To: a\nFrom: b\nTO : c\nX: d\n");
	tag_is(&sg, n, "h", "from:from:to:to:cc");
	sg.header = CANON_SIMPLE;
	tag_is(&sg, n, "h", "from:from:to:to:cc");
	n = header_read("From: b\nSubject: \r\v\f\240\n\t \n x\nFrom: c\n");
	tag_is(&sg, n, "h", "from:from:from:subject:subject:cc");
	sg.header = CANON_RELAXED;
	tag_is(&sg, n, "h", "from:from:from:subject:subject:cc");
	fields_free(fs);
}

static void
without_from_there_is_no_signature(void **state)
{
	struct fields *fs = list("from/o:to");
	struct signing sg = signing(rsa, fs);
	size_t n = header_read("To: a\nX-From: b\n");

	assert_null(signature_new(&sg, fields, n, body_hash, NOW));
	assert_null(signature_new(&sg, fields, 0, body_hash, NOW));
	sg.type = SIGNATURE_DOMAINKEYS;
	assert_null(signature_new(&sg, fields, n, body_hash, NOW));
	fields_free(fs);
}

static void
thousands_of_instances_are_all_signed(void **state)
{
	struct fields *fs = list("from/o:received-x:subject/x:to/o");
	struct signing sg = signing(ed25519, fs);
	size_t i, count = 0, n = header_read("From: a\n");
	char *field, *h, *p;

	for (i = 0; i < 5000; i++)
		fields[n++] = (struct hfield){ "Subject: x", 10, 7, 8 };
	field = sign(&sg, n);
	assert_non_null(h = siglint_tag(field, "h", ":"));
	for (p = h; (p = strstr(p, "subject")) != NULL; p++)
		count++;
	assert_int_equal(count, 5001);
	assert_string_equal(h + strlen(h) - 11, ":subject:to");
	free(h);
	free(field);
	fields_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8463_signatures_come_out),
		cmocka_unit_test(rfc6376_signature_verifies),
		cmocka_unit_test(layout_is_pinned),
		cmocka_unit_test(fields_are_listed_as_they_are_hashed),
		cmocka_unit_test(without_from_there_is_no_signature),
		cmocka_unit_test(thousands_of_instances_are_all_signed),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}

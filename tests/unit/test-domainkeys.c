/* SPDX-License-Identifier: ISC */
/*
 * DomainKeys: what is hashed, RFC 4870, 3.4, and the field, 3.3.
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

#include "signing.h"

struct domainkeys {
	const char	*what;
	enum canon	 how;
	const char	*body;		/* canonical */
	const char	*text;		/* that is signed */
};

#define HEADER \
	"To: a\nX: y\nSubject: s  t\n\tu\nFrom : b\nBcc: z\nTO: c \n"
#define SIMPLE \
	"To: a\r\nSubject: s  t\r\n\tu\r\nFrom : b\r\nTO: c \r\n"
#define NOFWS \
	"To:a\r\nSubject:stu\r\nFrom:b\r\nTO:c\r\n"

static const struct domainkeys table[] = {
	{ "a body", CANON_NOFWS, "body\r\n", NOFWS "\r\nbody\r\n" },
	{ "no body", CANON_NOFWS, "", NOFWS },
	{ "a body, simple", CANON_SIMPLE, "a body\r\n",
	    SIMPLE "\r\na body\r\n" },
	{ "no body, simple: RFC 6376's CRLF", CANON_SIMPLE, "\r\n", SIMPLE },
	{ "a body of one byte", CANON_SIMPLE, "x\r\n", SIMPLE "\r\nx\r\n" },
	{ "a body with an empty line first", CANON_SIMPLE, "\r\nx\r\n",
	    SIMPLE "\r\n\r\nx\r\n" },
};

static void
digest_check(const struct domainkeys *d, const struct signing *sg, size_t n,
    size_t piece)
{
	struct signature *s = signature_new(sg, fields, n, NULL, NOW);
	const char *body = d->body;
	struct canon_sink sink;
	uint8_t digest[32], hash[20];
	size_t k, len;

	assert_non_null(s);
	assert_string_equal(signature_name(s), "DomainKey-Signature");
	sink = signature_body(s);
	for (len = strlen(body); len > 0; body += k, len -= k) {
		k = len < piece ? len : piece;
		sink.put(sink.arg, body, k);
	}
	assert_int_equal(EVP_Digest(d->text, strlen(d->text), hash, NULL,
	    EVP_sha1(), NULL), 1);
	assert_int_equal(signature_digest(s, digest), sizeof(hash));
	if (memcmp(digest, hash, sizeof(hash)) != 0)
		fail_msg("%s, in pieces of %zu", d->what, piece);
	/* Asked twice it is the same. */
	assert_int_equal(signature_digest(s, digest), sizeof(hash));
	assert_memory_equal(digest, hash, sizeof(hash));
	signature_free(s);
}

static void
header_and_body_are_hashed_in_order(void **state)
{
	struct fields *fs = list("from:subject:to/o");
	struct signing sg = signing(rsa, fs);
	size_t i, n = header_read(HEADER), piece;

	sg.type = SIGNATURE_DOMAINKEYS;
	for (i = 0; i < COUNT(table); i++)
		for (piece = 1; piece < 12; piece++) {
			sg.header = sg.body = table[i].how;
			digest_check(&table[i], &sg, n, piece);
		}
	fields_free(fs);
}

static void
layout_is_pinned(void **state)
{
	struct fields *fs = list("from:subject:to/o");
	struct signing sg = signing(rsa, fs);
	size_t n = header_read(HEADER);
	struct signature *s;
	uint8_t digest[32];

	sg.type = SIGNATURE_DOMAINKEYS;
	sg.header = sg.body = CANON_NOFWS;
	sg.timestamp = 1;
	sg.ztag = ZTAG_ALL;
	assert_non_null(s = signature_new(&sg, fields, n, NULL, NOW));
	assert_int_equal(signature_digest(s, digest), 20);
	memset(digest, 0, sizeof(digest));
	assert_string_equal(signature_value(s, digest, 20),
	    "a=rsa-sha1; q=dns; c=nofws; d=football.example.com;\n"
	    "\ts=brisbane;\n"
	    "\th=to:subject:from:to;\n"
	    "\tb=AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	signature_free(s);
	fields_free(fs);
}

static void
only_rsa_can_sign(void **state)
{
	struct fields *fs = list("from");
	struct signing sg = signing(ed25519, fs);
	size_t n = header_read(HEADER);

	sg.type = SIGNATURE_DOMAINKEYS;
	sg.header = sg.body = CANON_SIMPLE;
	assert_null(signature_new(&sg, fields, n, NULL, NOW));
	fields_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_body_are_hashed_in_order),
		cmocka_unit_test(layout_is_pinned),
		cmocka_unit_test(only_rsa_can_sign),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * Private keys: what is one, what is refused and how, and that signatures are
 * those of the RFCs.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keymaker.h"
#include "privkey.h"
#include "stderr.h"

/* RFC 8463, A.1 and A.2 */
static const char	 ed_seed[] =
    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
static const char	 ed_public[] =
    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static EVP_PKEY		*rsa2048;
static char		*pem2048;

/* The text is no key; the log says what of it. */
static void
refused(const char *text, const char *say)
{
	const char	*said;
	struct privkey	*key;

	stderr_start();
	key = privkey_parse(text, "k");
	said = stderr_stop();
	assert_null(key);
	if (strstr(said, say) == NULL || strstr(said, "k: ") == NULL)
		fail_msg("\"%s\" instead of \"%s\"", said, say);
}

static struct privkey *
taken(const char *text, const char *say)
{
	struct privkey	*key;
	const char	*said;

	stderr_start();
	key = privkey_parse(text, "k");
	said = stderr_stop();
	if (say == NULL)
		assert_string_equal(said, "");
	else
		assert_non_null(strstr(said, say));
	assert_non_null(key);
	assert_string_equal(privkey_name(key), "k");
	return key;
}

static void
rsa_is_read_in_each_of_its_forms(void **state)
{
	char		*traditional = key_pem_traditional(rsa2048, NULL);
	const char	*texts[2];
	struct privkey	*key;
	size_t		 i;

	assert_non_null(strstr(traditional, "BEGIN RSA PRIVATE KEY"));
	assert_non_null(strstr(pem2048, "BEGIN PRIVATE KEY"));
	texts[0] = pem2048;
	texts[1] = traditional;
	for (i = 0; i < 2; i++) {
		key = taken(texts[i], NULL);
		assert_int_equal(privkey_type(key), PRIVKEY_RSA);
		assert_int_equal(privkey_bits(key), 2048);
		privkey_drop(key);
	}
	free(traditional);
}

/* The lines between BEGIN and END are base64 of DER. */
static void
der_in_base64_is_a_key_with_and_without_line_ends(void **state)
{
	char	*body, *p, *end, *q, *text;

	assert_non_null(text = strdup(pem2048));
	body = strchr(text, '\n') + 1;
	assert_non_null(end = strstr(body, "-----END"));
	*end = '\0';
	privkey_drop(taken(body, NULL));
	for (p = q = body; *p != '\0'; p++)
		if (*p != '\n')
			*q++ = *p;
	*q = '\0';
	privkey_drop(taken(body, NULL));
	free(text);
}

static void
a_seed_of_ed25519_is_a_key(void **state)
{
	struct privkey	*key = taken(ed_seed, NULL);
	char		*p;

	assert_int_equal(privkey_type(key), PRIVKEY_ED25519);
	assert_non_null(p = privkey_public(key));
	assert_string_equal(p, ed_public);
	free(p);
	privkey_drop(key);
}

static void
ed25519_is_read_from_pkcs8(void **state)
{
	EVP_PKEY	*pkey = key_make(EVP_PKEY_ED25519, 0);
	char		*pem = key_pem(pkey, NULL);
	struct privkey	*key = taken(pem, NULL);

	assert_int_equal(privkey_type(key), PRIVKEY_ED25519);
	privkey_drop(key);
	free(pem);
	EVP_PKEY_free(pkey);
}

static void
an_encrypted_key_is_refused_and_nobody_is_asked(void **state)
{
	char	*pem = key_pem(rsa2048, "secret");
	char	*old = key_pem_traditional(rsa2048, "secret");
	char	*none = key_pem(rsa2048, "");

	refused(pem, "encrypted");
	refused(old, "encrypted");
	refused(none, "encrypted");
	free(pem);
	free(old);
	free(none);
}

static void
rsa_of_too_few_bits_is_refused(void **state)
{
	static const struct {
		int		 bits, min;
		const char	*refuse, *warn;
	} cases[] = {
		{ 512, 1024, "512 bits, at least 1024", NULL },
		{ 1016, 512, "1016 bits, at least 1024", NULL },
		{ 1024, 1024, NULL, "1024 bits is weak" },
		{ 1024, 2048, "1024 bits, at least 2048", NULL },
	};
	EVP_PKEY	*pkey;
	size_t		 i;
	char		*pem;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pkey = key_make(EVP_PKEY_RSA, cases[i].bits);
		pem = key_pem(pkey, NULL);
		privkey_rules.min_bits = cases[i].min;
		if (cases[i].refuse != NULL)
			refused(pem, cases[i].refuse);
		else
			privkey_drop(taken(pem, cases[i].warn));
		free(pem);
		EVP_PKEY_free(pkey);
	}
	privkey_rules.min_bits = 1024;
}

static size_t
der_integer(uint8_t *out, const uint8_t *value, size_t len)
{
	out[0] = 0x02;
	out[1] = 0x82;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	memcpy(out + 4, value, len);
	return 4 + len;
}

/* PKCS#1 with a modulus of that many bytes; nothing else of it is right. */
static char *
rsa_huge(size_t bytes)
{
	uint8_t	*der, *big;
	char	*text;
	size_t	 len = 4, i;

	assert_non_null(der = calloc(1, 2 * bytes + 200));
	assert_non_null(big = calloc(1, bytes + 1));
	assert_non_null(text = calloc(2, 2 * bytes + 200));
	memset(big + 1, 0xff, bytes);
	len += der_integer(der + len, (const uint8_t *)"", 1);
	len += der_integer(der + len, big, bytes + 1);
	for (i = 0; i < 7; i++)
		len += der_integer(der + len, (const uint8_t *)"\x03", 1);
	der[0] = 0x30;
	der[1] = 0x82;
	der[2] = (uint8_t)((len - 4) >> 8);
	der[3] = (uint8_t)(len - 4);
	(void)EVP_EncodeBlock((uint8_t *)text, der, (int)len);
	free(der);
	free(big);
	return text;
}

static void
rsa_of_too_many_bits_is_refused_without_trying_it(void **state)
{
	char	*text = rsa_huge(2049);

	refused(text, "16392 bits, at most 16384");
	free(text);
}

/* One bit of the modulus is another: it still signs. */
static void
a_damaged_key_is_refused(void **state)
{
	uint8_t	*der = NULL;
	char	*text;
	int	 len = i2d_PrivateKey(rsa2048, &der);

	assert_true(len > 1000);
	der[40] ^= 1;
	assert_non_null(text = calloc(2, (size_t)len));
	(void)EVP_EncodeBlock((uint8_t *)text, der, len);
	refused(text, "damaged");
	free(text);
	OPENSSL_free(der);
}

static void
other_kinds_of_keys_are_refused(void **state)
{
	EVP_PKEY	*ec = key_make(EVP_PKEY_EC, 0);
	EVP_PKEY	*pss = key_make(EVP_PKEY_RSA_PSS, 2048);
	char		*ec_pem = key_pem(ec, NULL);
	char		*pss_pem = key_pem(pss, NULL);
	char		*public = key_pem_public(rsa2048);

	refused(ec_pem, "neither an RSA nor an Ed25519 key: id-ecPublicKey");
	refused(pss_pem, "neither an RSA nor an Ed25519 key: rsassaPss");
	refused(public, "a public key");
	free(ec_pem);
	free(pss_pem);
	free(public);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(pss);
}

static void
what_is_no_key_is_refused(void **state)
{
	static const char *const	 texts[] = {
		"", "rubbish", "AAAA", "nWGxne/9WmC6hEr0kuws",
		"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=x",
		"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo!",
	};
	char	*cut;
	size_t	 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(texts[i], "neither PEM nor base64");
	assert_non_null(cut = strdup(pem2048));
	cut[600] = '\0';
	refused(cut, "no private key");
	free(cut);
	refused("-----BEGIN PRIVATE KEY-----\nAAAA\n"
	    "-----END PRIVATE KEY-----\n", "no private key");
}

/* RFC 8017, 8.2: verified here by libcrypto with the hash of a message. */
static void
rsa_signs_a_hash_as_pkcs1(void **state)
{
	static const char	 text[] = "a message";
	static const struct {
		enum privkey_hash	 how;
		const char		*name;
	} cases[] = {
		{ PRIVKEY_SHA256, "SHA256" }, { PRIVKEY_SHA1, "SHA1" },
	};
	struct privkey	*key = taken(pem2048, NULL);
	uint8_t		 hash[64], sig[PRIVKEY_SIG_MAX];
	const EVP_MD	*md;
	EVP_MD_CTX	*ctx;
	unsigned int	 len;
	size_t		 i;

	for (i = 0; i < 2; i++) {
		assert_non_null(md = EVP_get_digestbyname(cases[i].name));
		assert_int_equal(EVP_Digest(text, sizeof(text), hash, &len, md,
		    NULL), 1);
		assert_int_equal(privkey_sign(key, cases[i].how, hash, len,
		    sig), 256);
		assert_non_null(ctx = EVP_MD_CTX_new());
		assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL,
		    rsa2048), 1);
		assert_int_equal(EVP_DigestVerify(ctx, sig, 256,
		    (const uint8_t *)text, sizeof(text)), 1);
		EVP_MD_CTX_free(ctx);
	}
	privkey_drop(key);
}

/* RFC 8032, 7.1, test 1: the same key as in RFC 8463, an empty message. */
static void
ed25519_signs_the_bytes_themselves(void **state)
{
	static const uint8_t	 want[] = {
		0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72
	};
	struct privkey	*key = taken(ed_seed, NULL);
	uint8_t		 sig[PRIVKEY_SIG_MAX];

	assert_int_equal(privkey_sign(key, PRIVKEY_SHA256,
	    (const uint8_t *)"", 0, sig), 64);
	assert_memory_equal(sig, want, sizeof(want));
	privkey_drop(key);
}

static void
the_public_key_of_rsa_is_its_subject_public_key_info(void **state)
{
	struct privkey	*key = taken(pem2048, NULL);
	char		*p = privkey_public(key);
	char		*pem = key_pem_public(rsa2048), *from, *to, *end;

	assert_non_null(from = strchr(pem, '\n'));
	assert_non_null(end = strstr(pem, "-----END"));
	for (to = pem; from < end; from++)
		if (*from != '\n')
			*to++ = *from;
	*to = '\0';
	assert_string_equal(p, pem);
	free(p);
	free(pem);
	privkey_drop(key);
}

static void
a_key_lives_until_the_last_one_lets_go(void **state)
{
	struct privkey	*key = taken(ed_seed, NULL);
	uint8_t		 sig[PRIVKEY_SIG_MAX];

	assert_ptr_equal(privkey_hold(key), key);
	privkey_drop(key);
	assert_int_equal(privkey_sign(key, PRIVKEY_SHA256,
	    (const uint8_t *)"", 0, sig), 64);
	privkey_drop(key);
	privkey_drop(NULL);
}

static int
setup(void **state)
{
	rsa2048 = key_make(EVP_PKEY_RSA, 2048);
	pem2048 = key_pem(rsa2048, NULL);
	return 0;
}

static int
teardown(void **state)
{
	free(pem2048);
	EVP_PKEY_free(rsa2048);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(rsa_is_read_in_each_of_its_forms),
		cmocka_unit_test(
		    der_in_base64_is_a_key_with_and_without_line_ends),
		cmocka_unit_test(a_seed_of_ed25519_is_a_key),
		cmocka_unit_test(ed25519_is_read_from_pkcs8),
		cmocka_unit_test(
		    an_encrypted_key_is_refused_and_nobody_is_asked),
		cmocka_unit_test(rsa_of_too_few_bits_is_refused),
		cmocka_unit_test(
		    rsa_of_too_many_bits_is_refused_without_trying_it),
		cmocka_unit_test(a_damaged_key_is_refused),
		cmocka_unit_test(other_kinds_of_keys_are_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(rsa_signs_a_hash_as_pkcs1),
		cmocka_unit_test(ed25519_signs_the_bytes_themselves),
		cmocka_unit_test(
		    the_public_key_of_rsa_is_its_subject_public_key_info),
		cmocka_unit_test(a_key_lives_until_the_last_one_lets_go),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

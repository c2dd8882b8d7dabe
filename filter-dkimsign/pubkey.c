/* SPDX-License-Identifier: ISC */
/*
 * See pubkey.h.  Verifiers differ in what they take for RSA: all know
 * SubjectPublicKeyInfo, some the bare RSAPublicKey of RFC 6376's grammar.
 */

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pubkey.h"

#define ED25519_LEN	32
#define ED25519_SPKI	44

struct pubkey {
	EVP_PKEY		*pkey;
	enum record_type	 type;
};

/* Returns the length, or -1: no base64. */
static int
base64_decode(uint8_t *out, const char *text)
{
	EVP_ENCODE_CTX	*ctx;
	int		 n = -1, tail = 0;

	if ((ctx = EVP_ENCODE_CTX_new()) == NULL)
		return -1;
	EVP_DecodeInit(ctx);
	if (EVP_DecodeUpdate(ctx, out, &n, (const uint8_t *)text,
	    (int)strlen(text)) == -1 ||
	    EVP_DecodeFinal(ctx, out + n, &tail) != 1)
		n = -1;
	EVP_ENCODE_CTX_free(ctx);
	return n == -1 ? -1 : n + tail;
}

static EVP_PKEY *
rsa_decode(const uint8_t *der, int len, const char **why)
{
	const uint8_t	*p = der;
	EVP_PKEY	*pkey;

	if ((pkey = d2i_PUBKEY(NULL, &p, len)) == NULL) {
		*why = "p= is no RSA key";
		p = der;
		return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, len);
	}
	if (EVP_PKEY_base_id(pkey) == EVP_PKEY_RSA)
		return pkey;
	*why = "p= is not of the type that k= says";
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY *
ed25519_decode(const uint8_t *raw, int len, const char **why)
{
	*why = "p= is no Ed25519 key";
	/* RFC 8463, 4.2 */
	if (len == ED25519_SPKI)
		*why = "p= is a SubjectPublicKeyInfo, for Ed25519 it has to "
		    "be the bare 32 bytes";
	if (len != ED25519_LEN)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw,
	    ED25519_LEN);
}

struct pubkey *
pubkey_parse(enum record_type type, const char *p, const char **why)
{
	struct pubkey	*key;
	uint8_t		 der[RECORD_P];
	int		 len;

	*why = "p= is not base64";
	if (strlen(p) >= sizeof(der) || (len = base64_decode(der, p)) == -1)
		return NULL;
	if ((key = calloc(1, sizeof(*key))) == NULL) {
		*why = "out of memory";
		return NULL;
	}
	key->type = type;
	key->pkey = type == RECORD_RSA ? rsa_decode(der, len, why) :
	    ed25519_decode(der, len, why);
	ERR_clear_error();
	if (key->pkey != NULL)
		return key;
	free(key);
	return NULL;
}

void
pubkey_free(struct pubkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

int
pubkey_bits(const struct pubkey *key)
{
	return EVP_PKEY_bits(key->pkey);
}

static int
rsa_verify(struct pubkey *key, const uint8_t hash[32], const uint8_t *sig,
    size_t len)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
	int		 good;

	good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	    EVP_PKEY_verify(ctx, sig, len, hash, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

int
pubkey_verify(struct pubkey *key, const uint8_t hash[32], const uint8_t *sig,
    size_t len)
{
	EVP_MD_CTX	*ctx;
	int		 good;

	if (key->type == RECORD_RSA) {
		good = rsa_verify(key, hash, sig, len);
	} else {
		ctx = EVP_MD_CTX_new();
		good = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL,
		    NULL, key->pkey) == 1 &&
		    EVP_DigestVerify(ctx, sig, len, hash, 32) == 1;
		EVP_MD_CTX_free(ctx);
	}
	ERR_clear_error();
	return good;
}

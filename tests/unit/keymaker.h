/* SPDX-License-Identifier: ISC */
/*
 * Keys for tests, made on the spot, as PEM.
 */

#ifndef KEYMAKER_H
#define KEYMAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static inline EVP_PKEY *
key_make(int type, int bits)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY	*pkey = NULL;

	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	if (type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits),
		    1);
	if (type == EVP_PKEY_EC)
		assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
		    NID_X9_62_prime256v1), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &pkey), 1);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static inline char *
bio_text(BIO *bio)
{
	char	*data, *text;
	long	 len = BIO_get_mem_data(bio, &data);

	assert_true(len > 0);
	assert_non_null(text = calloc(1, (size_t)len + 1));
	memcpy(text, data, (size_t)len);
	BIO_free(bio);
	return text;
}

/* As PKCS#8; with a password if there is one.  Malloced, as are all. */
static inline char *
key_pem(EVP_PKEY *pkey, const char *password)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey,
	    password == NULL ? NULL : EVP_aes_128_cbc(), password,
	    password == NULL ? 0 : (int)strlen(password), NULL, NULL), 1);
	return bio_text(bio);
}

/* As PKCS#1 for RSA: "RSA PRIVATE KEY". */
static inline char *
key_pem_traditional(EVP_PKEY *pkey, const char *password)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, pkey,
	    password == NULL ? NULL : EVP_aes_128_cbc(),
	    (const unsigned char *)password,
	    password == NULL ? 0 : (int)strlen(password), NULL, NULL), 1);
	return bio_text(bio);
}

static inline char *
key_pem_public(EVP_PKEY *pkey)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	return bio_text(bio);
}

#endif /* KEYMAKER_H */

/* SPDX-License-Identifier: ISC */
/*
 * A private key: from text to something that signs.  libcrypto keeps it, and
 * the object never changes once it was made, so that any number of threads can
 * use it; what one has begun with it lies ready for the next one.  Each key has
 * signed once before it is given out.
 *
 * Two threads that sign with one RSA object wait for each other, as each number
 * that blinds a signature is made from the one before: 247 to 263 us instead
 * of 242.  So a thread that finds no other's beginning makes one with a copy.
 *
 * Returns NULL after logging why; libcrypto never asks for a password.
 */

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "log.h"
#include "privkey.h"

#define RSA_LEAST	1024	/* RFC 8301, 3.2 */
#define RSA_GOOD	2048
#define RSA_VERIFIED	4096	/* what all verifiers take */
#define RSA_MOST	(PRIVKEY_SIG_MAX * 8)
#define ED25519_LEN	32

#define READY		8

struct privkey_rules	privkey_rules = {
	.safe = PRIVKEY_SAFE_DEFAULT, .min_bits = RSA_LEAST
};

struct privkey {
	unsigned int		 held;
	enum privkey_type	 type;
	int			 bits;
	EVP_PKEY		*pkey;
	EVP_PKEY_CTX		*ready[READY];	/* RSA with SHA-256, or NULL */
	int			 used;		/* the pkey, by one of them */
	char			 name[];
};

/* libcrypto's own would ask on the terminal. */
static int
password_refuse(char *buf, int size, int rwflag, void *asked)
{
	*(int *)asked = 1;
	return -1;
}

static const char *
crypto_reason(void)
{
	const char	*reason;

	reason = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	return reason == NULL ? "unknown format" : reason;
}

static EVP_PKEY *
pem_parse(const char *text, const char *what)
{
	EVP_PKEY	*pkey = NULL;
	BIO		*bio;
	int		 asked = 0;

	if ((bio = BIO_new_mem_buf(text, -1)) != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, password_refuse,
		    &asked);
	BIO_free(bio);
	if (pkey != NULL)
		return pkey;
	if (asked)
		log_warnx("%s: the key is encrypted, remove its password",
		    what);
	else if (strstr(text, "PUBLIC KEY-----") != NULL &&
	    strstr(text, "PRIVATE KEY-----") == NULL)
		log_warnx("%s: a public key, the private one is needed", what);
	else
		log_warnx("%s: no private key: %s", what, crypto_reason());
	ERR_clear_error();
	return NULL;
}

/* DER; or the bare seed of an Ed25519 key, as some tools write it. */
static EVP_PKEY *
der_parse(const uint8_t *der, int len)
{
	if (len == ED25519_LEN)
		return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
		    der, ED25519_LEN);
	return d2i_AutoPrivateKey(NULL, &der, len);
}

static EVP_PKEY *
base64_parse(const char *text, const char *what)
{
	EVP_ENCODE_CTX	*ctx;
	EVP_PKEY	*pkey = NULL;
	size_t		 len = strlen(text);
	uint8_t		*der;
	int		 n = 0, tail = 0;

	ctx = EVP_ENCODE_CTX_new();
	if ((der = malloc(len + 1)) != NULL && ctx != NULL) {
		EVP_DecodeInit(ctx);
		if (EVP_DecodeUpdate(ctx, der, &n, (const uint8_t *)text,
		    (int)len) != -1 &&
		    EVP_DecodeFinal(ctx, der + n, &tail) == 1)
			pkey = der_parse(der, n + tail);
		OPENSSL_cleanse(der, len + 1);
	}
	free(der);
	EVP_ENCODE_CTX_free(ctx);
	if (pkey == NULL)
		log_warnx("%s: neither PEM nor base64 of a private key", what);
	ERR_clear_error();
	return pkey;
}

static int
rsa_check(const struct privkey *key)
{
	int	 least = privkey_rules.min_bits;

	if (least < RSA_LEAST)
		least = RSA_LEAST;
	if (key->bits < least) {
		log_warnx("%s: RSA with %d bits, at least %d are needed",
		    key->name, key->bits, least);
		return -1;
	}
	if (key->bits > RSA_MOST) {
		log_warnx("%s: RSA with %d bits, at most %d are possible",
		    key->name, key->bits, RSA_MOST);
		return -1;
	}
	/* RFC 8301, 3.2 */
	if (key->bits < RSA_GOOD)
		log_warnx("%s: RSA with %d bits is weak, use %d", key->name,
		    key->bits, RSA_GOOD);
	else if (key->bits > RSA_VERIFIED)
		log_warnx("%s: RSA with %d bits, many verifiers take no more "
		    "than %d", key->name, key->bits, RSA_VERIFIED);
	return 0;
}

static int
type_check(struct privkey *key)
{
	int	 id = EVP_PKEY_base_id(key->pkey);

	key->bits = EVP_PKEY_bits(key->pkey);
	if (id == EVP_PKEY_RSA) {
		key->type = PRIVKEY_RSA;
		return rsa_check(key);
	}
	if (id == EVP_PKEY_ED25519) {
		key->type = PRIVKEY_ED25519;
		return 0;
	}
	log_warnx("%s: neither an RSA nor an Ed25519 key: %s", key->name,
	    id == NID_undef ? "unknown type" : OBJ_nid2ln(id));
	return -1;
}

static int
rsa_begin(EVP_PKEY_CTX *ctx, int (*init)(EVP_PKEY_CTX *),
    enum privkey_hash hash)
{
	const EVP_MD	*md;

	md = hash == PRIVKEY_SHA1 ? EVP_sha1() : EVP_sha256();
	if (ctx == NULL || init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
		return -1;
	return 0;
}

static EVP_PKEY_CTX *
rsa_begun(EVP_PKEY *pkey, enum privkey_hash how)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(pkey, NULL);

	if (rsa_begin(ctx, EVP_PKEY_sign_init, how) == 0)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static EVP_PKEY *
pkey_copy(EVP_PKEY *pkey)
{
	EVP_PKEY	*copy;
	const uint8_t	*p;
	uint8_t		*der = NULL;
	int		 len;

	if ((len = i2d_PrivateKey(pkey, &der)) <= 0)
		return NULL;
	p = der;
	copy = d2i_AutoPrivateKey(NULL, &p, len);
	OPENSSL_clear_free(der, (size_t)len);
	return copy;
}

static EVP_PKEY_CTX *
rsa_begun_apart(struct privkey *key)
{
	EVP_PKEY_CTX	*ctx;
	EVP_PKEY	*copy;

	if (__atomic_exchange_n(&key->used, 1, __ATOMIC_RELAXED) == 0)
		return rsa_begun(key->pkey, PRIVKEY_SHA256);
	if ((copy = pkey_copy(key->pkey)) == NULL)
		return NULL;
	ctx = rsa_begun(copy, PRIVKEY_SHA256);	/* holds it */
	EVP_PKEY_free(copy);
	return ctx;
}

/* To begin costs 6 us, with OpenSSL 3: who finds one that is begun takes it. */
static EVP_PKEY_CTX *
rsa_take(struct privkey *key)
{
	EVP_PKEY_CTX	*ctx = NULL;
	int		 i;

	for (i = 0; i < READY && ctx == NULL; i++)
		ctx = __atomic_exchange_n(&key->ready[i], NULL,
		    __ATOMIC_ACQ_REL);
	return ctx != NULL ? ctx : rsa_begun_apart(key);
}

static void
rsa_put_back(struct privkey *key, EVP_PKEY_CTX *ctx)
{
	int	 i;

	for (i = 0; i < READY && ctx != NULL; i++)
		ctx = __atomic_exchange_n(&key->ready[i], ctx,
		    __ATOMIC_ACQ_REL);
	EVP_PKEY_CTX_free(ctx);
}

/* RFC 8017, 8.2 */
static ssize_t
rsa_sign(struct privkey *key, enum privkey_hash how, const uint8_t *hash,
    size_t len, uint8_t sig[PRIVKEY_SIG_MAX])
{
	EVP_PKEY_CTX	*ctx;
	size_t		 n = PRIVKEY_SIG_MAX;
	ssize_t		 ret = -1;

	ctx = how == PRIVKEY_SHA256 ? rsa_take(key) :
	    rsa_begun(key->pkey, how);
	if (ctx != NULL && EVP_PKEY_sign(ctx, sig, &n, hash, len) == 1)
		ret = (ssize_t)n;
	if (how == PRIVKEY_SHA256 && ret != -1)
		rsa_put_back(key, ctx);
	else
		EVP_PKEY_CTX_free(ctx);
	return ret;
}

/* RFC 8463, 3: the hash is the message. */
static ssize_t
ed25519_sign(const struct privkey *key, const uint8_t *hash, size_t len,
    uint8_t sig[PRIVKEY_SIG_MAX])
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	size_t		 n = PRIVKEY_SIG_MAX;
	ssize_t		 ret = -1;

	if (ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
	    EVP_DigestSign(ctx, sig, &n, hash, len) == 1)
		ret = (ssize_t)n;
	EVP_MD_CTX_free(ctx);
	return ret;
}

ssize_t
privkey_sign(struct privkey *key, enum privkey_hash how, const uint8_t *hash,
    size_t len, uint8_t sig[PRIVKEY_SIG_MAX])
{
	ssize_t	 ret;

	if (key->type == PRIVKEY_RSA)
		ret = rsa_sign(key, how, hash, len, sig);
	else
		ret = ed25519_sign(key, hash, len, sig);
	if (ret == -1)
		ERR_clear_error();
	return ret;
}

static int
signature_good(const struct privkey *key, const uint8_t *hash, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	EVP_MD_CTX	*md;
	EVP_PKEY_CTX	*ctx;
	int		 good;

	if (key->type == PRIVKEY_RSA) {
		ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
		good = rsa_begin(ctx, EVP_PKEY_verify_init,
		    PRIVKEY_SHA256) == 0 &&
		    EVP_PKEY_verify(ctx, sig, sig_len, hash, len) == 1;
		EVP_PKEY_CTX_free(ctx);
		return good;
	}
	md = EVP_MD_CTX_new();
	good = md != NULL &&
	    EVP_DigestVerifyInit(md, NULL, NULL, NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(md, sig, sig_len, hash, len) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

/* A damaged key signs, but nobody can verify it. */
static int
works_check(struct privkey *key)
{
	uint8_t	 hash[32] = { 1 }, sig[PRIVKEY_SIG_MAX];
	ssize_t	 n;

	n = privkey_sign(key, PRIVKEY_SHA256, hash, sizeof(hash), sig);
	if (n > 0 &&
	    signature_good(key, hash, sizeof(hash), sig, (size_t)n))
		return 0;
	ERR_clear_error();
	log_warnx("%s: the key is damaged: its signature does not verify",
	    key->name);
	return -1;
}

struct privkey *
privkey_parse(const char *text, const char *what)
{
	struct privkey	*key;
	EVP_PKEY	*pkey;
	size_t		 len = strlen(what) + 1;

	if (strstr(text, "-----BEGIN ") != NULL)
		pkey = pem_parse(text, what);
	else
		pkey = base64_parse(text, what);
	if (pkey == NULL)
		return NULL;
	if ((key = calloc(1, sizeof(*key) + len)) == NULL) {
		log_warn("%s", what);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	key->held = 1;
	key->pkey = pkey;
	memcpy(key->name, what, len);
	if (type_check(key) == 0 && works_check(key) == 0)
		return key;
	privkey_drop(key);
	return NULL;
}

struct privkey *
privkey_hold(struct privkey *key)
{
	key->held++;
	return key;
}

void
privkey_drop(struct privkey *key)
{
	int	 i;

	if (key == NULL || --key->held > 0)
		return;
	for (i = 0; i < READY; i++)
		EVP_PKEY_CTX_free(key->ready[i]);
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum privkey_type
privkey_type(const struct privkey *key)
{
	return key->type;
}

int
privkey_bits(const struct privkey *key)
{
	return key->bits;
}

const char *
privkey_name(const struct privkey *key)
{
	return key->name;
}

static uint8_t *
public_encode(const struct privkey *key, int *len)
{
	uint8_t	*der = NULL;
	size_t	 n = ED25519_LEN;

	if (key->type == PRIVKEY_RSA) {
		*len = i2d_PUBKEY(key->pkey, &der);
		return *len > 0 ? der : NULL;
	}
	*len = ED25519_LEN;
	if ((der = OPENSSL_malloc(n)) == NULL)
		return NULL;
	if (EVP_PKEY_get_raw_public_key(key->pkey, der, &n) == 1)
		return der;
	OPENSSL_free(der);
	return NULL;
}

char *
privkey_public(const struct privkey *key)
{
	uint8_t	*der;
	char	*text = NULL;
	int	 len;

	if ((der = public_encode(key, &len)) != NULL &&
	    (text = malloc((size_t)(len + 2) / 3 * 4 + 1)) != NULL)
		(void)EVP_EncodeBlock((uint8_t *)text, der, len);
	OPENSSL_free(der);
	return text;
}

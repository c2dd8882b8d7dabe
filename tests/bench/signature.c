/* SPDX-License-Identifier: ISC */
/*
 * What one signature costs, and nothing around it: a key from a PEM file signs
 * a hash, again and again, as openssl speed(1) does.  Prints microseconds of
 * CPU time for one.
 */

#include <sys/types.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "compat.h"

static EVP_PKEY *
key_read(const char *path)
{
	EVP_PKEY	*key;
	FILE		*f;

	if ((f = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	if ((key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) == NULL)
		errx(1, "%s: not a key", path);
	(void)fclose(f);
	return key;
}

static void
sign_many(EVP_PKEY *key, int n)
{
	unsigned char	 hash[32], sig[1024];
	EVP_PKEY_CTX	*ctx;
	size_t		 len;

	memset(hash, 0x5a, sizeof(hash));
	if ((ctx = EVP_PKEY_CTX_new(key, NULL)) == NULL ||
	    EVP_PKEY_sign_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0)
		errx(1, "not an RSA key");
	for (; n > 0; n--) {
		len = sizeof(sig);
		if (EVP_PKEY_sign(ctx, sig, &len, hash, sizeof(hash)) <= 0)
			errx(1, "it does not sign");
	}
	EVP_PKEY_CTX_free(ctx);
}

static double
cpu_now(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		err(1, "clock_gettime");
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
	const char	*errstr = NULL;
	EVP_PKEY	*key;
	double		 start;
	int		 n = 0;

	if (argc == 3)
		n = strtonum(argv[2], 1, 1000000, &errstr);
	if (n == 0 || errstr != NULL)
		errx(1, "usage: signature key n");
	key = key_read(argv[1]);
	sign_many(key, n / 10 + 1);	/* caches, blinding */
	start = cpu_now();
	sign_many(key, n);
	printf("cpu_us=%.3f\n", (cpu_now() - start) * 1e6 / n);
	EVP_PKEY_free(key);
	return 0;
}

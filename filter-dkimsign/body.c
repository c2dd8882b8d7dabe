/* SPDX-License-Identifier: ISC */
/*
 * Body hashes: RFC 6376, 3.7.  What is large is here once, as a body is read
 * in one go, in the hook; contexts are kept, as making one costs more than a
 * small body does.
 *
 * Lacking memory for a hash is told by body_hash(), nothing else can fail but
 * reading the message.
 */

#include <sys/types.h>

#include <string.h>

#include <openssl/evp.h>

#include "body.h"
#include "message.h"
#include "policy.h"

#define BODY_FORMS	3		/* enum canon */
#define BODY_RUNS	(BODY_FORMS + POLICY_SIGNATURES)

struct body_hash {
	EVP_MD_CTX	*ctx;
	int		 wanted;
	int		 failed;
	uint8_t		 digest[EVP_MAX_MD_SIZE];
};

static struct body_hash		 hashes[BODY_FORMS];
static struct canon_body	 runs[BODY_RUNS];
static size_t			 nruns, line_max;
static int			 eightbit;

void
body_begin(size_t max)
{
	size_t	 i;

	for (i = 0; i < BODY_FORMS; i++)
		hashes[i].wanted = hashes[i].failed = 0;
	nruns = 0;
	line_max = max;
	eightbit = 0;
}

void
body_send(enum canon how, struct canon_sink sink)
{
	if (nruns < BODY_RUNS)
		canon_body_begin(&runs[nruns++], how, line_max, sink);
}

static void
hash_put(void *arg, const void *p, size_t len)
{
	struct body_hash	*h = arg;

	if (!h->failed && EVP_DigestUpdate(h->ctx, p, len) != 1)
		h->failed = 1;
}

/* The second time the context has its digest, and no look-up is needed. */
static int
hash_begin(struct body_hash *h)
{
	if (h->ctx != NULL)
		return EVP_DigestInit_ex(h->ctx, NULL, NULL);
	if ((h->ctx = EVP_MD_CTX_new()) == NULL)
		return 0;
	if (EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1)
		return 1;
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
	return 0;
}

void
body_want(enum canon how)
{
	struct body_hash	*h = &hashes[how];
	struct canon_sink	 sink = { hash_put, h };

	if (h->wanted)
		return;
	h->wanted = 1;
	h->failed = hash_begin(h) != 1;
	body_send(how, sink);
}

/* Many bytes at a time, or it would be felt beside the hash. */
static int
any_eightbit(const char *p, size_t len)
{
	uint64_t	 word, all = 0;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		all |= word;
	}
	for (; len > 0; p++, len--)
		all |= (unsigned char)*p;
	return (all & 0x8080808080808080) != 0;
}

enum body_state
body_read(struct message *m)
{
	const char	*p;
	size_t		 i, len, off;

	for (off = message_body(m); (p = message_at(m, off, &len)) != NULL;
	    off += len) {
		if (memchr(p, '\r', len) != NULL)
			return BODY_CR;
		eightbit = eightbit || any_eightbit(p, len);
		for (i = 0; i < nruns; i++)
			canon_body_feed(&runs[i], p, len);
	}
	if (message_error(m) != NULL)
		return BODY_FAILED;
	for (i = 0; i < nruns; i++)
		canon_body_end(&runs[i]);
	for (i = 0; i < BODY_FORMS; i++)
		if (hashes[i].wanted && !hashes[i].failed &&
		    EVP_DigestFinal_ex(hashes[i].ctx, hashes[i].digest,
		    NULL) != 1)
			hashes[i].failed = 1;
	return BODY_OK;
}

int
body_is_8bit(void)
{
	return eightbit;
}

const uint8_t *
body_hash(enum canon how)
{
	const struct body_hash	*h = &hashes[how];

	return h->wanted && !h->failed ? h->digest : NULL;
}

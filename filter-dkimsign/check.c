/* SPDX-License-Identifier: ISC */
/*
 * What there is to find about a key and its record.  What others wrote into
 * the DNS goes through log_safe().
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "log.h"
#include "privkey.h"
#include "pubkey.h"
#include "record.h"
#include "safepath.h"

#define EX_TEMPFAIL	75	/* sysexits(3) */
#define RSA_LEAST	1024	/* RFC 8301, 3.2 */
#define RSA_GOOD	2048
#define RSA_VERIFIED	4096

static int	 errors, delays;

void
finding(enum finding f, const char *what, const char *fmt, ...)
{
	static const char *const	 words[] = {
		[FINDING_OK] = "ok", [FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error", [FINDING_TEMPORARY] = "temporary"
	};
	va_list				 ap;

	errors += f == FINDING_ERROR;
	delays += f == FINDING_TEMPORARY;
	(void)printf("%s: %s: ", what, words[f]);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

int
finding_status(void)
{
	return errors > 0 ? 1 : delays > 0 ? EX_TEMPFAIL : 0;
}

/* The reason of what does not load is in the log, with the key's name. */
void
check_key(struct check *c)
{
	char		 why[SAFEPATH_WHY];
	struct stat	 st;

	if (c->path == NULL)
		return;
	privkey_rules.safe = 0;
	if (c->text != NULL)
		c->key = privkey_parse(c->text, c->name);
	else
		c->key = privkey_load(c->path);
	if (c->key == NULL)
		finding(FINDING_ERROR, c->text != NULL ? c->name : c->path,
		    "not a key that can sign");
	if (stat(c->path, &st) == 0) {
		if (safepath_check(c->path, &st, why) == -1)
			finding(FINDING_ERROR, c->path, "not safe: %s", why);
		else if (c->key != NULL)
			finding(FINDING_OK, c->path, "%s key of %d bits, mode "
			    "%04o", privkey_type(c->key) == PRIVKEY_RSA ?
			    "RSA" : "Ed25519", privkey_bits(c->key),
			    (unsigned int)(st.st_mode & 07777));
	}
}

static void
flags_check(const struct check *c, const struct record *r)
{
	if (r->old)
		finding(FINDING_WARNING, c->name, "no v=DKIM1");
	if (r->testing)
		finding(FINDING_WARNING, c->name,
		    "t=y: verifiers are told that this is a test");
	if (r->strict)
		finding(FINDING_OK, c->name,
		    "t=s: i= may not be of a subdomain");
	if (!r->sha256)
		finding(FINDING_ERROR, c->name, "h=%s has no sha256",
		    log_safe(r->hashes));
	if (!r->email)
		finding(FINDING_ERROR, c->name, "s= is not for email");
}

static void
bits_check(const struct check *c, const struct record *r, int bits)
{
	if (r->type != RECORD_RSA)
		return;
	/* RFC 8301, 3.2 */
	if (bits < RSA_LEAST)
		finding(FINDING_ERROR, c->name,
		    "RSA with %d bits, at least %d are needed", bits,
		    RSA_LEAST);
	else if (bits < RSA_GOOD)
		finding(FINDING_WARNING, c->name,
		    "RSA with %d bits is weak, use %d", bits, RSA_GOOD);
	else if (bits > RSA_VERIFIED)
		finding(FINDING_WARNING, c->name, "RSA with %d bits, many "
		    "verifiers take no more than %d", bits, RSA_VERIFIED);
}

static void
pair_check(const struct check *c, const struct record *r, struct pubkey *pub)
{
	uint8_t		 hash[32] = "the hash of a test message....", *sig;
	uint8_t		 buf[PRIVKEY_SIG_MAX];
	ssize_t		 n;
	int		 rsa = r->type == RECORD_RSA;

	sig = buf;
	if (c->key == NULL) {
		finding(FINDING_OK, c->name, "%s key of %d bits",
		    rsa ? "RSA" : "Ed25519", pubkey_bits(pub));
		return;
	}
	if ((privkey_type(c->key) == PRIVKEY_RSA) != rsa) {
		finding(FINDING_ERROR, c->name, "k= is %s, but %s is not",
		    rsa ? "rsa" : "ed25519", privkey_name(c->key));
		return;
	}
	n = privkey_sign(c->key, PRIVKEY_SHA256, hash, sizeof(hash), sig);
	if (n == -1)
		finding(FINDING_TEMPORARY, c->name, "out of memory");
	else if (!pubkey_verify(pub, hash, sig, (size_t)n))
		finding(FINDING_ERROR, c->name,
		    "another key than %s: a test signature does not verify",
		    privkey_name(c->key));
	else
		finding(FINDING_OK, c->name,
		    "%s key of %d bits, a test signature verifies",
		    rsa ? "RSA" : "Ed25519", pubkey_bits(pub));
}

static void
text_check(const struct check *c, const char *text, size_t len)
{
	struct record	 r;
	struct pubkey	*pub;
	const char	*why;

	if ((why = record_parse(&r, text, len)) != NULL) {
		finding(FINDING_ERROR, c->name, "%s", why);
		return;
	}
	flags_check(c, &r);
	if (r.type == RECORD_OTHER)
		finding(FINDING_ERROR, c->name,
		    "k= is neither rsa nor ed25519");
	else if (r.p[0] == '\0')
		finding(FINDING_ERROR, c->name, "p= is empty: revoked");
	else if ((pub = pubkey_parse(r.type, r.p, &why)) == NULL)
		finding(FINDING_ERROR, c->name, "%s", why);
	else {
		bits_check(c, &r, pubkey_bits(pub));
		pair_check(c, &r, pub);
		pubkey_free(pub);
	}
}

void
check_record(struct check *c)
{
	const struct dns_answer	*a = &c->answer;

	if (c->selector == NULL || c->domain == NULL)
		return;
	if (a->status == DNS_TEMPORARY) {
		finding(FINDING_TEMPORARY, c->name, "%s", a->why);
		return;
	}
	if (a->status == DNS_NONE) {
		finding(FINDING_ERROR, c->name, "%s", a->why);
		return;
	}
	if (a->hops > 0)
		finding(FINDING_OK, c->name, "CNAME to %s (%u in a row)",
		    log_safe(a->cname), a->hops);
	/* RFC 6376, 3.6.2.2 */
	if (a->n > 1)
		finding(FINDING_ERROR, c->name,
		    "%zu TXT records, verifiers may take any", a->n);
	else
		text_check(c, a->txt[0], a->len[0]);
}

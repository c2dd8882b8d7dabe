/* SPDX-License-Identifier: ISC */
/*
 * Signatures of any header: legal (tests/unit/siglint.c), and the hash is that
 * which a verifier makes of what is sent.
 * The first two bytes are flags and lengths, then come a line with the
 * identity, one with the list of fields, and the header.
 */

#include <openssl/evp.h>

#include <string.h>
#include <strings.h>

#include "../unit/rfc_vectors.h"
#include "../unit/siglint.h"
#include "bytes.h"
#include "fields.h"
#include "fuzz.h"
#include "header.h"
#include "hfield.h"
#include "signature.h"

#define NFIELDS		200
#define NOW		1528637909

static struct hfield	 fields[NFIELDS];
static size_t		 nfields;
static uint8_t		 fake[PRIVKEY_SIG_MAX];

/* As the filter does: names that are none are never signed. */
static void
header_read(const char *p, size_t len)
{
	struct header_field f;
	size_t next, off;

	nfields = 0;
	for (off = 0; nfields < NFIELDS &&
	    (next = header_next(p, len, off, &f)) != off; off = next)
		if (f.name_len > 0)
			fields[nfields++] = (struct hfield){ p + off,
			    f.len - (p[next - 1] == '\n'), f.name_len,
			    f.value_off };
}

static void
bytes_put(void *arg, const void *p, size_t len)
{
	FUZZ_CHECK(bytes_add(arg, p, len) == 0);
}

/* RFC 6376, 5.4.2: the lowest of this name that was not taken yet. */
static const struct hfield *
take(const char *name, char *used)
{
	size_t i;

	for (i = nfields; i-- > 0;)
		if (!used[i] && strlen(name) == fields[i].name_len &&
		    strncasecmp(name, fields[i].raw, strlen(name)) == 0) {
			used[i] = 1;
			return &fields[i];
		}
	return NULL;
}

static void
check_hash(enum canon how, const char *field, const uint8_t digest[32])
{
	struct bytes data = { 0 };
	struct canon_sink sink = { bytes_put, &data };
	const struct hfield *f;
	struct hfield own = { .name_len = 14, .value_off = 15 };
	char *h, *name, *rest, used[NFIELDS] = { 0 };
	uint8_t hash[32];

	FUZZ_CHECK((h = rest = siglint_tag(field, "h", ":")) != NULL);
	while ((name = strsep(&rest, ":")) != NULL)
		if ((f = take(name, used)) != NULL)
			canon_field(how, f, sink);
	own.raw = field;
	own.len = (size_t)(strstr(field, "\tb=") + 3 - field);
	canon_own_field(how, &own, sink);
	FUZZ_CHECK(EVP_Digest(data.data, data.len, hash, NULL, EVP_sha256(),
	    NULL) == 1);
	FUZZ_CHECK(memcmp(hash, digest, sizeof(hash)) == 0);
	bytes_clear(&data);
	free(h);
}

static void
check_dkim(const struct signing *sg, size_t sig_len)
{
	struct signature *s;
	const char *value, *why;
	char *field;
	uint8_t digest[32];

	s = signature_new(sg, fields, nfields, fake, NOW);
	if (s == NULL)
		return;
	FUZZ_CHECK(signature_digest(s, digest) == 32);
	FUZZ_CHECK((value = signature_value(s, fake, sig_len)) != NULL);
	FUZZ_CHECK((field = malloc(strlen(value) + 17)) != NULL);
	(void)snprintf(field, strlen(value) + 17, "%s: %s", signature_name(s),
	    value);
	if ((why = siglint(field)) != NULL)
		fprintf(stderr, "%s in\n%s\n", why, field);
	FUZZ_CHECK(why == NULL);
	FUZZ_CHECK(strstr(field, "\tz=") == NULL || strlen(field) < 65536);
	check_hash(sg->header, field, digest);
	free(field);
	signature_free(s);
}

/* Only lines are checked: they have a test of their own. */
static void
check_domainkeys(struct signing *sg, const char *p, size_t len)
{
	struct signature *s;
	const char *line;
	uint8_t digest[32];
	size_t n;

	sg->type = SIGNATURE_DOMAINKEYS;
	if ((s = signature_new(sg, fields, nfields, NULL, NOW)) == NULL)
		return;
	for (; len > 0; p += n, len -= n) {
		n = len % 3 + 1 < len ? len % 3 + 1 : len;
		signature_body(s).put(signature_body(s).arg, p, n);
	}
	FUZZ_CHECK(signature_digest(s, digest) == 20);
	FUZZ_CHECK((line = signature_value(s, fake, 128)) != NULL);
	for (; *line != '\0'; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		FUZZ_CHECK(n > 1 && n < 270 && line[n - 1] != ' ');
	}
	signature_free(s);
}

/* The line at *p; it is copied, cut if too long. */
static void
line_take(const char **p, const char *end, char *out, size_t size)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	size_t len;

	if (nl == NULL)
		nl = end;
	len = (size_t)(nl - *p);
	if (len > size - 1)
		len = size - 1;
	memcpy(out, *p, len);
	out[len] = '\0';
	*p = nl < end ? nl + 1 : end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct privkey *keys[2];
	const char *end = (const char *)data + size, *p, *why;
	struct signing sg = { .domain = "example.org" };
	struct fields *fs;
	char list[256];

	if (keys[0] == NULL) {
		keys[0] = privkey_parse(RFC8463_RSA, "rsa");
		keys[1] = privkey_parse(RFC8463_ED25519, "ed25519");
		FUZZ_CHECK(keys[0] != NULL && keys[1] != NULL);
	}
	if (size < 3)
		return 0;
	p = (const char *)data + 2;
	line_take(&p, end, sg.identity, sizeof(sg.identity));
	line_take(&p, end, list, sizeof(list));
	fs = fields_new(list, fields_oversign, &why);
	if (fs == NULL && (fs = fields_new("*", fields_default, &why)) == NULL)
		return 0;
	header_read(p, (size_t)(end - p));
	sg.fields = fs;
	sg.header = data[0] & 1 ? CANON_SIMPLE : CANON_RELAXED;
	sg.body = data[0] & 2 ? CANON_SIMPLE : CANON_RELAXED;
	sg.key = keys[data[0] >> 2 & 1];
	sg.ztag = (enum ztag)((data[0] >> 3 & 3) % 3);
	sg.timestamp = data[0] >> 5 & 1;
	sg.expire = data[0] & 64 ? 1 << data[1] % 30 : 0;
	memset(sg.selector, 's', data[1] % 255 + 1);
	memset(fake, data[1], sizeof(fake));
	check_dkim(&sg, data[1] % 3 == 0 ? sizeof(fake) : 64u + data[1]);
	check_domainkeys(&sg, p, (size_t)(end - p) % 8);
	fields_free(fs);
	return 0;
}

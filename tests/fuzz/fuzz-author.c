/* SPDX-License-Identifier: ISC */
/*
 * The author of any bytes: a domain that a signature can have, and the same
 * author when his address is written properly.
 */

#include <string.h>

#include "author.h"
#include "fuzz.h"

static void
check_domain(const char *domain)
{
	char again[AUTHOR_DOMAIN];
	size_t i, label = 0, len = strlen(domain);

	FUZZ_CHECK(len > 0 && len <= 253);
	for (i = 0; i < len; i++) {
		if (domain[i] == '.') {
			FUZZ_CHECK(label > 0);
			label = 0;
			continue;
		}
		FUZZ_CHECK(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_",
		    domain[i]) != NULL);
		FUZZ_CHECK(++label <= 63);
	}
	FUZZ_CHECK(label > 0);
	FUZZ_CHECK(author_domain(domain, len, again) == 0);
	FUZZ_CHECK(strcmp(domain, again) == 0);
	FUZZ_CHECK(author_below(domain, again) == 0);
}

/* RFC 5322, 3.2.4 */
static void
check_again(const struct author *a)
{
	char value[2 * AUTHOR_LOCAL + AUTHOR_DOMAIN + 8], *out = value;
	struct author again;
	const char *p;

	*out++ = '<';
	*out++ = '"';
	for (p = a->local; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			*out++ = '\\';
		*out++ = *p;
	}
	*out++ = '"';
	*out++ = '@';
	memcpy(out, a->domain, strlen(a->domain));
	out += strlen(a->domain);
	*out++ = '>';
	FUZZ_CHECK(author_parse(value, (size_t)(out - value), &again) == 0);
	FUZZ_CHECK(strcmp(a->domain, again.domain) == 0);
	FUZZ_CHECK(strcmp(a->local, again.local) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[AUTHOR_DOMAIN], name[AUTHOR_DOMAIN];
	struct author a;
	size_t i;

	if (author_parse((const char *)data, size, &a) == 0) {
		check_domain(a.domain);
		check_again(&a);
	} else
		FUZZ_CHECK(*a.domain == '\0' && *a.local == '\0');
	if (author_domain((const char *)data, size, name) == 0)
		check_domain(name);
	author_list_id((const char *)data, size, id);
	for (i = 0; id[i] != '\0'; i++)
		FUZZ_CHECK(id[i] > ' ' && id[i] < 127 &&
		    !(id[i] >= 'A' && id[i] <= 'Z'));
	return 0;
}

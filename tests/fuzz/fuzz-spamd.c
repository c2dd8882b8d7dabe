/* SPDX-License-Identifier: ISC */
/*
 * A reply of spamd: what is understood of it does not depend on how it was
 * cut, nor on what follows its head, and lies within bounds.
 */

#include <string.h>

#include "fuzz.h"
#include "spamd.h"

static void
check_reply(const struct spamd_reply *r)
{
	FUZZ_CHECK(r->code >= 0 && r->code <= 1000);
	FUZZ_CHECK(memchr(r->text, '\0', sizeof(r->text)) != NULL);
	FUZZ_CHECK(strpbrk(r->text, "\n") == NULL);
	FUZZ_CHECK(r->score >= -1e9 && r->score <= 1e9);
	FUZZ_CHECK(r->threshold >= -1e9 && r->threshold <= 1e9);
	FUZZ_CHECK(r->scored || (r->score == 0 && r->threshold == 0));
	FUZZ_CHECK(r->has_length || r->length == 0);
}

static void
check_request(const char *user, size_t len)
{
	struct spamd_request	 rq = { .verb = SPAMD_HEADERS, .length = len };
	char			 head[SPAMD_HEAD_MAX];
	const char		*p;
	size_t			 n, lines = 0;

	rq.user = user;
	n = spamd_head(head, &rq);
	FUZZ_CHECK(n < sizeof(head) && strlen(head) == n);
	for (p = head; (p = strchr(p, '\n')) != NULL; p++) {
		FUZZ_CHECK(p > head && p[-1] == '\r');
		lines++;
	}
	/* Verb, length, and an empty one; a user, or none. */
	FUZZ_CHECK(lines == 3 || lines == 4);
	FUZZ_CHECK(strcmp(head + n - 4, "\r\n\r\n") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spamd_reply	 all, part;
	const char		*text = (const char *)data, *why;
	char			*user;
	long			 n, got;
	size_t			 i, step = size / 64 + 1;

	n = spamd_parse(text, size, &all, &why);
	FUZZ_CHECK(n >= -1 && n <= (long)size);
	FUZZ_CHECK((n == -1) == (why != NULL));
	if (n > 0) {
		check_reply(&all);
		FUZZ_CHECK(n <= SPAMD_REPLY_HEAD_MAX && text[n - 1] == '\n');
		got = spamd_parse(text, (size_t)n, &part, &why);
		FUZZ_CHECK(got == n && memcmp(&all, &part,
		    sizeof(all)) == 0);
	}
	for (i = 0; i < size; i += step) {
		got = spamd_parse(text, i, &part, &why);
		/* It may be refused early, but then for good. */
		FUZZ_CHECK(n == -1 ? got <= 0 :
		    got == (n > 0 && i >= (size_t)n ? n : 0));
	}
	FUZZ_CHECK((user = strndup(text, size)) != NULL);
	check_request(user, size);
	free(user);
	return 0;
}

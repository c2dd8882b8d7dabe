/* SPDX-License-Identifier: ISC */
/*
 * A key record from the DNS: what is read of it and written anew reads as the
 * same, in one piece and in each of the forms.
 */

#include <string.h>

#include "fuzz.h"
#include "record.h"

static int
same(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->testing == b->testing &&
	    a->strict == b->strict && a->sha256 == b->sha256 &&
	    strcmp(a->p, b->p) == 0;
}

/* The strings of a form, put together. */
static size_t
strings_join(char *s)
{
	char	*p = s, *end;
	size_t	 n = 0;

	while ((p = strchr(p, '"')) != NULL) {
		FUZZ_CHECK((end = strchr(++p, '"')) != NULL);
		FUZZ_CHECK(end - p <= RECORD_STRING);
		memmove(s + n, p, (size_t)(end - p));
		n += (size_t)(end - p);
		p = end + 1;
	}
	return n;
}

static void
check_forms(const struct record *r)
{
	const struct record_place	 at = { "s", "example.org", 1 };
	struct record			 again;
	char				*text;
	int				 form;

	for (form = 0; form < RECORD_FORM_MAX; form++) {
		text = record_print(r, &at, (enum record_form)form);
		FUZZ_CHECK(text != NULL && text[strlen(text) - 1] == '\n');
		if (form == RECORD_BIND || form == RECORD_NSD) {
			FUZZ_CHECK(record_parse(&again, text,
			    strings_join(text)) == NULL);
			FUZZ_CHECK(same(r, &again));
		}
		free(text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record	 r, again;
	static char		 text[RECORD_TEXT];
	const char		*why;
	int			 n;

	why = record_parse(&r, (const char *)data, size);
	FUZZ_CHECK(memchr(r.p, '\0', sizeof(r.p)) != NULL);
	FUZZ_CHECK(memchr(r.hashes, '\0', sizeof(r.hashes)) != NULL);
	if (why != NULL)
		return 0;
	if (r.type == RECORD_OTHER)
		r.type = RECORD_RSA;
	/* A list that could have been ours. */
	if (r.hashes[strspn(r.hashes, "abcdefghijklmnopqrstuvwxyz0123456789:")]
	    != '\0' || strlen(r.hashes) == sizeof(r.hashes) - 1) {
		r.hashes[0] = '\0';
		r.sha256 = 1;
	}
	if (r.hashes[0] == '\0')
		r.sha256 = 1;
	FUZZ_CHECK((n = record_make(&r, text)) > 0);
	FUZZ_CHECK(record_parse(&again, text, (size_t)n) == NULL);
	FUZZ_CHECK(same(&r, &again) && !again.old);
	check_forms(&r);
	return 0;
}

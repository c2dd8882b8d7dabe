/* SPDX-License-Identifier: ISC */
/*
 * An answer of a policy server: where it ends does not depend on how it was
 * cut, nor on what follows; what is understood of it can be said to a client.
 * And a request, whatever a client called itself.
 */

#include <string.h>

#include "fuzz.h"
#include "policyd.h"

static void
check_text(const char *text)
{
	const char	*p;

	for (p = text; *p != '\0'; p++)
		FUZZ_CHECK(*p >= ' ' && *p <= '~');
}

static void
check_answer(const struct policyd_answer *a)
{
	FUZZ_CHECK(a->word != NULL);
	FUZZ_CHECK(memchr(a->text, '\0', sizeof(a->text)) != NULL);
	check_text(a->text);
	if (a->action == POLICYD_PREPEND)
		FUZZ_CHECK(strchr(a->text, ':') > a->text);
	if (a->action != POLICYD_REJECT) {
		FUZZ_CHECK(a->code == 0);
		return;
	}
	FUZZ_CHECK(a->code >= 400 && a->code <= 599);
	FUZZ_CHECK(strlen(a->text) <= 505);
	FUZZ_CHECK(a->text[0] == '0' + a->code / 100 && a->text[1] == '.');
}

static void
check_request(const char *text, size_t len)
{
	struct session		 s = { .src = { .family = AF_INET } };
	struct policyd_request	 rq = { .session = &s, .state = "RCPT" };
	char			 buf[POLICYD_REQUEST_MAX], *copy;
	size_t			 i, n, lines = 0;

	FUZZ_CHECK((copy = strndup(text, len)) != NULL);
	rq.sender = rq.recipient = rq.helo = rq.context = copy;
	s.rdns = s.user = s.tls = copy;
	n = policyd_request(&rq, buf, sizeof(buf));
	FUZZ_CHECK(n > 0 && n <= sizeof(buf));
	for (i = 0; i < n; i++)
		lines += buf[i] == '\n';
	FUZZ_CHECK(lines == 29 && memcmp(buf + n - 2, "\n\n", 2) == 0);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policyd_answer	 a;
	const char		*text = (const char *)data, *why = NULL;
	size_t			 n, got, i, step = size / 64 + 1;

	n = policyd_frame(text, size);
	FUZZ_CHECK(n == SIZE_MAX ||
	    (n <= size && n <= POLICYD_ANSWER_MAX));
	for (i = 0; i < size; i += step) {
		got = policyd_frame(text, i);
		/* It may be refused early, but then for good. */
		if (n == SIZE_MAX)
			FUZZ_CHECK(got == 0 || got == SIZE_MAX);
		else
			FUZZ_CHECK(got == (n > 0 && i >= n ? n : 0));
	}
	if (n != SIZE_MAX && n > 0)
		size = n;
	if (policyd_parse(text, size, &a, &why) == 0)
		check_answer(&a);
	else
		FUZZ_CHECK(why != NULL);
	check_request(text, size);
	return 0;
}

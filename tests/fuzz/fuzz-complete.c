/* SPDX-License-Identifier: ISC */
/*
 * Addresses completed before smtpd does it: what comes out is what smtpd's own
 * way, retold, makes of them, and makes of that again.  The first byte says
 * which smtpd: 'o' old, 'y' young, any other: it is not known.
 */

#include <string.h>

#include "../unit/appends.h"
#include "complete.h"
#include "fuzz.h"

#define HOST	"mx.example"

/* As a header has it: no NUL, an LF only in folds. */
static char *
value_of(const uint8_t *data, size_t size)
{
	char *value;
	size_t i;

	FUZZ_CHECK((value = malloc(size + 1)) != NULL);
	for (i = 0; i < size; i++) {
		value[i] = data[i] == '\0' ? '0' : (char)data[i];
		if (i > 0 && value[i - 1] == '\n')
			value[i] = ' ';
	}
	value[size] = '\0';
	return value;
}

static void
check_verdict(const char *value, int verdict, const char *out, int old)
{
	char *again, *want;

	want = appends(value, HOST, old);
	again = appends(want, HOST, old);
	if (verdict == 0)
		FUZZ_CHECK(strcmp(value, want) == 0);
	else if (verdict == 1) {
		FUZZ_CHECK(strcmp(out, want) == 0);
		FUZZ_CHECK(strcmp(again, want) == 0);
	} else
		FUZZ_CHECK(strcmp(again, want) != 0);
	free(again);
	free(want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complete_smtpd smtpd = { HOST, 0, 65485 };
	char *out = NULL, *value;
	size_t len;
	int verdict;

	if (size == 0 || size > 4096)
		return 0;
	smtpd.version = *data == 'o' ? 60800 : *data == 'y' ? 70900 : 0;
	value = value_of(data + 1, size - 1);
	verdict = complete_addresses(value, size - 1, &smtpd, &out, &len);
	if (verdict == 1)
		FUZZ_CHECK(strlen(out) == len);
	if (smtpd.version == 0 && verdict == -1)
		FUZZ_CHECK(out == NULL);
	else {
		if (smtpd.version < 70500)
			check_verdict(value, verdict, out, 1);
		if (smtpd.version == 0 || smtpd.version >= 70500)
			check_verdict(value, verdict, out, 0);
	}
	if (verdict == 1)
		free(out);
	free(value);
	return 0;
}

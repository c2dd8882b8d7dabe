/* SPDX-License-Identifier: ISC */
/*
 * The line parser: what it takes lies inside of the line, and an answer made
 * from it is well-formed.
 */

#include <string.h>

#include "fuzz.h"
#include "proto.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proto_line	 l;
	const char		*line = (const char *)data, *arg, *f;
	char			 buf[PROTO_ANSWER_MAX];
	size_t			 len, flen, n, sum = 0;

	if (proto_parse(&l, line, size) != NULL)
		return 0;
	FUZZ_CHECK(l.len <= size);
	FUZZ_CHECK(l.len == 0 ||
	    (l.arg >= line && l.arg + l.len == line + size));
	arg = l.arg;
	len = l.len;
	while ((f = proto_field(&arg, &len, &flen)) != NULL) {
		FUZZ_CHECK(memchr(f, '|', flen) == NULL);
		sum += flen + 1;
	}
	FUZZ_CHECK(sum == l.len + 1);
	if (l.kind != PROTO_FILTER)
		return 0;
	FUZZ_CHECK(l.what <= PHASE_UNKNOWN);
	n = proto_result(buf, l.minor, l.session, l.token, "proceed");
	FUZZ_CHECK(n == 14 + 34 + 8 && buf[n - 1] == '\n');
	FUZZ_CHECK(memchr(buf, '\n', n) == buf + n - 1);
	return 0;
}

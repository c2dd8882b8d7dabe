/* SPDX-License-Identifier: ISC */
/*
 * usage: complete-values HOST VERSION
 *
 * For tests/smtpd: what complete_addresses() says about values, read from
 * stdin with a NUL after each.  Answers with the verdict (0, 1 or -1), a ':',
 * the new value if there is one, and a NUL.  Exits 1 on a usage error.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "complete.h"

int
main(int argc, char *argv[])
{
	struct complete_smtpd smtpd;
	const char *errstr;
	char *out, *value = NULL;
	size_t len, size = 0;
	ssize_t n;
	int verdict;

	if (argc != 3)
		return 1;
	smtpd.host = argv[1];
	smtpd.version = (int)strtonum(argv[2], 0, 1000000, &errstr);
	smtpd.line_max = smtpd.version < 70400 ? 1997 : 65485;
	if (errstr != NULL)
		return 1;
	while ((n = getdelim(&value, &size, '\0', stdin)) > 0) {
		out = NULL;
		len = 0;
		verdict = complete_addresses(value, strlen(value), &smtpd,
		    &out, &len);
		printf("%d:%.*s%c", verdict, (int)len, verdict == 1 ? out : "",
		    '\0');
		if (verdict == 1)
			free(out);
	}
	free(value);
	return 0;
}

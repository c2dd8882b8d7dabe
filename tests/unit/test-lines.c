/* SPDX-License-Identifier: ISC */
/* A message as smtpd reads it: line ends, NULs, and what is too long. */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lines.h"

static char	 big[LINES_LONGEST + 3];

/* Lines in brackets, or "NUMBER: why". */
static void
read_as(const char *mail, size_t len, const char *want)
{
	struct lines	 l = { .n = 0 };
	const char	*why;
	char		 got[512] = "";
	FILE		*fp;
	size_t		 number, i, n = 0;

	assert_non_null(fp = tmpfile());
	assert_int_equal(fwrite(mail, 1, len, fp), len);
	rewind(fp);
	if ((why = lines_read(&l, fp, &number)) != NULL)
		(void)snprintf(got, sizeof(got), "%zu: %s", number, why);
	else
		for (i = 0; i < l.n; i++)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "[%s]",
			    l.line[i].text);
	assert_string_equal(got, want);
	(void)fclose(fp);
	lines_free(&l);
}

static void
lf_and_crlf_end_a_line(void **state)
{
	read_as("", 0, "");
	read_as("a\nb\r\nc", 6, "[a][b][c]");
	read_as("\n\r\n", 3, "[][]");
	read_as("a\r\r\nb\rc\n", 8, "[a\r][b\rc]");
}

static void
a_nul_cuts_its_line(void **state)
{
	read_as("a\0b\nc\n", 6, "[a][c]");
	read_as("\0\n", 2, "[]");
}

static void
a_line_that_smtpd_refuses_is_named(void **state)
{
	struct lines	 l = { .n = 0 };

	memset(big, 'x', sizeof(big));
	big[0] = 'a';
	big[1] = '\n';
	read_as(big, sizeof(big), "2: longer than smtpd takes from a client");
	big[sizeof(big) - 1] = '\n';
	big[3] = '\0';
	read_as(big, sizeof(big), "[a][x]");
	lines_add(&l, big, 1);
	lines_add(&l, "bc", 2);
	assert_int_equal(l.bytes, 5);
	assert_false(lines_same(&l.line[0], &l.line[1]));
	assert_true(lines_same(&l.line[1], &l.line[1]));
	lines_free(&l);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(lf_and_crlf_end_a_line),
		cmocka_unit_test(a_nul_cuts_its_line),
		cmocka_unit_test(a_line_that_smtpd_refuses_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

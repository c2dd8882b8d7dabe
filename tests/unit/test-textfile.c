/* SPDX-License-Identifier: ISC */
/*
 * Files that an operator wrote, line by line: where a line ends, what is none,
 * and that nothing waits for what is no file.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stderr.h"
#include "textfile.h"

static char	 path[] = "/tmp/test-textfile.XXXXXX";
static char	 line[TEXTFILE_LINE];

static FILE *
file_of(const char *s, size_t len)
{
	struct stat	 st;
	FILE		*fp;

	assert_non_null(fp = fopen(path, "w"));
	assert_int_equal(fwrite(s, 1, len, fp), len);
	assert_int_equal(fclose(fp), 0);
	assert_non_null(fp = textfile_open(path, &st));
	assert_int_equal(st.st_size, len);
	return fp;
}

static void
next_is(FILE *fp, const char *want, const char *what)
{
	const char	*why;

	assert_int_equal(textfile_line(fp, line, &why), 1);
	assert_string_equal(line, want);
	if (what == NULL)
		assert_null(why);
	else
		assert_string_equal(why, what);
}

static void
that_was_all(FILE *fp)
{
	const char	*why;

	assert_int_equal(textfile_line(fp, line, &why), 0);
	assert_null(why);
	assert_int_equal(ferror(fp), 0);
	assert_int_equal(fclose(fp), 0);
}

static void
lines_come_without_newlines_and_the_last_needs_none(void **state)
{
	FILE	*fp = file_of("one\n\n two\r\nthree", 16);

	next_is(fp, "one", NULL);
	next_is(fp, "", NULL);
	next_is(fp, " two\r", NULL);
	next_is(fp, "three", NULL);
	that_was_all(fp);
	that_was_all(file_of("", 0));
	fp = file_of("\n", 1);
	next_is(fp, "", NULL);
	that_was_all(fp);
}

static void
a_nul_byte_is_told_of_its_line_only(void **state)
{
	FILE	*fp = file_of("a\0b\nc\n\0", 7);

	next_is(fp, "a", "a NUL byte in the line");
	next_is(fp, "c", NULL);
	next_is(fp, "", "a NUL byte in the line");
	that_was_all(fp);
}

/* One byte below the limit, and one above; the next line is whole. */
static void
a_line_has_an_end(void **state)
{
	char	*s;
	FILE	*fp;

	assert_non_null(s = malloc(2 * TEXTFILE_LINE));
	memset(s, 'x', 2 * TEXTFILE_LINE);
	s[TEXTFILE_LINE - 1] = '\n';
	fp = file_of(s, TEXTFILE_LINE + 1);
	s[TEXTFILE_LINE - 1] = '\0';
	next_is(fp, s, NULL);
	next_is(fp, "x", NULL);
	that_was_all(fp);

	s[TEXTFILE_LINE - 1] = 'x';
	s[TEXTFILE_LINE] = '\n';
	fp = file_of(s, TEXTFILE_LINE + 2);
	s[TEXTFILE_LINE - 1] = '\0';
	next_is(fp, s, "longer than 64 KB");
	next_is(fp, "x", NULL);
	that_was_all(fp);
	free(s);
}

static void
a_byte_order_mark_at_the_begin_is_no_text(void **state)
{
	FILE	*fp = file_of("\xef\xbb\xbf" "a\n\xef\xbb\xbf" "b", 9);

	next_is(fp, "a", NULL);
	next_is(fp, "\xef\xbb\xbf" "b", NULL);
	that_was_all(fp);
	fp = file_of("\xef\xbb", 2);
	next_is(fp, "\xef\xbb", NULL);
	that_was_all(fp);
}

static void
refused(const char *name, const char *why)
{
	struct stat	 st;
	char		 want[128];

	(void)snprintf(want, sizeof(want), "%s: %s\n", name, why);
	stderr_start();
	assert_null(textfile_open(name, &st));
	assert_string_equal(stderr_stop(), want);
}

/* Nobody writes to the FIFO: who waits for that waits for ever. */
static void
what_is_no_file_is_refused_at_once(void **state)
{
	(void)alarm(10);
	refused("/tmp", "not a regular file");
	refused("/dev/null", "not a regular file");
	refused("/nonexistent/file", "No such file or directory");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(path, "not a regular file");
	assert_int_equal(unlink(path), 0);
	(void)alarm(0);
}

static int
setup(void **state)
{
	int	 fd;

	if ((fd = mkstemp(path)) == -1)
		return -1;
	return close(fd);
}

static int
teardown(void **state)
{
	(void)unlink(path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    lines_come_without_newlines_and_the_last_needs_none),
		cmocka_unit_test(a_nul_byte_is_told_of_its_line_only),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(a_byte_order_mark_at_the_begin_is_no_text),
		cmocka_unit_test(what_is_no_file_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

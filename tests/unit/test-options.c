/* SPDX-License-Identifier: ISC */
/*
 * Options by letter, by -o and by file: the values that are taken, the words
 * for those that are not, and that all mistakes are told.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"
#include "stderr.h"

static int		 check, quiet, policy, calls;
static int64_t		 number, delay, size, count;
static const char	*text;
static char		 called[64];
static char		 path[] = "/tmp/test-options.XXXXXX";

static const char *
call_rule(const char *value)
{
	if (strcmp(value, "bad") == 0)
		return "no such rule";
	(void)snprintf(called + strlen(called),
	    sizeof(called) - strlen(called), "<%s>", value);
	return NULL;
}

static const char *
call_verbose(const char *value)
{
	assert_null(value);
	calls++;
	return NULL;
}

static const char *const	 policies[] = { "accept", "tempfail", NULL };

static const struct key	 own[] = {
	{ .name = "rule", .type = KEY_CALL, .letter = 'r', .call = call_rule },
	{ .name = "number", .type = KEY_NUMBER, .letter = 'N', .dest = &number,
	    .min = -1, .max = 50 },
	{ .name = "delay", .type = KEY_DURATION, .letter = 's', .dest = &delay,
	    .min = 500, .max = 300000 },
	{ .name = "size", .type = KEY_SIZE, .dest = &size, .max = 2 << 20 },
	{ .name = "text", .type = KEY_STRING, .letter = 't', .dest = &text },
	{ .name = "count", .type = KEY_NUMBER, .dest = &count },
	{ .name = "", .type = KEY_BOOL, .letter = 'q', .dest = &quiet },
	{ .name = NULL }
};
static const struct key	 engine[] = {
	{ .name = "check", .type = KEY_BOOL, .letter = 'n', .dest = &check },
	{ .name = "quiet", .type = KEY_BOOL, .letter = 't', .dest = &quiet },
	{ .name = "verbose", .type = KEY_CALL, .letter = 'v', .max = -1,
	    .call = call_verbose },
	{ .name = "policy", .type = KEY_CHOICE, .dest = &policy,
	    .choices = policies },
	{ .name = NULL }
};
static const struct key *const	 tables[] = { own, engine, NULL };

/* Up to four arguments. */
static int
parse(const char *a, const char *b, const char *c, const char *d)
{
	char		 name[] = "filter-x";
	const char	*in[] = { a, b, c, d };
	char		*argv[6] = { name };
	int		 argc = 1, i;

	for (i = 0; i < 4 && in[i] != NULL; i++)
		argv[argc++] = (char *)(uintptr_t)in[i];
	return options_parse(tables, "filter-x [-n]", argc, argv, NULL);
}

/* What parse() says on stderr; it must fail. */
static const char *
complaint(const char *a, const char *b, const char *c, const char *d)
{
	stderr_start();
	assert_int_equal(parse(a, b, c, d), -1);
	return stderr_stop();
}

static void
write_file(const char *s, size_t len)
{
	FILE	*fp;

	assert_non_null(fp = fopen(path, "w"));
	assert_int_equal(fwrite(s, 1, len, fp), len);
	assert_int_equal(fclose(fp), 0);
}

static int
reset(void **state)
{
	check = quiet = policy = calls = 0;
	number = delay = size = count = 0;
	text = NULL;
	called[0] = '\0';
	return 0;
}

static void
letters_alone_together_and_with_values(void **state)
{
	assert_int_equal(parse("-nvv", "-s5", "-r", "a b"), 0);
	assert_int_equal(check, 1);
	assert_int_equal(calls, 2);
	assert_int_equal(delay, 5000);
	assert_string_equal(called, "<a b>");
	assert_int_equal(parse(NULL, NULL, NULL, NULL), 0);
}

static void
the_first_table_with_a_letter_has_it(void **state)
{
	assert_int_equal(parse("-t", "x", NULL, NULL), 0);
	assert_string_equal(text, "x");
	assert_int_equal(quiet, 0);
}

static void
o_sets_any_key_and_the_later_one_wins(void **state)
{
	assert_int_equal(parse("-o", "number=7", "-o", "number=-1"), 0);
	assert_int_equal(number, -1);
	assert_int_equal(parse("-otext=a=b c", "-opolicy=tempfail",
	    "-orule=1", "-orule=2"), 0);
	assert_string_equal(text, "a=b c");
	assert_int_equal(policy, 1);
	assert_string_equal(called, "<1><2>");
	assert_int_equal(parse("-ocheck=yes", "-oquiet=yes", "-ocheck=no",
	    "-otext="), 0);
	assert_int_equal(check, 0);
	assert_int_equal(quiet, 1);
	assert_string_equal(text, "");
	assert_int_equal(parse("-o", "verbose", NULL, NULL), 0);
	assert_int_equal(calls, 1);
}

static void
mistakes_name_the_option_the_reason_and_the_value(void **state)
{
	assert_string_equal(complaint("-s", "soon", NULL, NULL),
	    "-s: not a number, or one followed by s, m, h or d: "
	    "\"soon\"\n");
	assert_string_equal(complaint("-s", "0.4", NULL, NULL),
	    "-s: not from 0.500s to 300s: \"0.4\"\n");
	assert_string_equal(complaint("-o", "number=51", NULL, NULL),
	    "-o number: not from -1 to 50: \"51\"\n");
	assert_string_equal(complaint("-o", "number= 5", NULL, NULL),
	    "-o number: not a number: \" 5\"\n");
	assert_string_equal(complaint("-o", "number=99999999999999999999",
	    NULL, NULL),
	    "-o number: too large: \"99999999999999999999\"\n");
	assert_string_equal(complaint("-o", "size=3m", NULL, NULL),
	    "-o size: not from 0 to 2m: \"3m\"\n");
	assert_string_equal(complaint("-o", "check=maybe", NULL, NULL),
	    "-o check: not yes or no: \"maybe\"\n");
	assert_string_equal(complaint("-o", "policy=drop", NULL, NULL),
	    "-o policy: not one of accept, tempfail: \"drop\"\n");
	assert_string_equal(complaint("-o", "rule=bad", NULL, NULL),
	    "-o rule: no such rule: \"bad\"\n");
	assert_string_equal(complaint("-o", "number", NULL, NULL),
	    "-o number: needs a value\n");
	assert_string_equal(complaint("-o", "verbose=1", NULL, NULL),
	    "-o verbose: takes no value: \"1\"\n");
	assert_string_equal(complaint("-o", "nosuch=secret", NULL, NULL),
	    "-o nosuch: unknown key\n");
	assert_string_equal(complaint("-o", "numbe=1", NULL, NULL),
	    "-o numbe: unknown key\n");
	assert_string_equal(complaint("-s", "-5", NULL, NULL),
	    "-s: negative: \"-5\"\n");
	assert_string_equal(complaint("-o", "size=-5", NULL, NULL),
	    "-o size: negative: \"-5\"\n");
	assert_string_equal(complaint("-o", "count=-5", NULL, NULL),
	    "-o count: negative: \"-5\"\n");
	assert_string_equal(complaint("-s", "0.0009", NULL, NULL),
	    "-s: less than a millisecond: \"0.0009\"\n");
}

static void
what_is_no_pair_is_told_so(void **state)
{
	static const char *const	 pairs[] = { "", "=", "=1", "foo" };
	char				 want[64];
	size_t				 i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		(void)snprintf(want, sizeof(want), *pairs[i] == '\0' ?
		    "-o: not KEY=VALUE\n" : "-o: not KEY=VALUE: \"%s\"\n",
		    pairs[i]);
		assert_string_equal(complaint("-o", pairs[i], NULL, NULL),
		    want);
	}
	/* A key of a letter only has no name. */
	assert_string_equal(complaint("-o", "=", NULL, NULL),
	    "-o: not KEY=VALUE: \"=\"\n");
	assert_int_equal(parse("-q", NULL, NULL, NULL), 0);
	assert_int_equal(quiet, 1);
}

/* Half of them come from a keyboard, and half from who knows where. */
static void
what_is_told_has_no_bytes_of_a_terminal(void **state)
{
	assert_string_equal(complaint("-o", "x\033[2J=1", NULL, NULL),
	    "-o x\\033[2J: unknown key\n");
	assert_string_equal(complaint("-o", "number=\033\xff", NULL, NULL),
	    "-o number: not a number: \"\\033\\377\"\n");
	write_file("n\033 1\ncheck \b\n", 13);
	assert_non_null(strstr(complaint("-f", path, NULL, NULL),
	    ":1: n\\033: unknown key\n"));
	assert_non_null(strstr(complaint("-f", path, NULL, NULL),
	    ":2: check: not yes or no: \"\\010\"\n"));
}

static void
all_mistakes_are_told_not_only_the_first(void **state)
{
	assert_string_equal(complaint("-s", "x", "-o", "foo=1"),
	    "-s: not a number, or one followed by s, m, h or d: \"x\"\n"
	    "-o foo: unknown key\n");
}

static void
a_file_has_keys_comments_and_values_with_blanks(void **state)
{
	static const char	 file[] =
	    "# comment\n\n   \nnumber 7\n"
	    "\ttext\t one  two#three \t# four\r\n"
	    "rule a  # b\nrule c d\npolicy tempfail\nverbose\ncheck yes";

	write_file(file, sizeof(file) - 1);
	assert_int_equal(parse("-f", path, NULL, NULL), 0);
	assert_int_equal(number, 7);
	assert_string_equal(text, "one  two#three");
	assert_string_equal(called, "<a><c d>");
	assert_int_equal(policy, 1);
	assert_int_equal(calls, 1);
	assert_int_equal(check, 1);
	assert_int_equal(parse("-f", path, "-o", "number=8"), 0);
	assert_int_equal(number, 8);
	assert_int_equal(parse("-o", "number=8", "-f", path), 0);
	assert_int_equal(number, 7);
}

static void
mistakes_in_a_file_have_its_name_and_the_line(void **state)
{
	static const char	 file[] =
	    "number 7\nnumber x y\n\nfoo bar\ntext\nsize 1\0m\n";
	char			 want[512];

	write_file(file, sizeof(file) - 1);
	(void)snprintf(want, sizeof(want),
	    "%s:2: number: not a number: \"x y\"\n%s:4: foo: unknown key\n"
	    "%s:5: text: needs a value\n%s:6: a NUL byte in the line\n",
	    path, path, path, path);
	assert_string_equal(complaint("-f", path, NULL, NULL), want);
	assert_string_equal(complaint("-f", "/nonexistent/file", NULL, NULL),
	    "/nonexistent/file: No such file or directory\n");
	assert_string_equal(complaint("-f", "/tmp", NULL, NULL),
	    "/tmp: not a regular file\n");
}

/* As other programs have it: no reason to be strict. */
static void
a_file_may_have_equals_signs_or_colons(void **state)
{
	static const char	 file[] =
	    "number = 6\nnumber=6\nnumber: 5\nnumber\t=\nfoo = 5\n"
	    "= 5\ntext : a = b:c\ntext ::1\n";
	char			 want[512];

	write_file(file, sizeof(file) - 1);
	(void)snprintf(want, sizeof(want),
	    "%s:4: number: needs a value\n"
	    "%s:5: foo: unknown key\n%s:6: -: unknown key\n",
	    path, path, path);
	assert_string_equal(complaint("-f", path, NULL, NULL), want);
	assert_int_equal(number, 5);
	assert_string_equal(text, "::1");
}

/* What is said by a parse() that has to exit with 1. */
static const char *
exits(const char *a, const char *b)
{
	pid_t		 pid;
	const char	*said;
	int		 status;

	stderr_start();
	assert_true((pid = fork()) != -1);
	if (pid == 0) {
		(void)parse(a, b, NULL, NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	said = stderr_stop();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	return said;
}

static void
an_unknown_letter_or_a_left_over_word_shows_the_usage(void **state)
{
	assert_string_equal(exits("-Z", NULL),
	    "-Z: unknown option\nusage: filter-x [-n]\n");
	assert_string_equal(exits("-n", "word"),
	    "left over: word\nusage: filter-x [-n]\n");
	assert_string_equal(exits("-s", NULL),
	    "-s: needs a value\nusage: filter-x [-n]\n");
}

static void
durations_are_exact(void **state)
{
	static const struct {
		const char	*in;
		int64_t		 ms;
	} good[] = {
		{ "0", 0 }, { "5", 5000 }, { "5s", 5000 }, { "0.5", 500 },
		{ "0.001", 1 }, { "0.000", 0 }, { "1.1", 1100 },
		{ "0.3", 300 }, { "4.35s", 4350 }, { "1.5m", 90000 },
		{ "90s", 90000 }, { "5M", 300000 }, { "2h", 7200000 },
		{ "30d", 2592000000 }, { "0.1d", 8640000 },
		{ "1.000000000999999", 1000 }, { "8.7", 8700 },
		{ "2147483647d", 185542587100800000 },
	};
	static const char *const bad[] = {
		"", " 5", "5 ", "-1", "+1", "1.", ".5", "1..2", "5x", "5ss",
		"s", "1e3", "0x10", "5 s", "1,5",
		"0.0009", "0.00000000000000001d", "0.00001m",
		"99999999999999999999999999", "2000000000000d",
	};
	int64_t	 ms;
	size_t	 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (options_duration(good[i].in, &ms) != NULL ||
		    ms != good[i].ms)
			fail_msg("%s", good[i].in);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (options_duration(bad[i], &ms) == NULL)
			fail_msg("%s", bad[i]);
}

static void
sizes_are_whole_bytes(void **state)
{
	static const struct {
		const char	*in;
		int64_t		 bytes;
	} good[] = {
		{ "0", 0 }, { "100", 100 }, { "512k", 524288 },
		{ "2m", 2097152 }, { "1K", 1024 }, { "3g", 3221225472 },
	};
	static const char *const bad[] = {
		"", "k", "-1", "1.5m", "5d", "5kb", "5 k", "1t",
		"9999999999999g",
	};
	int64_t	 bytes;
	size_t	 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (options_size(good[i].in, &bytes) != NULL ||
		    bytes != good[i].bytes)
			fail_msg("%s", good[i].in);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (options_size(bad[i], &bytes) == NULL)
			fail_msg("%s", bad[i]);
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
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(letters_alone_together_and_with_values,
		    reset),
		cmocka_unit_test_setup(the_first_table_with_a_letter_has_it,
		    reset),
		cmocka_unit_test_setup(o_sets_any_key_and_the_later_one_wins,
		    reset),
		cmocka_unit_test_setup(
		    mistakes_name_the_option_the_reason_and_the_value, reset),
		cmocka_unit_test_setup(what_is_no_pair_is_told_so, reset),
		cmocka_unit_test_setup(what_is_told_has_no_bytes_of_a_terminal,
		    reset),
		cmocka_unit_test_setup(
		    a_file_may_have_equals_signs_or_colons, reset),
		cmocka_unit_test_setup(all_mistakes_are_told_not_only_the_first,
		    reset),
		cmocka_unit_test_setup(
		    a_file_has_keys_comments_and_values_with_blanks, reset),
		cmocka_unit_test_setup(
		    mistakes_in_a_file_have_its_name_and_the_line, reset),
		cmocka_unit_test_setup(
		    an_unknown_letter_or_a_left_over_word_shows_the_usage,
		    reset),
		cmocka_unit_test(durations_are_exact),
		cmocka_unit_test(sizes_are_whole_bytes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * Block and bypass lists: their order decides.  The lists are of one process,
 * so each test adds to those of the tests before it.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blocks.h"
#include "stderr.h"

static char		 dir[] = "/tmp/test-blocks.XXXXXX";

/* Their order is that of the options below. */
static const struct {
	const char	*name, *content;
} files[] = {
	{ "first", "192.0.2.0/24\n198.51.100.1\n.bad.example\n" },
	{ "pardon", "192.0.2.7\n203.0.113.5\n.good.bad.example\n" },
	{ "second", "192.0.2.7\n192.0.2.8\n203.0.113.0 - 203.0.113.9\n"
	    "2001:db8::/32\n" },
	{ "all", "203.0.113.9\n" },
};

static char		 values[4][160];

static void
write_file(const char *name, const char *text)
{
	FILE	*fp;
	char	 path[64], tmp[64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)snprintf(tmp, sizeof(tmp), "%s/tmp", dir);
	assert_non_null(fp = fopen(tmp, "w"));
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static const char *
find(const char *ip, const char *rdns, const char **name)
{
	struct addr	 a;

	assert_int_equal(addr_parse(&a, ip), 0);
	*name = NULL;
	return blocks_find(&a, rdns, name);
}

static void
what_is_wrong_with_a_list_is_said(void **state)
{
	static const struct {
		int		 block;
		const char	*value, *why;
	} wrong[] = {
		{ 1, "", "no file" },
		{ 1, " text", "no file" },
		{ 1, "/nonexistent/list", "not loaded" },
		{ 0, "/nonexistent/list", "not loaded" },
		{ 0, "/nonexistent/list text", "a bypass has no text" },
		{ 1, "/nonexistent/list a %B", "a % letter that has no "
		    "meaning here" },
		{ 1, "/nonexistent/list a\tb", "a byte that is not ASCII in "
		    "the text" },
		{ 1, "/nonexistent/list gr\xc3\xbc\xc3\x9f", "a byte that is "
		    "not ASCII in the text" },
	};
	const char	*name;
	char		 text[450];
	size_t		 i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		stderr_start();
		name = blocks_add(wrong[i].block, wrong[i].value);
		(void)stderr_stop();
		if (name == NULL || strcmp(name, wrong[i].why) != 0)
			fail_msg("%s: %s", wrong[i].value, name);
	}
	(void)snprintf(text, sizeof(text), "/nonexistent/list %0401d", 0);
	assert_string_equal(blocks_add(1, text),
	    "a text of more than 400 bytes");
	assert_null(find("192.0.2.1", NULL, &name));
	assert_int_equal(blocks_reload(1), 0);
}

static const struct {
	const char	*ip, *rdns, *file, *text;
} cases[] = {
	{ "192.0.2.1", NULL, "first", "Go away, 192.0.2.1: 100% sure" },
	{ "198.51.100.1", NULL, "first", "Go away, 198.51.100.1: 100% sure" },
	{ "198.51.100.2", NULL, NULL, NULL },
	{ "198.51.100.2", "mx.bad.example", "first",
	    "Go away, 198.51.100.2: 100% sure" },
	{ "198.51.100.2", "mx.good.bad.example", NULL, NULL },
	{ "198.51.100.2", "notbad.example", NULL, NULL },
	/* In both: the first one speaks. */
	{ "192.0.2.8", NULL, "first", "Go away, 192.0.2.8: 100% sure" },
	/* Taken out of the first, but the second came after that. */
	{ "192.0.2.7", NULL, "second",
	    "Your address 192.0.2.7 is in a list of blocked addresses" },
	{ "203.0.113.5", NULL, "second",
	    "Your address 203.0.113.5 is in a list of blocked addresses" },
	{ "203.0.113.9", NULL, NULL, NULL },
	{ "2001:db8::7", NULL, "second",
	    "Your address 2001:db8::7 is in a list of blocked addresses" },
};

static void
a_bypass_takes_out_of_the_lists_before_it(void **state)
{
	const char	*got, *name;
	char		 path[64];
	size_t		 i;

	for (i = 0; i < 4; i++) {
		write_file(files[i].name, files[i].content);
		(void)snprintf(values[i], sizeof(values[i]), "%s/%s%s", dir,
		    files[i].name,
		    i == 0 ? "   Go away, %A: 100%% sure" : "");
		assert_null(blocks_add(i % 2 == 0, values[i]));
	}
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = find(cases[i].ip, cases[i].rdns, &name);
		if (cases[i].text == NULL) {
			if (got != NULL)
				fail_msg("%s: %s", cases[i].ip, got);
			continue;
		}
		if (got == NULL)
			fail_msg("%s: no list", cases[i].ip);
		assert_string_equal(got, cases[i].text);
		(void)snprintf(path, sizeof(path), "%s/%s", dir,
		    cases[i].file);
		assert_string_equal(name, path);
	}
}

static void
changed_files_are_read_again_and_counted(void **state)
{
	const char	*name;
	char		 want[128];

	assert_int_equal(blocks_reload(0), 0);
	write_file("all", "192.0.2.0/24\n192.0.2.1\n");
	(void)snprintf(want, sizeof(want), "%s/all: 2 entries\n", dir);
	stderr_start();
	assert_int_equal(blocks_reload(0), 1);
	assert_string_equal(stderr_stop(), want);
	assert_null(find("192.0.2.1", NULL, &name));
	assert_non_null(find("203.0.113.9", NULL, &name));

	/* One that breaks keeps what it had; the others go on. */
	write_file("all", "nonsense\n");
	write_file("second", "203.0.113.77\n");
	stderr_start();
	assert_int_equal(blocks_reload(0), -1);
	assert_non_null(strstr(stderr_stop(), "stays: 2 entries\n"));
	assert_null(find("192.0.2.1", NULL, &name));
	assert_null(find("203.0.113.9", NULL, &name));
	assert_non_null(find("203.0.113.77", NULL, &name));
}

static int
dir_make(void **state)
{
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
dir_remove(void **state)
{
	char	 path[64];
	size_t	 i;

	for (i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir,
		    files[i].name);
		(void)unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_wrong_with_a_list_is_said),
		cmocka_unit_test(a_bypass_takes_out_of_the_lists_before_it),
		cmocka_unit_test(changed_files_are_read_again_and_counted)
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}

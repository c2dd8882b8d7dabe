/* SPDX-License-Identifier: ISC */
/*
 * Lists in files: FILE and FILE.local, and what a reload does with one that
 * changed, broke, came or went away.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lists.h"
#include "stderr.h"

static char	 dir[] = "/tmp/test-lists-files.XXXXXX";
static char	 list_path[64], local_path[80];

static void
write_file(const char *path, const char *text)
{
	FILE	*fp;
	char	 tmp[96];

	/* By rename: another inode, whatever the clock says. */
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	assert_non_null(fp = fopen(tmp, "w"));
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static int
matches(const struct list *l, const char *rdns)
{
	struct addr	 a;

	assert_int_equal(addr_parse(&a, "203.0.113.99"), 0);
	return list_match_client(l, &a, rdns);
}

static void
a_file_has_comments_blanks_and_either_line_end(void **state)
{
	struct list	*l = list_new(LIST_CLIENTS);

	write_file(list_path, "# a list\n\n  one.example  # one\r\n"
	    "\t/^two\\.example$/\t\n203.0.113");
	stderr_start();
	assert_int_equal(list_add_file(l, list_path), 0);
	assert_string_equal(stderr_stop(), "");
	assert_int_equal(list_count(l), 3);
	assert_true(matches(l, NULL));
	list_free(l);
}

static void
each_bad_line_is_told_and_nothing_is_taken(void **state)
{
	struct list	*l = list_new(LIST_CLIENTS);
	char		 want[512];

	write_file(list_path, "one.example\nfoo bar\n/*/ # x\n");
	(void)snprintf(want, sizeof(want),
	    "%s:2: a blank inside: foo\\040bar\n"
	    "%s:3: not a regular expression: ", list_path, list_path);
	stderr_start();
	assert_int_equal(list_add_file(l, list_path), -1);
	assert_memory_equal(stderr_stop(), want, strlen(want));
	assert_int_equal(list_count(l), 0);
	assert_false(matches(l, "one.example"));
	stderr_start();
	assert_int_equal(list_add_file(l, "/nonexistent/list"), -1);
	assert_string_equal(stderr_stop(),
	    "/nonexistent/list: No such file or directory\n");
	list_free(l);
}

static void
a_local_file_is_read_too_and_comes_and_goes(void **state)
{
	struct list	*l = list_new(LIST_CLIENTS);
	char		 want[160];

	write_file(list_path, "one.example\n");
	write_file(local_path, "two.example\n");
	assert_int_equal(list_add_file(l, list_path), 0);
	assert_true(matches(l, "one.example"));
	assert_true(matches(l, "two.example"));

	assert_int_equal(unlink(local_path), 0);
	(void)snprintf(want, sizeof(want), "%s: 0 entries\n", local_path);
	stderr_start();
	assert_int_equal(list_reload(l, 0), 1);
	assert_string_equal(stderr_stop(), want);
	assert_true(matches(l, "one.example"));
	assert_false(matches(l, "two.example"));
	assert_int_equal(list_reload(l, 0), 0);

	write_file(local_path, "three.example\nfour.example\n");
	(void)snprintf(want, sizeof(want), "%s: 2 entries\n", local_path);
	stderr_start();
	assert_int_equal(list_reload(l, 0), 1);
	assert_string_equal(stderr_stop(), want);
	assert_true(matches(l, "four.example"));

	/* A broken one that goes away holds up nothing. */
	write_file(local_path, "two words\n");
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_non_null(strstr(stderr_stop(), "stays: 2 entries\n"));
	assert_true(matches(l, "four.example"));
	assert_int_equal(unlink(local_path), 0);
	assert_int_equal(list_reload(l, 0), 1);
	assert_false(matches(l, "four.example"));
	list_free(l);
}

/* A socket is what not even root can open. */
static void
a_local_file_that_can_not_be_opened_holds_up_until_it_goes(void **state)
{
	struct list		*l = list_new(LIST_CLIENTS);
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 fd;

	write_file(list_path, "one.example\n");
	assert_int_equal(list_add_file(l, list_path), 0);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", local_path);
	assert_true((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(close(fd), 0);
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_non_null(strstr(stderr_stop(), "stays: 0 entries\n"));
	assert_int_equal(unlink(local_path), 0);
	stderr_start();
	assert_int_equal(list_reload(l, 0), 1);
	(void)stderr_stop();
	assert_true(matches(l, "one.example"));
	list_free(l);
}

static void
a_bad_local_file_is_a_mistake_at_start(void **state)
{
	struct list	*l = list_new(LIST_RECIPIENTS);

	write_file(list_path, "one.example\n");
	write_file(local_path, "@\n");
	stderr_start();
	assert_int_equal(list_add_file(l, list_path), -1);
	assert_non_null(strstr(stderr_stop(),
	    ".local:1: neither a name nor a domain: @\n"));
	assert_int_equal(list_count(l), 0);
	assert_int_equal(unlink(local_path), 0);
	list_free(l);
}

static void
a_broken_or_lost_file_keeps_the_old_list_and_is_told_once(void **state)
{
	struct list	*l = list_new(LIST_CLIENTS);

	assert_null(list_add(l, "own.example"));
	write_file(list_path, "one.example\n");
	write_file(local_path, "two.example\n");
	assert_int_equal(list_add_file(l, list_path), 0);

	/* One changes, the other breaks: both stay. */
	write_file(local_path, "three.example\n");
	write_file(list_path, "two words\n");
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_non_null(strstr(stderr_stop(), "stays: 1 entries\n"));
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_string_equal(stderr_stop(), "");
	assert_true(matches(l, "one.example"));
	assert_true(matches(l, "two.example"));
	assert_false(matches(l, "three.example"));

	assert_int_equal(unlink(list_path), 0);
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_non_null(strstr(stderr_stop(), "No such file"));
	stderr_start();
	assert_int_equal(list_reload(l, 0), -1);
	assert_string_equal(stderr_stop(), "");
	assert_true(matches(l, "one.example"));

	/* Good again: now both are taken. */
	write_file(list_path, "four.example\n");
	assert_int_equal(list_reload(l, 0), 1);
	assert_true(matches(l, "three.example"));
	assert_true(matches(l, "four.example"));
	assert_true(matches(l, "own.example"));
	assert_false(matches(l, "one.example"));
	assert_int_equal(list_reload(l, 1), 1);
	assert_int_equal(unlink(local_path), 0);
	list_free(l);
}

static int
dir_make(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(list_path, sizeof(list_path), "%s/list", dir);
	(void)snprintf(local_path, sizeof(local_path), "%s.local", list_path);
	return 0;
}

static int
dir_remove(void **state)
{
	(void)unlink(list_path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_file_has_comments_blanks_and_either_line_end),
		cmocka_unit_test(each_bad_line_is_told_and_nothing_is_taken),
		cmocka_unit_test(a_local_file_is_read_too_and_comes_and_goes),
		cmocka_unit_test(
		    a_local_file_that_can_not_be_opened_holds_up_until_it_goes),
		cmocka_unit_test(a_bad_local_file_is_a_mistake_at_start),
		cmocka_unit_test(
		    a_broken_or_lost_file_keeps_the_old_list_and_is_told_once)
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}

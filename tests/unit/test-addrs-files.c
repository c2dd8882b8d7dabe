/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses in files: what a line may be, and what a reload does with
 * a file that changed, broke or went away.
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "addrs.h"
#include "stderr.h"

static char	 dir[] = "/tmp/test-addrs-files.XXXXXX";
static char	 list_path[64], other_path[64];

static void
write_file(const char *path, const char *text)
{
	FILE	*fp;
	char	 tmp[80];

	/* By rename: another inode, whatever the clock says. */
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	assert_non_null(fp = fopen(tmp, "w"));
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static int
matches(struct addrs *list, const char *text)
{
	struct addr	 a;

	assert_int_equal(addr_parse(&a, text), 0);
	return addrs_match(list, &a, NULL);
}

static int
matches_name(struct addrs *list, const char *name)
{
	struct addr	 a;

	assert_int_equal(addr_parse(&a, "203.0.113.99"), 0);
	return addrs_match(list, &a, name);
}

static void
a_file_has_comments_blanks_and_either_line_end(void **state)
{
	struct addrs	*list = addrs_new();

	write_file(list_path, "# a list\n\n  192.0.2.1  # one\r\n"
	    "\t.example.org\t\n2001:db8::/32");
	stderr_start();
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_string_equal(stderr_stop(), "");
	assert_int_equal(addrs_count(list), 3);
	assert_true(matches(list, "192.0.2.1"));
	assert_true(matches(list, "2001:db8::9"));
	assert_true(matches_name(list, "mx.example.org"));
	addrs_free(list);
}

static void
each_bad_line_of_a_file_is_told_and_nothing_is_taken(void **state)
{
	struct addrs	*list = addrs_new();
	char		 want[512];

	write_file(list_path, "192.0.2.1\nfoo bar\n192.0.2.0/40 # x\n");
	(void)snprintf(want, sizeof(want),
	    "%s:2: not an address, network, range or .domain: foo\\040bar\n"
	    "%s:3: not a prefix length of 0 to 32: 192.0.2.0/40\n",
	    list_path, list_path);
	stderr_start();
	assert_int_equal(addrs_add_file(list, list_path), -1);
	assert_string_equal(stderr_stop(), want);
	assert_int_equal(addrs_count(list), 0);
	assert_false(matches(list, "192.0.2.1"));

	stderr_start();
	assert_int_equal(addrs_add_file(list, "/nonexistent/list"), -1);
	assert_string_equal(stderr_stop(),
	    "/nonexistent/list: No such file or directory\n");
	addrs_free(list);
}

static void
no_more_than_ten_bad_lines_are_told(void **state)
{
	struct addrs	*list = addrs_new();
	const char	*p;
	int		 lines = 0;

	write_file(list_path, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n");
	stderr_start();
	assert_int_equal(addrs_add_file(list, list_path), -1);
	for (p = stderr_stop(); *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 10);
	addrs_free(list);
}

static void
a_changed_file_is_noticed_and_an_unchanged_one_left_alone(void **state)
{
	struct addrs	*list = addrs_new();
	char		 want[128];

	assert_null(addrs_add(list, "198.51.100.1"));
	write_file(list_path, "192.0.2.1\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(addrs_reload(list, 0), 0);
	write_file(list_path, "192.0.2.2\n192.0.2.3\n");
	(void)snprintf(want, sizeof(want), "%s: 2 entries\n", list_path);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), 1);
	assert_string_equal(stderr_stop(), want);
	assert_false(matches(list, "192.0.2.1"));
	assert_true(matches(list, "192.0.2.2"));
	assert_true(matches(list, "198.51.100.1"));
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), 0);
	assert_string_equal(stderr_stop(), "");
	assert_int_equal(addrs_reload(list, 1), 1);
	addrs_free(list);
}

static void
a_broken_or_lost_file_keeps_the_old_list_and_is_told_once(void **state)
{
	struct addrs	*list = addrs_new();
	char		 want[256];

	write_file(list_path, "192.0.2.1\n");
	write_file(other_path, "192.0.2.2\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(addrs_add_file(list, other_path), 0);

	/* One changes, the other breaks: both stay. */
	write_file(list_path, "192.0.2.3\n");
	write_file(other_path, "nonsense\n");
	stderr_start();
	(void)snprintf(want, sizeof(want),
	    "%s:1: not an address, network, range or .domain: nonsense\n"
	    "%s: the list read before stays: 1 entries\n",
	    other_path, other_path);
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_string_equal(stderr_stop(), want);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_string_equal(stderr_stop(), "");
	assert_true(matches(list, "192.0.2.1"));
	assert_true(matches(list, "192.0.2.2"));
	assert_false(matches(list, "192.0.2.3"));

	/* Gone altogether. */
	assert_int_equal(unlink(other_path), 0);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_non_null(strstr(stderr_stop(), "No such file"));
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_string_equal(stderr_stop(), "");
	assert_true(matches(list, "192.0.2.2"));

	/* Good again: now both are taken. */
	write_file(other_path, "192.0.2.4\n");
	assert_int_equal(addrs_reload(list, 0), 1);
	assert_true(matches(list, "192.0.2.3"));
	assert_true(matches(list, "192.0.2.4"));
	assert_false(matches(list, "192.0.2.1"));
	assert_false(matches(list, "192.0.2.2"));
	addrs_free(list);
}

/* A FIFO in the place of a list must not stop the worker. */
static void
a_list_that_is_no_file_is_not_waited_for(void **state)
{
	struct addrs	*list = addrs_new();
	char		 want[256];

	(void)alarm(10);
	stderr_start();
	assert_int_equal(addrs_add_file(list, dir), -1);
	(void)snprintf(want, sizeof(want), "%s: not a regular file\n", dir);
	assert_string_equal(stderr_stop(), want);

	write_file(list_path, "192.0.2.1\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(unlink(list_path), 0);
	assert_int_equal(mkfifo(list_path, 0600), 0);
	(void)snprintf(want, sizeof(want), "%s: not a regular file\n"
	    "%s: the list read before stays: 1 entries\n",
	    list_path, list_path);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_string_equal(stderr_stop(), want);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_string_equal(stderr_stop(), "");
	(void)alarm(0);
	assert_true(matches(list, "192.0.2.1"));
	assert_int_equal(unlink(list_path), 0);
	addrs_free(list);
}

/* A socket is what not even root can open. */
static void
what_can_not_be_opened_is_tried_again(void **state)
{
	struct addrs		*list = addrs_new();
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 fd;

	write_file(list_path, "192.0.2.1\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(unlink(list_path), 0);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", list_path);
	assert_true((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(close(fd), 0);
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_non_null(strstr(stderr_stop(), "stays: 1 entries\n"));
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_null(strstr(stderr_stop(), "stays"));
	assert_true(matches(list, "192.0.2.1"));
	assert_int_equal(unlink(list_path), 0);
	addrs_free(list);
}

static void
a_hundred_thousand_lines_load_well_under_a_second(void **state)
{
	struct addrs	*list = addrs_new();
	FILE		*fp;
	clock_t		 start;
	unsigned int	 i;

	assert_non_null(fp = fopen(list_path, "w"));
	for (i = 0; i < 100000; i++)
		if (i % 4 == 0)
			(void)fprintf(fp, ".h%u.example.org\n", i);
		else
			(void)fprintf(fp, "%u.%u.%u.0/25\n", 1 + i % 199,
			    i >> 8 & 255, i & 255);
	assert_int_equal(fclose(fp), 0);
	start = clock();
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_true(matches_name(list, "a.h4.example.org"));
	assert_false(matches_name(list, "a.h5.example.org"));
	assert_true((clock() - start) / (double)CLOCKS_PER_SEC < 0.8);
	assert_int_equal(addrs_count(list), 100000);
	start = clock();
	for (i = 0; i < 100000; i++)
		(void)matches_name(list, "a.b.c.h5.example.org");
	assert_true((clock() - start) / (double)CLOCKS_PER_SEC < 0.8);
	addrs_free(list);
}

static int
setup(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(list_path, sizeof(list_path), "%s/list", dir);
	(void)snprintf(other_path, sizeof(other_path), "%s/other", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)unlink(list_path);
	(void)unlink(other_path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_file_has_comments_blanks_and_either_line_end),
		cmocka_unit_test(
		    each_bad_line_of_a_file_is_told_and_nothing_is_taken),
		cmocka_unit_test(no_more_than_ten_bad_lines_are_told),
		cmocka_unit_test(
		    a_changed_file_is_noticed_and_an_unchanged_one_left_alone),
		cmocka_unit_test(
		    a_broken_or_lost_file_keeps_the_old_list_and_is_told_once),
		cmocka_unit_test(a_list_that_is_no_file_is_not_waited_for),
		cmocka_unit_test(what_can_not_be_opened_is_tried_again),
		cmocka_unit_test(
		    a_hundred_thousand_lines_load_well_under_a_second),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

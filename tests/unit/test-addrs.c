/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses: what is taken, what is refused and why, where ranges
 * begin and end, and what a reload does with a file that changed, broke or went
 * away.
 */

#include <sys/types.h>
#include <sys/socket.h>

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
#include "compat.h"
#include "stderr.h"

static char	 dir[] = "/tmp/test-addrs.XXXXXX";
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
networks_and_ranges_match_from_first_to_last(void **state)
{
	static const struct {
		const char	*entry, *before, *first, *last, *after;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.1.255", "192.0.2.0", "192.0.2.255",
		    "192.0.3.0" },
		{ "192.0.2.77/25", "192.0.1.255", "192.0.2.0", "192.0.2.127",
		    "192.0.2.128" },
		{ "192.0.2.1/32", "192.0.2.0", "192.0.2.1", "192.0.2.1",
		    "192.0.2.2" },
		{ "192.0.2.1", "192.0.2.0", "192.0.2.1", "192.0.2.1",
		    "192.0.2.2" },
		{ "192.0.2.250-192.0.3.4", "192.0.2.249", "192.0.2.250",
		    "192.0.3.4", "192.0.3.5" },
		{ "128.0.0.0/1", "127.255.255.255", "128.0.0.0",
		    "255.255.255.255", "::1" },
		{ "0.0.0.0/0", "::", "0.0.0.0", "255.255.255.255",
		    "8000::" },
		{ "2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
		    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		    "2001:db9::" },
		{ "2001:db8::1:0/113", "2001:db8::ffff", "2001:db8::1:0",
		    "2001:db8::1:7fff", "2001:db8::1:8000" },
		{ "2001:db8::1-2001:db8::2", "2001:db8::", "2001:db8::1",
		    "2001:db8::2", "2001:db8::3" },
		{ "::ffff:192.0.2.0/120", "192.0.1.255", "192.0.2.0",
		    "192.0.2.255", "192.0.3.0" },
		{ "::/0", "0.0.0.0", "::",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "255.255.255.255" },
	};
	struct addrs	*list;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list = addrs_new();
		assert_null(addrs_add(list, cases[i].entry));
		if (matches(list, cases[i].before) ||
		    !matches(list, cases[i].first) ||
		    !matches(list, cases[i].last) ||
		    matches(list, cases[i].after))
			fail_msg("%s", cases[i].entry);
		addrs_free(list);
	}
}

static void
an_entry_that_is_wrong_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char	*entry, *why;
	} cases[] = {
		{ "", "not an address, network, range or .domain" },
		{ "example.org", "not an address, network, range or .domain" },
		{ "192.0.2.1-foo", "not an address, network, range or "
		    ".domain" },
		{ "192.0.2.0/33", "not a prefix length of 0 to 32" },
		{ "192.0.2.0/", "not a prefix length of 0 to 32" },
		{ "192.0.2.0/-1", "not a prefix length of 0 to 32" },
		{ "192.0.2.0/ 8", "not a prefix length of 0 to 32" },
		{ "192.0.2.0/255.255.255.0", "not a prefix length of 0 to 32" },
		{ "192.0.2.0:0/120", "not a prefix length of 0 to 32" },
		{ "2001:db8::/129", "not a prefix length of 0 to 128" },
		{ "::ffff:192.0.2.0/24", "a v4-mapped network has 96 bits or "
		    "more" },
		{ "192.0.2/24", "not an address before the /" },
		{ "192.0.2.1:25", "an address with a port" },
		{ "192.0.2.9-192.0.2.1", "the range ends before it begins" },
		{ "192.0.2.1-2001:db8::1", "a range from one family to "
		    "another" },
		{ ".", "not a domain name" },
		{ "..org", "not a domain name" },
		{ ".example..org", "not a domain name" },
		{ ".exa mple.org", "not a domain name" },
		{ ".*.org", "not a domain name" },
	};
	struct addrs	*list = addrs_new();
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = addrs_add(list, cases[i].entry);
		if (why == NULL || strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %s", cases[i].entry, why);
	}
	assert_int_equal(addrs_count(list), 0);
	addrs_free(list);
}

static void
a_domain_matches_itself_and_what_is_below_by_whole_labels(void **state)
{
	struct addrs	*list = addrs_new();

	assert_null(addrs_add(list, ".Example.ORG"));
	assert_null(addrs_add(list, ".net."));
	assert_null(addrs_add(list, ".mx.example.com"));
	assert_true(matches_name(list, "example.org"));
	assert_true(matches_name(list, "a.b.EXAMPLE.org"));
	assert_true(matches_name(list, "example.org."));
	assert_true(matches_name(list, "example.net"));
	assert_true(matches_name(list, "a.mx.example.com"));
	assert_false(matches_name(list, "badexample.org"));
	assert_false(matches_name(list, "example.org.uk"));
	assert_false(matches_name(list, "example.com"));
	assert_false(matches_name(list, "org"));
	assert_false(matches_name(list, ""));
	assert_false(matches_name(list, "."));
	assert_false(matches_name(list, NULL));
	addrs_free(list);
}

static void
entries_may_overlap_and_come_in_any_order(void **state)
{
	struct addrs	*list = addrs_new();
	static const char *const entries[] = {
		"10.9.0.0/16", "10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20",
		"10.0.0.21", "255.255.255.255", "10.0.0.0/30", "10.9.1.0/24",
		"10.9.255.255-10.10.0.3",
	};
	size_t		 i;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		assert_null(addrs_add(list, entries[i]));
		assert_true(matches(list, "10.9.1.1"));
	}
	assert_int_equal(addrs_count(list), 8);
	assert_true(matches(list, "10.0.0.0"));
	assert_true(matches(list, "10.0.0.21"));
	assert_false(matches(list, "10.0.0.22"));
	assert_false(matches(list, "10.8.255.255"));
	assert_true(matches(list, "10.10.0.3"));
	assert_false(matches(list, "10.10.0.4"));
	assert_true(matches(list, "255.255.255.255"));
	assert_false(matches(list, "0.0.0.0"));
	addrs_free(list);
}

/* Against the slow way: 300 random ranges, 20,000 random addresses. */
static void
the_search_agrees_with_going_through_all(void **state)
{
	struct addrs	*list = addrs_new();
	unsigned int	 first[300], last[300], ip;
	char		 text[64];
	size_t		 i, j;
	int		 want;

	srandom(1);
	for (i = 0; i < 300; i++) {
		first[i] = (unsigned int)random() & 0xffff;
		last[i] = first[i] + ((unsigned int)random() & 0x7f);
		(void)snprintf(text, sizeof(text), "10.%u.%u.%u-10.%u.%u.%u",
		    first[i] >> 16, first[i] >> 8 & 255, first[i] & 255,
		    last[i] >> 16, last[i] >> 8 & 255, last[i] & 255);
		assert_null(addrs_add(list, text));
	}
	for (i = 0; i < 20000; i++) {
		ip = (unsigned int)random() & 0x1ffff;
		(void)snprintf(text, sizeof(text), "10.%u.%u.%u", ip >> 16,
		    ip >> 8 & 255, ip & 255);
		for (want = 0, j = 0; j < 300 && !want; j++)
			want = first[j] <= ip && ip <= last[j];
		if (matches(list, text) != want)
			fail_msg("%s", text);
	}
	addrs_free(list);
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

	assert_null(addrs_add(list, "198.51.100.1"));
	write_file(list_path, "192.0.2.1\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(addrs_reload(list, 0), 0);
	write_file(list_path, "192.0.2.2\n");
	assert_int_equal(addrs_reload(list, 0), 1);
	assert_false(matches(list, "192.0.2.1"));
	assert_true(matches(list, "192.0.2.2"));
	assert_true(matches(list, "198.51.100.1"));
	assert_int_equal(addrs_reload(list, 0), 0);
	assert_int_equal(addrs_reload(list, 1), 1);
	addrs_free(list);
}

static void
a_broken_or_lost_file_keeps_the_old_list_and_is_told_once(void **state)
{
	struct addrs	*list = addrs_new();

	write_file(list_path, "192.0.2.1\n");
	write_file(other_path, "192.0.2.2\n");
	assert_int_equal(addrs_add_file(list, list_path), 0);
	assert_int_equal(addrs_add_file(list, other_path), 0);

	/* One changes, the other breaks: both stay. */
	write_file(list_path, "192.0.2.3\n");
	write_file(other_path, "nonsense\n");
	stderr_start();
	assert_int_equal(addrs_reload(list, 0), -1);
	assert_non_null(strstr(stderr_stop(), "nonsense\n"));
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
		cmocka_unit_test(networks_and_ranges_match_from_first_to_last),
		cmocka_unit_test(
		    an_entry_that_is_wrong_is_refused_with_a_reason),
		cmocka_unit_test(
		    a_domain_matches_itself_and_what_is_below_by_whole_labels),
		cmocka_unit_test(entries_may_overlap_and_come_in_any_order),
		cmocka_unit_test(the_search_agrees_with_going_through_all),
		cmocka_unit_test(a_file_has_comments_blanks_and_either_line_end),
		cmocka_unit_test(
		    each_bad_line_of_a_file_is_told_and_nothing_is_taken),
		cmocka_unit_test(no_more_than_ten_bad_lines_are_told),
		cmocka_unit_test(
		    a_changed_file_is_noticed_and_an_unchanged_one_left_alone),
		cmocka_unit_test(
		    a_broken_or_lost_file_keeps_the_old_list_and_is_told_once),
		cmocka_unit_test(
		    a_hundred_thousand_lines_load_well_under_a_second),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

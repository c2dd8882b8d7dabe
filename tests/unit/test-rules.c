/* SPDX-License-Identifier: ISC */
/*
 * Rules of filter-pause: what is one, and which is a client's.
 */

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "addrs.h"
#include "rules.h"

static const char *
find(struct rules *rs, const char *src, const char *dst, const char *rdns,
    int verified)
{
	const struct rule	*r;
	struct addr		 s, d;

	assert_int_equal(addr_parse(&s, src), 0);
	assert_int_equal(addr_parse(&d, dst), 0);
	r = rules_find(rs, &s, &d, rdns, verified);
	return r == NULL ? "none" : r->text;
}

/* A list file of the test's own; its name is valid until the next. */
static const char *
list_make(const char *text)
{
	static char	 path[64];
	FILE		*f;
	int		 fd;

	(void)snprintf(path, sizeof(path), "/tmp/test-rules.XXXXXX");
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	f = fdopen(fd, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void
actions_are_read(void **state)
{
	static const struct {
		const char	*text;
		int		 action;
		int64_t		 ms;
	} t[] = {
		{ "no-rdns 20", RULE_PAUSE, 20000 },
		{ "no-rdns 0", RULE_PAUSE, 0 },
		{ "no-rdns 0.25", RULE_PAUSE, 250 },
		{ "no-rdns 300", RULE_PAUSE, 300000 },
		{ "no-rdns 5m", RULE_PAUSE, 300000 },
		{ "no-rdns skip", RULE_SKIP, 0 },
		{ "no-rdns tempfail", RULE_TEMPFAIL, 0 },
		{ "no-rdns reject", RULE_REJECT, 0 },
		{ " \tno-rdns\t  reject \t", RULE_REJECT, 0 },
	};
	const struct rule	*r;
	struct rules		*rs;
	struct addr		 a;
	size_t			 i;

	memset(&a, 0, sizeof(a));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		rs = rules_new();
		assert_null(rules_add(rs, t[i].text));
		r = rules_find(rs, &a, &a, NULL, 0);
		assert_non_null(r);
		assert_int_equal(r->action, t[i].action);
		assert_int_equal(r->ms, t[i].ms);
		rules_free(rs);
	}
}

static void
mistakes_are_told_and_change_nothing(void **state)
{
	static const char *const t[] = {
		"", " ", "no-rdns", "skip", "no-rdns sikp", "no-rdns 301",
		"no-rdns -1", "no-rdns 5x", "no-rdns 5 skip", "dst: skip",
		"dst:0 skip", "dst:65536 skip", "dst:25x skip",
		"dst:+25 skip", "dst: 25 skip",
		"dst:192.0.2.1:25 skip", "file: skip",
		"192.0.2.0/33 skip", "192.0.2.9-192.0.2.1 skip",
		"example.org skip", "No-rdns skip", "/etc/list skip",
	};
	struct rules	*rs = rules_new();
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (rules_add(rs, t[i]) == NULL)
			fail_msg("taken: \"%s\"", t[i]);
		assert_int_equal(rules_count(rs), 0);
	}
	rules_free(rs);
}

static void
first_match_wins(void **state)
{
	struct rules	*rs = rules_new();

	assert_null(rules_add(rs, "192.0.2.7 skip"));
	assert_null(rules_add(rs, "192.0.2.0/24 20"));
	assert_null(rules_add(rs, "192.0.2.0/16 reject"));
	assert_int_equal(rules_count(rs), 3);
	assert_string_equal(find(rs, "192.0.2.7", "[::]:25", NULL, 0),
	    "192.0.2.7 skip");
	assert_string_equal(find(rs, "192.0.2.8", "[::]:25", NULL, 0),
	    "192.0.2.0/24 20");
	assert_string_equal(find(rs, "192.0.3.8", "[::]:25", NULL, 0),
	    "192.0.2.0/16 reject");
	assert_string_equal(find(rs, "198.51.100.1", "[::]:25", NULL, 0),
	    "none");
	rules_free(rs);
}

static void
networks_and_ranges_of_both_families_match(void **state)
{
	struct rules	*rs = rules_new();

	assert_null(rules_add(rs, "2001:db8::/32 1"));
	assert_null(rules_add(rs, "192.0.2.4-192.0.2.6 2"));
	assert_string_equal(find(rs, "[2001:db8:1::1]:9", "[::]:25", NULL, 0),
	    "2001:db8::/32 1");
	assert_string_equal(find(rs, "2001:db9::1", "[::]:25", NULL, 0),
	    "none");
	assert_string_equal(find(rs, "192.0.2.4", "[::]:25", NULL, 0),
	    "192.0.2.4-192.0.2.6 2");
	assert_string_equal(find(rs, "192.0.2.3", "[::]:25", NULL, 0),
	    "none");
	assert_string_equal(find(rs, "192.0.2.7", "[::]:25", NULL, 0),
	    "none");
	rules_free(rs);
}

static void
name_counts_only_when_verified(void **state)
{
	struct rules	*rs = rules_new();

	assert_null(rules_add(rs, ".example.org skip"));
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25",
	    "mx.example.org", 1), ".example.org skip");
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25",
	    "mx.example.org", 0), "none");
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25",
	    "badexample.org", 1), "none");
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25", NULL, 0),
	    "none");
	rules_free(rs);
}

static void
no_rdns_is_no_name_not_a_false_one(void **state)
{
	struct rules	*rs = rules_new();

	assert_null(rules_add(rs, "no-rdns 20"));
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25", NULL, 0),
	    "no-rdns 20");
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25",
	    "forged.example.org", 0), "none");
	rules_free(rs);
}

static void
dst_is_the_port_of_the_listener(void **state)
{
	struct rules	*rs = rules_new();

	assert_null(rules_add(rs, "dst:587 skip"));
	assert_string_equal(find(rs, "192.0.2.1:1", "0.0.0.0:587", NULL, 0),
	    "dst:587 skip");
	assert_string_equal(find(rs, "192.0.2.1:587", "0.0.0.0:25", NULL, 0),
	    "none");
	rules_free(rs);
}

static void
list_of_a_file_matches_and_is_read_again(void **state)
{
	struct rules	*rs = rules_new();
	const char	*path = list_make("192.0.2.1\n.example.org # all\n");
	char		 text[128];
	FILE		*f;

	(void)snprintf(text, sizeof(text), "file:%s 120", path);
	assert_null(rules_add(rs, text));
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25", NULL, 0), text);
	assert_string_equal(find(rs, "192.0.2.9", "[::]:25", "a.example.org",
	    1), text);
	assert_string_equal(find(rs, "192.0.2.9", "[::]:25", NULL, 0),
	    "none");

	assert_int_equal(rules_reload(rs, 0), 0);
	f = fopen(path, "a");
	assert_non_null(f);
	assert_true(fputs("192.0.2.9\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rules_reload(rs, 0), 0);
	assert_string_equal(find(rs, "192.0.2.9", "[::]:25", NULL, 0), text);
	assert_int_equal(unlink(path), 0);
	rules_free(rs);
}

static void
broken_list_keeps_the_old_one(void **state)
{
	struct rules	*rs = rules_new();
	const char	*path = list_make("192.0.2.1\n");
	char		 text[128];
	FILE		*f;

	(void)snprintf(text, sizeof(text), "file:%s 120", path);
	assert_null(rules_add(rs, text));
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("192.0.2.9\n192.0.2.256/24\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rules_reload(rs, 1), -1);
	assert_string_equal(find(rs, "192.0.2.1", "[::]:25", NULL, 0), text);
	assert_string_equal(find(rs, "192.0.2.9", "[::]:25", NULL, 0),
	    "none");
	assert_int_equal(unlink(path), 0);
	rules_free(rs);
}

static void
list_that_is_not_there_is_a_mistake(void **state)
{
	struct rules	*rs = rules_new();

	assert_non_null(rules_add(rs, "file:/nonexistent/list 120"));
	assert_int_equal(rules_count(rs), 0);
	rules_free(rs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_are_read),
		cmocka_unit_test(mistakes_are_told_and_change_nothing),
		cmocka_unit_test(first_match_wins),
		cmocka_unit_test(networks_and_ranges_of_both_families_match),
		cmocka_unit_test(name_counts_only_when_verified),
		cmocka_unit_test(no_rdns_is_no_name_not_a_false_one),
		cmocka_unit_test(dst_is_the_port_of_the_listener),
		cmocka_unit_test(list_of_a_file_matches_and_is_read_again),
		cmocka_unit_test(broken_list_keeps_the_old_one),
		cmocka_unit_test(list_that_is_not_there_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

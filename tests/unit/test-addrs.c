/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses: what is taken, what is refused and why, and where ranges
 * begin and end.
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

#include <cmocka.h>

#include "addrs.h"
#include "compat.h"

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
		{ "192.0.2.250 - 192.0.3.4", "192.0.2.249", "192.0.2.250",
		    "192.0.3.4", "192.0.3.5" },
		{ "2001:db8::1\t -2001:db8::2", "2001:db8::", "2001:db8::1",
		    "2001:db8::2", "2001:db8::3" },
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
		{ "192.0.2.1 -", "not an address, network, range or .domain" },
		{ " - 192.0.2.1", "not an address, network, range or "
		    ".domain" },
		{ "192.0.2.1 192.0.2.2", "not an address, network, range or "
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Domains and list ids; how long an address may be; and what it costs to look
 * for one where somebody would rather not have it found.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "author.h"

#define L63	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"

struct named {
	const char	*what;
	const char	*in;
	const char	*out;		/* NULL: not a domain */
};

static const struct named domains[] = {
	{ "a name", "example.org", "example.org" },
	{ "upper case", "Example.ORG", "example.org" },
	{ "one label", "localhost", "localhost" },
	{ "a dot at its end", "example.org.", "example.org" },
	{ "two dots at its end", "example.org..", NULL },
	{ "nothing", "", NULL },
	{ "a dot", ".", NULL },
	{ "an empty label", "a..b", NULL },
	{ "a dot first", ".a", NULL },
	{ "a label of 63", L63 ".org", L63 ".org" },
	{ "a label of 64", L63 "x.org", NULL },
	{ "a last label of 64", "org." L63 "x", NULL },
	{ "253 in all", L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz" "abcdefghi",
	    L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz" "abcdefghi" },
	{ "253 and a dot", L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz" "abcdefghi.",
	    L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz" "abcdefghi" },
	{ "254 in all", L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz" "abcdefghij", NULL },
	{ "a blank", "example .org", NULL },
	{ "a blank first", " example.org", NULL },
	{ "an LF", "example.org\n", NULL },
	{ "a slash", "example/org", NULL },
	{ "a star", "*.example.org", NULL },
	{ "an '@'", "a@example.org", NULL },
	{ "an underscore", "_dmarc.example.org", "_dmarc.example.org" },
	{ "DEL", "example.org\177", NULL },
	{ "a U-label", "B\303\234cher.example", "xn--bcher-kva.example" },
	{ "a U-label with a slash", "b\303\274/.example", NULL },
	{ "not UTF-8", "b\374cher.example", NULL },
	{ "UTF-8, too long a way to write it", "b\300\257.example", NULL },
	{ "a U-label of more than 63", L63 "\303\274.example", NULL },
};

static void
domains_are_lower_case_a_labels(void **state)
{
	char out[AUTHOR_DOMAIN];
	const struct named *d;
	size_t i;
	int status;

	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		d = &domains[i];
		status = author_domain(d->in, strlen(d->in), out);
		if (status != (d->out == NULL ? -1 : 0))
			fail_msg("%s: %d", d->what, status);
		if (d->out != NULL && strcmp(out, d->out) != 0)
			fail_msg("%s: %s", d->what, out);
	}
	assert_int_equal(author_domain("a\0b", 3, out), -1);
	assert_int_equal(author_domain("\303\274\0b", 4, out), -1);
	assert_int_equal(author_domain("ab.cd", 2, out), 0);
	assert_string_equal(out, "ab");
}

static void
below_is_by_whole_labels(void **state)
{
	assert_int_equal(author_below("example.org", "example.org"), 0);
	assert_int_equal(author_below("a.example.org", "example.org"), 1);
	assert_int_equal(author_below("a.b.example.org", "example.org"), 2);
	assert_int_equal(author_below("example.org", "org"), 1);
	assert_int_equal(author_below("notexample.org", "example.org"), -1);
	assert_int_equal(author_below("example.org.evil.test", "example.org"),
	    -1);
	assert_int_equal(author_below("org", "example.org"), -1);
	assert_int_equal(author_below("example.com", "example.org"), -1);
	assert_int_equal(author_below(".example.org", "example.org"), -1);
}

static const struct named lists[] = {
	{ "a phrase", "Friends of Alice <friends.example.org>",
	    "friends.example.org" },
	{ "a quoted one", "\"a <b>\" <friends.example.org>",
	    "friends.example.org" },
	{ "a comment", "(<b>) <Friends.Example.ORG> (c)",
	    "friends.example.org" },
	{ "no phrase", "<friends.example.org>", "friends.example.org" },
	{ "folded", "Friends\n\t<friends.example.org>",
	    "friends.example.org" },
	{ "no angles", "Friends.example.org", "friends.example.org" },
	{ "no angles, folded", "\n friends.example.org (x)",
	    "friends.example.org" },
	{ "a phrase only", "Friends of Alice", "" },
	{ "a comma", "friends, alice", "" },
	{ "a comma in the phrase", "Friends, and Alice <f.example.org>",
	    "f.example.org" },
	{ "never closed", "Friends <f.example.org", "f.example.org" },
	{ "an address", "<friends@example.org>", "friends@example.org" },
	{ "8-bit", "<fr\344nds.example.org>", "" },
	{ "a blank in it", "<\"a b\".example.org>", "" },
	{ "nothing", "", "" },
	{ "empty", "<>", "" },
	{ "longer than a name", "<" L63 L63 L63 L63 L63 ">", "" },
};

static void
list_ids_are_what_is_in_angles(void **state)
{
	char out[AUTHOR_DOMAIN];
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		memset(out, 'x', sizeof(out));
		author_list_id(lists[i].in, strlen(lists[i].in), out);
		if (strcmp(out, lists[i].out) != 0)
			fail_msg("%s: %s", lists[i].what, out);
	}
}

static void
a_long_local_part_is_left_out(void **state)
{
	char value[2048];
	struct author a;

	memset(value, 'l', sizeof(value));
	memcpy(value + 255, "@example.org", 12);
	assert_int_equal(author_parse(value, 267, &a), 0);
	assert_int_equal(strlen(a.local), 255);
	assert_string_equal(a.domain, "example.org");
	value[255] = 'l';
	memcpy(value + 256, "@example.org", 12);
	assert_int_equal(author_parse(value, 268, &a), 0);
	assert_string_equal(a.local, "");
	assert_string_equal(a.domain, "example.org");
	memset(value, 'l', sizeof(value));
	memcpy(value + 2000, "@example.org", 12);
	assert_int_equal(author_parse(value, 2012, &a), 0);
	assert_string_equal(a.local, "");
	value[1] = '@';
	memset(value + 2, 'd', 2000);
	assert_int_equal(author_parse(value, 2002, &a), -1);
}

/* Four times as many bytes as its A-labels have. */
static void
a_long_u_label_is_not_cut(void **state)
{
	char value[1024] = "a@";
	struct author a;
	size_t i, len = 2;

	for (i = 0; i < 4 * 50; i++, len += 4) {
		memcpy(value + len, "\360\240\200\200", 4);
		if (i % 50 == 49)
			value[len++ + 4] = '.';
	}
	assert_int_equal(author_parse(value, len, &a), 0);
	assert_in_range(strlen(a.domain), 100, 253);
	memcpy(value + len, ".example", 8);
	assert_int_equal(author_parse(value, len + 8, &a), -1);
}

static void
a_nul_is_in_no_address(void **state)
{
	struct author a;

	assert_int_equal(author_parse("a\0b@example.org", 15, &a), 0);
	assert_string_equal(a.local, "");
	assert_string_equal(a.domain, "example.org");
	assert_int_equal(author_parse("a@example\0.org", 14, &a), -1);
	assert_int_equal(author_parse("\0 <a@example.org>", 17, &a), 0);
	assert_string_equal(a.local, "a");
}

/* A byte after len changes nothing; a sanitizer also sees it read. */
static void
no_byte_behind_the_value_is_read(void **state)
{
	const char *value = "\"x\\\" <a@[1]>, =?u?q?x?= (\\) <a@example.org>";
	static const char behind[] = "@.(\\<x]?=\"";
	char *copy, out[AUTHOR_DOMAIN];
	struct author a, b;
	size_t i, len;
	int found;

	for (len = 0; len <= strlen(value); len++) {
		copy = malloc(len == 0 ? 1 : len);
		assert_non_null(copy);
		memcpy(copy, value, len);
		memset(&b, 0, sizeof(b));
		found = author_parse(copy, len, &b);
		author_list_id(copy, len, out);
		copy = realloc(copy, len + 1);
		assert_non_null(copy);
		for (i = 0; i < sizeof(behind); i++) {
			copy[len] = behind[i];
			assert_int_equal(author_parse(copy, len, &a), found);
			assert_string_equal(a.domain, b.domain);
		}
		free(copy);
	}
}

/* Milliseconds if linear and not recursive, for ever or dead if not. */
static void
hostile_values_cost_no_more_than_others(void **state)
{
	static const char *const units[] = { "(", "((a)", "<", "\"", "\\(",
	    "a@\303\274!,", "<@r:", "a@b!,", "=?", "=?a?b?", "=?,", "a@", "[",
	    "@[", ".", "a.", "<a,", ":", "(\\" };
	const size_t len = 1 << 20;
	char *value, out[AUTHOR_DOMAIN];
	clock_t begin = clock();
	struct author a;
	size_t i, n, u;

	value = malloc(len);
	assert_non_null(value);
	for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (i = 0, n = strlen(units[u]); i < len; i++)
			value[i] = units[u][i % n];
		assert_int_equal(author_parse(value, len, &a), -1);
		author_list_id(value, len, out);
	}
	for (i = 0; i < 800000; i++)
		value[i] = i < 400000 ? '(' : ')';
	memcpy(value + i, " <a@example.org>", 16);
	assert_int_equal(author_parse(value, i + 16, &a), 0);
	assert_string_equal(a.domain, "example.org");
	free(value);
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains_are_lower_case_a_labels),
		cmocka_unit_test(below_is_by_whole_labels),
		cmocka_unit_test(list_ids_are_what_is_in_angles),
		cmocka_unit_test(a_long_local_part_is_left_out),
		cmocka_unit_test(a_long_u_label_is_not_cut),
		cmocka_unit_test(a_nul_is_in_no_address),
		cmocka_unit_test(no_byte_behind_the_value_is_read),
		cmocka_unit_test(hostile_values_cost_no_more_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Addresses as smtpd will complete them: what is known of it by hand, what its
 * own way retold says, and what it can't be brought to leave alone.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "appends.h"
#include "complete.h"

#define HOST	"mx.example"
#define LINE	65485

static const struct complete_smtpd old = { HOST, 60800, 1997 };
static const struct complete_smtpd young = { HOST, 70500, LINE };
static const struct complete_smtpd unknown = { HOST, 0, 1997 };

struct completed {
	const char	*value;
	const char	*want;		/* NULL: left alone */
};

static const struct completed all_versions[] = {
	{ " root", " root@" HOST },
	{ "root", "root@" HOST },
	{ " root (Cron Daemon)", " root@" HOST " (Cron Daemon)" },
	{ " root (Cron Daemon) ", " root@" HOST " (Cron Daemon) " },
	{ " (Cron Daemon) root", " (Cron Daemon) root@" HOST },
	{ " Cron Daemon <root>", " Cron Daemon <root@" HOST ">" },
	{ " \"Cron Daemon\" <root>", " \"Cron Daemon\" <root@" HOST ">" },
	{ " <root >", " <root@" HOST " >" },
	{ " <root\t\n >", " <root@" HOST "\t\n >" },
	{ " <root (x)>", " <root (x)@" HOST ">" },
	{ " <a> <b>", " <a> <b@" HOST ">" },
	{ " a,b", " a@" HOST ",b@" HOST },
	{ " a , b@example.org ,c", " a@" HOST " , b@example.org ,c@" HOST },
	{ " a,\n\tb", " a@" HOST ",\n\tb@" HOST },
	{ "\n a", "\n a@" HOST },
	{ " a\n", " a@" HOST "\n" },
	{ " a (b\n c) ,d", " a@" HOST " (b\n c) ,d@" HOST },
	{ " Alice Smith", " Alice Smith@" HOST },
	{ " \"Alice\"", " \"Alice\"@" HOST },
	{ " \"a@example.org\"", " \"a@example.org\"@" HOST },
	{ " root (a@example.org)", " root@" HOST " (a@example.org)" },
	{ " root (a,b)", " root@" HOST " (a,b)" },
	{ " \"a,b\" <c>", " \"a,b\" <c@" HOST ">" },
	{ " Alice, Inc. <a@example.org>",
	    " Alice@" HOST ", Inc. <a@example.org>" },
	{ " friends:a,b;", " friends:a,b;@" HOST },
	{ " friends:a@example.org,b;", " friends:a@example.org,b;@" HOST },
	{ " undisclosed-recipients;;", " undisclosed-recipients;;@" HOST },
	{ " root\v\f ", " root@" HOST "\v\f " },
	{ " a\\\\", " a\\\\@" HOST },
	{ " a\\ ", " a\\@" HOST " " },
	{ " a\\", " a\\@" HOST },
	{ " root.", " root.@" HOST },
	{ " r\303\266\303\266t", " r\303\266\303\266t@" HOST },
	{ " a\\\",b", " a\\\"@" HOST ",b@" HOST },
	{ "", NULL },
	{ " ", NULL },
	{ " \n ", NULL },
	{ " ,", NULL },
	{ " ,,", NULL },
	{ " a@example.org", NULL },
	{ " a@example.org,", NULL },
	{ " Alice <a@example.org>, b@example.org", NULL },
	{ " <@r.example:a@example.org>", NULL },
	{ " undisclosed-recipients:;", NULL },
	{ " undisclosed-recipients: ;", NULL },
	{ " friends:a;", NULL },
	{ " Re: root", NULL },
	{ " <>", NULL },
	{ " < >", NULL },
	{ " Alice <>", NULL },
	{ " Alice < \n >", NULL },
	{ " (Cron Daemon)", NULL },
	{ " <root", NULL },
	{ " root (Cron", NULL },
	{ " \"root", NULL },
	{ " \"a\\\"b\" <root>", NULL },
	{ " a@", NULL },
	{ " @", NULL },
	{ " a\\@b", NULL },
	{ " a\\,b@example.org", NULL },
	{ " <a@example.org> root", NULL },
};

/* Before 7.5 the quotes end at "\\\"", and the comma counts. */
static const struct completed old_versions[] = {
	{ " \"a\\\", b\" <x@example.org>",
	    " \"a\\\"@" HOST ", b\" <x@example.org>" },
	{ " \"a\\\"b, c\" <root>, d", " \"a\\\"b@" HOST ", c\" <root>, d" },
};

static const struct completed young_versions[] = {
	{ " \"a\\\", b\" <x@example.org>", NULL },
	{ " \"a\\\"\" <x>, d", " \"a\\\"\" <x>, d@" HOST },
};

/* It would append again and again. */
static const char *const hopeless[] = {
	"(Cron Daemon)", "()", "(a@b)", " x@y,(z)", " a,(b)",
};

static void
check(const struct complete_smtpd *smtpd, const struct completed *c, size_t n)
{
	size_t i, len;
	char *got;
	int verdict;

	for (i = 0; i < n; i++) {
		got = NULL;
		verdict = complete_addresses(c[i].value, strlen(c[i].value),
		    smtpd, &got, &len);
		if (verdict != (c[i].want != NULL))
			fail_msg("'%s': %d", c[i].value, verdict);
		if (verdict == 1 && (strcmp(got, c[i].want) != 0 ||
		    strlen(got) != len))
			fail_msg("'%s': '%s'", c[i].value, got);
		free(got);
	}
}

static void
values_become_what_smtpd_makes_of_them(void **state)
{
	const size_t n = sizeof(all_versions) / sizeof(all_versions[0]);

	check(&old, all_versions, n);
	check(&young, all_versions, n);
	check(&unknown, all_versions, n);
}

static void
quoted_pairs_depend_on_the_version(void **state)
{
	struct complete_smtpd smtpd = old;
	const char *value = old_versions[0].value;
	size_t len;
	char *out;

	check(&old, old_versions,
	    sizeof(old_versions) / sizeof(old_versions[0]));
	check(&young, young_versions,
	    sizeof(young_versions) / sizeof(young_versions[0]));
	smtpd.version = 70499;
	check(&smtpd, old_versions, 1);
	assert_int_equal(complete_addresses(value, strlen(value), &unknown,
	    &out, &len), -1);
}

static void
what_smtpd_would_change_again_is_not_signed(void **state)
{
	size_t i, len;
	char *out;

	for (i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
		if (complete_addresses(hopeless[i], strlen(hopeless[i]),
		    &young, &out, &len) != -1)
			fail_msg("'%s'", hopeless[i]);
	}
}

/* A value of bytes that mean something, and what must come of it. */
static void
check_random(uint32_t *seed, const struct complete_smtpd *smtpd, int is_old)
{
	static const char bytes[] = "ab @<>(),;:\"\\\\\n\t\"<>(),\"\\.";
	char *got = NULL, *want, *again, value[32];
	int expected, verdict;
	size_t i, len, n;

	*seed = *seed * 1664525 + 1013904223;
	n = (*seed >> 8) % (sizeof(value) - 1);
	for (i = 0; i < n; i++) {
		*seed = *seed * 1664525 + 1013904223;
		value[i] = bytes[(*seed >> 8) % (sizeof(bytes) - 1)];
		if (i > 0 && value[i - 1] == '\n')
			value[i] = ' ';
	}
	value[n] = '\0';
	want = appends(value, HOST, is_old);
	again = appends(want, HOST, is_old);
	expected = strcmp(want, value) == 0 ? 0 :
	    strcmp(want, again) == 0 ? 1 : -1;
	verdict = complete_addresses(value, n, smtpd, &got, &len);
	if (verdict != expected || (verdict == 1 && strcmp(got, want) != 0))
		fail_msg("'%s': %d '%s', not %d '%s'", value, verdict,
		    verdict == 1 ? got : "", expected, want);
	if (verdict == 1)
		free(got);
	free(again);
	free(want);
}

static void
any_value_becomes_what_smtpd_makes_of_it(void **state)
{
	uint32_t seed = 1;
	int i;

	for (i = 0; i < 50000; i++) {
		check_random(&seed, &old, 1);
		check_random(&seed, &young, 0);
	}
}

static void
no_line_grows_beyond_what_smtpd_takes(void **state)
{
	struct complete_smtpd smtpd = old;
	const char *value = " root,\n b@example.org";
	size_t len, n = strlen(value);
	char *out;

	/* "From: root@mx.example," */
	smtpd.line_max = 22;
	assert_int_equal(complete_addresses(value, n, &smtpd, &out, &len), 1);
	free(out);
	smtpd.line_max = 21;
	assert_int_equal(complete_addresses(value, n, &smtpd, &out, &len), -1);
	/* The second line. */
	value = "\n b,\n a@example.org";
	smtpd.line_max = 14;
	assert_int_equal(complete_addresses(value, strlen(value), &smtpd,
	    &out, &len), 1);
	free(out);
	smtpd.line_max = 13;
	assert_int_equal(complete_addresses(value, strlen(value), &smtpd,
	    &out, &len), -1);
}

/* smtpd takes no message with a From, To or Cc of 64 KB. */
static void
no_value_grows_beyond_what_smtpd_takes(void **state)
{
	const size_t max = 65534, grows = strlen("@" HOST);
	size_t i, len;
	char *out, *value;

	assert_non_null(value = malloc(max + 2));
	memset(value, 'a', max + 1);
	for (i = 0; i < max; i += 1000)
		memcpy(value + i, "@b,\n ", 5);
	memcpy(value, " r,\n ", 5);
	value[65100] = '@';
	assert_int_equal(complete_addresses(value, max - grows, &young, &out,
	    &len), 1);
	assert_int_equal(len, max);
	assert_memory_equal(out, " r@" HOST ",\n a", 3 + strlen(HOST) + 4);
	free(out);
	assert_int_equal(complete_addresses(value, max - grows + 1, &young,
	    &out, &len), -1);
	value[1] = '@';
	assert_int_equal(complete_addresses(value, max, &young, &out, &len),
	    0);
	assert_int_equal(complete_addresses(value, max + 1, &young, &out,
	    &len), -1);
	free(value);
}

/* It looks at one address as far as it has room for the host. */
static void
an_endless_address_is_left_alone(void **state)
{
	const size_t max = 65535 - strlen(HOST) - 2 - 1;
	size_t i, len;
	char *out, *value;

	assert_non_null(value = malloc(max + 1));
	memset(value, 'a', max + 1);
	for (i = 0; i + 1 < max; i += 1000)
		memcpy(value + i, "\n ", 2);
	assert_int_equal(complete_addresses(value, max, &young, &out, &len),
	    1);
	assert_int_equal(len, max + 1 + strlen(HOST));
	free(out);
	assert_int_equal(complete_addresses(value, max + 1, &young, &out,
	    &len), 0);
	free(value);
}

static void
nothing_is_made_up(void **state)
{
	const struct complete_smtpd nameless = { "", 70900, LINE };
	size_t len;
	char *out;

	assert_int_equal(complete_addresses(" root", 5, &nameless, &out, &len),
	    -1);
	assert_int_equal(complete_addresses(" a@b", 4, &nameless, &out, &len),
	    0);
	assert_int_equal(complete_addresses(" a\0@b", 5, &young, &out, &len),
	    -1);
}

static void
hostile_values_cost_no_more_than_others(void **state)
{
	static const char *const units[] = { "(", "a,", "<", "\"", "<>,", "\\",
	    ",", "()" };
	const size_t max = 65534;
	clock_t begin = clock();
	char *out, *value;
	size_t i, len, n, round, u;

	assert_non_null(value = malloc(max));
	for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (i = 0, n = strlen(units[u]); i < max; i++)
			value[i] = i % 500 == 0 ? '\n' : i % 500 == 1 ? ' ' :
			    units[u][i % n];
		for (round = 0; round < 10; round++)
			if (complete_addresses(value, max, &young, &out,
			    &len) == 1)
				free(out);
	}
	free(value);
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_what_smtpd_makes_of_them),
		cmocka_unit_test(quoted_pairs_depend_on_the_version),
		cmocka_unit_test(what_smtpd_would_change_again_is_not_signed),
		cmocka_unit_test(any_value_becomes_what_smtpd_makes_of_it),
		cmocka_unit_test(no_line_grows_beyond_what_smtpd_takes),
		cmocka_unit_test(no_value_grows_beyond_what_smtpd_takes),
		cmocka_unit_test(an_endless_address_is_left_alone),
		cmocka_unit_test(nothing_is_made_up),
		cmocka_unit_test(hostile_values_cost_no_more_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

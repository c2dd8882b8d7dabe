/* SPDX-License-Identifier: ISC */
/*
 * What greylistctl exports comes back as it was, and what it reads is bounded.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl_format.h"

#define NOW	INT64_C(1700000000000)

static const struct grey_rules	 rules = { .delay = 300000,
    .retry_window = 172800000, .max_age = 3024000000, .awl_count = 5 };

/* As text; the caller's. */
static char *
print(const struct store_row *row)
{
	char	*text;
	size_t	 len;
	FILE	*fp;

	assert_non_null(fp = open_memstream(&text, &len));
	ctl_json_row(fp, &rules, NOW, row);
	assert_int_equal(fclose(fp), 0);
	assert_true(len > 0 && text[len - 1] == '\n');
	text[len - 1] = '\0';
	return text;
}

static const struct {
	struct store_row	 row;
	const char		*want;
} rows[] = {
	{ { .kind = STORE_TUPLE, .key = "192.0.2.0/joe@example.net/a@b",
	    .tuple = { NOW - 1000, NOW - 1, 3, 0 } },
	    "{\"kind\":\"tuple\",\"state\":\"grey\","
	    "\"key\":\"192.0.2.0/joe@example.net/a@b\","
	    "\"first\":1699999999,\"last\":1699999999.999,"
	    "\"blocked\":3,\"passed\":0}" },
	{ { .kind = STORE_CLIENT, .key = "2001:db8::1",
	    .client = { 1, 1050, 7, 2, 0, NOW + 5 } },
	    "{\"kind\":\"client\",\"state\":\"trap\",\"key\":\"2001:db8::1\","
	    "\"first\":0.001,\"last\":1.050,\"passed\":7,\"counted\":0.002,"
	    "\"white_until\":0,\"trap_until\":1700000000.005}" },
	{ { .kind = STORE_PARTNER, .key = "@example.org", .until = NOW },
	    "{\"kind\":\"partner\",\"state\":\"over\","
	    "\"key\":\"@example.org\",\"until\":1700000000}" },
	/* Control bytes, a quote, UTF-8, and what is none. */
	{ { .kind = STORE_PARTNER, .key = "\001\"\\\177 \303\244\303x\355\240"
	    "\200\360\237\230\200\300\200", .until = NOW },
	    "{\"kind\":\"partner\",\"state\":\"over\","
	    "\"key\":\"\\u0001\\\"\\\\\\u007f \303\244\\udcc3x\\udced\\udca0"
	    "\\udc80\360\237\230\200\\udcc0\\udc80\",\"until\":1700000000}" },
};

static void
rows_are_printed_and_come_back(void **state)
{
	struct ctl_row	 back;
	const char	*why;
	char		*text;
	size_t		 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = print(&rows[i].row);
		assert_string_equal(text, rows[i].want);
		if ((why = ctl_json_parse(text, &back)) != NULL)
			fail_msg("%s: %s", why, text);
		assert_string_equal(back.row.key, rows[i].row.key);
		back.row.key = rows[i].row.key;
		assert_memory_equal(&back.row.tuple, &rows[i].row.tuple,
		    sizeof(back.row.tuple));
		assert_memory_equal(&back.row.client, &rows[i].row.client,
		    sizeof(back.row.client));
		assert_int_equal(back.row.until, rows[i].row.until);
		assert_int_equal(back.row.kind, rows[i].row.kind);
		free(text);
	}
}

static void
every_byte_comes_back(void **state)
{
	struct store_row	 row = { .kind = STORE_PARTNER };
	struct ctl_row		 back;
	char			 key[4] = "", *text;
	int			 a, b;

	row.key = key;
	for (a = 1; a < 256; a++)
		for (b = 1; b < 256; b++) {
			key[0] = (char)a;
			key[1] = (char)b;
			text = print(&row);
			assert_null(ctl_json_parse(text, &back));
			assert_string_equal(back.key, key);
			free(text);
		}
}

static const struct {
	const char	*text, *key;
	int64_t		 until;
} good[] = {
	{ " { \"kind\" : \"partner\" ,\t\"until\" : 1.5 , \"key\" : \"k\" } ",
	    "k", 1500 },
	{ "{\"kind\":\"partner\",\"key\":\"k\",\"until\":2.12345,\"x\":null,"
	    "\"y\":true,\"z\":false,\"s\":\"t\",\"n\":1}", "k", 2123 },
	{ "{\"key\":\"k\",\"kind\":\"partner\"}", "k", 0 },
	{ "{\"kind\":\"partner\",\"key\":\"\\u00e4\\ud83d\\uDE00\\/\\t\"}",
	    "\303\244\360\237\230\200/\t", 0 },
};

static void
what_a_script_wrote_is_read(void **state)
{
	struct ctl_row	 r;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if ((why = ctl_json_parse(good[i].text, &r)) != NULL)
			fail_msg("%s: %s", why, good[i].text);
		assert_string_equal(r.key, good[i].key);
		assert_int_equal(r.row.until, good[i].until);
	}
}

#define P	"{\"kind\":\"partner\",\"key\":\"k\""

static const char *const	 bad[] = {
	"", "{", "}", "{}", "[]", "null", "x", "\"", "{\"", "{\"kind\"",
	"{\"kind\":", "{\"kind\":\"partner\"}", "{\"key\":\"k\"}",
	"{\"kind\":\"client\",\"key\":\"k\",\"last\":1,\"kind\":\"partner\"}",
	"{\"kind\":\"other\",\"key\":\"k\"}", "{\"kind\":1,\"key\":\"k\"}",
	"{\"kind\":\"partner\",\"key\":\"\"}",
	"{\"kind\":\"partner\",\"key\":7}",
	"{\"until\":1,\"kind\":\"partner\",\"key\":\"k\"}",
	P, P ",}", P "}x", P "}{", P ",\"until\":-1}", P ",\"until\":}",
	P ",\"until\":1e5}", P ",\"until\":\"1\"}", P ",\"until\":.5}",
	P ",\"until\":9999999999999}", P ",\"until\" 1}", P ",\"x\":[]}",
	P ",\"x\":{}}", P ",\"x\":nul}", P " \"x\":1}",
	"{\"kind\":\"partner\",\"key\":\"\\u0000\"}",
	"{\"kind\":\"partner\",\"key\":\"\\ud800\"}",
	"{\"kind\":\"partner\",\"key\":\"\\ud800\\u0041\"}",
	"{\"kind\":\"partner\",\"key\":\"\\u12\"}",
	"{\"kind\":\"partner\",\"key\":\"\\x\"}",
	"{\"kind\":\"partner\",\"key\":\"a\tb\"}",
	"{\"kind\":\"partner\",\"key\":\"\\",
};

static void
mistakes_are_told(void **state)
{
	struct ctl_row	 r;
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ctl_json_parse(bad[i], &r) == NULL)
			fail_msg("taken: %s", bad[i]);
}

static void
a_key_is_as_long_as_the_store_has_it(void **state)
{
	char		 key[TUPLE_KEY + 1], text[TUPLE_KEY + 100];
	struct ctl_row	 r;

	memset(key, 'k', sizeof(key));
	key[TUPLE_KEY - 1] = '\0';
	(void)snprintf(text, sizeof(text),
	    "{\"kind\":\"partner\",\"key\":\"%s\"}", key);
	assert_null(ctl_json_parse(text, &r));
	key[TUPLE_KEY - 1] = 'k';
	key[TUPLE_KEY] = '\0';
	(void)snprintf(text, sizeof(text),
	    "{\"kind\":\"partner\",\"key\":\"%s\"}", key);
	assert_non_null(ctl_json_parse(text, &r));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(rows_are_printed_and_come_back),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(what_a_script_wrote_is_read),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(a_key_is_as_long_as_the_store_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

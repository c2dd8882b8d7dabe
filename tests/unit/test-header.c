/* SPDX-License-Identifier: ISC */
/*
 * The header codec: which bytes are a field, what it is called, what it says.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "header.h"

struct walk {
	const char	*what;
	const char	*header;
	const char	*fields;	/* "name<value>" each, value unfolded */
	size_t		 end;		/* where the walk ends */
};

static const struct walk walks[] = {
	{ "nothing", "", "", 0 },
	{ "an empty line at once", "\nbody: x\n", "", 0 },
	{ "one field", "A: b\n", "A<b>", 5 },
	{ "ends before the empty line", "A: b\nC: d\n\nE: f\n", "A<b>C<d>", 10 },
	{ "folded", "A: b\n c\n\td\nE: f\n", "A<b c\td>E<f>", 16 },
	{ "folded, a line of blanks", "A: b\n  \nE: f\n", "A<b>E<f>", 13 },
	{ "nothing before the fold", "A:\n b\n", "A<b>", 6 },
	{ "blanks before the colon", "A \t: b\n", "A<b>", 7 },
	{ "no blank after the colon", "A:b\n", "A<b>", 4 },
	{ "colons in the value", "A: b:c: d\n", "A<b:c: d>", 10 },
	{ "empty value", "A:\nB: \n", "A<>B<>", 7 },
	{ "a line without colon", "abc\nA: b\n", "<abc>A<b>", 9 },
	{ "a line without colon, continued", "abc\n d: e\nA: b\n",
	    "<abc d: e>A<b>", 15 },
	{ "begins with a continuation", " a: b\nA: b\n", "<a: b>A<b>", 11 },
	{ "a name with a blank in it", "A b: c\n", "<A b: c>", 7 },
	{ "a colon first", ": b\n", "<: b>", 4 },
	{ "a name beyond US-ASCII", "\303\244: b\n", "<\303\244: b>", 6 },
	{ "a control byte in the name", "A\001: b\n", "<A\001: b>", 6 },
	{ "the colon in the next line", "A\n : b\n", "<A : b>", 7 },
	{ "without an LF at its end", "A: b", "A<b>", 4 },
	{ "CR before LF", "A: b\r\n c\r\n\nE: f\n", "A<b c>", 10 },
	{ "a CR is no empty line", "A: b\n\r\nE: f\n", "A<b><>E<f>", 12 },
	{ "a lone CR stays", "A: b\rc\n", "A<b\rc>", 7 },
};

static void
fields_are_found(void **state)
{
	char got[256], value[64];
	struct header_field f;
	const struct walk *w;
	size_t i, len, n, next, off;

	for (i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		w = &walks[i];
		len = strlen(w->header);
		got[0] = '\0';
		for (off = 0; (next = header_next(w->header, len, off, &f)) !=
		    off; off = next) {
			assert_int_equal(f.off, off);
			assert_int_equal(f.off + f.len, next);
			(void)header_value(w->header, &f, value, sizeof(value));
			n = strlen(got);
			(void)snprintf(got + n, sizeof(got) - n, "%.*s<%s>",
			    (int)f.name_len, w->header + off, value);
		}
		if (strcmp(got, w->fields) != 0 || off != w->end)
			fail_msg("%s: %s, ends at %zu", w->what, got, off);
	}
}

static void
names_compare_without_case(void **state)
{
	const char *h = "Subject : x\n";
	struct header_field f;

	assert_int_equal(header_next(h, strlen(h), 0, &f), strlen(h));
	assert_true(header_is(h, &f, "subject"));
	assert_true(header_is(h, &f, "SUBJECT"));
	assert_false(header_is(h, &f, "subjec"));
	assert_false(header_is(h, &f, "subject "));
	assert_false(header_is(h, &f, ""));
}

static void
a_line_that_is_no_field_has_no_name(void **state)
{
	const char *h = "x\n";
	struct header_field f;

	assert_int_equal(header_next(h, 2, 0, &f), 2);
	assert_false(header_is(h, &f, ""));
	assert_false(header_is(h, &f, "x"));
	assert_int_equal(f.value_off, 0);
}

static void
a_value_is_cut_but_its_length_told(void **state)
{
	const char *h = "A: 12345 \n";
	struct header_field f;
	char out[8];

	(void)header_next(h, strlen(h), 0, &f);
	memset(out, 'z', sizeof(out));
	assert_int_equal(header_value(h, &f, out, 4), 5);
	assert_string_equal(out, "123");
	assert_int_equal(out[4], 'z');
	assert_int_equal(header_value(h, &f, out, 6), 5);
	assert_string_equal(out, "12345");
	assert_int_equal(header_value(h, &f, out, 1), 5);
	assert_string_equal(out, "");
	assert_int_equal(header_value(h, &f, NULL, 0), 5);
}

static void
only_ftext_may_be_a_name(void **state)
{
	char c;
	int i;

	assert_true(header_name_ok("X-Spam_Status!~", 15));
	assert_false(header_name_ok("", 0));
	assert_false(header_name_ok("A B", 3));
	assert_false(header_name_ok("A:", 2));
	assert_false(header_name_ok("A\n", 2));
	for (i = 0; i < 256; i++) {
		c = (char)i;
		assert_int_equal(header_name_ok(&c, 1),
		    i > 32 && i < 127 && i != ':');
	}
}

/* A megabyte of it takes milliseconds if linear, an hour if not. */
static void
a_hostile_header_costs_no_more_than_others(void **state)
{
	static const char *const units[] = { "a:\n", " \n", "a", ":", "a \n" };
	struct header_field f;
	const size_t len = 1 << 20;
	size_t i, n, next, off, u;
	char *h;

	h = malloc(len);
	assert_non_null(h);
	for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (i = 0, n = strlen(units[u]); i < len; i++)
			h[i] = units[u][i % n];
		for (off = 0; (next = header_next(h, len, off, &f)) != off;
		    off = next)
			assert_true(next > off && next <= len);
		assert_int_equal(off, len);
	}
	free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found),
		cmocka_unit_test(names_compare_without_case),
		cmocka_unit_test(a_line_that_is_no_field_has_no_name),
		cmocka_unit_test(a_value_is_cut_but_its_length_told),
		cmocka_unit_test(only_ftext_may_be_a_name),
		cmocka_unit_test(a_hostile_header_costs_no_more_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What several answers come to together, texts with %, and the header fields
 * that a message is to get.
 */

#include <sys/types.h>

#include "expand.h"
#include "mail.h"
#include "outcome.h"
#include "stamps.h"

#define PASS	{ 0, 0, 0, "" }
#define JUNK	{ 0, 1, 0, "" }
#define LATER(n) { 451, 0, (n), "4.7.1 later" #n }
#define NEVER	{ 550, 0, 0, "5.7.1 never" }
#define BYE	{ 421, 0, 0, "4.7.0 bye" }
#define END	{ -1, 0, 0, "" }

static const struct {
	struct outcome	 in[5];
	struct outcome	 out;
} tallies[] = {
	{ { END }, PASS },
	{ { PASS, PASS, END }, PASS },
	{ { PASS, LATER(5), PASS, END }, LATER(5) },
	{ { LATER(5), LATER(9), LATER(7), END }, LATER(9) },
	{ { NEVER, END }, NEVER },
	{ { NEVER, NEVER, END }, NEVER },
	{ { NEVER, LATER(0), END }, LATER(0) },
	{ { LATER(0), NEVER, END }, LATER(0) },
	{ { NEVER, PASS, END }, { 451, 0, 0, "4.7.1 never" } },
	{ { PASS, NEVER, END }, { 451, 0, 0, "4.7.1 never" } },
	{ { LATER(9), BYE, END }, BYE },
	{ { BYE, LATER(9), NEVER, PASS, END }, BYE },
	{ { PASS, JUNK, PASS, END }, JUNK },
	{ { JUNK, LATER(1), END }, { 451, 1, 1, "4.7.1 later1" } },
};

static void
all_have_to_pass(void **state)
{
	struct tally	 t;
	struct outcome	 o;
	size_t		 i, j;

	for (i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++) {
		memset(&t, 0, sizeof(t));
		for (j = 0; tallies[i].in[j].code != -1; j++)
			tally_add(&t, &tallies[i].in[j]);
		tally_result(&t, &o);
		if (o.code != tallies[i].out.code ||
		    o.junk != tallies[i].out.junk ||
		    strcmp(o.text, tallies[i].out.text) != 0)
			fail_msg("tally %zu: %d %d %s", i, o.code, o.junk,
			    o.text);
	}
}

static void
a_refusal_is_of_the_class_of_its_code(void **state)
{
	struct outcome	 o = JUNK;
	char		 text[1000];

	outcome_refuse(&o, 550, "No");
	assert_string_equal(o.text, "5.7.1 No");
	assert_int_equal(o.junk, 0);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	outcome_refuse(&o, 450, text);
	assert_int_equal(strlen(o.text), OUTCOME_TEXT - 1);
	assert_int_equal(strncmp(o.text, "4.7.1 xxx", 9), 0);
}

static const struct {
	const char	*text;
	size_t		 size;
	const char	*out;
} texts[] = {
	{ "", 20, "" },
	{ "plain", 20, "plain" },
	{ "%s seconds", 20, "300 seconds" },
	{ "%s%s", 20, "300300" },
	{ "%r", 20, "" },
	{ "100%%", 20, "100%" },
	{ "%%s", 20, "%s" },
	{ "%x%", 20, "%x%" },
	{ "%s", 3, "30" },
	{ "abc", 3, "ab" },
	{ "%%", 1, "" },
	{ "ab%s", 3, "ab" },
};

static void
letters_become_values(void **state)
{
	const struct expansion	 values[] = { { 's', "300" }, { 'r', "" },
				    { 0, NULL } };
	char			 out[20];
	size_t			 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(out, '?', sizeof(out));
		expand(texts[i].text, values, out, texts[i].size);
		assert_string_equal(out, texts[i].out);
	}
	assert_null(expand_check("100%% %s", "sr"));
	assert_non_null(expand_check("%t", "sr"));
	assert_non_null(expand_check("end%", "sr"));
}

static void
stamps_are_each_there_once(void **state)
{
	struct stamps	 st;
	struct message	*m = mail_new("Subject: hello\n\nHello.\n");

	memset(&st, 0, sizeof(st));
	assert_int_equal(stamps_add(&st, "X-One: 1"), 0);
	assert_int_equal(stamps_add(&st, "X-Two:2"), 0);
	assert_int_equal(stamps_add(&st, "X-One: 1"), 0);
	assert_int_equal(stamps_add(&st, "X-One: 3"), 0);
	stamps_write(&st, m);
	assert_string_equal(mail_text(m), "X-One: 3\nX-Two: 2\nX-One: 1\n"
	    "Subject: hello\n\nHello.\n");
	message_free(m);

	stamps_free(&st);
	m = mail_new("Subject: hello\n\nHello.\n");
	assert_int_equal(stamps_add(&st, "X-One: 1"), 0);
	stamps_write(&st, m);
	assert_string_equal(mail_text(m), "X-One: 1\n"
	    "Subject: hello\n\nHello.\n");
	message_free(m);
	stamps_free(&st);
}

static void
stamps_are_not_endless(void **state)
{
	struct stamps	 st;
	char		 field[32];
	int		 i;

	memset(&st, 0, sizeof(st));
	for (i = 0; i < 64; i++) {
		(void)snprintf(field, sizeof(field), "X-N: %d", i);
		assert_int_equal(stamps_add(&st, field), 0);
	}
	assert_int_equal(stamps_add(&st, "X-N: 64"), -1);
	assert_int_equal(stamps_add(&st, "X-N: 63"), 0);
	stamps_free(&st);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(all_have_to_pass),
		cmocka_unit_test(a_refusal_is_of_the_class_of_its_code),
		cmocka_unit_test(letters_become_values),
		cmocka_unit_test(stamps_are_each_there_once),
		cmocka_unit_test(stamps_are_not_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

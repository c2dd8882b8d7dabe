/* SPDX-License-Identifier: ISC */
/*
 * What became of a message.  Whatever it says must be true: the lines that
 * stayed and went are the one message, those that stayed and came the other.
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

#include "diff.h"

/* What was said: "-b" and so on, and both messages made of it again. */
static char		 said[4096];
static struct lines	 before_again, after_again;
static size_t		 changes;

static void
take(enum change what, const struct line *l, void *arg)
{
	size_t	 n = strlen(said);

	assert_ptr_equal(arg, said);
	(void)snprintf(said + n, sizeof(said) - n, "%c%s|", " -+"[what],
	    l->text);
	if (what != CHANGE_NEW)
		lines_add(&before_again, l->text, l->len);
	if (what != CHANGE_GONE)
		lines_add(&after_again, l->text, l->len);
	changes += what != CHANGE_NONE;
}

static void
same(const struct lines *a, const struct lines *b)
{
	size_t	 i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++)
		assert_true(lines_same(&a->line[i], &b->line[i]));
}

static void
compare(const struct lines *a, const struct lines *b)
{
	const struct diff_sink	 sink = { take, said };

	said[0] = '\0';
	changes = 0;
	diff_run(a, b, &sink);
	same(a, &before_again);
	same(b, &after_again);
	lines_free(&before_again);
	lines_free(&after_again);
}

/* "a|b" is two lines. */
static void
fill(struct lines *l, const char *text)
{
	size_t	 n;

	for (; *text != '\0'; text += n + (text[n] == '|')) {
		n = strcspn(text, "|");
		lines_add(l, text, n);
	}
}

static void
edits_are_told_as_an_author_means_them(void **state)
{
	static const struct {
		const char	*before, *after, *want;
	} cases[] = {
		{ "", "", "" },
		{ "a|b|", "a|b|", " a| b|" },
		{ "", "a|", "+a|" },
		{ "a|", "", "-a|" },
		/* Prepended, inserted, deleted, changed. */
		{ "a|b||c|", "x|y|a|b||c|", "+x|+y| a| b| | c|" },
		{ "a|b||c|", "a|x|b||c|", " a|+x| b| | c|" },
		{ "a|b||c|", "a||c|", " a|-b| | c|" },
		{ "a|b||c|", "a|B||c|", " a|-b|+B| | c|" },
		/* Two edits with something between. */
		{ "a|b|c|d|", "x|a|c|D|", "+x| a|-b| c|-d|+D|" },
		/* A body that is another: a blank line binds nothing. */
		{ "a||b||c|", "a||x||y||z|", " a| |-b|-|-c|+x|+|+y|+|+z|" },
	};
	struct lines	 a = { .n = 0 }, b = { .n = 0 };
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(&a, cases[i].before);
		fill(&b, cases[i].after);
		compare(&a, &b);
		assert_string_equal(said, cases[i].want);
		lines_free(&a);
		lines_free(&b);
	}
}

static void
numbered(struct lines *l, const char *word, size_t n)
{
	char	 text[32];
	size_t	 i;

	for (i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%s%zu", word, i);
		lines_add(l, text, strlen(text));
	}
}

static void
large_ones_take_no_longer_than_they_are(void **state)
{
	struct lines	 a = { .n = 0 }, b = { .n = 0 };

	/* More above than the window has: the body is still as it was. */
	numbered(&a, "body", 200000);
	numbered(&b, "new", 1000);
	numbered(&b, "body", 200000);
	compare(&a, &b);
	assert_int_equal(changes, 1000);
	lines_free(&b);
	/* Nothing in common: minutes, if it were quadratic. */
	numbered(&b, "other", 200000);
	compare(&a, &b);
	assert_int_equal(changes, 400000);
	lines_free(&a);
	lines_free(&b);
}

static void
whatever_it_says_is_true(void **state)
{
	struct lines	 a = { .n = 0 }, b = { .n = 0 };
	unsigned int	 seed, i, n;
	char		 text[2] = "a";

	srand(1);
	for (seed = 0; seed < 2000; seed++) {
		n = (unsigned int)rand() % 12;
		for (i = 0; i < n; i++) {
			*text = (char)('a' + rand() % 3);
			lines_add(rand() % 2 ? &a : &b, text,
			    (size_t)(rand() % 4 != 0));
		}
		compare(&a, &b);
		lines_free(&a);
		lines_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(edits_are_told_as_an_author_means_them),
		cmocka_unit_test(large_ones_take_no_longer_than_they_are),
		cmocka_unit_test(whatever_it_says_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

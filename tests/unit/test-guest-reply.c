/* SPDX-License-Identifier: ISC */
/*
 * A milter's own words: what may be said, how it goes over the wire, and what
 * it is said for.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guest_rig.h"

#define S(s)	((char *)(uintptr_t)(s))

static char		 text_980[981], text_981[982];

/* wire NULL: MI_FAILURE, and the milter's answer stands alone. */
static const struct {
	const char	*code, *enhanced, *text, *wire;
} replies[] = {
	{ "550", "5.7.1", "Go away", "550 5.7.1 Go away" },
	{ "451", "4.7.1", "Later", "451 4.7.1 Later" },
	{ "550", NULL, "Go away", "550 Go away" },
	{ "550", "5.7.1", NULL, "550 5.7.1" },
	{ "550", NULL, NULL, "550 " },
	{ "550", "5.7.1", "", "550 5.7.1 " },
	{ "599", "5.999.999", "100% sure", "599 5.999.999 100% sure" },
	{ NULL, "5.7.1", "x", NULL },
	{ "", NULL, "x", NULL },
	{ "55", NULL, "x", NULL },
	{ "5500", NULL, "x", NULL },
	{ "5x0", NULL, "x", NULL },
	{ "55 ", NULL, "x", NULL },
	{ "250", NULL, "x", NULL },
	{ "354", NULL, "x", NULL },
	{ "550", "", "x", NULL },
	{ "550", "5", "x", NULL },
	{ "550", "5.7", "x", NULL },
	{ "550", "5.7.", "x", NULL },
	{ "550", "5..1", "x", NULL },
	{ "550", "5.7.1.", "x", NULL },
	{ "550", "5.7.1 ", "x", NULL },
	{ "550", "5.7.1000", "x", NULL },
	{ "550", "3.7.1", "x", NULL },
	{ "550", NULL, "a\nb", NULL },
	{ "550", NULL, "a\r", NULL },
	{ "550", NULL, text_981, NULL },
};

static size_t		 current;

static void
negotiate_all(void)
{
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	(void)guest_called();
}

static sfsistat
set_reply(SMFICTX *ctx, char command)
{
	if (command == 'O')
		return SMFIS_CONTINUE;
	guest_note(" %d", smfi_setreply(ctx, S(replies[current].code),
	    S(replies[current].enhanced), S(replies[current].text)));
	return replies[current].code != NULL &&
	    replies[current].code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

static void
test_replies(void **state)
{
	const char	*wire;

	memset(text_981, 'x', 981);
	for (current = 0; current < sizeof(replies) / sizeof(replies[0]);
	    current++) {
		assert_int_equal(guest_begin(state), 0);
		guest_does = set_reply;
		negotiate_all();
		guest_command('M');
		wire = replies[current].wire;
		if (wire != NULL) {
			assert_int_equal(guest_hear(), 'y');
			assert_int_equal(guest_len, strlen(wire) + 1);
			assert_string_equal(guest_heard, wire);
		} else
			assert_int_equal(guest_hear(), 'r');
		assert_string_equal(guest_called(), wire == NULL ?
		    "envfrom(<a>) -1" : "envfrom(<a>) 0");
		(void)guest_calls();
	}
}

static sfsistat
set_longest(SMFICTX *ctx, char command)
{
	guest_note(" %d", smfi_setreply(ctx, S("550"), NULL, text_980));
	return SMFIS_REJECT;
}

static void
test_longest(void **state)
{
	memset(text_980, 'x', 980);
	guest_does = set_longest;
	negotiate_all();
	guest_command('M');
	assert_int_equal(guest_hear(), 'y');
	assert_int_equal(guest_len, 4 + 980 + 1);
}

/* A reply is for the next refusal of its class, whenever that is. */
static sfsistat
sometimes(SMFICTX *ctx, char command)
{
	switch (command) {
	case 'C':
		guest_note(" %d", smfi_setreply(ctx, S("550"), NULL, S("x")));
		return SMFIS_CONTINUE;
	case 'H':
		return SMFIS_TEMPFAIL;
	case 'R':
		return SMFIS_REJECT;
	case 'T':
		guest_note(" %d", smfi_setreply(ctx, S("452"), NULL, S("y")));
		guest_note(" %d", smfi_setreply(ctx, S("2"), NULL, S("z")));
		return SMFIS_TEMPFAIL;
	default:
		return SMFIS_CONTINUE;
	}
}

static void
test_kept(void **state)
{
	guest_does = sometimes;
	negotiate_all();
	guest_command('C');
	assert_int_equal(guest_hear(), 'c');
	guest_command('H');
	assert_int_equal(guest_hear(), 't');
	guest_command('M');
	assert_int_equal(guest_hear(), 'c');
	guest_command('A');
	guest_command('M');
	assert_int_equal(guest_hear(), 'c');
	guest_command('R');
	assert_int_equal(guest_hear(), 'y');
	assert_string_equal(guest_heard, "550 x");
	guest_command('R');
	assert_int_equal(guest_hear(), 'r');
	guest_command('T');
	assert_int_equal(guest_hear(), 'y');
	assert_string_equal(guest_heard, "452 y");
}

static int		 which;

static int
set_lines(SMFICTX *ctx)
{
#define X	"x"
#define X8	X, X, X, X, X, X, X, X
	switch (which) {
	case 0:
		return smfi_setmlreply(ctx, "550", "5.7.1", "a", "b c", NULL);
	case 1:
		return smfi_setmlreply(ctx, "550", "5.7.1", "a", NULL);
	case 2:
		return smfi_setmlreply(ctx, "550", NULL, "a", "b", NULL);
	case 3:
		return smfi_setmlreply(ctx, "551", "5.7.1", "", "b", NULL);
	case 4:
		return smfi_setmlreply(ctx, "550", "5.7.1", "a\n", NULL);
	case 5:
		return smfi_setmlreply(ctx, "250", "2.0.0", "a", NULL);
	case 6:
		return smfi_setmlreply(ctx, "550", "x", "a", NULL);
	case 7:
		return smfi_setmlreply(ctx, "550", "5.0.0", "a", text_981,
		    NULL);
	case 8:
		return smfi_setmlreply(ctx, "550", "5.7.1", X8, X8, X8, X8, X,
		    NULL);
	default:
		return smfi_setmlreply(ctx, "550", "5.7.1", NULL);
	}
}

static sfsistat
lines(SMFICTX *ctx, char command)
{
	guest_note(" %d", set_lines(ctx));
	return SMFIS_REJECT;
}

static void
test_lines(void **state)
{
	static const char *const	 wires[] = {
		"550-5.7.1 a\r\n550 5.7.1 b c",
		"550 5.7.1 a",
		"550-5.0.0 a\r\n550 5.0.0 b",
		"551-5.7.1 \r\n551 5.7.1 b",
		NULL, NULL, NULL, NULL, NULL, NULL
	};

	memset(text_981, 'x', 981);
	for (which = 0; which < 10; which++) {
		assert_int_equal(guest_begin(state), 0);
		guest_does = lines;
		negotiate_all();
		guest_command('M');
		assert_int_equal(guest_hear(),
		    wires[which] == NULL ? 'r' : 'y');
		if (wires[which] != NULL)
			assert_string_equal(guest_heard, wires[which]);
		(void)guest_calls();
	}
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, guest_begin, guest_end)
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_replies),
		TEST(test_longest),
		TEST(test_kept),
		cmocka_unit_test(test_lines)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What a MTA offers, what a milter answers, and what comes of it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "terms.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define LIT(s)	(s), sizeof(s) - 1

static const struct {
	uint32_t	 version;
	const char	*data;
	size_t		 len;
} offers[] = {
	{ 2, LIT("\0\0\0\15O\0\0\0\2\0\0\0\x3f\0\0\0\x7f") },
	{ 3, LIT("\0\0\0\15O\0\0\0\3\0\0\0\x3f\0\0\1\x7f") },
	{ 4, LIT("\0\0\0\15O\0\0\0\4\0\0\0\x3f\0\0\3\x7f") },
	{ 5, LIT("\0\0\0\15O\0\0\0\5\0\0\0\x3f\0\0\3\x7f") },
	{ 6, LIT("\0\0\0\15O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff") },
};

static void
a_version_is_offered_with_all_it_has(void **state)
{
	struct bytes	 b = { 0 };
	struct terms	 t;
	size_t		 i;

	for (i = 0; i < N(offers); i++) {
		terms_offer(&t, offers[i].version);
		assert_int_equal(terms_put(&b, &t), 0);
		assert_int_equal(b.len, offers[i].len);
		assert_memory_equal(b.data + b.off, offers[i].data, b.len);
		bytes_clear(&b);
	}
}

static void
lists_of_macros_are_put_behind(void **state)
{
	static char	 none[] = "", some[] = "i {auth_type}";
	struct bytes	 b = { 0 };
	struct terms	 t;

	terms_offer(&t, 6);
	t.macros[SMFIM_CONNECT] = none;
	t.macros[SMFIM_EOH] = some;
	assert_int_equal(terms_put(&b, &t), 0);
	assert_int_equal(b.len, 17 + 4 + 1 + 4 + 14);
	assert_memory_equal(b.data + b.off, "\0\0\0\x24O", 5);
	assert_memory_equal(b.data + b.off + 17,
	    "\0\0\0\0\0" "\0\0\0\6i {auth_type}", 23);
	bytes_clear(&b);
}

static const struct {
	uint32_t	 offered;
	char		 command;
	const char	*data;
	size_t		 len;
	const char	*why;		/* NULL: agreed */
	uint32_t	 version, actions, protocol;
} answers[] = {
	/* As real ones answer. */
	{ 6, 'O', LIT("\0\0\0\6\0\0\1\x11\0\x10\7\2"), NULL,
	    6, 0x111, 0x100702 },
	{ 6, 'O', LIT("\0\0\0\2\0\0\0\x3f\0\0\0\x42"), NULL, 2, 0x3f, 0x42 },
	{ 2, 'O', LIT("\0\0\0\2\0\0\0\0\0\0\0\0"), NULL, 2, 0, 0 },
	/* What it may do, but nobody offered. */
	{ 2, 'O', LIT("\0\0\0\2\0\0\1\xff\0\0\0\0"), NULL, 2, 0x3f, 0 },
	{ 6, 'O', LIT("\0\0\0\6\xff\xff\xff\xff\0\0\0\0"), NULL, 6, 0x1ff, 0 },
	{ 6, 'O', LIT("\0\0\0\7\0\0\0\0\0\0\0\0"), "version 7", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\1\0\0\0\0\0\0\0\0"), "version 1", 0, 0, 0 },
	{ 4, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0\0"), "version 6", 0, 0, 0 },
	{ 6, 'O', LIT("\xff\xff\xff\xff\0\0\0\0\0\0\0\0"),
	    "version 4294967295", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\x30\0\0\1"),
	    "protocol bits 0x30000000", 0, 0, 0 },
	{ 4, 'O', LIT("\0\0\0\4\0\0\0\0\0\x10\0\x80"),
	    "protocol bits 0x100080", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0"), "a short negotiation",
	    0, 0, 0 },
	{ 6, 'O', LIT(""), "a short negotiation", 0, 0, 0 },
	{ 6, 'c', LIT("\0\0\0\6\0\0\0\0\0\0\0\0"), "no negotiation", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\1i"),
	    "a broken list of macros", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\1i\0\0\0\2"),
	    "a broken list of macros", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\7i\0"),
	    "macros of an unknown stage", 0, 0, 0 },
	{ 6, 'O', LIT("\0\0\0\6\0\0\0\0\0\0\0\0\xff\xff\xff\xff" "i\0"),
	    "macros of an unknown stage", 0, 0, 0 },
};

static void
an_answer_is_agreed_to_or_not(void **state)
{
	struct terms	 offer, t;
	struct packet	 p;
	const char	*why;
	size_t		 i;

	for (i = 0; i < N(answers); i++) {
		terms_offer(&offer, answers[i].offered);
		p = (struct packet){ answers[i].command, answers[i].data,
		    answers[i].len };
		why = terms_take(&t, &p, &offer);
		if (answers[i].why != NULL) {
			assert_non_null(why);
			assert_string_equal(why, answers[i].why);
		} else
			assert_null(why);
		assert_true(t.version == answers[i].version);
		assert_true(t.actions == answers[i].actions);
		assert_true(t.protocol == answers[i].protocol);
		terms_free(&t);
	}
}

static void
macros_that_a_milter_wants(void **state)
{
	struct packet	 p = { 'O', LIT("\0\0\0\6\0\0\1\0\0\0\0\0"
			    "\0\0\0\2i\0" "\0\0\0\6\0"
			    "\0\0\0\2{mail_addr} j\0") };
	struct terms	 offer, t;

	terms_offer(&offer, 6);
	assert_null(terms_take(&t, &p, &offer));
	assert_null(t.macros[SMFIM_CONNECT]);
	assert_string_equal(t.macros[SMFIM_ENVFROM], "{mail_addr} j");
	assert_string_equal(t.macros[SMFIM_EOH], "");
	assert_null(t.macros[SMFIM_EOM]);
	terms_free(&t);
	assert_null(t.macros[SMFIM_ENVFROM]);
}

static const struct {
	char		 command;
	uint32_t	 version, protocol;
	int		 wants, replies;
} rules[] = {
	{ 'C', 2, 0, 1, 1 },
	{ 'C', 2, SMFIP_NOCONNECT, 0, 0 },
	{ 'C', 6, SMFIP_NR_CONN, 1, 0 },
	{ 'H', 6, SMFIP_NOHELO, 0, 0 },
	{ 'H', 6, SMFIP_NR_HELO, 1, 0 },
	{ 'M', 6, SMFIP_NOMAIL, 0, 0 },
	{ 'M', 6, SMFIP_NR_MAIL, 1, 0 },
	{ 'R', 6, SMFIP_NORCPT, 0, 0 },
	{ 'R', 6, SMFIP_NR_RCPT, 1, 0 },
	{ 'T', 3, 0, 0, 0 },
	{ 'T', 4, 0, 1, 1 },
	{ 'T', 6, SMFIP_NODATA, 0, 0 },
	{ 'T', 6, SMFIP_NR_DATA, 1, 0 },
	{ 'U', 2, 0, 0, 0 },
	{ 'U', 3, 0, 1, 1 },
	{ 'U', 6, SMFIP_NOUNKNOWN, 0, 0 },
	{ 'U', 6, SMFIP_NR_UNKN, 1, 0 },
	{ 'L', 6, SMFIP_NOHDRS, 0, 0 },
	{ 'L', 2, SMFIP_NR_HDR, 1, 0 },
	{ 'L', 6, SMFIP_NOEOH | SMFIP_NOBODY, 1, 1 },
	{ 'N', 6, SMFIP_NOEOH, 0, 0 },
	{ 'N', 6, SMFIP_NR_EOH, 1, 0 },
	{ 'B', 6, SMFIP_NOBODY, 0, 0 },
	{ 'B', 6, SMFIP_NR_BODY, 1, 0 },
	{ 'B', 6, SMFIP_NOBODY | SMFIP_NR_BODY, 0, 0 },
	/* The end of the message is not to be refused. */
	{ 'E', 6, SMFI_CURR_PROT, 1, 1 },
	{ 'O', 6, SMFI_CURR_PROT, 1, 1 },
	{ 'A', 6, 0, 1, 0 },
	{ 'D', 6, 0, 1, 0 },
	{ 'Q', 6, 0, 1, 0 },
	{ 'K', 6, 0, 1, 0 },
};

static void
what_is_sent_and_what_is_answered(void **state)
{
	struct terms	 t;
	size_t		 i;

	for (i = 0; i < N(rules); i++) {
		memset(&t, 0, sizeof(t));
		t.version = rules[i].version;
		t.protocol = rules[i].protocol;
		if (!!terms_wants(&t, rules[i].command) != rules[i].wants ||
		    !!terms_replies(&t, rules[i].command) != rules[i].replies)
			fail_msg("rule %zu, %c", i, rules[i].command);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_version_is_offered_with_all_it_has),
		cmocka_unit_test(lists_of_macros_are_put_behind),
		cmocka_unit_test(an_answer_is_agreed_to_or_not),
		cmocka_unit_test(macros_that_a_milter_wants),
		cmocka_unit_test(what_is_sent_and_what_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What is understood of the answers of policy servers.
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

#include "policyd.h"

#define X64	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256	X64 X64 X64 X64
#define X512	X256 X256

static const struct {
	const char	*text;
	long		 frame;		/* 0: more is needed; -1: never */
} frames[] = {
	{ "action=DUNNO\n\n", 14 },
	{ "action=DUNNO\r\n\r\n", 16 },
	{ "action=DUNNO\n\naction=OK\n\n", 14 },
	{ "action=DUNNO\n\nHTTP/1.1", 14 },
	{ "foo=\naction=DUNNO\n\n", 19 },
	{ "action=\n\n", 9 },
	{ "", 0 },
	{ "action=DUNNO\n", 0 },
	{ "action=DUNNO", 0 },
	{ "action=DUNNO\n\r", 0 },
	{ "action=REJECT go away, a=b\n", 0 },
	{ "\n", -1 },
	{ "\r\n", -1 },
	{ "220 mx.example.org ESMTP\r\n", -1 },
	{ "HTTP/1.1 400 Bad Request a=b\r\n", -1 },
	{ "=x\n\n", -1 },
	{ "action\n\n", -1 },
	{ "action=OK\nnonsense\n\n", -1 },
	{ "\001=x\n", -1 },
};

static void
a_frame_ends_with_an_empty_line(void **state)
{
	size_t	 i, n;

	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		n = policyd_frame(frames[i].text, strlen(frames[i].text));
		if (n != (size_t)frames[i].frame)
			fail_msg("%s: %zd", frames[i].text, (ssize_t)n);
	}
}

static void
a_frame_has_an_end(void **state)
{
	char	 buf[2 * POLICYD_ANSWER_MAX];

	memset(buf, 'x', sizeof(buf));
	memcpy(buf, "action=", 7);
	assert_int_equal(policyd_frame(buf, POLICYD_ANSWER_MAX - 1), 0);
	assert_int_equal(policyd_frame(buf, POLICYD_ANSWER_MAX), SIZE_MAX);
	assert_int_equal(policyd_frame(buf, sizeof(buf)), SIZE_MAX);
	memcpy(buf + POLICYD_ANSWER_MAX - 2, "\n\n", 2);
	assert_int_equal(policyd_frame(buf, sizeof(buf)),
	    POLICYD_ANSWER_MAX);
	memcpy(buf + POLICYD_ANSWER_MAX - 2, "x\n\n", 3);
	assert_int_equal(policyd_frame(buf, sizeof(buf)), SIZE_MAX);
}

#define PASS	POLICYD_PASS
#define NO	POLICYD_REJECT
#define PRE	POLICYD_PREPEND
#define LOG	POLICYD_LOG

static const struct {
	const char	*action;
	int		 what;		/* -1: none */
	int		 code;
	const char	*text;		/* or why not */
	const char	*word;
} answers[] = {
	{ "OK", PASS, 0, "", "OK" },
	{ "ok and more", PASS, 0, "and more", "OK" },
	{ "Relay", PASS, 0, "", "RELAY" },
	{ "1234567890", PASS, 0, "", "number" },
	{ "550", PASS, 0, "", "number" },
	{ "permit", PASS, 0, "", "permit" },
	{ "PERMIT_mynetworks", PASS, 0, "", "permit" },
	{ "DUNNO", PASS, 0, "", "DUNNO" },
	{ "dunno", PASS, 0, "", "DUNNO" },
	{ "", PASS, 0, "", "DUNNO" },
	{ "  ", PASS, 0, "", "DUNNO" },
	{ "REJECT", NO, 550, "5.7.1 Access denied", "REJECT" },
	{ "Reject \t Go away ", NO, 550, "5.7.1 Go away", "REJECT" },
	{ "REJECT 5.1.8 No", NO, 550, "5.1.8 No", "REJECT" },
	{ "REJECT 4.1.8 No", NO, 550, "5.1.8 No", "REJECT" },
	{ "REJECT 5.1.8", NO, 550, "5.1.8 Access denied", "REJECT" },
	{ "REJECT 5.1.8x", NO, 550, "5.7.1 5.1.8x", "REJECT" },
	{ "REJECT 5.1234.8 No", NO, 550, "5.7.1 5.1234.8 No", "REJECT" },
	{ "REJECT 5..8 No", NO, 550, "5.7.1 5..8 No", "REJECT" },
	{ "REJECT 5.1. No", NO, 550, "5.7.1 5.1. No", "REJECT" },
	{ "REJECT 3.1.1 No", NO, 550, "5.7.1 3.1.1 No", "REJECT" },
	{ "REJECT a=b|c", NO, 550, "5.7.1 a=b|c", "REJECT" },
	{ "REJECT j\303\266e\001x\177", NO, 550, "5.7.1 j??e x?", "REJECT" },
	{ "REJECT " X512, NO, 550, NULL, "REJECT" },
	{ "REJECT 5.7.1 " X512, NO, 550, NULL, "REJECT" },
	{ "DEFER", NO, 450, "4.7.1 Try again later", "DEFER" },
	{ "DEFER 5.3.0 Later", NO, 450, "4.3.0 Later", "DEFER" },
	{ "DEFER_IF_PERMIT 4.2.0 Greylisted", NO, 450, "4.2.0 Greylisted",
	    "DEFER_IF_PERMIT" },
	{ "defer_if_permit Greylisted, see http://example.org/", NO, 450,
	    "4.7.1 Greylisted, see http://example.org/", "DEFER_IF_PERMIT" },
	{ "DEFER_IF_REJECT maybe", LOG, 0, "maybe", "DEFER_IF_REJECT" },
	{ "450 4.7.1 Later", NO, 450, "4.7.1 Later", "code" },
	{ "421 Bye", NO, 421, "4.7.1 Bye", "code" },
	{ "554 2.0.0 No", NO, 554, "5.0.0 No", "code" },
	{ "599 No", NO, 599, "5.7.1 No", "code" },
	{ "350 x", -1, 0, "unknown action", NULL },
	{ "4500 x", -1, 0, "unknown action", NULL },
	{ "45x x", -1, 0, "unknown action", NULL },
	{ "PREPEND X-Greylist: delayed 3 seconds", PRE, 0,
	    "X-Greylist: delayed 3 seconds", "PREPEND" },
	{ "prepend X-A:b", PRE, 0, "X-A:b", "PREPEND" },
	{ "PREPEND X-A:", PRE, 0, "X-A:", "PREPEND" },
	{ "PREPEND", LOG, 0, "", "PREPEND" },
	{ "PREPEND no field", LOG, 0, "no field", "PREPEND" },
	{ "PREPEND a b: c", LOG, 0, "a b: c", "PREPEND" },
	{ "PREPEND : c", LOG, 0, ": c", "PREPEND" },
	{ "PREPEND X-A: " X512 X256 X64, PRE, 0, NULL, "PREPEND" },
	{ "PREPEND X-A: " X512 X512, LOG, 0, NULL, "PREPEND" },
	{ "DISCARD", POLICYD_DISCARD, 0, "", "DISCARD" },
	{ "HOLD for a look", POLICYD_HOLD, 0, "for a look", "HOLD" },
	{ "FILTER smtp:[192.0.2.1]", LOG, 0, "smtp:[192.0.2.1]", "FILTER" },
	{ "REDIRECT a@example.org", LOG, 0, "a@example.org", "REDIRECT" },
	{ "BCC a@example.org", LOG, 0, "a@example.org", "BCC" },
	{ "INFO seen", LOG, 0, "seen", "INFO" },
	{ "WARN seen", LOG, 0, "seen", "WARN" },
	{ "reject_unauth_destination", -1, 0, "unknown action", NULL },
	{ "OKAY", -1, 0, "unknown action", NULL },
	{ "FROB x", -1, 0, "unknown action", NULL },
	{ "12a", -1, 0, "unknown action", NULL },
};

static int
parse(const char *name, const char *action, const char *end,
    struct policyd_answer *a, const char **why)
{
	char	 frame[POLICYD_ANSWER_MAX];
	int	 n;

	n = snprintf(frame, sizeof(frame), "%s%s%s", name, action, end);
	assert_int_equal(policyd_frame(frame, (size_t)n), n);
	return policyd_parse(frame, (size_t)n, a, why);
}

static void
check_answer(size_t i, const char *name, const char *end)
{
	struct policyd_answer	 a;
	const char		*why = NULL;
	int			 r;

	r = parse(name, answers[i].action, end, &a, &why);
	if (r != (answers[i].what == -1 ? -1 : 0))
		fail_msg("\"%s\": %d", answers[i].action, r);
	if (r == -1) {
		assert_string_equal(why, answers[i].text);
		return;
	}
	assert_int_equal(a.action, answers[i].what);
	assert_int_equal(a.code, answers[i].code);
	assert_string_equal(a.word, answers[i].word);
	if (answers[i].text != NULL)
		assert_string_equal(a.text, answers[i].text);
	/* Code, blank and CRLF make 512 of it, RFC 5321, 4.5.3.1.5 */
	if (a.action == POLICYD_REJECT)
		assert_in_range(strlen(a.text), 6, 506);
	else
		assert_in_range(strlen(a.text), 0, 998);
}

static void
every_word_is_understood(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		check_answer(i, "action=", "\n\n");
		check_answer(i, "action=", "\r\n\r\n");
		check_answer(i, "x=y\nactions=OK\naction=",
		    "\naction=OK\n\n");
	}
}

static void
long_texts_are_cut_or_kept_whole(void **state)
{
	struct policyd_answer	 a;
	const char		*why;

	(void)parse("action=", "REJECT " X512, "\n\n", &a, &why);
	assert_int_equal(strlen(a.text), 505);
	(void)parse("action=", "450 4.7.1 " X512, "\n\n", &a, &why);
	assert_int_equal(strlen(a.text), 505);
	(void)parse("action=", "PREPEND X-A: " X512 X256 X64 X64 X64
	    "0123456789012345678901234567890123", "\n\n", &a, &why);
	assert_int_equal(a.action, POLICYD_LOG);
	(void)parse("action=", "PREPEND X-A: " X512 X256 X64 X64 X64
	    "012345678901234567890123456789012", "\n\n", &a, &why);
	assert_int_equal(a.action, POLICYD_PREPEND);
}

static void
an_answer_without_action_is_none(void **state)
{
	struct policyd_answer	 a;
	const char		*why = NULL;

	assert_int_equal(parse("reaction=", "OK", "\n\n", &a, &why), -1);
	assert_string_equal(why, "no action");
	assert_int_equal(parse("ACTION=", "OK", "\n\n", &a, &why), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_frame_ends_with_an_empty_line),
		cmocka_unit_test(a_frame_has_an_end),
		cmocka_unit_test(every_word_is_understood),
		cmocka_unit_test(long_texts_are_cut_or_kept_whole),
		cmocka_unit_test(an_answer_without_action_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

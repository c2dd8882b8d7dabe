/* SPDX-License-Identifier: ISC */
/* X-Spam fields of a client, of spamd and of ours. */

#include <sys/types.h>

#include "compat.h"
#include "mark.h"
#include "options.h"
#include "mail.h"

#define RECEIVED "Received: from a (b [192.0.2.1])\n\tby mx (OpenSMTPD)\n"
#define REST "From: joe@example.com\n\nX-Spam-Flag: NO\n"
#define NOTHING RECEIVED REST

static const struct {
	const char	*what, *in, *out;
	size_t		 n;
} strips[] = {
	{ "none", NOTHING, NOTHING, 0 },
	{ "any case", RECEIVED "x-SPAM-fLAG: NO\nX-spam: No\n" REST, NOTHING,
	    2 },
	{ "folded", RECEIVED "X-Spam-Status: No,\n\tX-Spam: a\n b\n" REST,
	    NOTHING, 1 },
	{ "folded before its value", RECEIVED "X-Spam-Flag:\n YES\n" REST,
	    NOTHING, 1 },
	{ "a blank before the colon", RECEIVED "X-Spam-Flag \t: NO\n" REST,
	    NOTHING, 1 },
	{ "at the end of the header", RECEIVED "From: joe@example.com\n"
	    "X-Spam-Prev-Subject: a\n\nX-Spam-Flag: NO\n", NOTHING, 1 },
	{ "between others", RECEIVED "A: 1\nX-Spam-A: 1\nB: 2\nX-Spam-B: 2\n"
	    "C: 3\n\nb\n", RECEIVED "A: 1\nB: 2\nC: 3\n\nb\n", 2 },
	{ "of other filters", RECEIVED "X-Spamd-Bar: +\nX-Spam_score: -9\n"
	    REST, NOTHING, 2 },
	{ "others that look like it", RECEIVED "X-Spa: m\nXX-Spam: no\n" REST,
	    RECEIVED "X-Spa: m\nXX-Spam: no\n" REST, 0 },
	{ "the end of a field", RECEIVED "A: 1\n X-Spam: 2\n" REST,
	    RECEIVED "A: 1\n X-Spam: 2\n" REST, 0 },
	{ "not a field", RECEIVED "X-Spam\nX-Spam-Fl\xe4g: NO\n"
	    "X-Spam-Flag\r: NO\nX-Spam-Flag\n : NO\n" REST, NOTHING, 4 },
	{ "behind a CR", RECEIVED "\rX-Spam: No\nA\rx-spam: No\n"
	    "B: 1\n 2\r3\rX-SPAM-Flag: NO\nC: 1\rD: X-Spam: 2\r\n" REST,
	    RECEIVED "B: 1\n 2\nC: 1\rD: X-Spam: 2\r\n" REST, 3 },
	{ "behind a CR in smtpd's Received", RECEIVED " a\rX-Spam: No\n" REST,
	    RECEIVED " a\n" REST, 1 },
	{ "smtpd's own", "X-Spam: Yes\n" NOTHING, "X-Spam: Yes\n" NOTHING,
	    0 },
	{ "smtpd's own, once", "X-Spam: Yes\nX-Spam: Yes\n" NOTHING,
	    "X-Spam: Yes\n" NOTHING, 1 },
	{ "smtpd's own and forged", "X-Spam: Yes\n" RECEIVED
	    "X-Spam: Yes\nX-Spam: No\n" REST, "X-Spam: Yes\n" NOTHING, 2 },
	{ "below a filter's", "A: b\nX-Spam: yes\n" NOTHING,
	    "A: b\nX-Spam: yes\n" NOTHING, 0 },
	{ "smtpd never says no", "X-Spam: No\n" NOTHING, NOTHING, 1 },
	{ "nor anything else", "X-Spam-Flag: YES\n" NOTHING, NOTHING, 1 },
	{ "below Received", RECEIVED "X-Spam: Yes\n" REST, NOTHING, 1 },
	{ "no Received", "X-Spam: Yes\nA: b\n\n", "A: b\n\n", 1 },
	{ "nothing else", RECEIVED "X-Spam: a\n", RECEIVED, 1 },
	{ "an empty message", "", "", 0 }
};

static void
test_strip(void **state)
{
	struct message	*m;
	size_t		 i;

	for (i = 0; i < sizeof(strips) / sizeof(strips[0]); i++) {
		m = mail_new(strips[i].in);
		if (mark_strip(m) != strips[i].n ||
		    strcmp(mail_text(m), strips[i].out) != 0) {
			print_error("%s:\n%s", strips[i].what, mail_text(m));
			fail();
		}
		message_free(m);
	}
}

static void
test_strip_many(void **state)
{
	struct message	*m = mail_new(RECEIVED);
	int		 i;

	for (i = 0; i < MARK_STRIP_MAX; i++)
		message_append(m, "X-Spam: 1", 9);
	message_append(m, "A: 1", 4);
	assert_int_equal(mark_strip(m), MARK_STRIP_MAX);
	assert_string_equal(mail_text(m), RECEIVED "A: 1\n");
	message_free(m);

	m = mail_new(RECEIVED);
	for (i = 0; i <= MARK_STRIP_MAX; i++)
		message_append(m, "X-Spam: 1", 9);
	assert_int_equal(mark_strip(m), MARK_STRIP_MAX + 1);
	message_free(m);
}

#define BODY "Subject: hello\n world\n\nb\n"
#define SUBJECT "A: b\n" BODY
#define SPAMD_HAM "X-Spam-Level: **\nX-Spam-Status: No, score=2.5 " \
	"required=5.0 tests=A,\n\tB autolearn=no version=4\n" \
	"X-Spam-Checker-Version: SpamAssassin 4\n"
#define HAM_OUT SPAMD_HAM "X-Spam-Score: 2.5\n"

static const struct {
	const char	*what, *tag, *headers, *subject;
	struct mark	 mark;
	const char	*in, *out;
} results[] = {
	{ "ham", "all", "all", "", { 0, 0, 0, 2.5, 5, "A,B",
	    SPAMD_HAM "From: a\nX-Spam-Forged: 1\n", 0 }, SUBJECT,
	    HAM_OUT SUBJECT },
	{ "spamd has no fields", "all", "all", "", { 0, 0, 0, -1.25, 5, "A,B",
	    NULL, 0 }, SUBJECT, "X-Spam-Level: \nX-Spam-Status: No, "
	    "score=-1.2 required=5.0 tests=A,B\nX-Spam-Score: -1.2\n"
	    "X-Spam-Checker-Version: filter-spamassassin " PACKAGE_VERSION
	    "\n" SUBJECT },
	{ "no rules", "all", "Status", "", { 0, 0, 0, 0, 5, "", NULL, 0 },
	    SUBJECT, "X-Spam-Status: No, score=0.0 required=5.0 tests=none\n"
	    SUBJECT },
	{ "spam", "all", "all", "", { 1, 0, 0, 6, 5, "A", "X-Spam-Flag: YES\n"
	    "X-Spam-Level: ******\nX-Spam-Status: Yes, score=6.0\n"
	    "X-Spam-Checker-Version: SA\nX-Spam-Report: \n\t* a\n\t* b\n"
	    "A: b\n", 0 }, SUBJECT, "X-Spam-Flag: YES\nX-Spam-Level: ******\n"
	    "X-Spam-Status: Yes, score=6.0\nX-Spam-Checker-Version: SA\n"
	    "X-Spam-Report: \n\t* a\n\t* b\nX-Spam-Score: 6.0\n" SUBJECT },
	{ "our threshold is lower", "all", "all", "", { 1, 0, 1, 2.5, 2, "A,B",
	    SPAMD_HAM, 0 }, SUBJECT, "X-Spam-Flag: YES\nX-Spam-Level: **\n"
	    "X-Spam-Status: Yes, score=2.5 required=2.0 tests=A,B\n"
	    "X-Spam-Checker-Version: SpamAssassin 4\nX-Spam-Score: 2.5\n"
	    SUBJECT },
	{ "our threshold is higher", "all", "Flag,Status", "", { 0, 0, 1, 6, 9,
	    "A", "X-Spam-Flag: YES\nX-Spam-Status: Yes, score=6.0\n", 0 },
	    SUBJECT, "X-Spam-Status: No, score=6.0 required=9.0 tests=A\n"
	    SUBJECT },
	{ "spamd's flag says something else", "all", "Flag Status", "",
	    { 0, 0, 0, 1, 5, "A", "X-Spam-Flag: YES\nX-Spam-Status: Yes\n",
	    0 }, SUBJECT,
	    "X-Spam-Status: No, score=1.0 required=5.0 tests=A\n" SUBJECT },
	{ "some headers", "all", "score, LEVEL", "", { 0, 0, 0, 2.5, 5, "A",
	    SPAMD_HAM, 0 }, SUBJECT,
	    "X-Spam-Level: **\nX-Spam-Score: 2.5\n" SUBJECT },
	{ "some headers, by their whole name", "all", "X-Spam-Score,x-spam-LEVEL",
	    "", { 0, 0, 0, 2.5, 5, "A", SPAMD_HAM, 0 }, SUBJECT,
	    "X-Spam-Level: **\nX-Spam-Score: 2.5\n" SUBJECT },
	{ "many rules are folded", "all", "Status", "", { 0, 0, 0, 1, 5,
	    "AAAAAAAAAAAAAAAAAAAA,BBBBBBBBBBBBBBBBBBBB,CCCCCCCCCCCCCCCCCCCC,"
	    "DDDDDDDDDDDDDDDDDDDD,EEEEEEEEEEEEEEEEEEEE", NULL, 0 }, SUBJECT,
	    "X-Spam-Status: No, score=1.0 required=5.0 "
	    "tests=AAAAAAAAAAAAAAAAAAAA,\n\tBBBBBBBBBBBBBBBBBBBB,"
	    "CCCCCCCCCCCCCCCCCCCC,DDDDDDDDDDDDDDDDDDDD,\n"
	    "\tEEEEEEEEEEEEEEEEEEEE\n" SUBJECT },
	{ "scores that are none", "all", "Score Level", "", { 1, 0, 0, 1e300,
	    5, "", NULL, 0 }, SUBJECT, "X-Spam-Level: "
	    "**************************************************\n"
	    "X-Spam-Score: 1000000.0\n" SUBJECT },
	{ "and the other way", "all", "Score Level", "", { 0, 0, 0, -1e300,
	    5, "", NULL, 0 }, SUBJECT,
	    "X-Spam-Level: \nX-Spam-Score: -1000000.0\n" SUBJECT },
	{ "tag spam, ham", "spam", "all", "*", { 0, 0, 0, 2.5, 5, "", SPAMD_HAM,
	    0 }, SUBJECT, SUBJECT },
	{ "tag spam, spam", "spam", "Flag", "", { 1, 0, 0, 9, 5, "", NULL, 0 },
	    SUBJECT, "X-Spam-Flag: YES\n" SUBJECT },
	{ "tag none, junk", "none", "all", "", { 1, 1, 0, 9, 5, "", SPAMD_HAM,
	    0 }, SUBJECT, "X-Spam: Yes\n" SUBJECT },
	{ "junk on top", "all", "Flag", "", { 1, 1, 0, 9, 5, "", NULL, 0 },
	    RECEIVED BODY, "X-Spam: Yes\nX-Spam-Flag: YES\n" RECEIVED BODY },
	{ "junk that smtpd marked", "all", "Flag", "", { 1, 1, 0, 9, 5, "",
	    NULL, 0 }, "X-Spam: Yes\n" RECEIVED BODY,
	    "X-Spam-Flag: YES\nX-Spam: Yes\n" RECEIVED BODY },
	{ "junk that the client marked", "all", "Flag", "", { 1, 1, 0, 9, 5,
	    "", NULL, 0 }, RECEIVED "X-Spam: Yes\n" BODY,
	    "X-Spam: Yes\nX-Spam-Flag: YES\n" RECEIVED BODY },
	{ "junk below the threshold", "all", "Flag,Score", "", { 0, 1, 0, 4, 5,
	    "", NULL, 0 }, SUBJECT, "X-Spam: Yes\nX-Spam-Score: 4.0\n"
	    SUBJECT },
	{ "subject", "none", "all", "[SPAM]", { 1, 0, 0, 9, 5, "", NULL, 0 },
	    SUBJECT, "A: b\nSubject: [SPAM] hello\n world\n\nb\n" },
	{ "subject that has it", "none", "all", "[SPAM]", { 1, 0, 0, 9, 5, "",
	    NULL, 0 }, "Subject:   [SPAM] a\n\n", "Subject:   [SPAM] a\n\n" },
	{ "subject that is missing", "none", "all", "[SPAM]", { 1, 0, 0, 9, 5,
	    "", NULL, 0 }, "A: b\n\nb\n", "A: b\nSubject: [SPAM]\n\nb\n" },
	{ "subject that is empty", "none", "all", "[SPAM]", { 1, 0, 0, 9, 5,
	    "", NULL, 0 }, "sUBJECT:\n\nb\n", "sUBJECT: [SPAM] \n\nb\n" },
	{ "subject of ham", "none", "all", "[SPAM]", { 0, 0, 0, 1, 5, "",
	    NULL, 0 }, SUBJECT, SUBJECT }
};

static void
test_result(void **state)
{
	struct message	*m;
	struct mark	 mark;
	size_t		 i;

	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		assert_null(mail_key(mark_keys, "tag", results[i].tag));
		assert_null(mail_key(mark_keys, "headers",
		    results[i].headers));
		assert_null(mail_key(mark_keys, "subject-tag",
		    results[i].subject));
		m = mail_new(results[i].in);
		mark = results[i].mark;
		if (mark.header != NULL)
			mark.header_len = strlen(mark.header);
		(void)mark_strip(m);
		mark_result(m, &mark);
		if (strcmp(mail_text(m), results[i].out) != 0) {
			message_free(m);
			m = mail_new(results[i].in);
			(void)mark_strip(m);
			mark_result(m, &mark);
			print_error("%s:\n%s", results[i].what, mail_text(m));
			fail();
		}
		message_free(m);
	}
}

static void
test_unscanned(void **state)
{
	static const struct {
		const char	*tag, *out;
	} cases[] = {
		{ "all", "X-Spam-Status: No, skipped=size\nA: b\n" },
		{ "spam", "A: b\n" },
		{ "none", "A: b\n" }
	};
	struct message	*m;
	size_t		 i;

	assert_null(mail_key(mark_keys, "headers", "all"));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(mail_key(mark_keys, "tag", cases[i].tag));
		m = mail_new("A: b\n");
		mark_unscanned(m, "skipped=size");
		assert_string_equal(mail_text(m), cases[i].out);
		message_free(m);
	}
}

static void
test_keys(void **state)
{
	assert_non_null(mail_key(mark_keys, "headers", ""));
	assert_non_null(mail_key(mark_keys, "headers", " , "));
	assert_non_null(mail_key(mark_keys, "headers", "a:b"));
	assert_non_null(mail_key(mark_keys, "headers", "none"));
	assert_non_null(mail_key(mark_keys, "headers", "ALL"));
	assert_non_null(mail_key(mark_keys, "headers", "all,Flag"));
	assert_non_null(mail_key(mark_keys, "headers", "Flag, None"));
	assert_non_null(mail_key(mark_keys, "headers", "X-Spam"));
	assert_non_null(mail_key(mark_keys, "headers", "X-Spam-"));
	assert_non_null(mail_key(mark_keys, "headers", "Flag,caf\xc3\xa9"));
	assert_non_null(mail_key(mark_keys, "headers",
	    "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"));
	assert_non_null(mail_key(mark_keys, "subject-tag", "caf\xc3\xa9"));
	assert_non_null(mail_key(mark_keys, "subject-tag", "a\nB: c"));
}

/* With a line that smtpd does not take, the mail would be refused. */
static void
test_long_field(void **state)
{
	static char	 header[200000];
	struct mark	 mark = { 0, 0, 0, 1, 5, "A", header, 0 };
	struct message	*m = mail_new(NOTHING);

	assert_null(mail_key(mark_keys, "tag", "all"));
	assert_null(mail_key(mark_keys, "headers", "all"));
	mark.header_len = (size_t)snprintf(header, sizeof(header),
	    "X-Spam-Long: %070000d\nX-Spam-Status: No, tests=%070000d\n"
	    "X-Spam-Short: 1\n", 0, 0);
	mark_result(m, &mark);
	assert_string_equal(mail_text(m), "X-Spam-Short: 1\nX-Spam-Level: *\n"
	    "X-Spam-Status: No, score=1.0 required=5.0 tests=A\n"
	    "X-Spam-Score: 1.0\nX-Spam-Checker-Version: filter-spamassassin "
	    PACKAGE_VERSION "\n" NOTHING);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_strip_many),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_long_field),
		cmocka_unit_test(test_unscanned),
		cmocka_unit_test(test_keys)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

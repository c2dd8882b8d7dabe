/* SPDX-License-Identifier: ISC */
/* Mode "process": what spamd returned becomes the message. */

#include <sys/types.h>

#include "options.h"
#include "process.h"
#include "mail.h"

#define RECEIVED "Received: from a (b [192.0.2.1])\n\tby mx (OpenSMTPD)\n"
#define HEAD RECEIVED "From: joe@example.com\nSubject: hello\n world\n"
#define MESSAGE HEAD "\nbody\n\n.\n"
#define REPORT "Received: from localhost by mx\n\twith SpamAssassin " \
	"(version 4.0.1);\n\tSat, 21 Nov 2026\nFrom: joe@example.com\n"
#define MIME "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n\ta=b\n"

static const struct {
	const char	*what, *in, *reply, *out;
} cases[] = {
	{ "nothing new", MESSAGE, "Return-Path: <a>\nX-Spam-Level: *\n"
	    MESSAGE, MESSAGE },
	{ "nothing new, CRLF", "Subject: a\n\nb\n",
	    "X-Spam-Level: \r\nSubject: a\r\n\r\nb\r\n",
	    "Subject: a\n\nb\n" },
	{ "nothing new, a CR alone in a line", "A: b\n\r\nC: d\n\ne\n",
	    "X-Spam-Level: \nA: b\n\r\nC: d\n\ne\n",
	    "A: b\n\r\nC: d\n\ne\n" },
	{ "another body", MESSAGE, HEAD "\nnew\n", HEAD "\nnew\n" },
	{ "a shorter body", MESSAGE, HEAD "\nbody\n", HEAD "\nbody\n" },
	{ "a longer body", MESSAGE, MESSAGE "more\n", MESSAGE "more\n" },
	{ "an empty body", MESSAGE, HEAD "\n", HEAD "\n" },
	{ "never had a body", HEAD, "X-Spam-Level: \n" HEAD, HEAD },
	{ "never had a body, and gets none", HEAD, HEAD "\n", HEAD },
	{ "another subject", MESSAGE, RECEIVED "From: joe@example.com\n"
	    "Subject: *****SPAM***** hello\n world\n\nbody\n\n.\n",
	    RECEIVED "From: joe@example.com\n"
	    "Subject: *****SPAM***** hello\n world\n\nbody\n\n.\n" },
	{ "another From and To", "From: a\nTo: b\n\nc\n",
	    "From: a (spam)\nto: b (spam)\n\nc\n",
	    "From: a (spam)\nTo: b (spam)\n\nc\n" },
	{ "a new subject", "From: a\n\nb\n", "From: a\nSubject: SPAM\n\nb\n",
	    "From: a\nSubject: SPAM\n\nb\n" },
	{ "other fields stay", "From: a\nA: 1\n\nb\n", "From: a\nA: 2\nB: 3\n"
	    "\nb\n", "From: a\nA: 1\n\nb\n" },
	{ "a report", MESSAGE, REPORT "X-Spam-Flag: YES\n" MIME "\n--b\n"
	    MESSAGE, RECEIVED REPORT MIME "\n--b\n" MESSAGE },
	{ "a report, below what smtpd and others wrote", "X-Spam: Yes\nA: b\n"
	    MESSAGE, REPORT MIME "\n--b\n",
	    "X-Spam: Yes\nA: b\n" RECEIVED REPORT MIME "\n--b\n" },
	{ "a report, and no Received", "A: b\n\nc\n", REPORT MIME "\n--b\n",
	    REPORT MIME "\n--b\n" },
	{ "a report, and no header", "\nc\n", REPORT MIME "\n--b\n",
	    REPORT MIME "\n--b\n" },
	{ "a report, CRLF", "A: b\n\nc\n", "Received: from localhost by mx "
	    "with SpamAssassin (version 4)\r\nB: c\r\n\r\nd\r\n",
	    "Received: from localhost by mx with SpamAssassin (version 4)\n"
	    "B: c\n\nd\n" },
	{ "no body", MESSAGE, "X-Spam-Level: *\n" HEAD, NULL },
	{ "nothing", MESSAGE, "", NULL },
	{ "nothing, of nothing", "", "", "" }
};

static void
test_apply(void **state)
{
	struct message	*m;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m = mail_new(cases[i].in);
		why = process_apply(m, cases[i].reply,
		    strlen(cases[i].reply));
		if (cases[i].out == NULL) {
			assert_non_null(why);
		} else if (why != NULL) {
			print_error("%s: %s\n", cases[i].what, why);
			fail();
		} else if (strcmp(mail_text(m), cases[i].out) != 0) {
			print_error("%s\n", cases[i].what);
			message_discard_edits(m);
			(void)process_apply(m, cases[i].reply,
			    strlen(cases[i].reply));
			assert_string_equal(mail_text(m), cases[i].out);
		}
		message_free(m);
	}
}

/* A report about a header that is too long is refused as a whole. */
static void
test_many(void **state)
{
	static const char	 reply[] = REPORT MIME "\n--b\n";
	struct message		*m = mail_new(RECEIVED);
	int			 i;

	for (i = 0; i < 5001; i++)
		message_append(m, "A: b", 4);
	assert_non_null(process_apply(m, reply, sizeof(reply) - 1));
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_many)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

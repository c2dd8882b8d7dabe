/* SPDX-License-Identifier: ISC */
/*
 * The header as the receiver will see it: what can't be signed, what smtpd
 * will cut or complete, what is added; and that view_apply() makes of the
 * message what the view said.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "complete.h"
#include "dkimsign.h"
#include "hfield.h"
#include "mail.h"
#include "message_engine.h"
#include "view.h"

#define LINE_MAX_NEW	65485
#define LINE_MAX_OLD	1997

struct dkimsign	 dkimsign;

static int
setup(void **state)
{
	dkimsign.max_header = 1 << 20;
	dkimsign.max_fields = 100000;
	return 0;
}

/* All fields of the view, a line each, folds and all. */
static char *
view_text(const struct view *v)
{
	static char	 buf[65536];
	size_t		 i, used = 0;

	for (i = 0; i < v->n; i++) {
		assert_true(used + v->fields[i].len + 1 < sizeof(buf));
		memcpy(buf + used, v->fields[i].raw, v->fields[i].len);
		used += v->fields[i].len;
		buf[used++] = '\n';
	}
	buf[used] = '\0';
	return buf;
}

/* The message's header as it goes on. */
static char *
header_sent(struct message *m, size_t max)
{
	static char	 buf[65536];
	const char	*p;
	size_t		 len, used = 0;

	while ((p = message_next(m, max, &len)) != NULL && len > 0) {
		assert_true(used + len + 1 < sizeof(buf));
		memcpy(buf + used, p, len);
		used += len;
		buf[used++] = '\n';
	}
	buf[used] = '\0';
	return buf;
}

struct fit_case {
	const char	*in;
	enum view_fit	 fit;
};

#define OURS	"Received: from h (h [192.0.2.1])\n" \
		"\tby mx (OpenSMTPD) with ESMTP id 1;\n" \
		"\tSun, 1 Nov 2026 00:00:00 +0000\n"
#define OURS_1	"Received: from h (h [192.0.2.1])\n" \
		"\tby mx (OpenSMTPD) with ESMTP id 1\n" \
		"\tfor <a@example.org>;\n" \
		"\tSun, 1 Nov 2026 00:00:00 +0000\n"
#define THEIRS	"Received: from h\n\tby mx;\n\tSun, 1 Nov 2026\n" \
		"\t00:00:00 +0000\n"

static const struct fit_case fit_cases[] = {
	{ "From: a@example.org\n\nbody\n", VIEW_FIT },
	{ "From: a@example.org\n", VIEW_FIT },
	{ "fROM \t:\n a@example.org\n\n", VIEW_FIT },
	{ "", VIEW_NO_FROM },
	{ "\nFrom: a@example.org\n", VIEW_NO_FROM },
	{ "Subject: x\n\n", VIEW_NO_FROM },
	{ "Subject: x\n From: a@example.org\n\n", VIEW_NO_FROM },
	{ "From-me: a@example.org\n\n", VIEW_NO_FROM },
	{ "From: a@example.org\nfrom: b@example.org\n\n", VIEW_FROMS },
	{ "From: a@example.org\nFrom : b@example.org\n\n", VIEW_FROMS },
	{ " x\nFrom: a@example.org\n\n", VIEW_CONTINUATION },
	{ "\tFrom: a@example.org\nFrom: a@example.org\n\n",
	    VIEW_CONTINUATION },
	{ OURS "From: a@example.org\n\n", VIEW_FIT },
	{ OURS_1 "From: a@example.org\n\n", VIEW_FIT },
	{ OURS " x\nFrom: a@example.org\n\n", VIEW_CONTINUATION },
	{ OURS_1 "\tx\nFrom: a@example.org\n\n", VIEW_CONTINUATION },
	{ "X-Spam: Yes\n" OURS " x\nFrom: a@example.org\n\n",
	    VIEW_CONTINUATION },
	{ OURS THEIRS "From: a@example.org\n\n", VIEW_FIT },
	{ THEIRS "From: a@example.org\n\n", VIEW_FIT },
	{ "From a@example.org Sun Nov  1 00:00:00 2026\n"
	    "From: a@example.org\n\n", VIEW_MALFORMED },
	{ "From: a@example.org\nno field\n\n", VIEW_MALFORMED },
	{ "From: a@example.org\n: x\n\n", VIEW_MALFORMED },
	{ "From: a@example.org\nSub ject: x\n\n", VIEW_MALFORMED },
	{ "From: a@example.org\nSubject: a\rb\n\n", VIEW_CR },
	{ "From: a@example.org\nSubject: a\r\n\n", VIEW_CR },
	{ "From: a@example.org\nSubject: a\n\r\n\n", VIEW_CR },
	/* The body is somebody else's. */
	{ "From: a@example.org\n\na\rb\nFrom: x\n x\n", VIEW_FIT },
};

static void
test_fit(void **state)
{
	struct message	*m;
	struct view	 v;
	enum view_fit	 fit;
	size_t		 i;

	for (i = 0; i < sizeof(fit_cases) / sizeof(fit_cases[0]); i++) {
		m = mail_new(fit_cases[i].in);
		fit = view_read(&v, m, LINE_MAX_NEW);
		if (fit != fit_cases[i].fit)
			fail_msg("%zu: %s", i, view_word(fit));
		view_free(&v);
		message_free(m);
	}
}

static void
test_words(void **state)
{
	enum view_fit	 fit, other;

	for (fit = VIEW_FIT + 1; fit < VIEW_MAX; fit++) {
		assert_true(strlen(view_word(fit)) > 3);
		assert_null(strpbrk(view_word(fit), " =\""));
		assert_true(strlen(view_sentence(fit)) > 3);
		for (other = VIEW_FIT + 1; other < fit; other++)
			assert_string_not_equal(view_word(fit),
			    view_word(other));
	}
}

static void
test_limits(void **state)
{
	struct message	*m;
	struct view	 v;

	m = mail_new("From: a@example.org\nTo: b@example.org\n\nbody\n");
	dkimsign.max_header = 39;	/* with the empty line */
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	view_free(&v);
	dkimsign.max_header = 38;
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_LARGE);
	view_free(&v);
	dkimsign.max_header = 39;
	dkimsign.max_fields = 2;
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	view_free(&v);
	dkimsign.max_fields = 1;
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_MANY);
	view_free(&v);
	message_free(m);
}

/* Each line is cut by itself, and the dot that stuffs one counts. */
static void
test_cut(void **state)
{
	static char	 in[16384], out[16384];
	char		 x[2100];
	struct message	*m;
	struct view	 v;

	memset(x, 'x', sizeof(x) - 1);
	x[sizeof(x) - 1] = '\0';
	(void)snprintf(in, sizeof(in),
	    "From: a@example.org\n"
	    "A: %.1994s\n" "B: %.1995s\n" ".C: %.1992s\n" ".D: %.1993s\n"
	    "E:\n %.1996s\n %.1997s\n e\n\n", x, x, x, x, x, x);
	(void)snprintf(out, sizeof(out),
	    "From: a@example.org\n"
	    "A: %.1994s\n" "B: %.1994s\n" ".C: %.1992s\n" ".D: %.1992s\n"
	    "E:\n %.1996s\n %.1996s\n e\n", x, x, x, x, x, x);
	m = mail_new(in);
	assert_int_equal(view_read(&v, m, LINE_MAX_OLD), VIEW_FIT);
	assert_string_equal(view_text(&v), out);
	view_apply(&v, m);
	assert_string_equal(header_sent(m, LINE_MAX_OLD), out);
	view_free(&v);
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	assert_string_not_equal(view_text(&v), out);
	view_free(&v);
	message_free(m);
}

/* A name that long has no colon any more when smtpd is done. */
static void
test_cut_name(void **state)
{
	static char	 in[8192];
	char		 x[2100];
	struct message	*m;
	struct view	 v;

	memset(x, 'x', sizeof(x) - 1);
	x[sizeof(x) - 1] = '\0';
	(void)snprintf(in, sizeof(in), "From: a@example.org\n%.1996s: y\n\n",
	    x);
	m = mail_new(in);
	assert_int_equal(view_read(&v, m, LINE_MAX_OLD), VIEW_FIT);
	view_free(&v);
	message_free(m);
	(void)snprintf(in, sizeof(in), "From: a@example.org\n%.1997s: y\n\n",
	    x);
	m = mail_new(in);
	assert_int_equal(view_read(&v, m, LINE_MAX_OLD), VIEW_MALFORMED);
	view_free(&v);
	message_free(m);
}

struct change_case {
	const char	*in, *out;
};

static const struct change_case change_cases[] = {
	{ "From: a@example.org\nTo: b@example.org\n\n",
	    "From: a@example.org\nTo: b@example.org\n" },
	{ "From: root (Cron Daemon)\nTo: root\n\n",
	    "From: root@mx.example.org (Cron Daemon)\n"
	    "To: root@mx.example.org\n" },
	{ "from:root\nX: y\nTO: a\nCc: b,\n c@example.org\nTo:\n d\n\n",
	    "from:root@mx.example.org\nX: y\nTO: a@mx.example.org\n"
	    "Cc: b@mx.example.org,\n c@example.org\n"
	    "To:\n d@mx.example.org\n" },
	/* smtpd does not know these. */
	{ "From : root\nReply-To: root\nSender: root\nBcc: root\n\n",
	    "From : root\nReply-To: root\nSender: root\nBcc: root\n" },
};

static void
test_complete(void **state)
{
	static const struct complete_smtpd	 smtpd = {
		"mx.example.org", 70900, LINE_MAX_NEW
	};
	struct message	*m;
	struct view	 v;
	size_t		 i;

	for (i = 0; i < sizeof(change_cases) / sizeof(change_cases[0]); i++) {
		m = mail_new(change_cases[i].in);
		assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
		assert_int_equal(view_complete(&v, &smtpd), VIEW_FIT);
		assert_string_equal(view_text(&v), change_cases[i].out);
		view_apply(&v, m);
		assert_string_equal(header_sent(m, LINE_MAX_NEW),
		    change_cases[i].out);
		view_free(&v);
		message_free(m);
	}
}

static void
test_incompletable(void **state)
{
	static const struct complete_smtpd	 smtpd = {
		"", 70900, LINE_MAX_NEW
	};
	struct message	*m = mail_new("From: root\n\n");
	struct view	 v;

	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	assert_int_equal(view_complete(&v, &smtpd), VIEW_ADDRESS);
	view_free(&v);
	message_free(m);
}

static void
test_add(void **state)
{
	static const char	 out[] = "From: a@example.org\n"
	    "Date: now\nMessage-ID: <1@example.org>\n";
	struct message	*m = mail_new("From: a@example.org\n\nbody\n");
	struct view	 v;
	const char	*value;
	size_t		 len;

	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	assert_null(view_value(&v, "Date", &len));
	assert_int_equal(view_add(&v, "Date", "now"), VIEW_FIT);
	assert_int_equal(view_add(&v, "Message-ID", "<1@example.org>"),
	    VIEW_FIT);
	assert_string_equal(view_text(&v), out);
	value = view_value(&v, "date", &len);
	assert_non_null(value);
	assert_int_equal(len, 4);
	assert_memory_equal(value, " now", 4);
	/* They outlive the fields. */
	view_forget_fields(&v);
	view_apply(&v, m);
	assert_string_equal(header_sent(m, LINE_MAX_NEW), out);
	view_free(&v);
	message_free(m);
}

static void
test_value(void **state)
{
	struct message	*m;
	struct view	 v;
	const char	*value;
	size_t		 len;

	m = mail_new("From:\n a@example.org\nX \t:1\nx: 2\nY:\n\n");
	assert_int_equal(view_read(&v, m, LINE_MAX_NEW), VIEW_FIT);
	value = view_value(&v, "FROM", &len);
	assert_int_equal(len, 15);
	assert_memory_equal(value, "\n a@example.org", len);
	value = view_value(&v, "x", &len);
	assert_int_equal(len, 1);
	assert_memory_equal(value, "1", len);
	assert_non_null(view_value(&v, "y", &len));
	assert_int_equal(len, 0);
	assert_null(view_value(&v, "", &len));
	assert_null(view_value(&v, "Fro", &len));
	view_free(&v);
	message_free(m);
}

static double
seconds_since(const struct timespec *then)
{
	struct timespec	 now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) +
	    (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* R18: linear.  A bound with room for sanitizers; squared would be minutes. */
static void
test_many(void **state)
{
	struct timespec	 then;
	struct message	*m;
	struct view	 v;
	size_t		 i;

	dkimsign.max_header = 16 << 20;
	dkimsign.max_fields = 200001;
	m = mail_new("From: a@example.org\n");
	for (i = 0; i < 200000; i++)
		message_append(m, i % 2 != 0 ? "To: b" : "X: y", 5 - 1 +
		    i % 2);
	(void)clock_gettime(CLOCK_MONOTONIC, &then);
	assert_int_equal(view_read(&v, m, LINE_MAX_OLD), VIEW_FIT);
	assert_int_equal(v.n, 200001);
	assert_true(seconds_since(&then) < 2);
	view_free(&v);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_fit, setup),
		cmocka_unit_test_setup(test_words, setup),
		cmocka_unit_test_setup(test_limits, setup),
		cmocka_unit_test_setup(test_cut, setup),
		cmocka_unit_test_setup(test_cut_name, setup),
		cmocka_unit_test_setup(test_complete, setup),
		cmocka_unit_test_setup(test_incompletable, setup),
		cmocka_unit_test_setup(test_add, setup),
		cmocka_unit_test_setup(test_value, setup),
		cmocka_unit_test_setup(test_many, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

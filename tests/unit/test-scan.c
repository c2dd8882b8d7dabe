/* SPDX-License-Identifier: ISC */
/* What spamd gets to see of relay and envelope. */

#include <sys/types.h>

#include "compat.h"
#include "engine.h"
#include "guard.h"
#include "scan.h"
#include "mail.h"

#define MSGID	0x1a2b3c4d
#define BY "\tby mx.example.org (OpenSMTPD) with ESMTPS id 1a2b3c4d" \
	" (TLSv1.3:X:256:NO)\n\tfor <bob@example.org>;\n" \
	"\tSat, 21 Nov 2026 12:00:00 +0000 (UTC)\n"
#define TRUE_BY "\tby mx.example.org (OpenSMTPD) with ESMTPS id 1a2b3c4d\n" \
	"\t(envelope-from <joe@example.net>) (TLSv1.3:X:256:NO)\n" \
	"\tfor <bob@example.org>;\n" \
	"\tSat, 21 Nov 2026 12:00:00 +0000 (UTC)\n"
#define FROM "Received: from mail.example.net (rdns.example.net [192.0.2.1])\n"
#define ENVELOPE "Return-Path: <joe@example.net>\n" \
	"X-Envelope-From: <joe@example.net>\n" \
	"X-Envelope-To: <bob@example.org>\n"
#define REST "From: a\n\nb\n"

#define S(text)	((char *)(uintptr_t)(text))

static char		*rcpts[200];
static struct tx	 tx;
static struct session	 s;

static int
setup(void **state)
{
	engine.channel.sh = guard_map();
	return engine.channel.sh == NULL ? -1 : 0;
}

static void
facts(void)
{
	memset(&s, 0, sizeof(s));
	memset(&tx, 0, sizeof(tx));
	rcpts[0] = S("bob@example.org");
	tx.id = MSGID;
	tx.from = S("joe@example.net");
	tx.rcpt = rcpts;
	tx.nrcpt = 1;
	s.tx = &tx;
	s.helo = S("mail.example.net");
	s.rdns = S("rdns.example.net");
	s.fcrdns = FCRDNS_PASS;
	(void)addr_parse(&s.src, "192.0.2.1:4711");
}

/* As spamd gets it, see ask.h. */
static const char *
scanned(const char *mail, int comes_back)
{
	static char	 out[65536];
	struct ask_text	 text;
	struct message	*m = mail_new(mail);
	size_t		 n;

	assert_int_equal(scan_text(&s, m, comes_back, &text), 0);
	assert_int_equal(text.head_len, strlen(text.head));
	assert_true(text.skip <= text.skip_end &&
	    text.skip_end <= strlen(mail));
	assert_true(text.limit == SIZE_MAX);
	n = (size_t)snprintf(out, sizeof(out), "%s%.*s%s", text.head,
	    (int)text.skip, mail, mail + text.skip_end);
	assert_true(n < sizeof(out));
	free(text.head);
	message_free(m);
	return out;
}

static const struct {
	const char	*what, *received, *rdns;
	enum fcrdns	 fcrdns;
	const char	*mail, *out;
} cases[] = {
	{ "as it should be", "auto", "rdns.example.net", FCRDNS_PASS,
	    FROM BY REST, ENVELOPE FROM BY REST },
	{ "masked", "auto", "rdns.example.net", FCRDNS_PASS,
	    "Received: \n" BY REST, ENVELOPE FROM TRUE_BY REST },
	{ "masked, keep", "keep", "rdns.example.net", FCRDNS_PASS,
	    "Received: \n" BY REST, ENVELOPE "Received: \n" BY REST },
	{ "always", "always", "rdns.example.net", FCRDNS_PASS, FROM BY REST,
	    ENVELOPE FROM TRUE_BY REST },
	{ "no name", "auto", NULL, FCRDNS_FAIL,
	    "Received: from mail.example.net (<unknown> [192.0.2.1])\n"
	    BY REST, ENVELOPE
	    "Received: from mail.example.net (unknown [192.0.2.1])\n"
	    TRUE_BY REST },
	{ "a name that is not the client's", "auto", "rdns.example.net",
	    FCRDNS_FAIL, FROM BY REST, ENVELOPE
	    "Received: from mail.example.net (unknown [192.0.2.1])\n"
	    TRUE_BY REST },
	{ "nobody could find out", "auto", "rdns.example.net", FCRDNS_ERROR,
	    FROM BY REST, ENVELOPE
	    "Received: from mail.example.net (unknown [192.0.2.1])\n"
	    TRUE_BY REST },
	{ "below smtpd's sign", "always", "rdns.example.net", FCRDNS_PASS,
	    "X-Spam: Yes\n" FROM BY REST, ENVELOPE FROM TRUE_BY
	    "X-Spam: Yes\n" REST },
	{ "below folded and odd fields", "always", "rdns.example.net",
	    FCRDNS_PASS, "A: b\n c\nodd\n" FROM BY REST, ENVELOPE FROM TRUE_BY
	    "A: b\n c\nodd\n" REST },
	{ "a sender of the client's", "auto", "rdns.example.net", FCRDNS_PASS,
	    FROM BY "X-Envelope-From: <x@example.com>\n" REST, ENVELOPE FROM
	    TRUE_BY "X-Envelope-From: <x@example.com>\n" REST },
	{ "a first line that goes on with it", "auto", "rdns.example.net",
	    FCRDNS_PASS, FROM BY " with ESMTPA x\n\tb\n" REST,
	    ENVELOPE FROM BY REST },
	{ "the same, masked", "auto", "rdns.example.net", FCRDNS_PASS,
	    "Received: \n" BY " (envelope-from <x@example.com>)\n" REST,
	    ENVELOPE FROM TRUE_BY REST },
	{ "the same, keep", "keep", "rdns.example.net", FCRDNS_PASS,
	    FROM BY " with ESMTPA x\n" REST,
	    ENVELOPE FROM BY " with ESMTPA x\n" REST },
	{ "a name with more than a name in it", "auto",
	    "a(authenticated)", FCRDNS_PASS, FROM BY REST, ENVELOPE
	    "Received: from mail.example.net (a?authenticated? [192.0.2.1])\n"
	    TRUE_BY REST },
	{ "a recipient that says who sent it", "auto", "rdns.example.net",
	    FCRDNS_PASS, FROM "\tby mx.example.org (OpenSMTPD) with ESMTP "
	    "id 1a2b3c4d\n\tfor <b+envelope-from=x@example.org>;\n\tSat\n" REST,
	    ENVELOPE FROM "\tby mx.example.org (OpenSMTPD) with ESMTP id "
	    "1a2b3c4d\n\t(envelope-from <joe@example.net>)\n"
	    "\tfor <b+envelope-from=x@example.org>;\n\tSat\n" REST },
	{ "fetchmail", "auto", "rdns.example.net", FCRDNS_PASS,
	    FROM BY "X-Sender: x\n" REST, ENVELOPE FROM TRUE_BY
	    "X-Sender: x\n" REST }
};

static void
test_received(void **state)
{
	const char	*out;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		facts();
		s.rdns = S(cases[i].rdns);
		s.fcrdns = cases[i].fcrdns;
		assert_null(mail_key(scan_keys, "received",
		    cases[i].received));
		out = scanned(cases[i].mail, 0);
		if (strcmp(out, cases[i].out) != 0) {
			print_error("%s:\n%s", cases[i].what, out);
			fail();
		}
	}
	assert_null(mail_key(scan_keys, "received", "auto"));
}

/* No Received of smtpd's: the date is now, all else is known. */
static void
test_absent(void **state)
{
	static const char *const	 mails[] = {
		REST,
		/* What a client may have made up. */
		("Received: from a (b [192.0.2.9])\n\tby mx (OpenSMTPD) with "
		"ESMTPA id 1a2b3c4e;\n\tSat, 21 Nov 2026\n" REST),
		("Received: from a (b [192.0.2.9])\n\tby mx (Postfix) with "
		"ESMTPA id 1a2b3c4d;\n\tSat, 21 Nov 2026\n" REST),
		"Received: (OpenSMTPD) with  id 1a2b3c4d\n" REST
	};
	static const char	 by[] = ENVELOPE FROM
	    "\tby localhost (OpenSMTPD) with ESMTP id 1a2b3c4d\n"
	    "\t(envelope-from <joe@example.net>)\n"
	    "\tfor <bob@example.org>;\n\t";
	const char		*out;
	size_t			 i, n = strlen(by);

	for (i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		facts();
		out = scanned(mails[i], 0);
		assert_int_equal(strncmp(out, by, n), 0);
		/* "Sat, 21 Nov 2026 12:00:00 +0000" */
		assert_int_equal(strlen(out), n + 32 + strlen(mails[i]));
		assert_int_equal(strncmp(out + n + 25, " +0000\n", 7), 0);
		assert_string_equal(out + n + 32, mails[i]);
	}
	(void)strlcpy(engine.channel.sh->facts.admd, "mx.example.com",
	    sizeof(engine.channel.sh->facts.admd));
	s.tls = S("TLSv1.3:X:256");
	s.user = S("joe");
	assert_non_null(strstr(scanned(REST, 0),
	    "by mx.example.com (OpenSMTPD) with ESMTPSA id 1a2b3c4d\n"));
	engine.channel.sh->facts.admd[0] = '\0';
}

static void
test_sources(void **state)
{
	facts();
	assert_null(mail_key(scan_keys, "received", "auto"));
	(void)addr_parse(&s.src, "2001:db8::1");
	assert_non_null(strstr(scanned("Received:\n" BY REST, 0),
	    " (rdns.example.net [IPv6:2001:db8::1])\n" TRUE_BY));
	s.helo = NULL;
	assert_non_null(strstr(scanned("Received:\n" BY REST, 0),
	    ENVELOPE "Received: from unknown (rdns.example.net [IPv6:"));

	facts();
	s.local = 1;
	s.rdns = NULL;
	s.helo = S("localhost");
	s.src.family = AF_UNSPEC;
	assert_string_equal(scanned("Received: from localhost "
	    "(mx.example.org [local])\n" BY REST, 0), ENVELOPE
	    "Received: from localhost (localhost [127.0.0.1])\n"
	    TRUE_BY REST);

	/* Nothing is known: nothing is said. */
	facts();
	s.src.family = AF_UNSPEC;
	assert_string_equal(scanned("Received: \n" BY REST, 0),
	    ENVELOPE "Received: \n" BY REST);
}

/* What a client chose must not say more than it should. */
static void
test_hostile(void **state)
{
	const char	*out;

	facts();
	s.helo = S("a (b [10.0.0.1])\n\tby x (authenticated) id=1 helo=c");
	s.rdns = S("r)\nX: (s");
	tx.from = S("a b\n>)<(x\"@\xc3\xa9.example\t");
	rcpts[0] = S("<>;)\r\nfor");
	out = scanned("Received: \n" BY REST, 0);
	assert_string_equal(out,
	    "Return-Path: <a?b?" "????x?@?" "?.example?>\n"
	    "X-Envelope-From: <a?b?" "????x?@?" "?.example?>\n"
	    "X-Envelope-To: <" "??????" "for>\n"
	    "Received: from a??b?[10.0.0.1]???by?x??authenticated??id?1?"
	    "helo?c (r??X:??s [192.0.2.1])\n"
	    "\tby mx.example.org (OpenSMTPD) with ESMTPS id 1a2b3c4d\n"
	    "\t(envelope-from <a?b?" "????x?@?" "?.example?>) (TLSv1.3:X:256:NO)\n"
	    "\tfor <bob@example.org>;\n"
	    "\tSat, 21 Nov 2026 12:00:00 +0000 (UTC)\n" REST);
}

/* However long it goes on, and where nothing but Return-Path is added. */
static void
test_goes_on(void **state)
{
	static char	 mail[20000];
	size_t		 n;

	facts();
	n = (size_t)snprintf(mail, sizeof(mail), "%s", FROM BY);
	while (n < 15000)
		n += (size_t)snprintf(mail + n, sizeof(mail) - n,
		    " with ESMTPA x\n");
	(void)snprintf(mail + n, sizeof(mail) - n, "%s", REST);
	assert_string_equal(scanned(mail, 0), ENVELOPE FROM BY REST);
	assert_string_equal(scanned(mail, 1),
	    "Return-Path: <joe@example.net>\n" FROM BY REST);
}

static void
test_envelope(void **state)
{
	const char	*out, *p;
	size_t		 i;
	int		 n = 0;

	facts();
	tx.from = S("");
	tx.nrcpt = 2;
	rcpts[1] = S("eve@example.org");
	assert_string_equal(scanned(FROM BY REST, 0), "Return-Path: <>\n"
	    "X-Envelope-From: <>\nX-Envelope-To: <bob@example.org>,\n"
	    "\t<eve@example.org>\n" FROM BY REST);
	assert_null(strstr(scanned(REST, 0), "\tfor "));

	/* It may be delivered: who else gets it is nobody's business. */
	assert_string_equal(scanned("Received: \n" BY REST, 1),
	    "Return-Path: <>\nReceived: \n" BY REST);

	for (i = 0; i < 200; i++)
		rcpts[i] = S("many@example.org");
	tx.nrcpt = 200;
	out = scanned(FROM BY REST, 0);
	for (p = out; (p = strstr(p, "<many@")) != NULL; p++)
		n++;
	assert_int_equal(n, 100);

	tx.nrcpt = 0;
	assert_string_equal(scanned(FROM BY REST, 0), "Return-Path: <>\n"
	    "X-Envelope-From: <>\n" FROM BY REST);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_envelope)
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What is kept of a client's commands, and what is not.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"
#include "connections.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct session	 session;
static struct client	 client;

static int
setup(void **state)
{
	memset(&session, 0, sizeof(session));
	memset(&client, 0, sizeof(client));
	(void)addr_parse(&session.src, "192.0.2.1:25");
	client_begin(&client, &session);
	return 0;
}

static int
teardown(void **state)
{
	client_end(&client);
	return 0;
}

/* NULL is equal to NULL only. */
static void
equal(const char *is, const char *wanted)
{
	if (wanted == NULL)
		assert_null(is);
	else {
		assert_non_null(is);
		assert_string_equal(is, wanted);
	}
}

static const struct {
	const char	*line;
	const char	*args;
} lines[] = {
	{ "MAIL FROM:<joe@example.org>", "" },
	{ "MAIL FROM:<>", "" },
	{ "MAIL FROM:<joe@example.org> SIZE=100 BODY=8BITMIME",
	    "SIZE=100 BODY=8BITMIME" },
	{ "mail from: <joe@example.org>  SIZE=100 ", "SIZE=100 " },
	{ "MAIL FROM:<joe@example.org>SIZE=1", "SIZE=1" },
	{ "RCPT TO:<a@example.org>\tNOTIFY=NEVER", "NOTIFY=NEVER" },
	/* As smtpd, which does not know quotes here. */
	{ "RCPT TO:<\"a>b\"@example.org> X", "b\"@example.org> X" },
	{ "MAIL FROM:joe@example.org SIZE=1", NULL },
	{ "MAIL FROM:<joe@example.org", NULL },
	{ "MAIL FROM:>", NULL },
	{ "MAIL", NULL },
	{ "MAILX FROM:<a> b", NULL },
	{ "NOOP <a> b", NULL },
	{ "", NULL },
};

static void
arguments_of_a_line(void **state)
{
	size_t	 i;

	for (i = 0; i < N(lines); i++) {
		client_command(&client, lines[i].line);
		equal(client.args, lines[i].args);
		equal(client.command, lines[i].line);
	}
}

static void
an_address_takes_the_arguments_of_its_line(void **state)
{
	client_command(&client, "MAIL FROM:<joe@example.org> SIZE=1");
	client_mail(&client, "joe@example.org", 0);
	client_command(&client, "RCPT TO:<a@example.org> NOTIFY=NEVER");
	client_rcpt(&client, "a@example.org", 0);
	/* Those of a line that smtpd asks nothing about. */
	client_command(&client, "MAIL FROM:<eve@example.org> SIZE=2");
	client_command(&client, "RCPT TO:<b@example.org> NOTIFY=SUCCESS");
	client_command(&client, "NOOP");
	equal(client.mail, "<joe@example.org>");
	equal(client.mail_args, "SIZE=1");
	equal(client.rcpt, "<a@example.org>");
	equal(client.rcpt_args, "NOTIFY=NEVER");
	client_rcpt(&client, "c@example.org", 0);
	equal(client.rcpt, "<c@example.org>");
	equal(client.rcpt_args, "");
	client_command(&client, "RCPT TO:<d@example.org> NOTIFY=NEVER");
	client_rcpt(&client, "missed@example.org", 1);
	equal(client.rcpt_args, "");
	client_rcpt(&client, "d@example.org", 0);
	equal(client.rcpt_args, "NOTIFY=NEVER");
}

static void
nothing_of_a_message_is_left_behind(void **state)
{
	client_command(&client, "MAIL FROM:<joe@example.org> SIZE=1");
	client_mail(&client, "joe@example.org", 0);
	client_rcpt(&client, "a@example.org", 0);
	client.message_id = strdup("<1@example.org>");
	client_mail(&client, "", 0);
	equal(client.mail, "<>");
	equal(client.mail_args, "");
	equal(client.rcpt, NULL);
	equal(client.rcpt_args, NULL);
	equal(client.message_id, NULL);
	client_reset(&client);
	equal(client.mail, NULL);
	equal(client.mail_args, NULL);
}

static const struct {
	const char	*line;
	const char	*mechanism;
} auths[] = {
	{ "AUTH PLAIN ********", "PLAIN" },
	{ "auth plain AGpvZQBzZWNyZXQ=", "PLAIN" },
	{ "AUTH LOGIN", "LOGIN" },
	{ " \tAUTH PLAIN AGpvZQBzZWNyZXQ=", "PLAIN" },
	{ "AUTH\tscram-sha-256 ", "SCRAM-SHA-256" },
	{ "AUTH", NULL },
	{ "AUTH  ", NULL },
	{ "AUTH AGpvZQBzZWNyZXQ=", NULL },
	{ "AUTH abcdefghijklmnopqrstuvwxyz", NULL },
	{ "AUTH PL\303\204IN", NULL },
};

static void
of_a_login_only_its_mechanism(void **state)
{
	size_t	 i;

	for (i = 0; i < N(auths); i++) {
		client_command(&client, "NOOP");
		client_command(&client, auths[i].line);
		equal(client.mechanism, auths[i].mechanism);
		equal(client.command, NULL);
		equal(client.args, NULL);
		/* What smtpd writes for its second line. */
		client_command(&client, "********");
		equal(client.mechanism, auths[i].mechanism);
		equal(client.command, NULL);
	}
	client_command(&client, "AUTH CRAM-MD5");
	session.user = client.mechanism;
	client_command(&client, "AUTH LOGIN");
	equal(client.mechanism, "CRAM-MD5");
}

static void
the_end_of_a_message_is_no_command(void **state)
{
	client_command(&client, "XFOO");
	client_command(&client, ".");
	equal(client.command, NULL);
	client_command(&client, ".x");
	equal(client.command, ".x");
}

static void
which_protocol_it_speaks(void **state)
{
	assert_int_equal(client.esmtp, 0);
	client_command(&client, "ehlo x");
	assert_int_equal(client.esmtp, 1);
	client_command(&client, "NOOP");
	assert_int_equal(client.esmtp, 1);
	client_command(&client, "HELO x");
	assert_int_equal(client.esmtp, 0);
	client_command(&client, "EHLOX");
	assert_int_equal(client.esmtp, 0);
}

static void
the_greeting(void **state)
{
	client_greeting(&client, "a.example.org");
	client_greeting(&client, "b.example.org");
	equal(client.greeting, "b.example.org");
}

static void
sessions_of_an_address_are_counted(void **state)
{
	static const char *const src[] = { "192.0.2.1:1", "192.0.2.1:2",
				    "[2001:db8::1]:1", "192.0.2.2:1", "",
				    "[c000:201::]:1" };
	static const unsigned int counts[] = { 2, 3, 1, 1, 1, 1 };
	struct session	 s[N(src)];
	struct client	 c[N(src)];
	size_t		 i;

	memset(s, 0, sizeof(s));
	memset(c, 0, sizeof(c));
	for (i = 0; i < N(src); i++) {
		(void)addr_parse(&s[i].src, src[i]);
		client_begin(&c[i], &s[i]);
		assert_int_equal(c[i].connections, counts[i]);
	}
	client_end(&c[0]);
	client_end(&c[1]);
	c[0].connections = c[1].connections = 0;
	client_begin(&c[1], &s[1]);
	assert_int_equal(c[1].connections, 2);
	for (i = 1; i < N(src); i++)
		client_end(&c[i]);
	assert_int_equal(connections_add(&s[2].src), 1);
	connections_remove(&s[2].src);
	connections_remove(&s[2].src);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(arguments_of_a_line,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_address_takes_the_arguments_of_its_line,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    nothing_of_a_message_is_left_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_login_only_its_mechanism,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_end_of_a_message_is_no_command, setup, teardown),
		cmocka_unit_test_setup_teardown(which_protocol_it_speaks,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(the_greeting,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    sessions_of_an_address_are_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

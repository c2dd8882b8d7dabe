/* SPDX-License-Identifier: ISC */
/*
 * What macros are worth, at each stage.
 */

#include "macro_rig.h"

/* One macro's value, "" also if it is not sent. */
static const char *
one(const char *name)
{
	const char	*text = macros(&rich.c, SMFIM_CONNECT, 'C', name);
	static char	 value[1024];

	value[0] = '\0';
	if (*text != '\0') {
		text = strchr(text + 3, ' ') + 1;
		(void)snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(text, "\n"), text);
	}
	return value;
}

static int
is_sent(const char *name)
{
	return *macros(&rich.c, SMFIM_CONNECT, 'C', name) != '\0';
}

static void
all_stages_of_a_session(void **state)
{
	assert_string_equal(ours(SMFIM_CONNECT, SMFIC_CONNECT), "DC\n"
	    "j mail.example.org\n"
	    "{daemon_name} mail.example.org\n"
	    "{if_name} mail.example.org\n"
	    "{if_addr} 192.0.2.25\n"
	    "{daemon_addr} 192.0.2.25\n"
	    "{daemon_port} 587\n"
	    "v OpenSMTPD 7.8.0\n"
	    "Z 7.8.0\n"
	    "_ mx.example.net [203.0.113.5]\n"
	    "{client_addr} 203.0.113.5\n"
	    "{client_name} mx.example.net\n"
	    "{client_ptr} mx.example.net\n"
	    "{client_port} 54321\n"
	    "{client_resolve} OK\n"
	    "{client_connections} 1\n");
	assert_string_equal(ours(SMFIM_HELO, SMFIC_HELO), "DH\n"
	    "j mail.example.org\n"
	    "{tls_version} TLSv1.3\n"
	    "{cipher} TLS_AES_256_GCM_SHA384\n"
	    "{cipher_bits} 256\n");
	rich_mail(&rich);
	assert_string_equal(ours(SMFIM_ENVFROM, SMFIC_MAIL), "DM\n"
	    "i a09900fcd597c84e\n"
	    "r ESMTPSA\n"
	    "s gate.example.net\n"
	    "b Thu, 20 Nov 2025 10:00:00 +0000\n"
	    "{auth_type} PLAIN\n"
	    "{auth_authen} joe\n"
	    "{auth_ssf} 0\n"
	    "{auth_author} jo+3De@example.net\n"
	    "{mail_mailer} smtp\n"
	    "{mail_host} example.net\n"
	    "{mail_addr} joe@example.net\n");
	rich_rcpt(&rich);
	assert_string_equal(ours(SMFIM_ENVRCPT, SMFIC_RCPT), "DR\n"
	    "i 0badc0de\n"
	    "{rcpt_mailer} smtp\n"
	    "{rcpt_host} example.org\n"
	    "{rcpt_addr} \"a@b\"@example.org\n");
	assert_string_equal(ours(SMFIM_DATA, SMFIC_DATA), "DT\ni 0badc0de\n");
	assert_string_equal(ours(SMFIM_EOH, SMFIC_EOH), "DN\ni 0badc0de\n");
	assert_string_equal(ours(SMFIM_EOM, SMFIC_BODYEOB),
	    "DE\ni 0badc0de\n");
	rich.c.message_id = strdup("<1@example.net>");
	assert_string_equal(ours(SMFIM_EOM, SMFIC_BODYEOB),
	    "DE\ni 0badc0de\n{msg_id} <1@example.net>\n");
}

/* What is not known is not there. */
static void
a_client_of_which_nothing_is_known(void **state)
{
	struct session	 s = { .id = 0x1f };
	struct client	 c = { .s = &s };

	memset(&shared, 0, sizeof(shared));
	assert_string_equal(macros(&c, SMFIM_CONNECT, SMFIC_CONNECT, NULL),
	    "DC\n"
	    "v OpenSMTPD\n"
	    "_ [unknown]\n"
	    "{client_name} unknown\n"
	    "{client_ptr} unknown\n"
	    "{client_port} 0\n"
	    "{client_resolve} FAIL\n");
	assert_string_equal(macros(&c, SMFIM_HELO, SMFIC_HELO, NULL), "");
	assert_string_equal(macros(&c, SMFIM_ENVFROM, SMFIC_MAIL, NULL),
	    "DM\ni 000000000000001f\nr SMTP\n");
	assert_string_equal(macros(&c, SMFIM_ENVRCPT, SMFIC_RCPT, NULL),
	    "DR\ni 000000000000001f\n");
}

static const struct {
	const char	*src, *rdns;
	enum fcrdns	 fcrdns;
	int		 local;
	const char	*addr, *name, *ptr, *resolve, *origin;
} clients[] = {
	{ "203.0.113.5:1", "mx.example.net", FCRDNS_PASS, 0, "203.0.113.5",
	    "mx.example.net", "mx.example.net", "OK",
	    "mx.example.net [203.0.113.5]" },
	{ "203.0.113.5:1", "mx.example.net", FCRDNS_FAIL, 0, "203.0.113.5",
	    "unknown", "mx.example.net", "FORGED",
	    "mx.example.net [203.0.113.5] (may be forged)" },
	{ "203.0.113.5:1", "mx.example.net", FCRDNS_ERROR, 0, "203.0.113.5",
	    "unknown", "mx.example.net", "FORGED",
	    "mx.example.net [203.0.113.5] (may be forged)" },
	{ "203.0.113.5:1", NULL, FCRDNS_PASS, 0, "203.0.113.5",
	    "unknown", "unknown", "FAIL", "[203.0.113.5]" },
	{ "[2001:db8::1]:1", NULL, FCRDNS_ERROR, 0, "IPv6:2001:db8::1",
	    "unknown", "unknown", "FAIL", "[IPv6:2001:db8::1]" },
	{ "[::ffff:203.0.113.5]:1", NULL, FCRDNS_ERROR, 0, "203.0.113.5",
	    "unknown", "unknown", "FAIL", "[203.0.113.5]" },
	{ "local", NULL, FCRDNS_ERROR, 1, "127.0.0.1",
	    "localhost", "localhost", "OK", "localhost [127.0.0.1]" },
};

static void
where_clients_come_from(void **state)
{
	char	 rdns[32] = "mx.example.net";
	size_t	 i;

	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		(void)addr_parse(&rich.s.src, clients[i].src);
		rich.s.rdns = clients[i].rdns != NULL ? rdns : NULL;
		rich.s.fcrdns = clients[i].fcrdns;
		rich.s.local = clients[i].local;
		assert_string_equal(one("client_addr"), clients[i].addr);
		assert_string_equal(one("client_name"), clients[i].name);
		assert_string_equal(one("client_ptr"), clients[i].ptr);
		assert_string_equal(one("client_resolve"), clients[i].resolve);
		assert_string_equal(one("_"), clients[i].origin);
	}
	(void)addr_parse(&rich.s.src, "203.0.113.5:54321");
}

static void
a_listener_on_all_addresses(void **state)
{
	(void)addr_parse(&rich.s.dst, "0.0.0.0:25");
	assert_string_equal(one("daemon_addr"), "0.0.0.0");
	assert_int_equal(is_sent("if_addr"), 0);
	(void)addr_parse(&rich.s.dst, "[::]:25");
	assert_string_equal(one("daemon_addr"), "IPv6:::");
	assert_int_equal(is_sent("if_addr"), 0);
	(void)addr_parse(&rich.s.dst, "[2001:db8::2]:25");
	assert_string_equal(one("if_addr"), "IPv6:2001:db8::2");
	assert_string_equal(one("daemon_port"), "25");
	memset(&rich.s.dst, 0, sizeof(rich.s.dst));
	assert_int_equal(is_sent("daemon_addr"), 0);
	assert_int_equal(is_sent("if_addr"), 0);
	assert_int_equal(is_sent("daemon_port"), 0);
}

/* An "ESMTPSA" that is none would be taken for a login. */
static void
protocols(void **state)
{
	assert_string_equal(one("r"), "ESMTPSA");
	rich.s.user = NULL;
	assert_string_equal(one("r"), "ESMTPS");
	rich.s.tls = NULL;
	assert_string_equal(one("r"), "ESMTP");
	rich.s.user = rich.user;
	assert_string_equal(one("r"), "ESMTPA");
	client_command(&rich.c, "HELO x");
	assert_string_equal(one("r"), "SMTP");
}

static void
who_did_not_log_in_has_no_macros_of_that(void **state)
{
	rich_mail(&rich);
	rich.s.user = NULL;
	assert_string_equal(rich.c.mechanism, "PLAIN");
	assert_string_equal(macros(&rich.c, SMFIM_ENVFROM, SMFIC_MAIL,
	    "auth_type auth_authen auth_ssf auth_author"), "");
}

static const struct {
	const char	*args, *author;
} authors[] = {
	{ "AUTH=joe", "joe" },
	{ "SIZE=1 auth=joe BODY=7BIT", "joe" },
	{ "XAUTH=eve AUTH=joe AUTH=eve", "joe" },
	{ "AUTH=<>", "" },
	{ "AUTH=", "" },
	{ "SIZE=1", "" },
	{ "", "" },
};

static void
who_a_mail_is_of(void **state)
{
	char	 line[64];
	size_t	 i;

	for (i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
		(void)snprintf(line, sizeof(line), "MAIL FROM:<a@b> %s",
		    authors[i].args);
		client_command(&rich.c, line);
		client_mail(&rich.c, "a@b", 0);
		assert_string_equal(one("auth_author"), authors[i].author);
		assert_int_equal(is_sent("auth_author"),
		    *authors[i].author != '\0');
	}
}

static void
senders_that_are_none(void **state)
{
	client_mail(&rich.c, "", 0);
	assert_string_equal(macros(&rich.c, SMFIM_ENVFROM, SMFIC_MAIL,
	    "mail_addr mail_host mail_mailer"),
	    "DM\n{mail_addr} \n{mail_host} \n{mail_mailer} smtp\n");
	client_mail(&rich.c, "joe", 0);
	assert_string_equal(macros(&rich.c, SMFIM_ENVFROM, SMFIC_MAIL,
	    "mail_addr mail_host"), "DM\n{mail_addr} joe\n{mail_host} \n");
	client_reset(&rich.c);
	assert_string_equal(macros(&rich.c, SMFIM_ENVFROM, SMFIC_MAIL,
	    "mail_addr mail_host mail_mailer rcpt_addr rcpt_mailer"), "");
}

static void
the_name_of_the_server(void **state)
{
	free(rich.c.greeting);
	rich.c.greeting = NULL;
	assert_string_equal(one("j"), "example.org");
	client_greeting(&rich.c, "mx.example.org");
	assert_string_equal(one("j"), "mx.example.org");
	assert_string_equal(one("daemon_name"), "mx.example.org");
	assert_null(macro_hostname("auth.example.org"));
	assert_string_equal(one("j"), "auth.example.org");
	assert_string_equal(one("daemon_name"), "auth.example.org");
	assert_null(macro_daemon_name("MSA"));
	assert_string_equal(one("daemon_name"), "MSA");
	assert_string_equal(one("j"), "auth.example.org");
	assert_non_null(macro_hostname(""));
	assert_non_null(macro_daemon_name(""));
}

static const struct {
	const char	*tls, *version, *cipher, *bits;
} ciphers[] = {
	{ "TLSv1.2:AES:128", "TLSv1.2", "AES", "128" },
	{ "TLSv1.2:AES", "TLSv1.2", "AES", "" },
	{ "TLSv1.2", "TLSv1.2", "", "" },
	{ "::128", "", "", "128" },
	{ "", "", "", "" },
};

static void
ciphers_in_parts(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		(void)snprintf(rich.tls, sizeof(rich.tls), "%s",
		    ciphers[i].tls);
		assert_string_equal(one("tls_version"), ciphers[i].version);
		assert_string_equal(one("cipher"), ciphers[i].cipher);
		assert_string_equal(one("cipher_bits"), ciphers[i].bits);
		assert_int_equal(is_sent("cipher_bits"),
		    *ciphers[i].bits != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(all_stages_of_a_session),
		TEST(a_client_of_which_nothing_is_known),
		TEST(where_clients_come_from),
		TEST(a_listener_on_all_addresses),
		TEST(protocols),
		TEST(who_did_not_log_in_has_no_macros_of_that),
		TEST(who_a_mail_is_of),
		TEST(senders_that_are_none),
		TEST(the_name_of_the_server),
		TEST(ciphers_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

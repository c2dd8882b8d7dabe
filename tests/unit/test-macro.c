/* SPDX-License-Identifier: ISC */
/*
 * The macros of each stage, byte for byte but for the NULs: they are shown as
 * blanks between names and values, and line ends behind these.
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
#include "engine.h"
#include "macro.h"
#include "macro_value.h"
#include "milter_client.h"
#include "packet.h"

static struct shared	 shared;
static struct rich	 rich;

static int
setup(void **state)
{
	memset(&shared, 0, sizeof(shared));
	memcpy(shared.facts.version, "7.8.0p1", 8);
	memcpy(shared.facts.admd, "example.org", 12);
	engine.channel.sh = &shared;
	macro_daemon = macro_host = NULL;
	rich_begin(&rich);
	return 0;
}

static int
teardown(void **state)
{
	client_end(&rich.c);
	return 0;
}

/* "D", the command, and "name value\n" for each; "" for no packet. */
static const char *
macros(const struct client *c, int stage, char command, const char *list)
{
	static char	 text[8192];
	struct bytes	 b = { 0 };
	struct packet	 p;
	const char	*name, *value;
	size_t		 n;

	text[0] = '\0';
	assert_int_equal(macro_packet(&b, c, stage, command, list), 0);
	if (b.len == 0) {
		assert_null(b.data);
		return text;
	}
	assert_int_equal(packet_frame(b.data + b.off, b.len), b.len);
	packet_open(b.data + b.off, b.len, &p);
	n = (size_t)snprintf(text, sizeof(text), "%c%c\n", p.command,
	    p.data[0]);
	p.data++, p.len--;
	while (p.len > 0) {
		assert_int_equal(packet_take_string(&p, &name), 0);
		assert_int_equal(packet_take_string(&p, &value), 0);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s\n",
		    name, value);
	}
	bytes_clear(&b);
	return text;
}

static const char *
ours(int stage, char command)
{
	return macros(&rich.c, stage, command, NULL);
}

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
a_packet_byte_for_byte(void **state)
{
	struct bytes	 b = { 0 };

	rich_mail(&rich);
	rich_rcpt(&rich);
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_ENVRCPT, SMFIC_RCPT,
	    "i {rcpt_host}"), 0);
	assert_int_equal(b.len, 4 + 2 + 2 + 9 + 12 + 12);
	assert_memory_equal(b.data + b.off, "\0\0\0\x25" "DRi\0" "0badc0de\0"
	    "{rcpt_host}\0" "example.org", b.len);
	bytes_clear(&b);
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
		client_mail(&rich.c, "a@b");
		assert_string_equal(one("auth_author"), authors[i].author);
		assert_int_equal(is_sent("auth_author"),
		    *authors[i].author != '\0');
	}
}

static void
senders_that_are_none(void **state)
{
	client_mail(&rich.c, "");
	assert_string_equal(macros(&rich.c, SMFIM_ENVFROM, SMFIC_MAIL,
	    "mail_addr mail_host mail_mailer"),
	    "DM\n{mail_addr} \n{mail_host} \n{mail_mailer} smtp\n");
	client_mail(&rich.c, "joe");
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

static void
exactly_what_a_milter_asks_for(void **state)
{
	const char	*wanted = "DT\ni a09900fcd597c84e\n{auth_authen} joe\n";

	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T',
	    "i {auth_authen}"), wanted);
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T',
	    " {i}, auth_authen {unknown} x {} "), wanted);
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T', ""), "");
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T', " "), "");
	assert_string_equal(macros(&rich.c, SMFIM_CONNECT, 'C', "verify"), "");
}

static void
what_is_too_long_is_left_out(void **state)
{
	static char	 id[65600], list[20000];
	size_t		 i;
	struct bytes	 b = { 0 };

	/* The letter, "{msg_id}" and two NULs leave 65524. */
	memset(id, 'x', sizeof(id) - 1);
	id[65524] = '\0';
	rich.c.message_id = id;
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_EOM, 'E', "msg_id i"),
	    0);
	assert_int_equal(b.len, 4 + 1 + 65535);
	bytes_clear(&b);
	id[65524] = 'x';
	id[65525] = '\0';
	assert_string_equal(macros(&rich.c, SMFIM_EOM, 'E', "msg_id i"),
	    "DE\ni a09900fcd597c84e\n");
	rich.c.message_id = NULL;
	/* 10000 times "i", its value and two NULs. */
	for (i = 0; i < sizeof(list) - 1; i++)
		list[i] = i % 2 == 0 ? 'i' : ' ';
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_EOM, 'E', list), 0);
	assert_in_range(b.len, 65535 - 19, 4 + 1 + 65535);
	assert_int_equal(packet_frame(b.data + b.off, b.len), b.len);
	bytes_clear(&b);
}

static const struct {
	const char	*assignment;
	int		 taken;
} settings[] = {
	{ "greylist=yes", 1 },
	{ "{verify}=OK=1", 1 },
	{ "Z=", 1 },
	{ "{r}=ESMTPX", 1 },
	{ "greylist=no", 0 },
	{ "greylist", 0 },
	{ "=x", 0 },
	{ "{}=x", 0 },
	{ "a b=x", 0 },
	{ "a,b=x", 0 },
	{ "{a=x", 0 },
	{ "", 0 },
};

/* The last: what is set stays. */
static void
the_operator_s_own(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		assert_int_equal(macro_set(settings[i].assignment) == NULL,
		    settings[i].taken);
	rich_mail(&rich);
	assert_non_null(strstr(ours(SMFIM_CONNECT, SMFIC_CONNECT), "\nZ \n_ "));
	assert_non_null(strstr(ours(SMFIM_CONNECT, SMFIC_CONNECT),
	    "{client_connections} 1\n{greylist} yes\n{verify} OK=1\n"
	    "r ESMTPX\n"));
	assert_non_null(strstr(ours(SMFIM_ENVFROM, SMFIC_MAIL),
	    "\nr ESMTPX\ns gate"));
	assert_null(strstr(ours(SMFIM_ENVFROM, SMFIC_MAIL), "greylist"));
	assert_string_equal(one("{greylist}"), "yes");
	assert_string_equal(one("greylist"), "yes");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(a_packet_byte_for_byte),
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
		TEST(exactly_what_a_milter_asks_for),
		TEST(what_is_too_long_is_left_out),
		TEST(the_operator_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

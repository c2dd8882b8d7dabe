/* SPDX-License-Identifier: ISC */
/*
 * What milters are told, byte for byte.
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
#include "command.h"
#include "milter_client.h"
#include "packet.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define LIT(s)	(s), sizeof(s) - 1

static struct bytes	 out;

static void
sent(const char *data, size_t len)
{
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data + out.off, data, len);
	bytes_clear(&out);
}

static const struct {
	const char	*src, *rdns;
	enum fcrdns	 fcrdns;
	int		 local;
	const char	*data;
	size_t		 len;
} connects[] = {
	{ "203.0.113.5:54321", "mx.example.net", FCRDNS_PASS, 0,
	    LIT("\0\0\0\x1f" "Cmx.example.net\0" "4\xd4\x31" "203.0.113.5\0") },
	{ "203.0.113.5:25", "mx.example.net", FCRDNS_FAIL, 0,
	    LIT("\0\0\0\x1e" "C[203.0.113.5]\0" "4\0\x19" "203.0.113.5\0") },
	{ "203.0.113.5:25", NULL, FCRDNS_PASS, 0,
	    LIT("\0\0\0\x1e" "C[203.0.113.5]\0" "4\0\x19" "203.0.113.5\0") },
	{ "[2001:db8::1]:25", NULL, FCRDNS_ERROR, 0,
	    LIT("\0\0\0\x23" "C[IPv6:2001:db8::1]\0" "6\0\x19"
		"2001:db8::1\0") },
	/* A v4 address in a v6 one is a v4 one. */
	{ "[::ffff:203.0.113.5]:25", NULL, FCRDNS_ERROR, 0,
	    LIT("\0\0\0\x1e" "C[203.0.113.5]\0" "4\0\x19" "203.0.113.5\0") },
	{ "local", NULL, FCRDNS_ERROR, 1,
	    LIT("\0\0\0\x18" "Clocalhost\0" "4\0\0" "127.0.0.1\0") },
	{ "local", "localhost", FCRDNS_PASS, 1,
	    LIT("\0\0\0\x18" "Clocalhost\0" "4\0\0" "127.0.0.1\0") },
	{ "?", NULL, FCRDNS_ERROR, 0, LIT("\0\0\0\x0a" "Cunknown\0U") },
};

static void
clients_connect(void **state)
{
	char		 rdns[32];
	struct session	 s;
	struct client	 c = { .s = &s };
	size_t		 i;

	for (i = 0; i < N(connects); i++) {
		memset(&s, 0, sizeof(s));
		(void)addr_parse(&s.src, connects[i].src);
		s.fcrdns = connects[i].fcrdns;
		s.local = connects[i].local;
		if (connects[i].rdns != NULL) {
			(void)snprintf(rdns, sizeof(rdns), "%s",
			    connects[i].rdns);
			s.rdns = rdns;
		}
		assert_int_equal(command_connect(&out, &c), 0);
		sent(connects[i].data, connects[i].len);
	}
}

static void
lines_are_told_as_they_are(void **state)
{
	assert_int_equal(command_helo(&out, "gate.example.net"), 0);
	sent(LIT("\0\0\0\x12Hgate.example.net\0"));
	assert_int_equal(command_unknown(&out, "XFOO bar"), 0);
	sent(LIT("\0\0\0\x0aUXFOO bar\0"));
}

static const struct {
	const char	*address, *args;
	const char	*data;
	size_t		 len;
} paths[] = {
	{ "a@b", "", LIT("M<a@b>\0") },
	{ "", "", LIT("M<>\0") },
	{ "a@b", " SIZE=1\t BODY=8BITMIME ",
	    LIT("M<a@b>\0SIZE=1\0BODY=8BITMIME\0") },
};

static void
senders_and_recipients(void **state)
{
	struct session	 s = { .id = 1 };
	struct client	 c = { .s = &s };
	char		 line[64], head[5] = { 0 };
	size_t		 i;

	for (i = 0; i < N(paths); i++) {
		(void)snprintf(line, sizeof(line), "MAIL FROM:<%s>%s",
		    paths[i].address, paths[i].args);
		client_command(&c, line);
		client_mail(&c, paths[i].address, 0);
		assert_int_equal(command_mail(&out, &c), 0);
		head[3] = (char)paths[i].len;
		assert_memory_equal(out.data + out.off, head, 4);
		bytes_drop(&out, 4);
		sent(paths[i].data, paths[i].len);
	}
	client_command(&c, "RCPT TO:<a@b> NOTIFY=NEVER");
	client_rcpt(&c, "a@b", 0);
	assert_int_equal(command_rcpt(&out, &c), 0);
	sent(LIT("\0\0\0\x14R<a@b>\0NOTIFY=NEVER\0"));
	client_end(&c);
	/* Memory was out. */
	assert_int_equal(command_mail(&out, &c), -1);
	assert_int_equal(command_rcpt(&out, &c), -1);
	assert_int_equal(out.len, 0);
}

static const struct {
	const char	*name;
	const char	*value;
	size_t		 len;
	const char	*plain, *leadspc;	/* what is sent of the value */
} fields[] = {
	{ "Subject", LIT(" x"), "x", " x" },
	{ "Subject", LIT("x"), "x", "x" },
	{ "Subject", LIT("  x "), " x ", "  x " },
	{ "Subject", LIT("\tx"), "\tx", "\tx" },
	{ "Subject", LIT(" "), "", " " },
	{ "Subject", LIT(""), "", "" },
	{ "Subject", LIT(" a\n\tb\n c"), "a\n\tb\n c", " a\n\tb\n c" },
	{ "Subject", LIT("\n a"), "\n a", "\n a" },
	{ "Subject", LIT(" \303\244\r"), "\303\244\r", " \303\244\r" },
	{ "Subject", LIT(" a\0b"), "a", " a" },
};

static void
is_field(const char *name, const char *value)
{
	struct packet	 p;
	const char	*s;

	assert_int_equal(packet_frame(out.data + out.off, out.len), out.len);
	packet_open(out.data + out.off, out.len, &p);
	assert_int_equal(p.command, SMFIC_HEADER);
	assert_int_equal(packet_take_string(&p, &s), 0);
	assert_string_equal(s, name);
	assert_int_equal(packet_take_string(&p, &s), 0);
	assert_string_equal(s, value);
	assert_int_equal(p.len, 0);
	bytes_clear(&out);
}

static void
fields_of_the_header(void **state)
{
	size_t	 i, n;

	for (i = 0; i < N(fields); i++) {
		n = strlen(fields[i].name);
		assert_int_equal(command_header(&out, fields[i].name, n,
		    fields[i].value, fields[i].len, 0), 0);
		is_field(fields[i].name, fields[i].plain);
		assert_int_equal(command_header(&out, fields[i].name, n,
		    fields[i].value, fields[i].len, 1), 0);
		is_field(fields[i].name, fields[i].leadspc);
	}
	assert_int_equal(command_header(&out, LIT("X: y\n") - 4, LIT("y"), 1),
	    0);
	sent(LIT("\0\0\0\5LX\0y\0"));
}

static void
a_field_that_no_packet_holds(void **state)
{
	static char	 big[70000];

	memset(big, 'x', sizeof(big) - 1);
	/* 65535 bytes: "To", two NULs, and the value. */
	assert_int_equal(command_header(&out, "To", 2, big, 65531, 1), 0);
	assert_int_equal(out.len, 4 + 1 + 65535);
	bytes_clear(&out);
	assert_int_equal(command_header(&out, "To", 2, big, 65532, 1), 0);
	assert_int_equal(out.len, 4 + 1 + 65535);
	assert_memory_equal(out.data + out.off, "\0\1\0\0L", 5);
	assert_memory_equal(out.data + out.off + out.len - 2, "x", 2);
	bytes_clear(&out);
	assert_int_equal(command_header(&out, big, 65533, "y", 1, 1), 0);
	assert_int_equal(out.len, 4 + 1 + 65535);
	bytes_clear(&out);
	/* Its name alone is too long, or it has none. */
	assert_int_equal(command_header(&out, big, 65534, "y", 1, 1), 0);
	assert_int_equal(command_header(&out, "", 0, "y", 1, 1), 0);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(clients_connect),
		cmocka_unit_test(lines_are_told_as_they_are),
		cmocka_unit_test(senders_and_recipients),
		cmocka_unit_test(fields_of_the_header),
		cmocka_unit_test(a_field_that_no_packet_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

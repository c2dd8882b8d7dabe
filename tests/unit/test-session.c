/* SPDX-License-Identifier: ISC */
/*
 * Sessions: the table, and the facts out of reports of all versions.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session.h"

static void
tell(struct conn *c, int minor, enum report r, const char *arg)
{
	assert_int_equal(session_fact(c, minor, r, arg, strlen(arg), 8), 0);
}

static void
ten_thousand_come_and_go(void **state)
{
	uint64_t	 id, x;

	for (id = 1; id <= 10000; id++)
		assert_non_null(session_new(id * 0x10001, 4));
	assert_int_equal(session_count(), 10000);
	for (id = 1; id <= 10000; id += 3)
		session_free(session_find(id * 0x10001));
	for (id = 1; id <= 10000; id++) {
		x = id * 0x10001;
		if (id % 3 == 1)
			assert_null(session_find(x));
		else
			assert_true(session_find(x)->s.id == x);
	}
	for (id = 1; id <= 10000; id++)
		if (id % 3 != 1)
			session_free(session_find(id * 0x10001));
	assert_int_equal(session_count(), 0);
	assert_null(session_find(1));
}

static void
connect_tells_who_and_where(void **state)
{
	struct conn	*c = session_new(1, 0);
	char		 buf[ADDR_STRLEN];

	tell(c, 7, REPORT_LINK_CONNECT,
	    "mx.example|pass|192.0.2.1:4711|[2001:db8::1]:25");
	assert_string_equal(c->s.rdns, "mx.example");
	assert_int_equal(c->s.fcrdns, FCRDNS_PASS);
	assert_string_equal(addr_print(&c->s.src, buf), "192.0.2.1");
	assert_int_equal(c->s.src.port, 4711);
	assert_string_equal(addr_print(&c->s.dst, buf), "2001:db8::1");
	assert_int_equal(c->s.dst.port, 25);
	assert_false(c->s.local);
	session_free(c);
}

static void
odd_addresses_are_no_address(void **state)
{
	static const char *const	 odd[] = {
		"<unknown>|fail|local|local", "", "|||", "a", "<unknown>|error",
		"<unknown>|fail|unix:/run/smtpd.sock|unix:/run/smtpd.sock",
		"<unknown>|fail|999.1.1.1:1|[::x]:2",
	};
	struct conn	*c;
	size_t		 i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		c = session_new(1, 0);
		tell(c, 7, REPORT_LINK_CONNECT, odd[i]);
		assert_int_equal(c->s.src.family, AF_UNSPEC);
		assert_int_equal(c->s.dst.family, AF_UNSPEC);
		assert_int_equal(c->s.local, i == 0 || i == 5);
		assert_int_not_equal(c->s.fcrdns, FCRDNS_PASS);
		session_free(c);
	}
}

struct auth {
	int		 minor;
	const char	*arg, *user;
};

static const struct auth	 auths[] = {
	{ 7, "pass|alice", "alice" }, { 7, "pass|al|ice", "al|ice" },
	{ 7, "fail|alice", NULL }, { 7, "error|pass", NULL },
	{ 7, "pass", NULL }, { 7, "", NULL },
	{ 6, "alice|pass", "alice" }, { 6, "al|ice|pass", "al|ice" },
	{ 6, "pass|fail", NULL }, { 4, "alice|pass", "alice" },
	{ 4, "pass", NULL },
};

static void
only_a_passed_auth_names_a_user(void **state)
{
	struct conn	*c;
	size_t		 i;

	for (i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		c = session_new(1, 0);
		tell(c, auths[i].minor, REPORT_LINK_AUTH, auths[i].arg);
		if (auths[i].user == NULL)
			assert_null(c->s.user);
		else
			assert_string_equal(c->s.user, auths[i].user);
		session_free(c);
	}
}

static void
helo_is_the_last_one(void **state)
{
	struct conn	*c = session_new(1, 0);

	tell(c, 7, REPORT_LINK_IDENTIFY, "HELO|one.example");
	assert_string_equal(c->s.helo, "one.example");
	tell(c, 7, REPORT_LINK_IDENTIFY, "EHLO|[192.0.2.1]");
	assert_string_equal(c->s.helo, "[192.0.2.1]");
	tell(c, 4, REPORT_LINK_IDENTIFY, "bare.example");
	assert_string_equal(c->s.helo, "bare.example");
	session_free(c);
}

static void
a_transaction_keeps_the_accepted_addresses(void **state)
{
	struct conn	*c = session_new(1, 0);

	tell(c, 7, REPORT_TX_MAIL, "00000000|permfail|no@tx.example");
	assert_null(c->s.tx);
	tell(c, 7, REPORT_TX_BEGIN, "9435eaa8");
	assert_int_equal(c->s.tx->id, 0x9435eaa8);
	assert_string_equal(c->s.tx->from, "");
	assert_non_null(c->s.tx->data);
	tell(c, 7, REPORT_TX_MAIL, "9435eaa8|ok|joe@example.com");
	assert_string_equal(c->s.tx->from, "joe@example.com");
	tell(c, 7, REPORT_TX_RCPT, "9435eaa8|ok|a|b@example.org");
	tell(c, 7, REPORT_TX_RCPT, "9435eaa8|permfail|no@example.org");
	tell(c, 7, REPORT_TX_RCPT, "9435eaa8|ok|c@example.org");
	tell(c, 7, REPORT_TX_RCPT, "9435eaa8|ok");
	tell(c, 7, REPORT_TX_RCPT, "9435eaa8|ok|@x.example:d@example.org");
	assert_string_equal(c->s.tx->rcpt[2], "d@example.org");
	assert_null(c->s.tx->rcpt[3]);
	assert_int_equal(c->s.tx->nrcpt, 3);
	assert_string_equal(c->s.tx->rcpt[0], "a|b@example.org");
	assert_string_equal(c->s.tx->rcpt[1], "c@example.org");
	session_tx_end(c);
	session_tx_end(c);
	assert_null(c->s.tx);
	tell(c, 4, REPORT_TX_BEGIN, "00000001");
	tell(c, 4, REPORT_TX_MAIL, "00000001||ok");
	tell(c, 4, REPORT_TX_RCPT, "00000001|a|b@example.org|ok");
	tell(c, 4, REPORT_TX_RCPT, "00000001|no@example.org|permfail");
	assert_string_equal(c->s.tx->from, "");
	assert_int_equal(c->s.tx->nrcpt, 1);
	assert_string_equal(c->s.tx->rcpt[0], "a|b@example.org");
	session_free(c);
}

static void
a_thousand_recipients(void **state)
{
	struct conn	*c = session_new(1, 0);
	char		 arg[64];
	int		 i;

	tell(c, 6, REPORT_TX_BEGIN, "1");
	for (i = 0; i < 1000; i++) {
		(void)snprintf(arg, sizeof(arg), "1|ok|u%d@example.org", i);
		tell(c, 6, REPORT_TX_RCPT, arg);
	}
	assert_int_equal(c->s.tx->nrcpt, 1000);
	assert_string_equal(c->s.tx->rcpt[999], "u999@example.org");
	assert_null(c->s.tx->rcpt[1000]);
	session_free(c);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(ten_thousand_come_and_go),
		cmocka_unit_test(connect_tells_who_and_where),
		cmocka_unit_test(odd_addresses_are_no_address),
		cmocka_unit_test(only_a_passed_auth_names_a_user),
		cmocka_unit_test(helo_is_the_last_one),
		cmocka_unit_test(a_transaction_keeps_the_accepted_addresses),
		cmocka_unit_test(a_thousand_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

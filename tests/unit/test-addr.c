/* SPDX-License-Identifier: ISC */
/*
 * One address: what is taken, what is refused, and what kind it is.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "addrs.h"

static void
an_address_is_read_in_all_its_forms(void **state)
{
	static const struct {
		const char	*in, *out;
		int		 port;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "192.0.2.1:25", "192.0.2.1", 25 },
		{ "255.255.255.255:65535", "255.255.255.255", 65535 },
		{ "[2001:db8::1]:25", "2001:db8::1", 25 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "2001:DB8:0::1", "2001:db8::1", 0 },
		{ "IPv6:2001:db8::1", "2001:db8::1", 0 },
		{ "ipv6:::1", "::1", 0 },
		{ "[IPv6:2001:db8::1]:587", "2001:db8::1", 587 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 0 },
		{ "[::ffff:c000:201]:1", "192.0.2.1", 1 },
		{ "[fe80::1%eth0]:25", "fe80::1", 25 },
		{ "::", "::", 0 },
	};
	struct addr	 a;
	char		 buf[ADDR_STRLEN];
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(addr_parse(&a, cases[i].in), 0);
		assert_string_equal(addr_print(&a, buf), cases[i].out);
		assert_int_equal(a.port, cases[i].port);
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {
		"", "-", "unix:/var/run/smtpd.sock", "192.0.2", "192.0.2.256",
		"192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1",
		"192.0.2.1: 25", "192.0.2.1:25x", "192.0.2.1 ", "[192.0.2.1]",
		"[2001:db8::1", "[2001:db8::1]25", "[2001:db8::1]:",
		"2001:db8::1::", "2001:db8:0:0:0:0:0:0:1", "localhost",
		"1:2", ":", "[]", "0x7f.1", "1111111111111111111111111111",
		"aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa",
	};
	struct addr	 a;
	size_t		 i;
	char		 buf[ADDR_STRLEN];

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a.family = AF_INET;
		if (addr_parse(&a, cases[i]) != -1)
			fail_msg("accepted: %s", cases[i]);
		assert_int_equal(a.family, AF_UNSPEC);
		assert_string_equal(addr_print(&a, buf), "-");
	}
}

static void
private_and_loopback_end_where_their_networks_end(void **state)
{
	static const struct {
		const char	*in;
		int		 loopback, private;
	} cases[] = {
		{ "126.255.255.255", 0, 0 }, { "127.0.0.1", 1, 1 },
		{ "127.255.255.255", 1, 1 }, { "128.0.0.0", 0, 0 },
		{ "9.255.255.255", 0, 0 }, { "10.0.0.0", 0, 1 },
		{ "11.0.0.0", 0, 0 }, { "172.15.255.255", 0, 0 },
		{ "172.16.0.0", 0, 1 }, { "172.31.255.255", 0, 1 },
		{ "172.32.0.0", 0, 0 }, { "192.167.255.255", 0, 0 },
		{ "192.168.0.0", 0, 1 }, { "192.169.0.0", 0, 0 },
		{ "169.253.255.255", 0, 0 }, { "169.254.1.1", 0, 1 },
		{ "169.255.0.0", 0, 0 }, { "::1", 1, 1 }, { "::2", 0, 0 },
		{ "::ffff:127.0.0.1", 1, 1 }, { "fbff::1", 0, 0 },
		{ "fc00::", 0, 1 }, { "fdff::1", 0, 1 }, { "fe00::1", 0, 0 },
		{ "fe7f::1", 0, 0 }, { "fe80::1", 0, 1 },
		{ "febf::1", 0, 1 }, { "fec0::1", 0, 0 },
	};
	struct addr	 a;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(addr_parse(&a, cases[i].in), 0);
		if (!addr_is_loopback(&a) != !cases[i].loopback ||
		    !addr_is_private(&a) != !cases[i].private)
			fail_msg("%s", cases[i].in);
	}
}

static void
equal_means_the_same_address_on_any_port(void **state)
{
	struct addr	 a, b, none;

	assert_int_equal(addr_parse(&a, "192.0.2.1:25"), 0);
	assert_int_equal(addr_parse(&b, "::ffff:192.0.2.1"), 0);
	assert_true(addr_equal(&a, &b));
	assert_int_equal(addr_parse(&b, "192.0.2.2:25"), 0);
	assert_false(addr_equal(&a, &b));
	assert_int_equal(addr_parse(&b, "c000:201::"), 0);
	assert_false(addr_equal(&a, &b));
	assert_int_equal(addr_parse(&none, ""), -1);
	assert_false(addr_equal(&none, &none));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(an_address_is_read_in_all_its_forms),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(
		    private_and_loopback_end_where_their_networks_end),
		cmocka_unit_test(equal_means_the_same_address_on_any_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

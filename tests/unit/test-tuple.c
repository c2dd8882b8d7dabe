/* SPDX-License-Identifier: ISC */
/*
 * What of a mail is the same from try to try.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tuple.h"

static const struct {
	const char	*sender, *want;
} senders[] = {
	{ "joe@example.org", "joe@example.org" },
	{ "Joe@Example.ORG", "joe@example.org" },
	{ "", "" },
	{ "postmaster", "postmaster" },
	{ "joe+news@example.org", "joe@example.org" },
	{ "bounce-12345-99@example.org", "bounce-#-#@example.org" },
	{ "12@example.org", "#@example.org" },
	{ "a1@example.org", "a1@example.org" },
	{ "1a@example.org", "1a@example.org" },
	{ "n_1@example.org", "n_1@example.org" },
	{ "x.2024.y@example.org", "x.#.y@example.org" },
	{ "list-7=user@example.org", "list-#=user@example.org" },
	{ "joe@host7.example.org", "joe@host7.example.org" },
	{ "prvs=0123456abc=joe@example.org", "joe@example.org" },
	{ "prvs=joe=0123456abc@example.org", "joe@example.org" },
	{ "prvs=a=b=c@example.org", "prvs=a=b=c@example.org" },
	{ "prvs=joe@example.org", "prvs=joe@example.org" },
	{ "SRS0=HHH=TT=example.com=alice@fwd.example",
	    "srs0=example.com=alice@fwd.example" },
	{ "SRS0+HHH=TT=example.com=alice@fwd.example",
	    "srs0+example.com=alice@fwd.example" },
	{ "SRS1=GGG=fwd.example==HHH=TT=example.com=alice@two.example",
	    "srs1=example.com=alice@two.example" },
	{ "SRS0=HHH@fwd.example", "srs0=hhh@fwd.example" },
	{ "srs0@example.org", "srs0@example.org" },
	{ "srs0", "srs0" },
	{ "srs1@example.org", "srs1@example.org" },
	{ "\"a@b\"@example.org", "\"a@b\"@example.org" },
};

static void
senders_become_what_they_will_be_next_time(void **state)
{
	char	 got[600];
	size_t	 i;

	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		tuple_sender(senders[i].sender, got, sizeof(got));
		assert_string_equal(got, senders[i].want);
	}
}

static const struct {
	const char	*addr;
	int		 mask4, mask6;
	const char	*want;
} nets[] = {
	{ "192.0.2.77", 24, 64, "192.0.2.0/a@b/c@d" },
	{ "192.0.2.77", 32, 64, "192.0.2.77/a@b/c@d" },
	{ "192.0.2.77", 30, 64, "192.0.2.76/a@b/c@d" },
	{ "192.0.2.77", 0, 64, "0.0.0.0/a@b/c@d" },
	{ "192.0.2.77", 16, 64, "192.0.0.0/a@b/c@d" },
	{ "2001:db8:1:2:3:4:5:6", 24, 64, "2001:db8:1:2::/a@b/c@d" },
	{ "2001:db8:1:2:3:4:5:6", 24, 128,
	    "2001:db8:1:2:3:4:5:6/a@b/c@d" },
	{ "2001:db8:1:ffff:3:4:5:6", 24, 52, "2001:db8:1:f000::/a@b/c@d" },
};

static void
networks_count_and_not_hosts(void **state)
{
	struct tuple_rules	 r = { .helo = 0 };
	struct addr		 a;
	char			 key[TUPLE_KEY];
	size_t			 i;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		assert_int_equal(addr_parse(&a, nets[i].addr), 0);
		r.mask4 = nets[i].mask4;
		r.mask6 = nets[i].mask6;
		tuple_key(&r, &a, "mx.example", "a@b", "C@D", key);
		assert_string_equal(key, nets[i].want);
	}
}

static void
helo_is_in_the_key_of_spamd_only(void **state)
{
	struct tuple_rules	 r = { .mask4 = 32, .mask6 = 128, .helo = 1 };
	struct addr		 a;
	char			 key[TUPLE_KEY];

	assert_int_equal(addr_parse(&a, "192.0.2.1"), 0);
	tuple_key(&r, &a, "MX.Example", "", "c@d", key);
	assert_string_equal(key, "192.0.2.1/mx.example//c@d");
}

static void
long_values_are_cut(void **state)
{
	struct tuple_rules	 r = { .mask4 = 32, .helo = 1 };
	struct addr		 a;
	char			 key[TUPLE_KEY], sender[2001];

	memset(sender, 'x', sizeof(sender) - 1);
	sender[sizeof(sender) - 1] = '\0';
	assert_int_equal(addr_parse(&a, "192.0.2.1"), 0);
	tuple_key(&r, &a, sender, sender, sender, key);
	assert_int_equal(strlen(key), strlen("192.0.2.1") + 1 + 256 + 1 +
	    512 + 1 + 512);
	sender[1000] = '@';
	tuple_key(&r, &a, "h", sender, "c@d", key);
	assert_true(strlen(key) < TUPLE_KEY);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(senders_become_what_they_will_be_next_time),
		cmocka_unit_test(networks_count_and_not_hosts),
		cmocka_unit_test(helo_is_in_the_key_of_spamd_only),
		cmocka_unit_test(long_values_are_cut)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

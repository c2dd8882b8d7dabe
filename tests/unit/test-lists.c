/* SPDX-License-Identifier: ISC */
/*
 * Lists of clients and of mailboxes: what an entry means, and what is none.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lists.h"
#include "stderr.h"

static const struct {
	const char	*entry, *addr, *rdns;
	int		 want;
} clients[] = {
	{ "example.org", "192.0.2.1", "example.org", 1 },
	{ "example.org", "192.0.2.1", "mx.Example.ORG", 1 },
	{ "Example.ORG", "192.0.2.1", "a.b.example.org", 1 },
	{ "example.org", "192.0.2.1", "notexample.org", 0 },
	{ "example.org", "192.0.2.1", "example.org.evil.test", 0 },
	{ "example.org", "192.0.2.1", NULL, 0 },
	{ ".example.org", "192.0.2.1", "mx.example.org", 1 },
	{ "3com.example", "192.0.2.1", "mx.3com.example", 1 },
	{ "192.0.2.1", "192.0.2.1", NULL, 1 },
	{ "192.0.2.1", "192.0.2.2", NULL, 0 },
	{ "192.0.2.0/28", "192.0.2.15", NULL, 1 },
	{ "192.0.2.0/28", "192.0.2.16", NULL, 0 },
	{ "192.0.2.5-192.0.2.9", "192.0.2.9", NULL, 1 },
	{ "192.0.2.5 - 192.0.2.9", "192.0.2.10", NULL, 0 },
	{ "198.51.100", "198.51.100.0", NULL, 1 },
	{ "198.51.100", "198.51.100.255", NULL, 1 },
	{ "198.51.100", "198.51.101.0", NULL, 0 },
	/* postgrey takes this for 198.51.0.0/24. */
	{ "198.51", "198.51.0.1", NULL, 1 },
	{ "198.51", "198.51.255.255", NULL, 1 },
	{ "198.51", "198.50.255.255", NULL, 0 },
	{ "198.51", "198.52.0.0", NULL, 0 },
	/* A prefix is one of numbers, not of letters. */
	{ "198.51", "198.5.1.1", NULL, 0 },
	{ "2001:db8::1", "2001:db8::1", NULL, 1 },
	{ "2001:db8::/32", "2001:db8:ffff::1", NULL, 1 },
	{ "2001:db8::/32", "2001:db9::1", NULL, 0 },
	{ "/^mail-\\d+\\.example\\.org$/", "192.0.2.1",
	    "mail-17.example.org", 1 },
	{ "/^mail-\\d+\\.example\\.org$/", "192.0.2.1",
	    "MAIL-17.EXAMPLE.ORG", 1 },
	{ "/^mail-\\d+\\.example\\.org$/", "192.0.2.1",
	    "mail-x.example.org", 0 },
	{ "/^mail-\\d+\\.example\\.org$/", "192.0.2.1", NULL, 0 },
	{ "/ple\\.org/i", "192.0.2.1", "mx.EXAMPLE.org.test", 1 },
	/* What only Perl's expressions can do. */
	{ "/^(?!dyn).*\\.example$/", "192.0.2.1", "mx.example", 1 },
	{ "/^(?!dyn).*\\.example$/", "192.0.2.1", "dyn7.example", 0 },
	{ "/^(\\w+)\\.\\1\\.example$/", "192.0.2.1", "a.a.example", 1 },
	{ "/./", "192.0.2.1", NULL, 0 },
	{ "/./", "2001:db8::1", "", 0 },
};

static void
a_client_is_found_by_its_address_and_its_verified_name(void **state)
{
	struct list	*l;
	struct addr	 a;
	size_t		 i;

	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		l = list_new(LIST_CLIENTS);
		assert_null(list_add(l, clients[i].entry));
		assert_int_equal(list_count(l), 1);
		assert_int_equal(addr_parse(&a, clients[i].addr), 0);
		if (list_match_client(l, &a, clients[i].rdns) !=
		    clients[i].want)
			fail_msg("%s: %s %s", clients[i].entry,
			    clients[i].addr, clients[i].rdns);
		assert_false(list_match_address(l, "a@example.org"));
		list_free(l);
	}
}

static const struct {
	const char	*entry, *mailbox;
	int		 want;
} mailboxes[] = {
	{ "joe@example.org", "joe@example.org", 1 },
	{ "Joe@Example.org", "JOE@EXAMPLE.ORG", 1 },
	{ "joe@example.org", "joe+news@example.org", 1 },
	{ "joe@example.org", "joe+a+b@example.org", 1 },
	{ "joe@example.org", "joe+@example.org", 0 },
	{ "joe@example.org", "joey@example.org", 0 },
	{ "joe@example.org", "joe@mx.example.org", 0 },
	{ "joe@example.org", "x+joe@example.org", 0 },
	{ "joe+a@example.org", "joe+a@example.org", 1 },
	{ "joe+a@example.org", "joe+a+b@example.org", 1 },
	{ "joe+a@example.org", "joe+a+b+c@example.org", 1 },
	{ "joe+a@example.org", "joe@example.org", 0 },
	{ "joe+a@example.org", "joe+ab@example.org", 0 },
	{ "postmaster@", "postmaster@example.org", 1 },
	{ "postmaster@", "Postmaster+x@example.net", 1 },
	{ "postmaster@", "postmaster", 1 },
	{ "postmaster@", "postmasters@example.org", 0 },
	{ "postmaster@", "a@postmaster", 0 },
	{ "example.org", "joe@example.org", 1 },
	{ "example.org", "joe@a.b.EXAMPLE.org", 1 },
	{ "example.org", "joe@notexample.org", 0 },
	{ "example.org", "example.org", 0 },
	{ ".example.org", "joe@mx.example.org", 1 },
	{ "@example.org", "joe@example.org", 1 },
	{ "@example.org", "joe@mx.example.org", 0 },
	{ "@example.org", "", 0 },
	{ "/^joe\\d*@example\\.org$/", "Joe12@example.org", 1 },
	{ "/^joe\\d*@example\\.org$/", "joex@example.org", 0 },
	{ "/^$/", "", 1 },
	{ "/^$/", "a@example.org", 0 },
	{ "example.org", "", 0 },
	{ "\"a@b\"@example.org", "\"a@b\"@example.org", 1 },
	{ "user@[192.0.2.1]", "user@[192.0.2.1]", 1 },
};

static void
a_mailbox_is_found_without_its_extension(void **state)
{
	const struct addr	 a = { .family = AF_UNSPEC };
	struct list		*l;
	size_t			 i;
	int			 kind;

	for (i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
		for (kind = LIST_SENDERS; kind <= LIST_RECIPIENTS; kind++) {
			l = list_new((enum list_kind)kind);
			assert_null(list_add(l, mailboxes[i].entry));
			if (list_match_address(l, mailboxes[i].mailbox) !=
			    mailboxes[i].want)
				fail_msg("%s: %s", mailboxes[i].entry,
				    mailboxes[i].mailbox);
			assert_false(list_match_client(l, &a,
			    "example.org"));
			list_free(l);
		}
	}
}

static const struct {
	enum list_kind	 kind;
	const char	*entry, *why;
} mistakes[] = {
	{ LIST_CLIENTS, "", "nothing" },
	{ LIST_CLIENTS, "two words", "a blank inside" },
	{ LIST_CLIENTS, "/a b/", "a blank inside" },
	{ LIST_CLIENTS, "/abc", "no / at its end" },
	{ LIST_CLIENTS, "/", "no / at its end" },
	{ LIST_CLIENTS, "/i", "no / at its end" },
	{ LIST_CLIENTS, "//", "nothing between / and /" },
	{ LIST_CLIENTS, "//i", "nothing between / and /" },
	{ LIST_CLIENTS, "/a(b/", "not a regular expression: missing closing "
	    "parenthesis, at byte 4" },
	{ LIST_CLIENTS, "10", "one number: write 10.0.0.0/8 for all of 10" },
	{ LIST_CLIENTS, "198.300", "not an address before the /" },
	{ LIST_CLIENTS, "198.51.", "not an address before the /" },
	{ LIST_CLIENTS, "1.2.3.4.5", "not an address" },
	{ LIST_CLIENTS, "192.0.2.300",
	    "not an address, network, range or .domain" },
	{ LIST_CLIENTS, "192.0.2.0/33", "not a prefix length of 0 to 32" },
	{ LIST_CLIENTS, "192.0.2.9-192.0.2.1",
	    "the range ends before it begins" },
	{ LIST_CLIENTS, "*.example.org", "not a domain name" },
	{ LIST_CLIENTS, "a..example", "not a domain name" },
	{ LIST_RECIPIENTS, "two words", "a blank inside" },
	{ LIST_RECIPIENTS, "joe @example.org", "a blank inside" },
	{ LIST_RECIPIENTS, "@", "neither a name nor a domain" },
	{ LIST_RECIPIENTS, "*@example.org",
	    "* is not a pattern here: write @domain" },
	{ LIST_SENDERS, "/*/", "not a regular expression: quantifier does "
	    "not follow a repeatable item, at byte 1" },
};

static void
what_is_no_entry_is_said_and_not_taken(void **state)
{
	struct list	*l;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		l = list_new(mistakes[i].kind);
		why = list_add(l, mistakes[i].entry);
		if (why == NULL || strcmp(why, mistakes[i].why) != 0)
			fail_msg("%s: %s", mistakes[i].entry, why);
		assert_int_equal(list_count(l), 0);
		list_free(l);
	}
}

static void
too_long_a_text_is_not_looked_at(void **state)
{
	const struct addr	 a = { .family = AF_UNSPEC };
	struct list		*l = list_new(LIST_RECIPIENTS);
	char			 mailbox[600];

	assert_null(list_add(l, "@e.test"));
	assert_null(list_add(l, "/./"));
	memset(mailbox, 'x', sizeof(mailbox));
	memcpy(mailbox + 505, "@e.test", 8);
	assert_int_equal(strlen(mailbox), 512);
	assert_true(list_match_address(l, mailbox));
	memset(mailbox, '+', 506);
	memcpy(mailbox + 506, "@e.test", 8);
	assert_false(list_match_address(l, mailbox));
	assert_string_equal(list_add(l, mailbox), "too long");
	list_free(l);

	l = list_new(LIST_CLIENTS);
	assert_null(list_add(l, "/./"));
	assert_true(list_match_client(l, &a, "x"));
	assert_false(list_match_client(l, &a, mailbox));
	list_free(l);
}

/*
 * What would take years; the log tells which expression it was.  It is a
 * millisecond each, and more than a hundred by PCRE's own limits.
 */
static void
an_expression_has_a_limited_time(void **state)
{
	struct list	*l = list_new(LIST_RECIPIENTS);
	struct timespec	 then, now;
	char		 mailbox[401];
	const char	*said;
	int		 i;

	memset(mailbox, 'a', sizeof(mailbox) - 1);
	mailbox[sizeof(mailbox) - 1] = '\0';
	assert_null(list_add(l, "/^(a|aa)+[^a!]$/"));
	mailbox[399] = '!';
	stderr_start();
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &then);
	for (i = 0; i < 10; i++)
		assert_false(list_match_address(l, mailbox));
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	said = stderr_stop();
	assert_non_null(strstr(said, "too much work"));
	assert_true((now.tv_sec - then.tv_sec) * 1000 +
	    (now.tv_nsec - then.tv_nsec) / 1000000 < 500);
	list_free(l);
}

static void
a_list_may_grow_after_it_was_used(void **state)
{
	struct list	*l = list_new(LIST_RECIPIENTS);

	assert_null(list_add(l, "m@x.test"));
	assert_null(list_add(l, "n@x.test"));
	assert_true(list_match_address(l, "n@x.test"));
	assert_null(list_add(l, "b@x.test"));
	assert_null(list_add(l, "a@x.test"));
	assert_true(list_match_address(l, "a@x.test"));
	assert_true(list_match_address(l, "b@x.test"));
	assert_true(list_match_address(l, "m@x.test"));
	assert_int_equal(list_count(l), 4);
	list_free(l);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_client_is_found_by_its_address_and_its_verified_name),
		cmocka_unit_test(a_mailbox_is_found_without_its_extension),
		cmocka_unit_test(what_is_no_entry_is_said_and_not_taken),
		cmocka_unit_test(too_long_a_text_is_not_looked_at),
		cmocka_unit_test(an_expression_has_a_limited_time),
		cmocka_unit_test(a_list_may_grow_after_it_was_used)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

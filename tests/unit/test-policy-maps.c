/* SPDX-License-Identifier: ISC */
/*
 * The tables of others: OpenDKIM's, and dkimproxy's maps.
 */

#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "policyrig.h"

struct mail {
	const char	*conf, *from, *want;
};

static const struct mail	 opendkims[] = {
	{ "keytable ./keytable\nsigningtable file:./signing\n",
	    "Joe@Example.net",
	    "n1@example.net rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable file:./signing\n",
	    "jim@example.org",
	    "o1@example.org rsa relaxed/relaxed i=@example.org t" },
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "joe@a.b.example.org",
	    "o2@example.org ed relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "jim@a.b.example.org",
	    "t1@example.org rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "x@example.com", "c1@example.com rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "root@a.example", "n1@example.net rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "x@a.example", "n1@example.net rsa relaxed/relaxed t" },
	/* i= of another domain is left out, as opendkim does. */
	{ "keytable ./keytable\nsigningtable ./signing\n",
	    "x@a.example.net",
	    "s1@a.example.net rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable ./signing\nmultiple yes\n",
	    "joe@w.example.org",
	    "o2@example.org ed relaxed/relaxed t, "
	    "t1@example.org rsa relaxed/relaxed t, "
	    "n1@example.net rsa relaxed/relaxed t" },
	{ "keytable refile:./keytable\n"
	    "signingtable refile:./resigning\n",
	    "president@example.org", "o2@example.org ed "
	    "relaxed/relaxed i=boss@example.org t" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n"
	    "multiple yes\n", "president@example.org",
	    "o2@example.org ed relaxed/relaxed i=boss@example.org t, "
	    "o1@example.org rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "x@bexample.org", "unsigned" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "x@b.example.org",
	    "t1@example.org rsa relaxed/relaxed t" },
	/* No key file of that domain: not signed, others may be. */
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "x@example.net", "unsigned" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "root@example.net",
	    "n1@example.net rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "x@a.example.net",
	    "s1@a.example.net rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n",
	    "x@example.com", "c1@example.com rsa relaxed/relaxed t" },
	{ "keytable ./keytable\nsigningtable refile:./resigning\n"
	    "domain fall.example\nkeyfile rsa\nselector s\n",
	    "x@other.example",
	    "s@fall.example rsa relaxed/relaxed t" },
	{ NULL, NULL, NULL }
};

static const struct mail	 maps[] = {
	{ "sender_map senders\nkeyfile rsa\nselector s\n",
	    "Jason+spam@long.example",
	    "s@example.com rsa relaxed/relaxed t" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n",
	    "jim@long.example", "unsigned" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n",
	    "x@w.example.org",
	    "s@example.org rsa relaxed/simple t, "
	    "dk:s@example.org rsa nofws/nofws t" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n",
	    "user1@a.my.example",
	    "e1@a.my.example ed relaxed/relaxed t" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n",
	    "user2@b.my.example", "r2@b.my.example rsa "
	    "relaxed/relaxed i=user2@b.my.example t" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n"
	    "domain example.net\n", "x@other.example", "unsigned" },
	{ "sender_map senders\nkeyfile rsa\nselector s\n"
	    "domain example.net\nsignature dkim\n", "x@other.example",
	    "s@example.net rsa relaxed/relaxed t" },
	{ NULL, NULL, NULL }
};

static void
mails_check(const struct mail *m)
{
	struct policy	*p;

	for (; m->conf != NULL; m++) {
		if ((p = conf(m->conf)) == NULL)
			fail_msg("not taken: %s", m->conf);
		plan_check(p, m->conf, m->from, m->want);
		policy_free(p);
	}
}

static void
tables_of_opendkim_are_read(void **state)
{
	mails_check(opendkims);
}

static void
maps_of_dkimproxy_are_read(void **state)
{
	mails_check(maps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_of_opendkim_are_read),
		cmocka_unit_test(maps_of_dkimproxy_are_read),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * The letters of filter-dkimsign, from the command line to the plan.
 */

#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "policy.h"
#include "policy_options.h"
#include "policyrig.h"
#include "stderr.h"

static const struct {
	const char	*args, *from, *want;
} mails[] = {
	{ "-d example.org -s s -k rsa", "a@example.org",
	    "s@example.org rsa simple/simple" },
	/* No match: the first. */
	{ "-d example.org -s s -k rsa", "a@example.net",
	    "s@example.org rsa simple/simple" },
	{ "-d example.org -s s -k rsa", "none",
	    "s@example.org rsa simple/simple" },
	{ "-d a.example -d b.example -s s -k rsa", "x@c.example",
	    "s@a.example rsa simple/simple" },
	{ "-d a.example -d b.example -s s -k rsa", "x@b.example",
	    "s@b.example rsa simple/simple" },
	/* The nearest above. */
	{ "-d a.example -d b.a.example -s s -k rsa",
	    "x@d.c.b.a.example", "s@b.a.example rsa simple/simple" },
	{ "-d x.example -d example.org -s s -k rsa",
	    "x@notexample.org", "s@x.example rsa simple/simple" },
	{ "-d x.example -d example.org -s s -k rsa",
	    "x@example.org.evil.test",
	    "s@x.example rsa simple/simple" },
	{ "-d EXAMPLE.Org. -d x.example -s S -k rsa",
	    "x@www.example.ORG", "S@example.org rsa simple/simple" },
	{ "-d x.example -d x.example -s s -k rsa", "a@x.example",
	    "s@x.example rsa simple/simple" },
	{ "-c relaxed -d a.example -s s -k rsa", "none",
	    "s@a.example rsa relaxed/simple" },
	{ "-c simple/relaxed -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/relaxed" },
	{ "-t -x 600 -z -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/simple t x=600 z=1" },
	{ "-z -z -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/simple z=2" },
	{ "-a rsa-sha256 -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/simple" },
	{ "-a rsa2048-sha256 -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/simple" },
	{ "-a ed25519-sha256 -d a.example -s s -k ed", "none",
	    "s@a.example ed simple/simple" },
	{ "-d a.example -s s -k rsa -s e -k ed", "none",
	    "s@a.example rsa simple/simple, "
	    "e@a.example ed simple/simple" },
	{ "-a ed25519-sha256 -a rsa-sha256 -d a.example "
	    "-s e -k ed -s s -k rsa", "none",
	    "e@a.example ed simple/simple, "
	    "s@a.example rsa simple/simple" },
	{ "-d a.example -s a -k ed -s b -k ed -s c -k ed -s d -k ed "
	    "-s e -k ed -s f -k ed -s g -k ed -s h -k ed", "none",
	    "a@a.example ed simple/simple, b@a.example ed simple/simple, "
	    "c@a.example ed simple/simple, d@a.example ed simple/simple, "
	    "e@a.example ed simple/simple, f@a.example ed simple/simple, "
	    "g@a.example ed simple/simple, h@a.example ed simple/simple" },
	{ "-i joe@b.a.example -d a.example -s s -k rsa", "none",
	    "s@a.example rsa simple/simple i=joe@b.a.example" },
	{ "-i @a.example -d a.example -d b.example -s s -k rsa",
	    "x@b.example", "s@b.example rsa simple/simple" },
	{ "-i $sender -d a.example -s s -k rsa", "Joe@b.a.example",
	    "s@a.example rsa simple/simple i=Joe@b.a.example" },
	{ "-o nomatch=unsigned -d a.example -s s -k rsa", "none",
	    "unsigned" },
	{ "-o nomatch=reject -d a.example -s s -k rsa", "none",
	    "reject" },
	{ "-o subdomains=no -o nomatch=unsigned -d a.example -s s "
	    "-k rsa", "x@b.a.example", "unsigned" },
	{ "-d a.example,b.example -s s -k rsa", "x@b.example",
	    "s@b.example rsa simple/simple" },
	{ "-d example.org -k keys/%d/%s.key -s s1", "x@example.org",
	    "s1@example.org rsa simple/simple" },
};

#define LETTERS	(sizeof(mails) / sizeof(mails[0]))

static void
letters_are_those_of_the_earlier_filter(void **state)
{
	struct policy	*p;
	size_t		 i;

	for (i = 0; i < LETTERS; i++) {
		if ((p = letters(mails[i].args)) == NULL)
			fail_msg("not taken: %s",
			    mails[i].args);
		plan_check(p, mails[i].args,
		    mails[i].from,
		    mails[i].want);
		policy_free(p);
	}
}

/* Debian's filter signed Bcc and Received, if it was told to. */
static void
lists_may_name_what_is_not_signed(void **state)
{
	static const char	*const lists[][2] = {
		{ "From:BCC:to:Received:x-spam-flag", "From:to" },
		{ "bcc:received:subject", "subject" },
		{ "dkim-signature:from:bcc", "from" },
		{ "from:*:bcc", NULL },
		{ "bcc", NULL },
		{ "from:bcc/o", NULL },
	};
	struct policy	*p;
	const char	*said;
	char		 args[120];
	size_t		 i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		(void)snprintf(args, sizeof(args),
		    "-h %s -d a.example -s s -k rsa", lists[i][0]);
		stderr_start();
		p = letters(args);
		said = stderr_stop();
		if (lists[i][1] == NULL) {
			assert_null(p);
			continue;
		}
		assert_non_null(p);
		assert_non_null(strstr(said, "changes on the way"));
		assert_string_equal(policy_options.headers, lists[i][1]);
		policy_free(p);
	}
	stderr_start();
	assert_null(letters("-o headers=from:bcc -d a.example -s s -k rsa"));
	(void)stderr_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_those_of_the_earlier_filter),
		cmocka_unit_test(lists_may_name_what_is_not_signed),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}

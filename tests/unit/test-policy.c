/* SPDX-License-Identifier: ISC */
/*
 * Which signatures a message gets: option files, domains, tables, rotation,
 * and what is read again when.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dkimsign.h"
#include "keymaker.h"
#include "policy.h"
#include "policyrig.h"
#include "privkey.h"
#include "stderr.h"

struct mail {
	const char	*conf, *from, *want;
};

static const struct mail	 proxies[] = {
	/* dkimproxy: one domain signs all, several only theirs. */
	{ "domain example.org\nkeyfile rsa\nselector s\n",
	    "x@other.example",
	    "s@example.org rsa relaxed/relaxed t" },
	{ "domain a.example,example.org\nkeyfile rsa\nselector s\n",
	    "x@other.example", "unsigned" },
	{ "domain a.example,example.org\nkeyfile rsa\nselector s\n",
	    "x@w.example.org",
	    "s@example.org rsa relaxed/relaxed t" },
	{ "domain a.example\ndomain example.org\nkeyfile rsa\n"
	    "selector s\nnomatch reject\n", "x@other.example",
	    "reject" },
	{ "domain a.example, example.org\nkeyfile rsa\nselector s\n"
	    "nomatch first\n", "x@other.example",
	    "s@a.example rsa relaxed/relaxed t" },
	{ "listen 127.0.0.1:10027\nrelay 127.0.0.1:10028\n"
	    "domain example.org\nsignature dkim(c=relaxed)\n"
	    "signature domainkeys(c=nofws)\nkeyfile rsa\n"
	    "selector s1\n", "x@www.example.org",
	    "s1@example.org rsa relaxed/simple t, "
	    "dk:s1@example.org rsa nofws/nofws t" },
	/* RFC 4870: no other domain's. */
	{ "domain example.org\nsignature domainkeys\n"
	    "signature dkim\nkeyfile rsa\nselector s1\n",
	    "x@notexample.org",
	    "s1@example.org rsa relaxed/relaxed t" },
	{ "domain example.org\nkeyfile rsa\nselector s\n"
	    "method simple\nidentity @example.org\nexpire 7d\n"
	    "timestamp no\nztag all\n", "x@example.org",
	    "s@example.org rsa simple/simple i=@example.org "
	    "x=604800 z=2" },
	{ "domain example.org\nmethod relaxed\n"
	    "signature dkim(c=simple/relaxed,key=ed,s=e,"
	    "i=x@w.example.org)\n"
	    "signature dkim(a=rsa-sha256, d=example.net)\n"
	    "keyfile rsa\nselector s\n", "x@example.org",
	    "e@example.org ed simple/relaxed i=x@w.example.org t, "
	    "s@example.net rsa relaxed/simple t" },
	/* Macros; a sender that has no domain. */
	{ "domain example.org\nsignature dkim(d=$senderdomain,"
	    "i=$sender)\nkeyfile rsa\nselector s\n", "Joe@x.example",
	    "s@x.example rsa relaxed/relaxed i=Joe@x.example t" },
	{ "domain example.org\nsignature dkim(d=$senderdomain)\n"
	    "keyfile rsa\nselector s\n", "nobody", "unsigned" },
	{ "domain example.org\nsignature dkim(i=$key@x.$keydomain)\n"
	    "keyfile rsa\nselector s\n", "nobody",
	    "s@example.org rsa relaxed/relaxed "
	    "i=example.org@x.example.org t" },
	{ NULL, NULL, NULL }
};

static const struct mail	 domains[] = {
	/* A table: all rows of a domain, and parents. */
	{ "table table\n", "x@example.org",
	    "s1@example.org rsa relaxed/relaxed t, "
	    "e1@example.org ed simple/simple t x=604800" },
	{ "table table\n", "x@a.sub.example.org",
	    "s2@sub.example.org rsa relaxed/relaxed "
	    "i=@sub.example.org t" },
	{ "table table\nsubdomains no\n", "x@a.sub.example.org",
	    "unsigned" },
	{ "table table\n", "x@xn--bcher-kva.example",
	    "s3@xn--bcher-kva.example rsa relaxed/relaxed t" },
	{ "table table\n", "x@example", "unsigned" },
	{ "table table\n", "none", "unsigned" },
	/* A table goes before the list, where both have it. */
	{ "table table\ndomain example.org,other.example\n"
	    "keyfile rsa\nselector s\n", "x@example.org",
	    "s1@example.org rsa relaxed/relaxed t, "
	    "e1@example.org ed simple/simple t x=604800" },
	{ "table table\ndomain example.org,other.example\n"
	    "keyfile rsa\nselector s\n", "x@other.example",
	    "s@other.example rsa relaxed/relaxed t" },
	/* Of a directory the last key of each type. */
	{ "keydir keys/%d/%s.key\n", "x@example.org",
	    "e1@example.org ed relaxed/relaxed t, "
	    "s2@example.org rsa relaxed/relaxed t" },
	{ "keydir keys/%d/%s.key\nselector s1\n", "x@w.example.org",
	    "s1@example.org rsa relaxed/relaxed t" },
	{ "keydir keys/%d/s1.key\nselector sel\n", "x@a.example.net",
	    "sel@a.example.net rsa relaxed/relaxed t" },
	{ "keydir keys/%d/%s.key\n", "x@example.net", "unsigned" },
	{ "keydir ./keys/%d/%s.key\n", "x@none", "unsigned" },
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
a_file_of_dkimproxy_is_read(void **state)
{
	mails_check(proxies);
}

static void
tables_and_keydirs_are_read(void **state)
{
	mails_check(domains);
}

static void
lists_go_before_senders(void **state)
{
	static const struct {
		const char	*list_id, *want;
	} t[] = {
		{ "", "s@example.net rsa relaxed/relaxed t" },
		{ "other.example", "s@example.net rsa relaxed/relaxed t" },
		{ "linux.kernel.example",
		    "s@kernel.example rsa relaxed/relaxed t" },
		{ "dev.lists.example",
		    "s@lists.example rsa relaxed/relaxed t" },
		{ "x.dev.lists.example",
		    "s@dev.lists.example rsa relaxed/relaxed t" },
		{ "up.lists.example",
		    "s@lists.example rsa relaxed/relaxed "
		    "i=@lists.example t" },
	};
	struct policy	*p;
	size_t		 i;

	assert_non_null(p = conf("listid_map lists\ndomain example.net\n"
	    "signature dkim\nkeyfile rsa\nselector s\n"));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(plan(p, "x@example.org", "",
		    t[i].list_id, NOW), t[i].want);
	policy_free(p);
}

static void
sender_counts_if_asked_for(void **state)
{
	struct policy	*p;

	assert_non_null(p = conf("table table\n"));
	assert_string_equal(plan(p, "x@other.example", "x@sub.example.org",
	    "", NOW), "unsigned");
	policy_free(p);
	assert_non_null(p = conf("table table\nsender-headers sender,from\n"));
	assert_string_equal(plan(p, "x@other.example", "x@sub.example.org",
	    "", NOW), "s2@sub.example.org rsa relaxed/relaxed "
	    "i=@sub.example.org t");
	assert_string_equal(plan(p, "x@sub.example.org", "", "", NOW),
	    "s2@sub.example.org rsa relaxed/relaxed i=@sub.example.org t");
	policy_free(p);
	/* DomainKeys always ask for Sender first: RFC 4870, 3.3 */
	assert_non_null(p = conf("domain example.org\nkeyfile rsa\n"
	    "selector s\nsignature domainkeys\n"));
	assert_string_equal(plan(p, "x@example.org", "x@other.example", "",
	    NOW), "unsigned");
	assert_string_equal(plan(p, "x@other.example", "x@example.org", "",
	    NOW), "dk:s@example.org rsa nofws/nofws t");
	policy_free(p);
}

static void
keys_take_over_at_their_time(void **state)
{
	static const struct {
		long long	 now;
		const char	*want;
	} t[] = {
		{ 0, "old@rotate.example rsa relaxed/relaxed t" },
		/* 2027-01-01T12:00 */
		{ 1798804799, "old@rotate.example rsa relaxed/relaxed t" },
		{ 1798804800, "old@rotate.example rsa relaxed/relaxed t, "
		    "e1@rotate.example ed relaxed/relaxed t" },
		/* 2027-02-01 */
		{ 1801439999, "old@rotate.example rsa relaxed/relaxed t, "
		    "e1@rotate.example ed relaxed/relaxed t" },
		{ 1801440000, "new@rotate.example rsa relaxed/relaxed t, "
		    "e1@rotate.example ed relaxed/relaxed t" },
		{ 9801440000, "new@rotate.example rsa relaxed/relaxed t, "
		    "e1@rotate.example ed relaxed/relaxed t" },
	};
	struct policy	*p;
	size_t		 i;

	assert_non_null(p = conf("table table\n"));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(plan(p, "x@rotate.example", "", "",
		    t[i].now), t[i].want);
	policy_free(p);
	assert_non_null(p = conf("keytable ./keytable\n"
	    "signingtable ./signing\n"));
	assert_string_equal(plan(p, "x@w.example.org", "", "", 1801439999),
	    "t1@example.org rsa relaxed/relaxed t");
	assert_string_equal(plan(p, "x@w.example.org", "", "", 1801440000),
	    "t2@example.org rsa relaxed/relaxed t");
	policy_free(p);
}

static void
domain_files_are_read(void **state)
{
	struct policy	*p;

	file_write("doms", "# ours\n\nfirst.example\n  example.org  \n");
	assert_non_null(p = letters("-D doms -s s -k rsa"));
	assert_string_equal(plan(p, "x@example.org", "", "", NOW),
	    "s@example.org rsa simple/simple");
	assert_string_equal(plan(p, "x@other.example", "", "", NOW),
	    "s@first.example rsa simple/simple");
	policy_free(p);
}

/* The first of all, as those in files hide the process too. */
static void
keys_in_a_table_are_read(void **state)
{
	EVP_PKEY	*ed = key_make(EVP_PKEY_ED25519, 0);
	char		*pem = key_pem(ed, NULL), text[4096], *p, *q;
	const char	*said;
	struct policy	*policy;
	struct rlimit	 core;

	/* One line, without its frame: base64. */
	for (p = q = strchr(pem, '\n') + 1; *p != '-'; p++)
		if (*p != '\n')
			*q++ = *p;
	*q = '\0';
	(void)snprintf(text, sizeof(text), "k %%:s1:%s\nk2 %%:s2:%s\n",
	    strchr(pem, '\n') + 1, strchr(pem, '\n') + 1);
	file_write("inline", text);
	assert_int_equal(chmod("inline", 0644), 0);
	file_write("all", "* k\n");
	stderr_start();
	assert_null(conf("keytable ./inline\nsigningtable refile:./all\n"
	    "safe-keys yes\n"));
	assert_non_null(said = strstr(stderr_stop(), "inline: readable by o"));
	assert_null(strstr(said + 1, "inline: "));
	assert_int_equal(chmod("inline", 0600), 0);
	assert_non_null(policy = conf("keytable ./inline\n"
	    "signingtable refile:./all\n"));
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_max, 0);
	privkey_rules.safe = 0;
	assert_string_equal(plan(policy, "x@w.example", "", "", NOW),
	    "s1@w.example ed relaxed/relaxed t");
	policy_free(policy);
	free(pem);
	EVP_PKEY_free(ed);
}

static void
changes_are_noticed(void **state)
{
	struct policy	*p, *q;

	file_write("x", "a.example s1 ./rsa\n");
	assert_non_null(p = conf("table x\nkeydir keys/%d/%s.key\n"));
	assert_false(policy_changed(p));
	/* Longer, as a clock may be coarse. */
	file_write("x", "a.example s1 ./rsa # as it was\n");
	assert_true(policy_changed(p));
	assert_non_null(q = policy_new());
	policy_free(p);
	assert_false(policy_changed(q));
	/* A mistake is told once. */
	file_write("x", "a.example s1\n");
	assert_true(policy_changed(q));
	stderr_start();
	assert_null(policy_new());
	assert_non_null(strstr(stderr_stop(), "x:1: "));
	assert_false(policy_changed(q));
	assert_string_equal(plan(q, "x@a.example", "", "", NOW),
	    "s1@a.example rsa relaxed/relaxed t");
	file_write("x", "a.example s1 ./rsa\n");
	assert_true(policy_changed(q));
	assert_non_null(p = policy_new());
	policy_free(q);
	assert_false(policy_changed(p));
	/* A domain more. */
	assert_int_equal(mkdir("keys/more.example", 0700), 0);
	assert_true(policy_changed(p));
	assert_non_null(q = policy_new());
	assert_false(policy_changed(q));
	policy_free(p);
	assert_int_equal(rename("keys/example.org/s2.key",
	    "keys/more.example/s2.key"), 0);
	assert_true(policy_changed(q));
	assert_non_null(p = policy_new());
	policy_free(q);
	assert_string_equal(plan(p, "x@more.example", "", "", NOW),
	    "s2@more.example rsa relaxed/relaxed t");
	policy_free(p);
	assert_int_equal(rename("keys/more.example/s2.key",
	    "keys/example.org/s2.key"), 0);
}

/* A socket is there, but can't be opened, not even by root. */
static void
what_cannot_be_opened_is_told_once(void **state)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct policy		*p;
	const char		*said;
	int			 fd;

	file_write("x", "a.example s1 ./rsa\n");
	assert_non_null(p = conf("table x\n"));
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "socket");
	assert_true((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	file_write("x", "a.example s1 ./socket # 1\n");
	assert_true(policy_changed(p));
	stderr_start();
	assert_null(policy_new());
	said = stderr_stop();
	assert_non_null(strstr(said, "./socket: No such device"));
	assert_false(policy_changed(p));
	assert_int_equal(unlink("socket"), 0);
	assert_true(policy_changed(p));
	(void)close(fd);
	policy_free(p);
}

static void
a_change_of_the_mode_is_one(void **state)
{
	struct policy	*p;

	file_write("x", "a.example s1 ./rsa\n");
	assert_non_null(p = conf("table x\n"));
	(void)usleep(20000);
	assert_int_equal(chmod("x", 0640), 0);
	assert_true(policy_changed(p));
	policy_free(p);
}

/* RFC 8301; and what a proxy's file has. */
static void
notices_are_given(void **state)
{
	struct policy	*p;
	const char	*said;

	stderr_start();
	p = conf("domain example.org\nkeyfile rsa\nselector s\n"
	    "signature dkim(c=relaxed,a=rsa-sha1)\n");
	said = stderr_stop();
	assert_non_null(p);
	assert_non_null(strstr(said, "rsa-sha1 is signed as rsa-sha256"));
	assert_string_equal(plan(p, "x@example.org", "", "", NOW),
	    "s@example.org rsa relaxed/simple t");
	policy_free(p);
	stderr_start();
	p = conf("listen 127.0.0.1:10027\nmin_servers 5\n"
	    "domain example.org\nkeyfile rsa\nselector s\n");
	dkimsign_notice();
	said = stderr_stop();
	assert_non_null(p);
	assert_non_null(strstr(said, "listen, "));
	assert_non_null(strstr(said, ", min_servers; "));
	assert_null(strstr(said, "max_servers"));
	policy_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_in_a_table_are_read),
		cmocka_unit_test(a_file_of_dkimproxy_is_read),
		cmocka_unit_test(tables_and_keydirs_are_read),
		cmocka_unit_test(lists_go_before_senders),
		cmocka_unit_test(sender_counts_if_asked_for),
		cmocka_unit_test(keys_take_over_at_their_time),
		cmocka_unit_test(domain_files_are_read),
		cmocka_unit_test(changes_are_noticed),
		cmocka_unit_test(what_cannot_be_opened_is_told_once),
		cmocka_unit_test(a_change_of_the_mode_is_one),
		cmocka_unit_test(notices_are_given),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}

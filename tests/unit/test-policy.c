/* SPDX-License-Identifier: ISC */
/*
 * Which signatures a message gets, from options and tables to the plan; and
 * which options and tables are refused, and in which words.
 */

#include "compat.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "author.h"
#include "dkimsign.h"
#include "keymaker.h"
#include "options.h"
#include "policy.h"
#include "policy_options.h"
#include "stderr.h"

#define NOW	1800000000	/* 2027-01-15 */

static const struct key *const	 tables[] = { dkimsign_keys, NULL };
static struct policy_options	 fresh;
/* Texts of options live for ever. */
static struct policy_options	 used[400];
static size_t			 nused;
static char			 dir[] = "/tmp/test-policy.XXXXXX";

static void
file_write(const char *name, const char *text)
{
	FILE	*fp = fopen(name, "w");

	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
}

static void
key_write(const char *name, const char *pem)
{
	file_write(name, pem);
	assert_int_equal(chmod(name, 0600), 0);
}

static void
options_reset(void)
{
	assert_true(nused < sizeof(used) / sizeof(used[0]));
	used[nused++] = policy_options;
	policy_options = fresh;
}

static int
setup(void **state)
{
	EVP_PKEY	*rsa = key_make(EVP_PKEY_RSA, 2048);
	EVP_PKEY	*ed = key_make(EVP_PKEY_ED25519, 0);
	char		*pem = key_pem(rsa, NULL);

	fresh = policy_options;
	privkey_rules.safe = 0;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("keys", 0700), 0);
	assert_int_equal(mkdir("keys/example.org", 0700), 0);
	assert_int_equal(mkdir("keys/a.example.net", 0700), 0);
	assert_int_equal(mkdir("keys/none", 0700), 0);
	key_write("rsa", pem);
	key_write("rsa2", pem);
	key_write("keys/example.org/s1.key", pem);
	key_write("keys/example.org/s2.key", pem);
	key_write("keys/a.example.net/s1.key", pem);
	free(pem);
	pem = key_pem(ed, NULL);
	key_write("ed", pem);
	key_write("keys/example.org/e1.key", pem);
	free(pem);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	return 0;
}

static int
one_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int
teardown(void **state)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(dir, one_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
	privkey_forget();
	return 0;
}

/* "s1@example.org rsa relaxed/simple i=...", as a signature is told here. */
static void
signing_print(FILE *fp, const struct signing *sg)
{
	static const char *const	 canons[] = {
		[CANON_SIMPLE] = "simple", [CANON_RELAXED] = "relaxed",
		[CANON_NOFWS] = "nofws"
	};

	(void)fprintf(fp, "%s%s@%s %s %s/%s",
	    sg->type == SIGNATURE_DKIM ? "" : "dk:", sg->selector, sg->domain,
	    privkey_type(sg->key) == PRIVKEY_RSA ? "rsa" : "ed",
	    canons[sg->header], canons[sg->body]);
	if (sg->identity[0] != '\0')
		(void)fprintf(fp, " i=%s", sg->identity);
	if (sg->timestamp)
		(void)fprintf(fp, " t");
	if (sg->expire != 0)
		(void)fprintf(fp, " x=%lld", (long long)sg->expire);
	if (sg->ztag != ZTAG_NO)
		(void)fprintf(fp, " z=%d", (int)sg->ztag);
}

static void
author_set(struct author *a, const char *address)
{
	const char	*at = strrchr(address, '@');

	memset(a, 0, sizeof(*a));
	if (at == NULL)
		return;
	memcpy(a->local, address, (size_t)(at - address));
	assert_int_equal(author_domain(at + 1, strlen(at + 1), a->domain), 0);
}

/* What becomes of a mail; valid until the next call. */
static const char *
plan(const struct policy *p, const char *from, const char *sender,
    const char *list_id, long long now)
{
	static char	 text[4096];
	struct plan	 pl;
	struct who	 who;
	FILE		*fp = fmemopen(text, sizeof(text), "w");
	size_t		 i;

	assert_non_null(fp);
	author_set(&who.from, from);
	author_set(&who.sender, sender);
	who.list_id = list_id;
	switch (policy_find(p, &who, now, &pl)) {
	case POLICY_SIGN:
		assert_true(pl.n > 0);
		for (i = 0; i < pl.n; i++) {
			(void)fprintf(fp, "%s", i == 0 ? "" : ", ");
			signing_print(fp, &pl.sign[i]);
		}
		break;
	case POLICY_UNSIGNED:
		assert_int_equal(pl.n, 0);
		(void)fprintf(fp, "unsigned");
		break;
	case POLICY_REJECT:
		assert_int_equal(pl.n, 0);
		(void)fprintf(fp, "reject");
		break;
	}
	assert_int_equal(fclose(fp), 0);
	policy_plan_end(&pl);
	return text;
}

static void
plan_check(const struct policy *p, const char *what, const char *from,
    const char *want)
{
	const char	*is = plan(p, from, "", "", NOW);

	if (strcmp(is, want) != 0)
		fail_msg("%s: %s: %s, not %s", what, from, is, want);
}

/* Options as on a command line, split at blanks. */
static struct policy *
letters(const char *args)
{
	static char	 text[64][1024];
	static size_t	 next;
	static char	 name[] = "filter-dkimsign";
	char		*argv[64] = { name }, *rest, *word;
	int		 argc = 1;

	options_reset();
	rest = text[next++ % 64];
	(void)snprintf(rest, 1024, "%s", args);
	while ((word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	return options_parse(tables, "", argc, argv, NULL) == 0 ?
	    policy_new() : NULL;
}

/* The same for the lines of an option file. */
static struct policy *
conf(const char *text)
{
	options_reset();
	file_write("conf", text);
	return options_file(tables, "conf") == 0 ? policy_new() : NULL;
}

static void
letters_are_those_of_the_earlier_filter(void **state)
{
	static const struct {
		const char	*args, *from, *want;
	} t[] = {
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
	struct policy	*p;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if ((p = letters(t[i].args)) == NULL)
			fail_msg("not taken: %s", t[i].args);
		plan_check(p, t[i].args, t[i].from, t[i].want);
		policy_free(p);
	}
}

/* Files for all tests that come. */
static void
tables_write(void)
{
	file_write("table",
	    "# domain selector key\n"
	    "example.org s1 ./rsa\n"
	    "example.org e1 ./ed c=simple/simple x=7d\n"
	    "Sub.Example.ORG s2 ./rsa i=@sub.example.org # a comment\n"
	    "\n"
	    "b\xc3\xbc" "cher.example s3 ./rsa\n"
	    "rotate.example old ./rsa\n"
	    "rotate.example new ./rsa2 active-from=2027-02-01\n"
	    "rotate.example e1 ./ed active-from=2027-01-01T12:00\n");
	file_write("keytable",
	    "netkey example.net:n1:./rsa\n"
	    "OrgKey example.org:o1:./rsa\n"
	    "orged example.org:o2:./ed\n"
	    "any %:s1:./keys/%/s1.key\n"
	    "example.com %:c1:./rsa\n"
	    "turn example.org:t1:./rsa\n"
	    "turn example.org:t2:./rsa2 active-from=2027-02-01\n");
	file_write("signing",
	    "joe@example.net netkey\n"
	    "example.org orgkey:@%\n"
	    "joe@.example.org orged\n"
	    ".example.org turn\n"
	    "root@* netkey\n"
	    "example.com %\n"
	    "a.example.net any:joe@elsewhere.example\n"
	    "* netkey\n");
	file_write("resigning",
	    "president@example.org orged:boss@example.org\n"
	    "*@example.org orgkey\n"
	    "*@*.example.org turn\n"
	    "*@example.net any\n"
	    "*@a.example.net any\n"
	    "root@* netkey\n"
	    "*@example.com %\n");
	file_write("senders",
	    "; a comment, and another\n"
	    "jason@long.example dkim(d=example.com)\n"
	    "example.org dkim(c=relaxed,a=rsa-sha256), "
	    "domainkeys(c=nofws)\n"
	    "a.my.example dkim(key=./ed,s=e1)\n"
	    "my.example dkim(key=./rsa2,s=r2,i=$sender,d=$senderdomain)\n");
	file_write("lists",
	    "kernel.example dkim(d=kernel.example)\n"
	    "dev.lists.example dkim\n"
	    "up.lists.example dkim(i=@$key)\n");
}

static void
option_files_are_read(void **state)
{
	static const struct {
		const char	*conf, *from, *want;
	} t[] = {
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
		/* OpenDKIM. */
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
		/* dkimproxy's maps. */
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
	};
	struct policy	*p;
	size_t		 i;

	tables_write();
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if ((p = conf(t[i].conf)) == NULL)
			fail_msg("not taken: %s", t[i].conf);
		plan_check(p, t[i].conf, t[i].from, t[i].want);
		policy_free(p);
	}
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
mistakes_are_told(void **state)
{
	static const struct {
		const char	*args, *want;
	} t[] = {
		{ "-d example.org -s s", "no key: -k" },
		{ "-d example.org -k rsa", "no selector: -s" },
		{ "-s s -k rsa", "nothing to sign with" },
		{ "-a rsa-sha1 -d a.example -s s -k rsa",
		    "-a: only sha256 may be used (RFC 8301)" },
		{ "-a rsa-md5 -d a.example -s s -k rsa", "RFC 8301" },
		{ "-a rsa-sha512 -d a.example -s s -k rsa", "RFC 8301" },
		{ "-a ed25519-sha1 -d a.example -s s -k ed", "RFC 8301" },
		{ "-a dsa-sha256 -d a.example -s s -k rsa",
		    "not rsa-sha256 or ed25519-sha256" },
		{ "-a rsa -d a.example -s s -k rsa",
		    "not rsa-sha256 or ed25519-sha256" },
		{ "-a rsax-sha256 -d a.example -s s -k rsa",
		    "not rsa-sha256 or ed25519-sha256" },
		{ "-a ed25519-sha256 -d a.example -s s -k rsa",
		    "rsa: an RSA key, but the algorithm is ed25519-sha256" },
		{ "-a rsa-sha256 -d a.example -s s -k ed",
		    "ed: an Ed25519 key" },
		{ "-a rsa1024-sha256 -d a.example -s s -k rsa",
		    "another number of bits" },
		{ "-a rsa-sha256 -a rsa-sha256 -d a.example -s s -k rsa",
		    "2 algorithms (-a) and 1 keys (-k)" },
		{ "-d a.example -s s -s t -k rsa",
		    "1 keys (-k) and 2 selectors (-s)" },
		{ "-c rleaxed -d a.example -s s -k rsa",
		    "-c: not simple or relaxed" },
		{ "-c relaxed/ -d a.example -s s -k rsa",
		    "-c: not simple or relaxed" },
		{ "-c nofws/relaxed -d a.example -s s -k rsa",
		    "-c: not simple or relaxed" },
		{ "-d a..example -s s -k rsa", "-d: not a domain" },
		{ "-d a/b -s s -k rsa", "-d: not a domain" },
		{ "-d a.example -s a/b -k rsa", "not a selector" },
		{ "-d a.example -s s -k nokey", "nokey" },
		{ "-d a.example -s s -k table", "the key can't be used" },
		{ "-h bcc -d a.example -s s -k rsa", "-h: bcc" },
		{ "-x 0 -d a.example -s s -k rsa", "-x: not whole seconds" },
		{ "-x -1 -d a.example -s s -k rsa", "-x: negative" },
		{ "-x 0.5 -d a.example -s s -k rsa", "not whole seconds" },
		{ "-x 99999999999999999 -d a.example -s s -k rsa", "-x: " },
		{ "-i me -d a.example -s s -k rsa",
		    "identity: without '@' and a domain" },
		{ "-i $me@a.example -d a.example -s s -k rsa",
		    "unknown macro: \"$me@a.example\"" },
		{ "-D nofile -s s -k rsa", "nofile" },
		{ "-o nomatch=first -o table=table", "nomatch: first" },
	};
	struct policy	*p;
	const char	*said;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		stderr_start();
		p = letters(t[i].args);
		said = stderr_stop();
		if (p != NULL)
			fail_msg("taken: %s", t[i].args);
		if (strstr(said, t[i].want) == NULL)
			fail_msg("%s: %s, not %s", t[i].args, said,
			    t[i].want);
	}
}

static void
mistakes_in_files_are_told(void **state)
{
	static const struct {
		const char	*file, *text, *conf, *want;
	} t[] = {
		{ "x", "a.example s1\n", "table x\n",
		    "x:1: not DOMAIN SELECTOR KEYFILE" },
		{ "x", "\n# c\na..example s1 rsa\n", "table x\n",
		    "x:3: not a domain: \"a..example\"" },
		{ "x", "a.example s1 rsa l=5\n", "table x\n",
		    "x:1: unknown parameter: \"l\"" },
		{ "x", "a.example s1 rsa c\n", "table x\n",
		    "x:1: not NAME=VALUE: \"c\"" },
		{ "x", "a.example s1 rsa active-from=2027-02-29\n",
		    "table x\n", "x:1: not a date" },
		{ "x", "a.example s1 nokey\n", "table x\n",
		    "x:1: the key can't be used: nokey" },
		{ "x", "a.example s1 rsa a=ed25519-sha256\n", "table x\n",
		    "x:1: rsa: an RSA key" },
		{ "x", "a.example s1 rsa h=from:received\n", "table x\n",
		    "x:1: headers: received" },
		{ "x", "", "table x\n", "nothing to sign with" },
		{ "x", "", "domain a.example\nsignature dkm(c=relaxed)\n",
		    "conf:2: signature: not dkim(...) or domainkeys(...)" },
		{ "x", "", "domain a.example\nsignature dkim(c=relaxed\n",
		    "conf:2: signature: a '(' without its ')'" },
		{ "x", "", "domain a.example\nsignature dkim(c=nofws)\n",
		    "conf:2: signature: nofws is for domainkeys only" },
		{ "x", "", "domain a.example\n"
		    "signature domainkeys(c=relaxed)\n",
		    "conf:2: signature: domainkeys has simple and nofws" },
		{ "x", "", "domain a.example\nsignature dkim(a=rsa-sha512)\n",
		    "conf:2: signature: only sha256" },
		{ "x", "", "domain a.example\nsignature dkim\n"
		    "selector s\n", "signature: no key file" },
		{ "x", "", "domain a.example\nsignature dkim\n"
		    "keyfile rsa\n", "signature: no selector" },
		{ "x", "", "domain a.example\nsignature domainkeys\n"
		    "keyfile ed\nselector s\n",
		    "signature: ed: domainkeys needs an RSA key" },
		{ "x", "", "domain a.example\nsignature dkim\n"
		    "keyfile rsa\nkeyfile ed\nselector s\n",
		    "of several keyfiles" },
		{ "x", "", "sender_map x\nkeyfile rsa\nselector s\n",
		    "nothing to sign with" },
		{ "x", "a.example dkim\na.example dkim\n",
		    "sender_map x\nkeyfile rsa\nselector s\n",
		    "x:2: a.example is in line 1 too" },
		{ "x", ". dkim\n", "sender_map x\nkeyfile rsa\nselector s\n",
		    "x:1: a row \".\" needs d=" },
		{ "x", "a.example\n",
		    "sender_map x\nkeyfile rsa\nselector s\n",
		    "x:1: \"a.example\": not dkim(...)" },
		{ "x", "a.example dkim, dkmi\n",
		    "sender_map x\nkeyfile rsa\nselector s\n",
		    "x:1: \"a.example\": not dkim(...)" },
		{ "x", "a.example dkim(d=$who)\n",
		    "sender_map x\nkeyfile rsa\nselector s\n",
		    "x:1: unknown macro" },
		{ "x", "k a.example:s1:./rsa\n", "keytable ./x\n",
		    "keytable: needs a signingtable" },
		{ "x", "", "signingtable ./x\n",
		    "signingtable: needs a keytable" },
		{ "x", "k a.example:s1\n",
		    "keytable ./x\nsigningtable ./signing\n",
		    "x:1: \"k\": not DOMAIN:SELECTOR:KEY" },
		{ "x", "k a.example:s1:./rsa\nK a.example:s2:./rsa\n",
		    "keytable ./x\nsigningtable ./signing\n",
		    "x:2: k is in line 1 too" },
		{ "x", "k a.example:s1:./no/%/key\n",
		    "keytable ./x\nsigningtable ./signing\n",
		    "x:1: no key there: ./no/%/key" },
		{ "x", "k a.example:s1:MIIBOgIBAAJBAK\n",
		    "keytable ./x\nsigningtable ./signing\n",
		    "x:1: the key can't be used" },
		{ "x", "", "keytable db:/x\nsigningtable ./signing\n",
		    "keytable: not a file: db:/x" },
		{ "x", "", "keytable ./keytable\nsigningtable ldap://x\n",
		    "signingtable: not a file" },
		{ "x", "*@example.org orgkey\n*@example.net nokey\n",
		    "keytable ./keytable\nsigningtable refile:./x\n",
		    "x:2: the keytable has no key \"nokey\"" },
		{ "x", "*@example.org orgkey\n",
		    "keytable ./keytable\nsigningtable ./x\n",
		    "x:1: \"*@example.org\": a pattern" },
		{ "x", "example.org orgkey\n",
		    "keytable ./keytable\nsigningtable refile:./x\n",
		    "x:1: \"example.org\": without '@' and '*' it matches" },
		{ "x", "example.org\n",
		    "keytable ./keytable\nsigningtable ./x\n",
		    "x:1: \"example.org\": no key" },
		{ "x", "example.org orgkey more\n",
		    "keytable ./keytable\nsigningtable ./x\n",
		    "x:1: \"example.org\": more than" },
		{ "x", "", "keydir keys/%d/%s.pem\n", "keydir: no key there" },
		{ "x", "", "keydir keys/s1.key\n", "keydir: no %d in it" },
		{ "x", "", "keydir keys/%d/s1.key\n",
		    "keydir: neither %s nor a selector" },
		{ "x", "a.example\nb_/c\n",
		    "domain-file x\nkeyfile rsa\nselector s\n",
		    "x:2: not a domain: \"b_/c\"" },
	};
	struct policy	*p;
	const char	*said;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		file_write(t[i].file, t[i].text);
		stderr_start();
		p = conf(t[i].conf);
		said = stderr_stop();
		if (p != NULL)
			fail_msg("taken: %s with %s", t[i].conf, t[i].text);
		if (strstr(said, t[i].want) == NULL)
			fail_msg("%s with %s: %s, not %s", t[i].conf,
			    t[i].text, said, t[i].want);
	}
}

static void
all_mistakes_are_told_at_once(void **state)
{
	const char	*said;

	file_write("x", "a..example s1 rsa\nb.example s1\n"
	    "c.example s1 rsa\nd.example s1 nokey\n");
	stderr_start();
	assert_null(conf("table x\nsender_map senders\n"
	    "keydir keys/s1.key\n"));
	said = stderr_stop();
	assert_non_null(strstr(said, "x:1: "));
	assert_non_null(strstr(said, "x:2: "));
	assert_null(strstr(said, "x:3: "));
	assert_non_null(strstr(said, "x:4: "));
	assert_non_null(strstr(said, "senders:2: no selector"));
	assert_non_null(strstr(said, "keydir: "));
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

static void
keys_in_a_table_are_read(void **state)
{
	EVP_PKEY	*ed = key_make(EVP_PKEY_ED25519, 0);
	char		*pem = key_pem(ed, NULL), text[4096], *p, *q;
	struct policy	*policy;

	/* One line, without its frame: base64. */
	for (p = q = strchr(pem, '\n') + 1; *p != '-'; p++)
		if (*p != '\n')
			*q++ = *p;
	*q = '\0';
	(void)snprintf(text, sizeof(text), "k %%:s1:%s\n",
	    strchr(pem, '\n') + 1);
	file_write("inline", text);
	file_write("all", "* k\n");
	assert_non_null(policy = conf("keytable ./inline\n"
	    "signingtable refile:./all\n"));
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
		cmocka_unit_test(letters_are_those_of_the_earlier_filter),
		cmocka_unit_test(option_files_are_read),
		cmocka_unit_test(lists_go_before_senders),
		cmocka_unit_test(sender_counts_if_asked_for),
		cmocka_unit_test(keys_take_over_at_their_time),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(mistakes_in_files_are_told),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(domain_files_are_read),
		cmocka_unit_test(keys_in_a_table_are_read),
		cmocka_unit_test(changes_are_noticed),
		cmocka_unit_test(notices_are_given),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

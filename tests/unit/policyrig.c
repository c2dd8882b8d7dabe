/* SPDX-License-Identifier: ISC */
/*
 * See policyrig.h.
 */

#include "compat.h"

#include <sys/stat.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "author.h"
#include "dkimsign.h"
#include "keymaker.h"
#include "options.h"
#include "policy.h"
#include "policy_options.h"
#include "policyrig.h"

static const struct key *const	 tables[] = { dkimsign_keys, NULL };
static struct policy_options	 fresh;
/* Texts of options live for ever. */
static struct policy_options	 used[400];
static size_t			 nused;
static char			 dir[] = "/tmp/test-policy.XXXXXX";

void
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

/* Files for all tests. */
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

int
rig_setup(void **state)
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
	tables_write();
	return 0;
}

static int
one_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int
rig_teardown(void **state)
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
const char *
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

void
plan_check(const struct policy *p, const char *what, const char *from,
    const char *want)
{
	const char	*is = plan(p, from, "", "", NOW);

	if (strcmp(is, want) != 0)
		fail_msg("%s: %s: %s, not %s", what, from, is, want);
}

/* Options as on a command line, split at blanks. */
struct policy *
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
struct policy *
conf(const char *text)
{
	options_reset();
	file_write("conf", text);
	return options_file(tables, "conf") == 0 ? policy_new() : NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * Options and tables of filter-dkimsign that are refused, and in which words.
 */

#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "policyrig.h"
#include "privkey.h"
#include "stderr.h"

static int	 sha1_forbidden;

ssize_t	__real_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);
ssize_t	__wrap_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);

ssize_t
__wrap_privkey_sign(struct privkey *key, enum privkey_hash how,
    const uint8_t *hash, size_t len, uint8_t *sig)
{
	if (sha1_forbidden && how == PRIVKEY_SHA1)
		return -1;
	return __real_privkey_sign(key, how, hash, len, sig);
}

static const struct {
	const char	*args, *want;
} options[] = {
	{ "-d example.org -s s", "no key: -k" },
	{ "-d example.org -k rsa", "no selector: -s" },
	{ "-s s -k rsa", "nothing to sign with" },
	{ "-d a.example -s a -k rsa -s b -k rsa -s c -k rsa -s d -k rsa "
	    "-s e -k rsa -s f -k rsa -s g -k rsa -s h -k rsa -s i -k rsa",
	    "9 signatures, a mail gets 8 at most" },
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
	{ "-h bcc -d a.example -s s -k rsa", "-h: no field" },
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

static const struct {
	const char	*file, *text, *conf, *want;
} files[] = {
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

static void
mistakes_are_told(void **state)
{
	struct policy	*p;
	const char	*said;
	size_t		 i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		stderr_start();
		p = letters(options[i].args);
		said = stderr_stop();
		if (p != NULL)
			fail_msg("taken: %s", options[i].args);
		if (strstr(said, options[i].want) == NULL)
			fail_msg("%s: %s, not %s", options[i].args, said,
			    options[i].want);
	}
}

static void
mistakes_in_files_are_told(void **state)
{
	struct policy	*p;
	const char	*said;
	size_t		 i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		file_write(files[i].file, files[i].text);
		stderr_start();
		p = conf(files[i].conf);
		said = stderr_stop();
		if (p != NULL)
			fail_msg("taken: %s with %s", files[i].conf, files[i].text);
		if (strstr(said, files[i].want) == NULL)
			fail_msg("%s with %s: %s, not %s", files[i].conf,
			    files[i].text, said, files[i].want);
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

/* As on Red Hat's systems. */
static void
sha1_may_be_forbidden(void **state)
{
	static const char	 both[] = "domain a.example\nkeyfile rsa\n"
	    "selector s\nsignature dkim\nsignature domainkeys\n";
	struct policy		*p;
	const char		*said;

	stderr_start();
	assert_non_null(p = conf(both));
	policy_free(p);
	sha1_forbidden = 1;
	assert_null(conf(both));
	said = stderr_stop();
	assert_non_null(strstr(said, "domainkeys needs SHA-1, which is"));
	assert_non_null(p = conf("domain a.example\nkeyfile rsa\n"
	    "selector s\nsignature dkim\n"));
	policy_free(p);
	sha1_forbidden = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(mistakes_in_files_are_told),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(sha1_may_be_forbidden),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}

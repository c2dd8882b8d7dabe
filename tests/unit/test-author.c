/* SPDX-License-Identifier: ISC */
/*
 * Who wrote it: addresses by RFC 5322, and the many that people write instead.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "author.h"

struct from {
	const char	*what;
	const char	*value;
	const char	*local;
	const char	*domain;	/* "": none */
	const char	*either;	/* as good as domain, or NULL */
};

/* What RFC 5322 allows. */
static const struct from proper[] = {
	{ "an address", "alice@example.org", "alice", "example.org", NULL },
	{ "after a blank", " alice@example.org", "alice", "example.org", NULL },
	{ "in angles", "<alice@example.org>", "alice", "example.org", NULL },
	{ "upper case", "Alice@EXAMPLE.Org", "Alice", "example.org", NULL },
	{ "a name", "Alice <a@example.org>", "a", "example.org", NULL },
	{ "no blank before it", "Alice<a@example.org>", "a", "example.org",
	    NULL },
	{ "a quoted name", "\"Alice B.\" <a@example.org>", "a", "example.org",
	    NULL },
	{ "a blank before the quote ends", "\"Alice \" <a@example.org>", "a",
	    "example.org", NULL },
	{ "a quote in the quotes", "\"Alice \\\"Al\\\" B\" <a@example.org>",
	    "a", "example.org", NULL },
	{ "a comma in the quotes", "\"B, Alice\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "an angle in the quotes", "\"<x@example.net>\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "an address in the quotes", "\"x@example.net\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "a colon in the quotes", "\"Re: x\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "a backslash ends the quotes", "\"x@example.net\\\\\" "
	    "<a@example.org>", "a", "example.org", NULL },
	{ "a comment behind", "a@example.org (Alice)", "a", "example.org",
	    NULL },
	{ "a comment behind, no blank", "a@example.org(Alice)", "a",
	    "example.org", NULL },
	{ "a comment in front", "(Alice) a@example.org", "a", "example.org",
	    NULL },
	{ "a comment in a comment", "a@example.org (A (b (c)) d)", "a",
	    "example.org", NULL },
	{ "an address after a comment in one",
	    "(A (b) x@example.net) a@example.org", "a", "example.org", NULL },
	{ "a parenthesis in a comment", "(:-\\) x@example.net) a@example.org",
	    "a", "example.org", NULL },
	{ "a quote in a comment", "(5\" x@example.net) a@example.org", "a",
	    "example.org", NULL },
	{ "an address in a comment", "(x@example.net) <a@example.org>", "a",
	    "example.org", NULL },
	{ "an address in a comment behind", "a@example.org (x@example.net)",
	    "a", "example.org", NULL },
	{ "an angle in a comment", "(<x@example.net>) a@example.org", "a",
	    "example.org", NULL },
	{ "a comma in a comment", "a@example.org (B, x@example.net)", "a",
	    "example.org", NULL },
	{ "comments around '@'", "a(x)@(y)example.org", "a", "example.org",
	    NULL },
	{ "comments in the angles", "<(x)a@example.org(y)>", "a",
	    "example.org", NULL },
	{ "comments around dots", "a@example(x).(y)org", "a", "example.org",
	    NULL },
	{ "blanks around '@'", "<a @ example.org>", "a", "example.org", NULL },
	{ "blanks around dots", "a . b @ example . org", "a.b", "example.org",
	    NULL },
	{ "blanks behind", "a@example.org \t ", "a", "example.org", NULL },
	{ "folded", "Alice\n <a@example.org>", "a", "example.org", NULL },
	{ "folded in the angles", "<a\n @\n example.org>", "a", "example.org",
	    NULL },
	{ "folded in the quotes", "\"Alice,\n B\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "a fold with CR", "Alice\r\n <a@example.org>", "a", "example.org",
	    NULL },
	{ "a quoted local part", "\"a b\"@example.org", "a b", "example.org",
	    NULL },
	{ "a fold in the local part", "\"a\n b\"@example.org", "a b",
	    "example.org", NULL },
	{ "'@' in the local part", "\"a@example.net\"@example.org",
	    "a@example.net", "example.org", NULL },
	{ "it in angles", "X <\"a@example.net\"@example.org>", "a@example.net",
	    "example.org", NULL },
	{ "'>' in the local part", "<\"a>b\"@example.org>", "a>b",
	    "example.org", NULL },
	{ "a quote in the local part", "\"a\\\"b\"@example.org", "a\"b",
	    "example.org", NULL },
	{ "an empty local part", "\"\"@example.org", "", "example.org", NULL },
	{ "words in the local part", "a.\"b c\".d@example.org", "a.b c.d",
	    "example.org", NULL },
	{ "two authors", "a@example.org, b@example.net", "a", "example.org",
	    NULL },
	{ "two authors with names", "A <a@example.org>, B <b@example.net>",
	    "a", "example.org", NULL },
	{ "empty pieces", ",, a@example.org,", "a", "example.org", NULL },
	{ "a group", "Friends: a@example.org, b@example.net;", "a",
	    "example.org", NULL },
	{ "a group with names", "Friends: A <a@example.org>;", "a",
	    "example.org", NULL },
	{ "a group that is quoted", "\"x@example.net\": a@example.org;", "a",
	    "example.org", NULL },
	{ "an empty group, then one", "Nobody:;, a@example.org", "a",
	    "example.org", NULL },
	{ "two groups", "A:;, B: a@example.org;", "a", "example.org", NULL },
	{ "an empty group", "undisclosed-recipients:;", "", "", NULL },
	{ "a route", "<@r.example:a@example.org>", "a", "example.org", NULL },
	{ "a route and a name", "A <@r.example:a@example.org>", "a",
	    "example.org", NULL },
	{ "a long route", "<@r.example,@s.example:a@example.org>", "a",
	    "example.org", NULL },
	{ "a route with blanks", "< @r.example , , @s.example : a@example.org>",
	    "a", "example.org", NULL },
	{ "a route with a comment", "<@r.example(:):a@example.org>", "a",
	    "example.org", NULL },
	{ "an address literal", "a@[192.0.2.1]", "", "", NULL },
	{ "an IPv6 literal", "<a@[IPv6:2001:db8::1]>", "", "", NULL },
	{ "a literal in a group", "G: a@[192.0.2.1]; b@example.org", "b",
	    "example.org", NULL },
	{ "a literal, then another", "a@[192.0.2.1], b@example.org", "b",
	    "example.org", NULL },
	{ "a literal with '@'", "<a@[x@example.net]>", "", "", NULL },
	{ "an encoded name", "=?utf-8?Q?=C3=84lice?= <a@example.org>", "a",
	    "example.org", NULL },
	{ "all that atoms can have", "a!#$%&'*+-/=?^_`{|}~b@example.org",
	    "a!#$%&'*+-/=?^_`{|}~b", "example.org", NULL },
};

/* What it does not allow, and everybody understands. */
static const struct from written[] = {
	{ "a dot at the end", "a@example.org.", "a", "example.org", NULL },
	{ "a dot at the end in angles", "<a@example.org.>", "a", "example.org",
	    NULL },
	{ "a dot in the name", "Alice B. Smith <a@example.org>", "a",
	    "example.org", NULL },
	{ "a comma in the name", "Alice, Inc. <a@example.org>", "a",
	    "example.org", NULL },
	{ "two commas in it", "B, Alice, Dr. <a@example.org>", "a",
	    "example.org", NULL },
	{ "a colon in the name", "Re: Foo <a@example.org>", "a", "example.org",
	    NULL },
	{ "two colons in it", "Fwd: Re: Foo <a@example.org>", "a",
	    "example.org", NULL },
	{ "a smiley", "Alice :-) <a@example.org>", "a", "example.org", NULL },
	{ "a sad one", "Alice :-( <a@example.org>", "a", "example.org", NULL },
	{ "brackets in the name", "[list] Alice <a@example.org>", "a",
	    "example.org", NULL },
	{ "a bracket only", "Alice] [ <a@example.org>", "a", "example.org",
	    NULL },
	{ "a link in the name", "http://example.net/ <a@example.org>", "a",
	    "example.org", NULL },
	{ "an address as the name", "x@example.net <a@example.org>", "a",
	    "example.org", NULL },
	{ "the same as the name", "a@example.org <a@example.org>", "a",
	    "example.org", NULL },
	{ "'@' in the name", "Alice @ Work <a@example.org>", "a",
	    "example.org", NULL },
	{ "a twitterer", "@alice <a@example.org>", "a", "example.org", NULL },
	{ "a semicolon in the name", "A; B <a@example.org>", "a",
	    "example.org", NULL },
	{ "semicolons between them", "a@example.org; b@example.net", "a",
	    "example.org", NULL },
	{ "an apostrophe", "O'Hara <a@example.org>", "a", "example.org",
	    NULL },
	{ "raw UTF-8", "\303\204lice <a@example.org>", "a", "example.org",
	    NULL },
	{ "raw ISO 8859-1", "\304lice <a@example.org>", "a", "example.org",
	    NULL },
	{ "raw UTF-8, quoted", "\"\303\204lice\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "raw 8-bit in a comment", "a@example.org (\304lice)", "a",
	    "example.org", NULL },
	{ "'@' in an encoded name", "=?utf-8?Q?x@example.net?= "
	    "<a@example.org>", "a", "example.org", NULL },
	{ "',' in an encoded name", "=?utf-8?Q?x@example.net,_B?= "
	    "<a@example.org>", "a", "example.org", NULL },
	{ "'<' in an encoded name", "=?utf-8?Q?<x@example.net>?= "
	    "<a@example.org>", "a", "example.org", NULL },
	{ "'=' after its '?'", "=?utf-8?Q?=22x@example.net,?= <a@example.org>",
	    "a", "example.org", NULL },
	{ "an angle never closed", "Alice <a@example.org", "a", "example.org",
	    NULL },
	{ "two of them", "A <a@example.org, B <b@example.net", "a",
	    "example.org", NULL },
	{ "an angle too many", "Alice <<a@example.org>>", "a", "example.org",
	    NULL },
	{ "an angle never opened", "a@example.org>", "a", "example.org",
	    NULL },
	{ "a quote never closed", "\"Alice <a@example.org>", "a",
	    "example.org", NULL },
	{ "a quote never opened", "Alice\" <a@example.org>", "a",
	    "example.org", NULL },
	{ "a quote never closed behind", "a@example.org \"Alice", "a",
	    "example.org", NULL },
	{ "inches", "3.5\" disk <a@example.org>", "a", "example.org", NULL },
	{ "a comment never closed", "Alice (work <a@example.org>", "a",
	    "example.org", NULL },
	{ "a comment never closed behind", "a@example.org (Alice", "a",
	    "example.org", NULL },
	{ "a comment never opened", "Alice) <a@example.org>", "a",
	    "example.org", NULL },
	{ "a name without quotes before it", "Alice a@example.org", "a",
	    "example.org", NULL },
	{ "a quoted name, no angles", "\"Alice\" a@example.org", "a",
	    "example.org", NULL },
	{ "no angles, a name behind", "a@example.org Alice", "a",
	    "example.org", NULL },
	{ "words around it", "<a@example.org> Alice", "a", "example.org",
	    NULL },
	{ "a local part with dots", "a..b.@example.org", "a..b.",
	    "example.org", NULL },
	{ "a dot first", ".a@example.org", ".a", "example.org", NULL },
	{ "mailto:", "Alice <mailto:a@example.org>", "a", "example.org",
	    NULL },
	{ "[mailto:]", "Alice [mailto:a@example.org]", "", "", "example.org" },
	{ "an underscore", "a@_x.example.org", "a", "_x.example.org", NULL },
	{ "a number at the end", "a@192.0.2.1", "a", "192.0.2.1", NULL },
	{ "a single label", "root@localhost", "root", "localhost", NULL },
	{ "a hyphen at the end", "a@x-.example", "a", "x-.example", NULL },
	{ "a word in angles first", "Alice <work> <a@example.org>", "a",
	    "example.org", NULL },
	{ "a word in angles after a dot", "B. <work> a@example.org", "a",
	    "example.org", NULL },
	{ "an angle in the angles", "A <b@example.net <a@example.org>", "a",
	    "example.org", NULL },
	{ "an address as the name of a route",
	    "x@example.net <@r.example,@s.example:a@example.org>", "a",
	    "example.org", NULL },
	{ "a literal as the name", "a@[192.0.2.1] <a@example.org>", "a",
	    "example.org", NULL },
	{ "a backslash before the angle", "Alice \\<a@example.org>", "a",
	    "example.org", NULL },
	{ "a literal never closed", "a@[192.0.2.1, b@example.org", "b",
	    "example.org", NULL },
	{ "less than three", "I <3 U <a@example.org>", "a", "example.org",
	    NULL },
};

/* Nobody wrote it. */
static const struct from nobody[] = {
	{ "nothing", "", "", "", NULL },
	{ "blanks", " \n \t", "", "", NULL },
	{ "a name only", "Alice", "", "", NULL },
	{ "a user only", "root (Cron Daemon)", "", "", NULL },
	{ "empty angles", "Alice <>", "", "", NULL },
	{ "angles with a name", "<Alice>", "", "", NULL },
	{ "no domain", "alice@", "", "", NULL },
	{ "no domain in angles", "Alice <alice@>", "", "", NULL },
	{ "only in the quotes", "\"a@example.org\"", "", "", NULL },
	{ "only in a comment", "(a@example.org)", "", "", NULL },
	{ "'@' only", "@", "", "", NULL },
	{ "'<' only", "<", "", "", NULL },
	{ "'\"' only", "\"", "", "", NULL },
	{ "'(' only", "(", "", "", NULL },
	{ "'\\' only", "\\", "", "", NULL },
	{ "a quote that ends in '\\'", "\"x\\", "", "", NULL },
	{ "a route only", "<@r.example:>", "", "", NULL },
	{ "two dots in the domain", "a@example..org", "", "", NULL },
	{ "a dot first in the domain", "a@.example.org", "", "",
	    "example.org" },
	{ "dots only", "a@..", "", "", NULL },
	{ "a dot only", "a@.", "", "", NULL },
	{ "'=' in the domain", "a@x=y.example", "", "", NULL },
	{ "'!' in the domain", "a@x!y.example", "", "", NULL },
	{ "a byte below 32 in the domain", "a@x\001.example", "", "", NULL },
	{ "latin-1 in the domain", "a@b\374cher.example", "", "", NULL },
	{ "UTF-8 cut short in the domain", "a@b\303.example", "", "", NULL },
	{ "UTF-8 of a surrogate", "a@\355\240\200.example", "", "", NULL },
};

/* Could be either; no other one, though. */
static const struct from doubtful[] = {
	{ "two without a comma", "a@example.org b@example.net", "a",
	    "example.org", "example.net" },
	{ "two angles", "<a@example.org> <b@example.net>", "a", "example.org",
	    "example.net" },
	{ "two '@'", "a@example.net@example.org", "a@example.net",
	    "example.org", "example.net" },
	{ "two '@' in angles", "<a@example.net@example.org>", "a@example.net",
	    "example.org", "example.net" },
	{ "'@@'", "a@@example.org", "a", "example.org", "" },
	{ "no local part", "<@example.org>", "", "", "example.org" },
	{ "an address as a group", "a@example.org: b@example.net;", "b",
	    "example.net", "example.org" },
	{ "a port", "a@example.org:25", "a", "example.org", "" },
	{ "a port in angles", "<a@example.org:25>", "a", "example.org", "" },
	{ "an address, a comma, a name", "a@example.org, Inc. "
	    "<b@example.net>", "a", "example.org", "example.net" },
	{ "an address before empty angles", "a@example.org <>", "a",
	    "example.org", "" },
	{ "the comment is all", "(Alice a@example.org", "a", "example.org",
	    "" },
	{ "a quoted domain", "a@\"example.org\"", "", "", "example.org" },
	{ "a word after the dot", "a@example. org", "a", "example.org",
	    "example" },
	{ "a backslash in the domain", "a@exa\\mple.org", "a", "example.org",
	    "" },
	{ "a heart in the domain", "a@\342\235\244.example", "", "",
	    "xn--qei.example" },
};

/* RFC 8616; U-labels */
static const struct from international[] = {
	{ "a U-label", "a@b\303\274cher.example", "a",
	    "xn--bcher-kva.example", NULL },
	{ "in angles", "B <b\303\274@b\303\274cher.example>", "b\303\274",
	    "xn--bcher-kva.example", NULL },
	{ "upper case", "a@B\303\234CHER.Example", "a",
	    "xn--bcher-kva.example", NULL },
	{ "decomposed", "a@bu\314\210cher.example", "a",
	    "xn--bcher-kva.example", NULL },
	{ "a sharp s stays", "a@fa\303\237.example", "a",
	    "xn--fa-hia.example", NULL },
	{ "all labels", "a@\344\276\213\343\201\210.\343\203\206\343\202\271"
	    "\343\203\210", "a", "xn--r8jz45g.xn--zckzah", NULL },
	{ "another full stop", "a@b\303\274cher\343\200\202example", "a",
	    "xn--bcher-kva.example", NULL },
	{ "wide letters", "a@\357\275\201\357\275\202.example", "a",
	    "ab.example", NULL },
	{ "an underscore beside it", "a@_x.b\303\274cher.example", "a",
	    "_x.xn--bcher-kva.example", NULL },
	{ "an A-label", "a@XN--Bcher-Kva.example", "a",
	    "xn--bcher-kva.example", NULL },
	{ "a dot at its end", "a@b\303\274cher.example.", "a",
	    "xn--bcher-kva.example", NULL },
	{ "a wide semicolon", "a@b\357\274\233\303\274.example", "", "",
	    NULL },
	{ "a mark first", "a@\314\210b.example", "", "", NULL },
};

static void
check(const struct from *f, size_t n)
{
	struct author a;
	const char *got;
	size_t i;
	int status;

	for (i = 0; i < n; i++) {
		memset(&a, 'x', sizeof(a));
		status = author_parse(f[i].value, strlen(f[i].value), &a);
		got = status == 0 ? a.domain : "";
		if (status == 0 && *got == '\0')
			fail_msg("%s: found, but nothing", f[i].what);
		if (f[i].either != NULL && strcmp(got, f[i].either) == 0)
			continue;
		if (strcmp(got, f[i].domain) != 0 ||
		    (status == 0 && strcmp(a.local, f[i].local) != 0))
			fail_msg("%s: '%s' at '%s'", f[i].what, a.local, got);
		if (status == -1 && (*a.local != '\0' || *a.domain != '\0'))
			fail_msg("%s: not empty", f[i].what);
	}
}

static void
what_the_rfc_allows(void **state)
{
	check(proper, sizeof(proper) / sizeof(proper[0]));
}

static void
what_people_write(void **state)
{
	check(written, sizeof(written) / sizeof(written[0]));
}

static void
what_nobody_wrote(void **state)
{
	check(nobody, sizeof(nobody) / sizeof(nobody[0]));
}

static void
what_could_be_either(void **state)
{
	check(doubtful, sizeof(doubtful) / sizeof(doubtful[0]));
}

static void
u_labels_become_a_labels(void **state)
{
	check(international, sizeof(international) / sizeof(international[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_rfc_allows),
		cmocka_unit_test(what_people_write),
		cmocka_unit_test(what_nobody_wrote),
		cmocka_unit_test(what_could_be_either),
		cmocka_unit_test(u_labels_become_a_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

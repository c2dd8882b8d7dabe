/* SPDX-License-Identifier: ISC */
/*
 * The tags of a signature that need care: t=, x=, i=, z=, and long d= and s=.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "siglint.h"
#include "signing.h"

static void
times_are_within_bounds(void **state)
{
	static const struct {
		int64_t		 now, expire;
		int		 timestamp;
		const char	*t, *x;
	} t[] = {
		{ NOW, 0, 0, "none", "none" },
		{ NOW, 0, 1, "1528637909", "none" },
		{ NOW, 3600, 1, "1528637909", "1528641509" },
		{ NOW, 3600, 0, "none", "1528641509" },
		{ NOW, -1, 1, "1528637909", "none" },
		{ NOW, INT64_MAX, 1, "1528637909", "999999999999" },
		{ 0, 1, 1, "0", "1" },
		{ -1, 3600, 1, "none", "none" },
		{ INT64_MAX, 3600, 1, "none", "none" },
	};
	struct fields *fs = list("from");
	struct signing sg = signing(ed25519, fs);
	size_t i, n = header_read("From: a\n");
	struct signature *s;
	char *value;
	const char *field;

	for (i = 0; i < COUNT(t); i++) {
		sg.timestamp = t[i].timestamp;
		sg.expire = t[i].expire;
		s = signature_new(&sg, fields, n, body_hash, t[i].now);
		assert_non_null(s);
		field = signature_value(s, body_hash, 32) - 16;
		value = siglint_tag(field, "t", "");
		assert_string_equal(value != NULL ? value : "none", t[i].t);
		free(value);
		value = siglint_tag(field, "x", "");
		assert_string_equal(value != NULL ? value : "none", t[i].x);
		free(value);
		signature_free(s);
	}
	fields_free(fs);
}

/* RFC 6376, 3.5: i= */
static void
identities_are_quoted_and_in_the_domain(void **state)
{
	static const struct {
		const char	*identity, *i;
	} t[] = {
		{ "", "none" },
		{ "@example.com", "@example.com" },
		{ "joe@example.com", "joe@example.com" },
		{ "joe@a.b.Example.COM", "joe@a.b.Example.COM" },
		{ "joe@sub.example.com", "joe@sub.example.com" },
		{ "a b;c=d@x@example.com", "a=20b=3Bc=3Dd@x@example.com" },
		{ "\303\244\n@example.com", "=C3=A4=0A@example.com" },
		{ "joe@notexample.com", "none" },
		{ "joe@.example.com", "none" },
		{ "joe@example.com.evil.test", "none" },
		{ "joe@a;b.example.com", "none" },
		{ "joe@a b.example.com", "none" },
		{ "joe@com", "none" },
		{ "joe@", "none" },
		{ "example.com", "none" },
	};
	struct fields *fs = list("from");
	struct signing sg = signing(ed25519, fs);
	size_t i, n = header_read("From: a\n");
	char longest[1000];

	(void)snprintf(sg.domain, sizeof(sg.domain), "example.com");
	for (i = 0; i < COUNT(t); i++) {
		(void)snprintf(sg.identity, sizeof(sg.identity), "%s",
		    t[i].identity);
		tag_is(&sg, n, "i", t[i].i);
	}
	/* The longest that a line takes: 987 bytes; a longer one is left out. */
	memset(sg.identity, ' ', 400);
	(void)snprintf(sg.identity + 325, 100, "@example.com");
	for (i = 0; i < 325; i++)
		memcpy(longest + 3 * i, "=20", 3);
	(void)snprintf(longest + 3 * i, 13, "@example.com");
	tag_is(&sg, n, "i", longest);
	sg.identity[325] = ' ';
	(void)snprintf(sg.identity + 326, 100, "@example.com");
	tag_is(&sg, n, "i", "none");
	(void)snprintf(sg.identity + 400, 100, "@example.com");
	tag_is(&sg, n, "i", "none");
	fields_free(fs);
}

static void
copies_are_folded_between_characters_only(void **state)
{
	struct fields *fs = list("from:subject");
	struct signing sg = signing(ed25519, fs);
	char *field, *z;
	size_t n;

	n = header_read("Received: x\nFrom: \"b =b\" <a@b>\n"
	    "Subject:verb\n\t=?utf-8?q?=20?= a|b;\303\244 \001 end\n"
	    "Bad;Name: x\nA|B: x\nC=D: x\nX-B:xbbb bb\nX-Empty:\n");
	sg.ztag = ZTAG_SIGNED;
	tag_is(&sg, n, "z", "From:=20\"=62=20=3Db\"=20<a@b>|Subject:ver=62=0D"
	    "=0A=09=3D?utf-8?q?=3D20?=3D=20a=7C=62=3B=C3=A4=20=01=20end");
	sg.ztag = ZTAG_ALL;
	tag_is(&sg, n, "z", "Received:=20x|From:=20\"=62=20=3Db\"=20<a@b>|"
	    "Subject:ver=62=0D=0A=09=3D?utf-8?q?=3D20?=3D=20a=7C=62=3B=C3=A4"
	    "=20=01=20end|X-B:x=62=62=62=20bb|X-Empty:");
	field = sign(&sg, n);
	assert_non_null(z = strstr(field, "\tz="));
	*strstr(z, "\n\tb=") = '\0';
	assert_string_equal(z, "\tz=Received:=20x|From:=20\"=62=20=3Db\"=20<a@b>"
	    "|Subject:ver=62=0D=0A=09\n"
	    "\t=3D?utf-8?q?=3D20?=3D=20a=7C=62=3B=C3=A4=20=01=20end|X-B:x"
	    "=62=62=62\n\t=20bb|X-Empty:;");
	free(field);
	fields_free(fs);
}

static void
copies_do_not_tell_bcc(void **state)
{
	struct fields *fs = list("from");
	struct signing sg = signing(ed25519, fs);
	size_t n;

	n = header_read("From: a\nBCC : b\n c\nResent-Bcc: d\nBccx: e\n");
	sg.ztag = ZTAG_ALL;
	tag_is(&sg, n, "z", "From:=20a|Bccx:=20e");
	fields_free(fs);
}

/* The '|' or ';' after the last character of a line needs room, too. */
static void
copies_of_any_length_are_folded_right(void **state)
{
	struct fields *fs = list("from:subject");
	struct signing sg = signing(ed25519, fs);
	char header[512], x[201];
	size_t i;

	memset(x, 'x', sizeof(x));
	sg.ztag = ZTAG_ALL;
	for (i = 0; i < sizeof(x); i++) {
		(void)snprintf(header, sizeof(header),
		    "From:%.*s\nX-%.*s:%.*s \n", (int)i, x, (int)i / 2, x,
		    (int)i, x);
		free(sign(&sg, header_read(header)));
	}
	fields_free(fs);
}

static void
copies_that_are_too_long_are_left_out(void **state)
{
	static char header[70000];
	struct fields *fs = list("from:subject");
	struct signing sg = signing(ed25519, fs);
	char *with, *without;
	size_t i, n;

	for (i = 19000; i <= 21000; i += 100) {
		(void)snprintf(header, sizeof(header),
		    "From: a\nSubject:%*s\nX:%*sy\n", (int)i, "",
		    i == 19000 ? 45000 : 0, "");
		n = header_read(header);
		sg.ztag = ZTAG_NO;
		without = sign(&sg, n);
		sg.ztag = ZTAG_SIGNED;
		with = sign(&sg, n);
		assert_true(strlen(with) < 64000);
		if (i == 19000)
			assert_non_null(strstr(with, "z=From"));
		if (i == 21000) {
			assert_null(strstr(with, "z="));
			assert_string_equal(with, without);
		}
		free(with);
		free(without);
	}
	fields_free(fs);
}

static void
long_names_get_lines_of_their_own(void **state)
{
	char name[FIELDS_NAME + 1];
	struct fields *fs;
	struct signing sg;
	size_t i, n;

	memset(name, 'n', sizeof(name));
	name[FIELDS_NAME] = '\0';
	fs = list(name);
	sg = signing(rsa, fs);
	memset(sg.domain, 'd', sizeof(sg.domain) - 1);
	memset(sg.selector, 's', sizeof(sg.selector) - 1);
	for (i = 60; i < sizeof(sg.domain); i += 64)
		sg.domain[i] = sg.selector[i] = '.';
	sg.domain[255] = sg.selector[255] = '\0';
	(void)snprintf(sg.identity, sizeof(sg.identity), "me@%s", sg.domain);
	n = header_read("From: a\n");
	fields[n++] = (struct hfield){ name, FIELDS_NAME, FIELDS_NAME,
	    FIELDS_NAME };
	free(sign(&sg, n));
	for (i = 1; i < 255; i++) {
		sg.domain[i] = sg.selector[i] = '\0';
		(void)snprintf(sg.identity, sizeof(sg.identity), "%s@%s",
		    sg.selector, sg.domain);
		free(sign(&sg, n));
		sg.domain[i] = sg.selector[i] = i % 64 == 60 ? '.' : 'x';
	}
	fields_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_within_bounds),
		cmocka_unit_test(identities_are_quoted_and_in_the_domain),
		cmocka_unit_test(copies_are_folded_between_characters_only),
		cmocka_unit_test(copies_do_not_tell_bcc),
		cmocka_unit_test(copies_of_any_length_are_folded_right),
		cmocka_unit_test(copies_that_are_too_long_are_left_out),
		cmocka_unit_test(long_names_get_lines_of_their_own),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * Key records: what is one, what of it counts, and how they are written.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record.h"

/* RFC 8463, A.2 */
#define ED_P	"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void
what_is_wrong_with_a_record_is_said(void **state)
{
	static const struct {
		const char	*text, *why;
	} cases[] = {
		{ "", "it has no p=" },
		{ "v=DKIM1", "it has no p=" },
		{ "v=DKIM1; k=rsa", "it has no p=" },
		{ "p=AAAA; v=DKIM1", "v= is not the first tag" },
		{ "v=DKIM2; p=AAAA", "v= is not DKIM1" },
		{ "v=dkim1; p=AAAA", "v= is not DKIM1" },
		{ "v=DKIM1; p=AAAA; p=AAAA", "a tag is there twice" },
		{ "v=DKIM1; t=y; t=s; p=AAAA", "a tag is there twice" },
		{ "v=DKIM1; p", "not a list of tags" },
		{ "v=DKIM1;; p=AAAA", "not a list of tags" },
		{ "v=DKIM1; =x; p=AAAA", "not a list of tags" },
		{ "v=DKIM1; a b=x; p=AAAA", "not a list of tags" },
		{ "v=DKIM1; 1=x; p=AAAA", "not a list of tags" },
		{ "v=DKIM1; n=\001; p=AAAA", "a control byte is in it" },
		{ "v=spf1 -all", "v= is not DKIM1" },
		{ "v=DKIM1; p=AA-A", "p= is not base64" },
		{ "v=DKIM1; p=\"AAAA\"", "p= is not base64" },
	};
	struct record	 r;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = record_parse(&r, cases[i].text, strlen(cases[i].text));
		if (why == NULL || strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %s", cases[i].text,
			    why == NULL ? "taken" : why);
	}
}

static void
tags_are_read_as_the_rfc_has_them(void **state)
{
	static const struct {
		const char	*text;
		int		 type, old, sha256, email, testing, strict;
		const char	*p;
	} cases[] = {
		{ "p=", RECORD_RSA, 1, 1, 1, 0, 0, "" },
		{ "v=DKIM1; p=AAAA", RECORD_RSA, 0, 1, 1, 0, 0, "AAAA" },
		{ "v=DKIM1;p=AAAA;", RECORD_RSA, 0, 1, 1, 0, 0, "AAAA" },
		{ " v = DKIM1 ;\r\n p = AA AA\t; ", RECORD_RSA, 0, 1, 1, 0, 0,
		    "AAAA" },
		{ "v=DKIM1; k=rsa; p=A/+=", RECORD_RSA, 0, 1, 1, 0, 0,
		    "A/+=" },
		{ "v=DKIM1; k=ed25519; p=" ED_P, RECORD_ED25519, 0, 1, 1, 0, 0,
		    ED_P },
		{ "v=DKIM1; k=x; p=", RECORD_OTHER, 0, 1, 1, 0, 0, "" },
		{ "v=DKIM1; h=sha1; p=", RECORD_RSA, 0, 0, 1, 0, 0, "" },
		{ "v=DKIM1; h=sha1 : sha256; p=", RECORD_RSA, 0, 1, 1, 0, 0,
		    "" },
		{ "v=DKIM1; h=sha2567; p=", RECORD_RSA, 0, 0, 1, 0, 0, "" },
		{ "v=DKIM1; s=*; p=", RECORD_RSA, 0, 1, 1, 0, 0, "" },
		{ "v=DKIM1; s=email; p=", RECORD_RSA, 0, 1, 1, 0, 0, "" },
		{ "v=DKIM1; s=tlsrpt; p=", RECORD_RSA, 0, 1, 0, 0, 0, "" },
		{ "v=DKIM1; s=tlsrpt:email; p=", RECORD_RSA, 0, 1, 1, 0, 0,
		    "" },
		{ "v=DKIM1; t=y; p=", RECORD_RSA, 0, 1, 1, 1, 0, "" },
		{ "v=DKIM1; t=y:s; p=", RECORD_RSA, 0, 1, 1, 1, 1, "" },
		{ "v=DKIM1; t=s; p=", RECORD_RSA, 0, 1, 1, 0, 1, "" },
		{ "v=DKIM1; t=sy; p=", RECORD_RSA, 0, 1, 1, 0, 0, "" },
		{ "v=DKIM1; n=t=y; xyz=1; pp=2; p=", RECORD_RSA, 0, 1, 1, 0, 0,
		    "" },
		{ "k=rsa; p=", RECORD_RSA, 1, 1, 1, 0, 0, "" },
		/* Tags are not the same in upper case. */
		{ "v=DKIM1; T=y; p=", RECORD_RSA, 0, 1, 1, 0, 0, "" },
	};
	struct record	 r;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = record_parse(&r, cases[i].text, strlen(cases[i].text));
		if (why != NULL)
			fail_msg("%s: %s", cases[i].text, why);
		if (r.type != (enum record_type)cases[i].type ||
		    r.old != cases[i].old || r.sha256 != cases[i].sha256 ||
		    r.email != cases[i].email ||
		    r.testing != cases[i].testing ||
		    r.strict != cases[i].strict)
			fail_msg("%s: type %d old %d sha256 %d email %d "
			    "testing %d strict %d", cases[i].text, r.type,
			    r.old, r.sha256, r.email, r.testing, r.strict);
		assert_string_equal(r.p, cases[i].p);
	}
}

static void
a_key_that_is_too_long_is_refused_not_cut(void **state)
{
	struct record	 r;
	char		 text[RECORD_P + 10];

	memset(text, 'A', sizeof(text));
	memcpy(text, "p=", 2);
	assert_null(record_parse(&r, text, RECORD_P + 1));
	assert_int_equal(strlen(r.p), RECORD_P - 1);
	assert_string_equal(record_parse(&r, text, RECORD_P + 2),
	    "p= is too long");
}

static void
a_record_is_made_in_the_order_of_opendkim(void **state)
{
	static const struct {
		struct record	 r;
		const char	*text;
	} cases[] = {
		{ { .p = "AAAA" }, "v=DKIM1; k=rsa; p=AAAA" },
		{ { .p = "AAAA", .hashes = "sha256" },
		    "v=DKIM1; h=sha256; k=rsa; p=AAAA" },
		{ { .p = "AAAA", .hashes = "sha256", .testing = 1,
		    .strict = 1, .email_only = 1, .note = "hello" },
		    "v=DKIM1; n=hello; h=sha256; k=rsa; t=y:s; s=email; "
		    "p=AAAA" },
		{ { .p = "AAAA", .testing = 1 },
		    "v=DKIM1; k=rsa; t=y; p=AAAA" },
		{ { .p = "AAAA", .strict = 1 },
		    "v=DKIM1; k=rsa; t=s; p=AAAA" },
		{ { .p = ED_P, .type = RECORD_ED25519 },
		    "v=DKIM1; k=ed25519; p=" ED_P },
		{ { .p = "", .note = "a;b=c \"d\\\xc3\xa9\n" },
		    "v=DKIM1; n=a=3Bb=3Dc =22d=5C=C3=A9=0A; k=rsa; p=" },
	};
	char	 text[RECORD_TEXT];
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(record_make(&cases[i].r, text),
		    strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

/* A p= of len bytes, each piece of 250 as its own letter. */
static void
p_fill(struct record *r, size_t len)
{
	size_t	 i;

	memset(r, 0, sizeof(*r));
	(void)snprintf(r->hashes, sizeof(r->hashes), "sha256");
	for (i = 0; i < len; i++)
		r->p[i] = (char)('A' + i / 250);
}

static void
printed(const struct record *r, int absolute, enum record_form form,
    const char *want)
{
	const struct record_place	 at = { "sel", "example.org",
					    absolute };
	char				*text = record_print(r, &at, form);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void
the_bind_form_is_that_of_opendkim_genkey(void **state)
{
	static const char	 head[] = "sel._domainkey\tIN\tTXT\t( "
				    "\"v=DKIM1; h=sha256; k=rsa; \"\n\t  \"p=";
	static const char	 tail[] = " )  ; ----- DKIM key sel "
				    "for example.org\n";
	struct record		 r;
	char			 want[2048], a[251], b[251];

	memset(a, 'A', 250);
	memset(b, 'B', 250);
	a[250] = b[250] = '\0';
	p_fill(&r, 4);
	(void)snprintf(want, sizeof(want), "%sAAAA\"%s", head, tail);
	printed(&r, 0, RECORD_BIND, want);
	p_fill(&r, 250);
	(void)snprintf(want, sizeof(want), "%s%s\"%s", head, a, tail);
	printed(&r, 0, RECORD_BIND, want);
	p_fill(&r, 251);
	(void)snprintf(want, sizeof(want), "%s%s\"\n\t  \"B\"%s", head, a,
	    tail);
	printed(&r, 0, RECORD_BIND, want);
	p_fill(&r, 502);
	(void)snprintf(want, sizeof(want),
	    "%s%s\"\n\t  \"%s\"\n\t  \"CC\"%s", head, a, b, tail);
	printed(&r, 0, RECORD_BIND, want);
	p_fill(&r, 0);
	(void)snprintf(want, sizeof(want), "%s\"%s", head, tail);
	printed(&r, 0, RECORD_BIND, want);
}

static void
other_forms_have_one_line(void **state)
{
	struct record	 r = {
		.hashes = "sha1:sha256", .testing = 1, .p = "AAAA",
	};

	printed(&r, 0, RECORD_ONELINE,
	    "v=DKIM1; h=sha1:sha256; k=rsa; t=y; p=AAAA\n");
	printed(&r, 0, RECORD_NSD, "sel._domainkey\tIN\tTXT\t"
	    "\"v=DKIM1; h=sha1:sha256; k=rsa; t=y; p=AAAA\"\n");
	printed(&r, 1, RECORD_NSD, "sel._domainkey.example.org.\tIN\tTXT\t"
	    "\"v=DKIM1; h=sha1:sha256; k=rsa; t=y; p=AAAA\"\n");
	printed(&r, 1, RECORD_TINYDNS, "'sel._domainkey.example.org:"
	    "v=DKIM1; h=sha1\\072sha256; k=rsa; t=y; p=AAAA:3600\n");
	printed(&r, 0, RECORD_JSON,
	    "{\"name\": \"sel._domainkey.example.org\", \"type\": \"TXT\", "
	    "\"value\": \"v=DKIM1; h=sha1:sha256; k=rsa; t=y; p=AAAA\", "
	    "\"strings\": "
	    "[\"v=DKIM1; h=sha1:sha256; k=rsa; t=y; p=AAAA\"]}\n");
}

/* No string of any form is longer than 255 bytes, whatever the note. */
static void
strings_are_never_too_long(void **state)
{
	const struct record_place	 at = { "sel", "example.org", 1 };
	static const enum record_form	 forms[] = {
		RECORD_BIND, RECORD_NSD
	};
	struct record			 r;
	size_t				 i, len;
	char				*text, *p, *end;

	p_fill(&r, 2800);
	memset(r.note, ';', sizeof(r.note) - 1);
	for (i = 0; i < 2; i++) {
		assert_non_null(text = record_print(&r, &at, forms[i]));
		for (p = text, len = 0; (p = strchr(p, '"')) != NULL;
		    p = end + 1) {
			assert_non_null(end = strchr(p + 1, '"'));
			assert_in_range(end - p - 1, 1, RECORD_STRING);
			len += (size_t)(end - p - 1);
		}
		assert_true(len > 2800 + 3 * 255);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_wrong_with_a_record_is_said),
		cmocka_unit_test(tags_are_read_as_the_rfc_has_them),
		cmocka_unit_test(a_key_that_is_too_long_is_refused_not_cut),
		cmocka_unit_test(a_record_is_made_in_the_order_of_opendkim),
		cmocka_unit_test(the_bind_form_is_that_of_opendkim_genkey),
		cmocka_unit_test(other_forms_have_one_line),
		cmocka_unit_test(strings_are_never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Lists of fields to sign, and which fields of a message that makes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fields.h"
#include "hfield.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))

static struct fields *
list(const char *text, const char *base)
{
	const char *why = NULL;
	struct fields *fs = fields_new(text, base, &why);

	if (fs == NULL)
		fail_msg("%s: %s", text, why);
	assert_null(why);
	return fs;
}

/* "a b a": fields of these names.  Returns how many. */
static size_t
header_make(struct hfield *f, size_t max, const char *names)
{
	size_t len, n;

	for (n = 0; *names != '\0'; n++) {
		assert_true(n < max);
		len = strcspn(names, " ");
		f[n] = (struct hfield){ names, len, len, len };
		names += len + (names[len] == ' ');
	}
	return n;
}

/* "from=0:to=-1": what is picked of these fields. */
static void
pick_check(const char *text, const char *base, const char *names,
    const char *want)
{
	char got[1024] = "";
	struct fields *fs = list(text, base);
	struct fields_pick *p;
	struct hfield f[16];
	size_t len, n;
	ssize_t i, picked;

	n = header_make(f, COUNT(f), names);
	picked = fields_pick(fs, f, n, &p);
	assert_true(picked >= 0);
	for (i = 0; i < picked; i++) {
		len = strlen(got);
		(void)snprintf(got + len, sizeof(got) - len, "%s%s=%zd",
		    i > 0 ? ":" : "", p[i].name, p[i].field);
	}
	if (strcmp(got, want) != 0)
		fail_msg("\"%s\" of \"%s\": \"%s\"", text, names, got);
	free(p);
	fields_free(fs);
}

static void
fields_are_picked_from_the_bottom(void **state)
{
	pick_check("from:to", NULL, "To From To", "from=1:to=2:to=0");
	pick_check("to,from", NULL, "To From To", "to=2:to=0:from=1");
	pick_check(" TO \t From ", NULL, "tO fROM", "to=0:from=1");
	pick_check("from:to", NULL, "From X-To Tox T", "from=0");
	pick_check("from:to", NULL, "", "");
	pick_check("from::to:", NULL, "To", "to=0");
}

/* RFC 6376, 8.15 */
static void
oversigned_fields_count_once_more(void **state)
{
	pick_check("from/o:to/o", NULL, "From", "from=0:from=-1:to=-1");
	pick_check("from/x:to/x", NULL, "From", "from=0:from=-1");
	pick_check("from/O:to/X", NULL, "To From To",
	    "from=1:from=-1:to=2:to=0:to=-1");
	pick_check("from/o", NULL, "", "from=-1");
}

static void
from_is_always_signed(void **state)
{
	pick_check("to", NULL, "To From", "from=1:to=0");
	pick_check("to:from", NULL, "To From", "to=0:from=1");
}

static void
a_base_can_be_changed(void **state)
{
	static const char base[] = "from:to/o:cc";

	pick_check("*", base, "From", "from=0:to=-1");
	pick_check("*:subject", base, "From Subject", "from=0:to=-1:subject=1");
	pick_check("*,+subject/o,-to", base, "From", "from=0:subject=-1");
	pick_check("*:+to", base, "From", "from=0");
	pick_check("*:cc/o", base, "From", "from=0:to=-1:cc=-1");
	pick_check("*:-absent", base, "From", "from=0:to=-1");
	pick_check("*:-to", base, "From Cc To", "from=0:cc=1");
	pick_check("subject", base, "From Subject To", "from=0:subject=1");
}

static void
of_a_name_twice_the_last_counts(void **state)
{
	pick_check("to:from:to/o", NULL, "From", "to=-1:from=0");
	pick_check("to/o:from:to", NULL, "From", "from=0");
	pick_check("from:from", NULL, "From From", "from=1:from=0");
}

static void
mistakes_are_told(void **state)
{
	static const struct {
		const char	*list, *why;
	} t[] = {
		{ "", "no field's name in it" },
		{ " :,", "no field's name in it" },
		{ "bcc", "bcc: can't be signed, it changes on the way" },
		{ "from:Resent-Bcc", "resent-bcc: can't be signed, "
		    "it changes on the way" },
		{ "received", "received: can't be signed, "
		    "it changes on the way" },
		{ "return-path/x", "return-path: can't be signed, "
		    "it changes on the way" },
		{ "delivered-to", "delivered-to: can't be signed, "
		    "it changes on the way" },
		{ "DKIM-Signature", "dkim-signature: can't be signed, "
		    "it changes on the way" },
		{ "domainkey-signature", "domainkey-signature: can't be "
		    "signed, it changes on the way" },
		{ "authentication-results", "authentication-results: can't be "
		    "signed, it changes on the way" },
		{ "arc-seal", "arc-seal: can't be signed, "
		    "it changes on the way" },
		{ "arc-", "arc-: can't be signed, it changes on the way" },
		{ "x-spam", "x-spam: can't be signed, "
		    "it changes on the way" },
		{ "x-spam-status", "x-spam-status: can't be signed, "
		    "it changes on the way" },
		{ "*,+bcc", "bcc: can't be signed, it changes on the way" },
		{ "date/o", "date: smtpd adds it where it is missing: "
		    "use /x, not /o" },
		{ "Message-ID/O", "message-id: smtpd adds it where it is "
		    "missing: use /x, not /o" },
		{ "to/y", "to/y: only /o and /x can follow a name" },
		{ "to/", "to/: only /o and /x can follow a name" },
		{ "to/ox", "to/ox: only /o and /x can follow a name" },
		{ "/o", "/o: not a field's name" },
		{ "+", ": not a field's name" },
		{ "a;b", "a;b: not a field's name" },
		{ "a\001b", "a\001b: not a field's name" },
		{ "\303\244", "\303\244: not a field's name" },
		{ "from:*", "*: only as the first of a list" },
		{ "*:*", "*: only as the first of a list" },
		{ "*:-from", "from: has to be signed" },
	};
	struct fields *fs;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(t); i++) {
		why = NULL;
		fs = fields_new(t[i].list, fields_oversign, &why);
		if (fs != NULL)
			fail_msg("taken: \"%s\"", t[i].list);
		if (strcmp(why, t[i].why) != 0)
			fail_msg("\"%s\": %s", t[i].list, why);
	}
	assert_null(fields_new("*", NULL, &why));
}

static void
names_that_only_begin_so_are_fine(void **state)
{
	pick_check("from:bcc-x:receive:x-spa:arc:date-x/o", NULL, "From Arc",
	    "from=0:arc=1:date-x=-1");
	pick_check("from:date/x:message-id/x", NULL, "Date From",
	    "from=1:date=0:date=-1");
}

static void
names_and_lists_have_an_end(void **state)
{
	char name[FIELDS_NAME + 2], text[4096] = "from";
	struct fields *fs;
	const char *why;
	size_t i, len;

	memset(name, 'a', sizeof(name));
	name[FIELDS_NAME + 1] = '\0';
	assert_null(fields_new(name, NULL, &why));
	assert_non_null(strstr(why, "too long"));
	name[FIELDS_NAME] = '\0';
	fs = list(name, NULL);
	assert_string_equal(fields_find(fs, name, FIELDS_NAME), name);
	assert_null(fields_find(fs, name, FIELDS_NAME - 1));
	fields_free(fs);
	for (i = 0; i < 255; i++) {
		len = strlen(text);
		(void)snprintf(text + len, sizeof(text) - len, ":x-%zu", i);
	}
	fs = list(text, NULL);
	for (i = 0; i < 255; i++) {
		(void)snprintf(name, sizeof(name), "X-%zu", i);
		assert_non_null(fields_find(fs, name, strlen(name)));
	}
	assert_null(fields_find(fs, "x-255", 5));
	assert_null(fields_find(fs, "", 0));
	fields_free(fs);
	(void)snprintf(text + strlen(text), 16, ":x-255");
	assert_null(fields_new(text, NULL, &why));
	assert_string_equal(why, "x-255: too many names");
}

/* Sender and List-* must be there for lists to add: not oversigned. */
static void
built_in_lists_are_good(void **state)
{
	static const char *const plain[] = {
		"sender", "list-id", "list-unsubscribe",
		"list-unsubscribe-post", "list-archive",
	};
	struct fields *fs;
	size_t i;

	pick_check("*", fields_default, "From List-Archive Date",
	    "from=0:date=2:list-archive=1");
	pick_check("*", fields_oversign, "From Date", "from=0:from=-1:"
	    "subject=-1:to=-1:cc=-1:reply-to=-1:date=1:date=-1");
	fs = list("*", fields_oversign);
	for (i = 0; i < COUNT(plain); i++)
		assert_non_null(fields_find(fs, plain[i], strlen(plain[i])));
	assert_null(fields_find(fs, "comments", 8));
	assert_null(fields_find(fs, "keywords", 8));
	fields_free(fs);
}

/* A second is a thousand times what it takes. */
static void
many_fields_cost_no_more_each(void **state)
{
	const size_t n = 200000;
	struct fields *fs = list("*", fields_oversign);
	struct fields_pick *p;
	struct hfield *f;
	clock_t begin;
	size_t i;

	assert_non_null(f = calloc(n, sizeof(*f)));
	for (i = 0; i < n; i++)
		f[i] = i % 2 == 0 ? (struct hfield){ "Subject:", 8, 7, 8 } :
		    (struct hfield){ "X-Other:", 8, 7, 8 };
	begin = clock();
	assert_int_equal(fields_pick(fs, f, n, &p), n / 2 + 5);
	assert_true(clock() - begin < CLOCKS_PER_SEC);
	assert_int_equal(p[1].field, n - 2);
	assert_int_equal(p[n / 2].field, 0);
	assert_int_equal(p[n / 2 + 1].field, -1);
	free(p);
	free(f);
	fields_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_picked_from_the_bottom),
		cmocka_unit_test(oversigned_fields_count_once_more),
		cmocka_unit_test(from_is_always_signed),
		cmocka_unit_test(a_base_can_be_changed),
		cmocka_unit_test(of_a_name_twice_the_last_counts),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(names_that_only_begin_so_are_fine),
		cmocka_unit_test(names_and_lists_have_an_end),
		cmocka_unit_test(built_in_lists_are_good),
		cmocka_unit_test(many_fields_cost_no_more_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

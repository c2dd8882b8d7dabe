/* SPDX-License-Identifier: ISC */
/*
 * One message from its header to its signatures.  The policy is the test's
 * own; what a signature is made of is checked by its hash of the body and by
 * what it covers, its bytes by other tests.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>

#include "dkimsign.h"
#include "fields.h"
#include "mail.h"
#include "message_engine.h"
#include "sign.h"

/* That of RFC 8463, A.2, as PKCS#8: known to everybody. */
#define KEY	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7" \
		"rAMcrn9g"

/* Of an empty body, RFC 6376, 3.4.3 and 3.4.4; and of "body\r\n". */
#define BH_SIMPLE	"bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;"
#define BH_RELAXED	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"

struct dkimsign	 dkimsign;

static struct privkey		*key;
static struct fields		*fields;
static enum policy_verdict	 verdict;
static struct signing		 signings[POLICY_SIGNATURES];
static size_t			 nsignings;
static struct author		 asked_from, asked_sender;
static char			 asked_list[AUTHOR_DOMAIN];

enum policy_verdict
policy_find(const struct policy *p, const struct who *who, long long now,
    struct plan *plan)
{
	size_t	 i;

	asked_from = who->from;
	asked_sender = who->sender;
	(void)snprintf(asked_list, sizeof(asked_list), "%s", who->list_id);
	for (i = 0; i < nsignings; i++) {
		plan->sign[i] = signings[i];
		(void)privkey_hold(plan->sign[i].key);
	}
	plan->n = nsignings;
	return verdict;
}

void
policy_plan_end(struct plan *plan)
{
	while (plan->n > 0)
		privkey_drop(plan->sign[--plan->n].key);
}

static void
add_signing(const char *selector, enum canon body)
{
	struct signing	*sg = &signings[nsignings++];

	memset(sg, 0, sizeof(*sg));
	sg->header = CANON_RELAXED;
	sg->body = body;
	sg->key = key;
	sg->fields = fields;
	(void)snprintf(sg->domain, sizeof(sg->domain), "example.org");
	(void)snprintf(sg->selector, sizeof(sg->selector), "%s", selector);
}

static int
setup(void **state)
{
	const char	*why;

	if (key == NULL) {
		assert_non_null(key = privkey_parse(KEY, "test"));
		assert_non_null(fields = fields_new("from:date:message-id:to",
		    fields_default, &why));
	}
	memset(&dkimsign, 0, sizeof(dkimsign));
	dkimsign.complete = 1;
	dkimsign.max_header = 1 << 20;
	dkimsign.max_fields = 2000;
	verdict = POLICY_SIGN;
	nsignings = 0;
	return 0;
}

static const char *
message_sent(struct message *m)
{
	static char	 buf[65536];
	const char	*p;
	size_t		 len, used = 0;

	while ((p = message_next(m, 65485, &len)) != NULL) {
		assert_true(used + len + 1 < sizeof(buf));
		memcpy(buf + used, p, len);
		used += len;
		buf[used++] = '\n';
	}
	buf[used] = '\0';
	return buf;
}

static enum sign_state
prepare(struct sign *s, struct message *m)
{
	static const struct sign_about	 about = {
		.smtpd = { "mx.example.org", 70900, 65485 },
		.now = 86400,
	};

	return sign_prepare(s, m, &about);
}

/* What goes on after all of it; NULL: not to be signed. */
static const char *
signed_text(const char *text, enum sign_state wanted)
{
	struct message	*m = mail_new(text);
	struct sign	*s = sign_new();
	const char	*out = NULL;

	assert_non_null(s);
	assert_int_equal(prepare(s, m), wanted);
	if (wanted == SIGN_READY) {
		sign_here(s);
		assert_int_equal(sign_apply(s, m), 0);
	}
	out = message_sent(m);
	if (wanted != SIGN_READY)
		assert_string_equal(out, text);
	sign_free(s);
	message_free(m);
	return out;
}

#define MSG	"From: Joe <joe@example.org>\nTo: a@example.net\n\n"

static void
test_one(void **state)
{
	const char	*out;

	add_signing("one", CANON_SIMPLE);
	out = signed_text(MSG, SIGN_READY);
	assert_int_equal(strncmp(out, "DKIM-Signature: v=1; ", 21), 0);
	assert_non_null(strstr(out, BH_SIMPLE));
	assert_non_null(strstr(out, "h=from:to;"));
	assert_string_equal(strstr(out, "From: "), MSG);
	assert_string_equal(asked_from.local, "joe");
	assert_string_equal(asked_from.domain, "example.org");
	assert_string_equal(asked_sender.domain, "");
	assert_string_equal(asked_list, "");
}

/* The first of the plan is on top; bodies are hashed for each form. */
static void
test_order(void **state)
{
	const char	*out, *one, *two, *three;

	add_signing("one", CANON_SIMPLE);
	add_signing("two", CANON_RELAXED);
	add_signing("three", CANON_SIMPLE);
	out = signed_text(MSG, SIGN_READY);
	assert_non_null(one = strstr(out, "s=one;"));
	assert_non_null(two = strstr(out, "s=two;"));
	assert_non_null(three = strstr(out, "s=three;"));
	assert_true(one < two && two < three);
	assert_non_null(one = strstr(out, BH_SIMPLE));
	assert_non_null(two = strstr(out, BH_RELAXED));
	assert_non_null(three = strstr(two, BH_SIMPLE));
	assert_true(one < two);
}

static void
test_who(void **state)
{
	add_signing("one", CANON_SIMPLE);
	(void)signed_text("From: joe@example.org\nList-Id: L <l.example.org>\n"
	    "Sender: Bot <bot@Example.NET>\n\n", SIGN_READY);
	assert_string_equal(asked_sender.local, "bot");
	assert_string_equal(asked_sender.domain, "example.net");
	assert_string_equal(asked_list, "l.example.org");
	(void)signed_text("From: root (Cron)\n\n", SIGN_READY);
	assert_string_equal(asked_from.domain, "mx.example.org");
}

static void
test_verdicts(void **state)
{
	add_signing("one", CANON_SIMPLE);
	verdict = POLICY_UNSIGNED;
	(void)signed_text(MSG, SIGN_UNSIGNED);
	verdict = POLICY_REJECT;
	(void)signed_text(MSG, SIGN_REFUSED);
	verdict = POLICY_SIGN;
	(void)signed_text(MSG, SIGN_READY);
	nsignings = 0;
	(void)signed_text(MSG, SIGN_UNSIGNED);
}

static void
test_unfit(void **state)
{
	add_signing("one", CANON_SIMPLE);
	(void)signed_text("To: a@example.org\n\n", SIGN_UNFIT);
	(void)signed_text("From: joe@example.org\n\na\rb\n", SIGN_UNFIT);
	(void)signed_text("From: joe@example.org\n\nab\r\n", SIGN_UNFIT);
}

/* What smtpd would do to it next is done, and signed. */
static void
test_changes(void **state)
{
	static const char	 want[] = "\nFrom: root@mx.example.org (Cron)\n"
	    "Date: Fri, 02 Jan 1970 00:00:00 +0000\nMessage-ID: <";
	const char		*out;

	add_signing("one", CANON_SIMPLE);
	dkimsign.add_date = dkimsign.add_msgid = 1;
	out = signed_text("From: root (Cron)\n\nx\n", SIGN_READY);
	assert_non_null(strstr(out, "h=from:date:message-id;"));
	assert_non_null(out = strstr(out, "\nFrom: "));
	assert_int_equal(strncmp(out, want, strlen(want)), 0);
	assert_string_equal(out + strlen(want) + 32,
	    "@mx.example.org>\n\nx\n");
	dkimsign.complete = 0;
	out = signed_text("From: root\nDate: x\nMessage-ID: y\n\n",
	    SIGN_READY);
	assert_string_equal(strstr(out, "From: "),
	    "From: root\nDate: x\nMessage-ID: y\n\n");
}

/* To smtpd "Date :" is none: it may add one, below, so it is not signed. */
static void
test_obsolete(void **state)
{
	const char	*out;

	add_signing("one", CANON_SIMPLE);
	out = signed_text("Date : x\nFrom: joe@example.org\n"
	    "Message-Id\t: y\n\n", SIGN_READY);
	assert_non_null(strstr(out, "h=from;"));
	out = signed_text("Date : x\nFrom: joe@example.org\nDate: z\n"
	    "Message-Id\t: y\n\n", SIGN_READY);
	assert_non_null(strstr(out, "h=from:date:date;"));
	dkimsign.add_date = dkimsign.add_msgid = 1;
	out = signed_text("Date : x\nFrom: joe@example.org\n"
	    "Message-Id\t: y\n\n", SIGN_READY);
	assert_non_null(strstr(out,
	    "h=from:date:date:message-id:message-id;"));
	assert_non_null(strstr(out, "\nDate: Fri, 02 Jan 1970"));
}

static void
test_message_ids(void **state)
{
	char		 first[64];
	const char	*out;

	add_signing("one", CANON_SIMPLE);
	dkimsign.add_msgid = 1;
	out = strstr(signed_text(MSG, SIGN_READY), "Message-ID: <");
	assert_non_null(out);
	(void)snprintf(first, sizeof(first), "%.45s", out);
	out = strstr(signed_text(MSG, SIGN_READY), "Message-ID: <");
	assert_non_null(out);
	assert_int_not_equal(strncmp(out, first, 45), 0);
}

static void
loop_stop(void *arg)
{
	(void)event_base_loopbreak(arg);
}

/* By threads; the message may go meanwhile, and so may the policy's keys. */
static void
test_threads(void **state)
{
	struct event_base	*base;
	struct message		*m;
	struct sign		*s;
	int			 gone;

	assert_non_null(base = event_base_new());
	assert_int_equal(signer_start(base), 0);
	add_signing("one", CANON_SIMPLE);
	add_signing("two", CANON_RELAXED);
	for (gone = 0; gone < 2; gone++) {
		m = mail_new("From: root\n\nx\n");
		assert_non_null(s = sign_new());
		assert_int_equal(prepare(s, m), SIGN_READY);
		sign_start(s, loop_stop, base);
		if (gone)
			message_free(m);
		assert_int_equal(event_base_dispatch(base), 0);
		if (!gone) {
			assert_int_equal(sign_apply(s, m), 0);
			assert_non_null(strstr(message_sent(m), "s=two;"));
			message_free(m);
		}
		sign_free(s);
	}
}

/* No signature: nothing is declared. */
static void
test_failed(void **state)
{
	struct message	*m = mail_new("From: root\n\nx\n");
	struct sign	*s = sign_new();

	add_signing("one", CANON_SIMPLE);
	add_signing("two", CANON_SIMPLE);
	assert_int_equal(prepare(s, m), SIGN_READY);
	sign_here(s);
	s->one[1].job.sig_len = -1;
	assert_int_equal(sign_apply(s, m), -1);
	assert_string_equal(message_sent(m), "From: root\n\nx\n");
	sign_free(s);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_who, setup),
		cmocka_unit_test_setup(test_verdicts, setup),
		cmocka_unit_test_setup(test_unfit, setup),
		cmocka_unit_test_setup(test_changes, setup),
		cmocka_unit_test_setup(test_obsolete, setup),
		cmocka_unit_test_setup(test_message_ids, setup),
		cmocka_unit_test_setup(test_threads, setup),
		cmocka_unit_test_setup(test_failed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

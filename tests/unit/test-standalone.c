/* SPDX-License-Identifier: ISC */
/*
 * filter-dkimsign -T: a message from stdin, its signature to stdout, and what
 * is wrong to stderr.  The policy is the test's own.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dkimsign.h"
#include "fields.h"
#include "policy.h"
#include "standalone.h"
#include "stderr.h"

/* That of RFC 8463, A.2, as PKCS#8: known to everybody. */
#define KEY	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7" \
		"rAMcrn9g"

struct dkimsign	 dkimsign = {
	.complete = 1, .max_header = 1 << 20, .max_fields = 2000,
};

static struct privkey		*key;
static struct fields		*fields;
static enum policy_verdict	 verdict;

enum policy_verdict
policy_find(const struct policy *p, const struct who *who, long long now,
    struct plan *plan)
{
	struct signing	*sg = &plan->sign[0];

	memset(sg, 0, sizeof(*sg));
	sg->key = privkey_hold(key);
	sg->fields = fields;
	(void)snprintf(sg->domain, sizeof(sg->domain), "example.org");
	(void)snprintf(sg->selector, sizeof(sg->selector), "s");
	plan->n = 1;
	return verdict;
}

void
policy_plan_end(struct plan *plan)
{
	while (plan->n > 0)
		privkey_drop(plan->sign[--plan->n].key);
}

static int
setup(void **state)
{
	const char	*why;

	assert_non_null(key = privkey_parse(KEY, "test"));
	assert_non_null(fields = fields_new("from", fields_default, &why));
	return 0;
}

/* stdin is these bytes; returns the status, and *out what came of it. */
static int
sign(const char *in, size_t len, char out[4096])
{
	FILE	*from, *to;
	int	 saved, status;
	size_t	 n;

	assert_non_null(from = tmpfile());
	assert_non_null(to = tmpfile());
	assert_int_equal(fwrite(in, 1, len, from), len);
	rewind(from);
	clearerr(stdin);
	(void)fflush(stdout);
	assert_true((saved = dup(STDOUT_FILENO)) != -1);
	assert_true(dup2(fileno(from), STDIN_FILENO) != -1);
	assert_true(dup2(fileno(to), STDOUT_FILENO) != -1);
	status = standalone(NULL);
	(void)fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) != -1);
	(void)close(saved);
	rewind(to);
	n = fread(out, 1, 4095, to);
	out[n] = '\0';
	(void)fclose(from);
	(void)fclose(to);
	return status;
}

static void
test_signed(void **state)
{
	static const char	 lf[] = "From: joe@example.org\n\nhello\n";
	static const char	 crlf[] =
	    "From: joe@example.org\r\n\r\nhello\r\n";
	static const char	 bare[] = "From: joe@example.org\n\nhello";
	char			 a[4096], b[4096], c[4096];

	verdict = POLICY_SIGN;
	assert_int_equal(sign(lf, strlen(lf), a), 0);
	assert_int_equal(sign(crlf, strlen(crlf), b), 0);
	assert_int_equal(sign(bare, strlen(bare), c), 0);
	assert_int_equal(strncmp(a, "DKIM-Signature: v=1; a=ed25519-", 31), 0);
	assert_non_null(strstr(a, "h=from;"));
	assert_string_equal(a + strlen(a) - 3, "==\n");
	assert_string_equal(a, b);
	assert_string_equal(a, c);
}

/* The signature is not of the mail as it was read: that is said. */
static void
test_completed(void **state)
{
	static const char	 bare[] = "From: root\n\nhello\n";
	static const char	 whole[] = "From: joe@example.org\n\nhello\n";
	char			 out[4096];

	verdict = POLICY_SIGN;
	stderr_start();
	assert_int_equal(sign(whole, strlen(whole), out), 0);
	assert_string_equal(stderr_stop(), "");
	stderr_start();
	assert_int_equal(sign(bare, strlen(bare), out), 0);
	assert_non_null(strstr(stderr_stop(), "signed is the mail with @"));
	assert_int_equal(strncmp(out, "DKIM-Signature: v=1; ", 21), 0);
}

struct why_case {
	const char		*in;
	size_t			 len;
	enum policy_verdict	 verdict;
	const char		*why;
};

#define IN(s)	(s), sizeof(s) - 1

static const struct why_case why_cases[] = {
	{ IN("To: joe@example.org\n\n"), POLICY_SIGN, "no From field" },
	{ IN(""), POLICY_SIGN, "no From field" },
	{ IN("From: joe@example.org\n\na\rb\n"), POLICY_SIGN,
	    "a carriage return inside of a line" },
	{ IN("From: joe@example.org\n\na\0b\n"), POLICY_SIGN, "a NUL" },
	{ IN("From: joe@example.org\n\n"), POLICY_UNSIGNED,
	    "no key for From domain example.org" },
	{ IN("From: joe@example.org\n\n"), POLICY_REJECT,
	    "no key for From domain example.org" },
};

static void
test_unsigned(void **state)
{
	const struct why_case	*c;
	char			 out[4096];
	const char		*said;
	size_t			 i;
	int			 status;

	for (i = 0; i < sizeof(why_cases) / sizeof(why_cases[0]); i++) {
		c = &why_cases[i];
		verdict = c->verdict;
		stderr_start();
		status = sign(c->in, c->len, out);
		said = stderr_stop();
		if (strstr(said, c->why) == NULL)
			fail_msg("%zu: %s", i, said);
		assert_int_equal(status, 1);
		assert_string_equal(out, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_completed),
		cmocka_unit_test(test_unsigned),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Keys of filter-dkimsign that are not about which key: what they set, and
 * what they refuse.  And the parts of a signature as they are written.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "addrs.h"
#include "dkimsign.h"
#include "engine.h"
#include "options.h"
#include "privkey.h"
#include "sigspec.h"
#include "stderr.h"

static const struct key *const	 tables[] = { dkimsign_keys, NULL };

/* -o pair; the text lives on. */
static int
say(const char *pair, const char **said)
{
	static char	 texts[64][128], name[] = "x", o[] = "-o";
	static size_t	 n;
	char		*argv[4] = { name, o, texts[n % 64], NULL };
	int		 ret;

	(void)snprintf(texts[n++ % 64], sizeof(texts[0]), "%s", pair);
	stderr_start();
	ret = options_parse(tables, "", 3, argv, NULL);
	*said = stderr_stop();
	return ret;
}

static int
set(const char *pair)
{
	const char	*said;

	return say(pair, &said);
}

static void
sign_is_a_list(void **state)
{
	struct addr	 in, out;
	const char	*said;

	assert_int_equal(addr_parse(&in, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&out, "198.51.100.7"), 0);
	assert_int_equal(set("sign=auth"), 0);
	assert_true(dkimsign.sign_auth);
	assert_false(dkimsign.sign_local);
	assert_null(dkimsign.sign_net);
	assert_int_equal(set("sign=local,192.0.2.0/24, 2001:db8::/32"), 0);
	assert_false(dkimsign.sign_auth);
	assert_true(dkimsign.sign_local);
	assert_non_null(dkimsign.sign_net);
	assert_true(addrs_match(dkimsign.sign_net, &in, NULL));
	assert_false(addrs_match(dkimsign.sign_net, &out, NULL));
	assert_int_equal(addrs_count(dkimsign.sign_net), 2);
	assert_int_equal(set("sign=all"), 0);
	assert_false(dkimsign.sign_local);
	assert_null(dkimsign.sign_net);
	assert_int_equal(say("sign=atuh", &said), -1);
	assert_non_null(strstr(said, "not all, auth, local or a network"));
	assert_int_equal(say("sign=fd00::/200", &said), -1);
	assert_non_null(strstr(said, "not a prefix length"));
	assert_int_equal(set("sign=,"), -1);
	assert_int_equal(set("sign=all,auth"), -1);
	assert_int_equal(set("sign=all"), 0);
}

static void
other_keys_are_set(void **state)
{
	assert_false(dkimsign.add_date || dkimsign.add_msgid);
	assert_int_equal(set("add-missing=message-id"), 0);
	assert_false(dkimsign.add_date);
	assert_true(dkimsign.add_msgid);
	assert_int_equal(set("add-missing=date,message-id"), 0);
	assert_true(dkimsign.add_date && dkimsign.add_msgid);
	assert_int_equal(set("add-missing=no"), 0);
	assert_false(dkimsign.add_date || dkimsign.add_msgid);
	assert_int_equal(set("add-missing=subject"), -1);
	assert_int_equal(set("on-malformed=reject"), 0);
	assert_int_equal(dkimsign.malformed, MALFORMED_REJECT);
	assert_int_equal(set("reject_error=0"), 0);
	assert_int_equal(dkimsign.malformed, MALFORMED_PASS);
	assert_int_equal(set("reject_error=1"), 0);
	assert_int_equal(dkimsign.malformed, MALFORMED_REJECT);
	assert_int_equal(set("reject_error=maybe"), -1);
	assert_int_equal(set("on-malformed=pass"), 0);
	assert_int_equal(set("on-error=reject"), 0);
	assert_int_equal(engine.policy, FAILURE_REJECT);
	assert_int_equal(set("on-error=pass"), 0);
	assert_int_equal(engine.policy, FAILURE_ACCEPT);
	assert_int_equal(set("on-error=accept"), -1);
	assert_int_equal(set("minbits=2048"), 0);
	assert_int_equal(privkey_rules.min_bits, 2048);
	assert_int_equal(set("minbits=512"), -1);
	assert_int_equal(privkey_rules.min_bits, 2048);
	assert_int_equal(set("max-header=2m"), 0);
	assert_int_equal(dkimsign.max_header, 2 << 20);
	assert_int_equal(set("max-header=1"), -1);
	assert_int_equal(set("no-such-key=1"), -1);
}

static void
times_are_read(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 want;
	} t[] = {
		{ "1970-01-01", 0 }, { "1970-01-02", 86400 },
		{ "2000-02-29", 951782400 }, { "2000-03-01", 951868800 },
		{ "2026-12-01", 1796083200 },
		{ "2026-12-01T23:59", 1796169540 },
		{ "2026-12-01T23:59Z", 1796169540 },
		{ "2100-03-01", 4107542400 }, { "9999-12-31", 253402214400 },
		{ "2026-02-29", -1 }, { "2100-02-29", -1 },
		{ "2026-13-01", -1 }, { "2026-00-01", -1 },
		{ "2026-04-31", -1 }, { "2026-04-00", -1 },
		{ "1969-12-31", -1 }, { "26-12-01", -1 },
		{ "2026-12-1", -1 }, { "2026-12-01T24:00", -1 },
		{ "2026-12-01T23:60", -1 }, { "2026-12-01 ", -1 },
		{ "2026-12-01T", -1 }, { "", -1 },
	};
	size_t	 i;
	int64_t	 when;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		when = -1;
		assert_int_equal(sigspec_time(t[i].text, &when) == NULL,
		    t[i].want != -1);
		if (when != t[i].want)
			fail_msg("%s: %lld", t[i].text, (long long)when);
	}
}

static void
signatures_are_cut_at_commas(void **state)
{
	char		 text[] = "dkim(c=relaxed/relaxed,a=rsa-sha256, "
			     "d=example.org,s=sel,key=/k,i=@example.org,"
			     "h=from:to,x=7d,active-from=2026-12-01) ,"
			     "domainkeys,  dkim()";
	char		*list = text;
	struct sigspec	 s;

	assert_null(sigspec_parse(&s, &list));
	assert_int_equal(s.type, SIGNATURE_DKIM);
	assert_int_equal(s.alg, SIGSPEC_RSA);
	assert_true(s.has_canon);
	assert_int_equal(s.header, CANON_RELAXED);
	assert_int_equal(s.body, CANON_RELAXED);
	assert_string_equal(s.domain, "example.org");
	assert_string_equal(s.selector, "sel");
	assert_string_equal(s.key, "/k");
	assert_string_equal(s.identity, "@example.org");
	assert_string_equal(s.headers, "from:to");
	assert_int_equal(s.expire, 604800);
	assert_int_equal(s.active_from, 1796083200);
	assert_null(sigspec_parse(&s, &list));
	assert_int_equal(s.type, SIGNATURE_DOMAINKEYS);
	assert_false(s.has_canon);
	assert_null(s.key);
	assert_non_null(list);
	assert_null(sigspec_parse(&s, &list));
	assert_int_equal(s.type, SIGNATURE_DKIM);
	assert_null(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign_is_a_list),
		cmocka_unit_test(other_keys_are_set),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(signatures_are_cut_at_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

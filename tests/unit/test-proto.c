/* SPDX-License-Identifier: ISC */
/*
 * The words of the protocol, in the order of fields of all its versions.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto.h"

struct good {
	const char	*line;
	enum proto_kind	 kind;
	int		 minor, outgoing, what;
	uint64_t	 session, token;
	const char	*arg;
};

static const struct good	 goods[] = {
	{ "config|ready", PROTO_CONFIG, 0, 0, 0, 0, 0, "ready" },
	{ "config|new-key|a|b", PROTO_CONFIG, 0, 0, 0, 0, 0, "new-key|a|b" },
	{ "report|0.4|1.000001|smtp-in|tx-reset|1|2", PROTO_REPORT, 4, 0,
	    REPORT_TX_RESET, 1, 0, "2" },
	{ "report|0.6|1576146008.006099|smtp-out|link-disconnect|"
	    "7641df9771b4ed00", PROTO_REPORT, 6, 1, REPORT_LINK_DISCONNECT,
	    0x7641df9771b4ed00, 0, "" },
	{ "report|0.10|1|smtp-in|never-heard-of|a|x|y", PROTO_REPORT, 10, 0,
	    REPORT_UNKNOWN, 10, 0, "x|y" },
	{ "filter|0.7|1576146008.006099|smtp-in|connect|7641df9771b4ed00|"
	    "1ef1c203cc576e5d|mx.example|192.0.2.1", PROTO_FILTER, 7, 0,
	    PHASE_CONNECT, 0x7641df9771b4ed00, 0x1ef1c203cc576e5d,
	    "mx.example|192.0.2.1" },
	{ "report|0.7|1|smtp-in|link-conn|a|x", PROTO_REPORT, 7, 0,
	    REPORT_UNKNOWN, 10, 0, "x" },
	{ "filter|0.7|1|smtp-in|data-line|1|2|", PROTO_FILTER, 7, 0,
	    PHASE_DATA_LINE, 1, 2, "" },
	{ "filter|0.7|1|smtp-in|data-line|1|2|a|b\r", PROTO_FILTER, 7, 0,
	    PHASE_DATA_LINE, 1, 2, "a|b\r" },
	{ "filter|0.7|1|smtp-in|data|1|2", PROTO_FILTER, 7, 0,
	    PHASE_DATA, 1, 2, "" },
	{ "filter|0.7|1|smtp-in|wiz|FFFFFFFFFFFFFFFF|2|", PROTO_FILTER, 7, 0,
	    PHASE_UNKNOWN, UINT64_MAX, 2, "" },
	{ "filter|0.7|1.2|smtp-in|data-line|0123456789abcdef|"
	    "fedcba9876543210|.", PROTO_FILTER, 7, 0, PHASE_DATA_LINE,
	    0x0123456789abcdef, 0xfedcba9876543210, "." },
	{ "filter|0.7|1.2|smtp-in|data-line|0123456789ABCDEF|"
	    "0000000000000001|x", PROTO_FILTER, 7, 0, PHASE_DATA_LINE,
	    0x0123456789abcdef, 1, "x" },
	{ "filter|0.12|1.2|smtp-in|data-line|0123456789abcdef|"
	    "0000000000000001|", PROTO_FILTER, 12, 0, PHASE_DATA_LINE,
	    0x0123456789abcdef, 1, "" },
	{ "filter|0.4|1.2|smtp-in|data-line|0123456789abcdef|"
	    "0000000000000001|filter|0.4|1.2|smtp-in|data-line|1|2|",
	    PROTO_FILTER, 4, 0, PHASE_DATA_LINE, 0x0123456789abcdef, 1,
	    "filter|0.4|1.2|smtp-in|data-line|1|2|" },
	{ "filter|0.7||smtp-in|commit|1|2|", PROTO_FILTER, 7, 0,
	    PHASE_COMMIT, 1, 2, "" },
};

static const char *const	 bads[] = {
	"", "|", "filter", "filter|", "config", "report|0.7",
	"report|0.7|1|smtp-in|timeout", "report|1.7|1|smtp-in|timeout|1",
	"report|0.x|1|smtp-in|timeout|1", "report|0.|1|smtp-in|timeout|1",
	"report|0.7|1|SMTP-IN|timeout|1", "report|0.7|1|smtp-in|timeout|",
	"report|0.7|1|smtp-in|timeout|g", "filter|0.7|1|smtp-in|data|1",
	"report|0.7|1|smtp-in|timeout|12345678901234567",
	"filter|0.7|1|smtp-in|data|1|x|", "filters|0.7|1|smtp-in|data|1|2|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcdeg|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde:|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde@|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde/|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde`|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde\360|0000000000000001|",
	"filter|0.7|1.2|smtp-in|data-line|0123456789abcde\001|0000000000000001|",
	"report|0.7|1|smtp-in|timeout| 1", "report|-1.7|1|smtp-in|timeout|1",
};

static void
lines_of_smtpd_are_understood(void **state)
{
	struct proto_line	 l;
	const struct good	*g;
	size_t			 i;

	for (i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		g = &goods[i];
		assert_null(proto_parse(&l, g->line, strlen(g->line)));
		assert_int_equal(l.kind, g->kind);
		assert_int_equal(l.len, strlen(g->arg));
		assert_memory_equal(l.arg, g->arg, l.len);
		if (g->kind == PROTO_CONFIG)
			continue;
		assert_int_equal(l.minor, g->minor);
		assert_int_equal(l.outgoing, g->outgoing);
		assert_int_equal(l.what, g->what);
		assert_true(l.session == g->session);
		assert_true(l.token == g->token);
	}
}

static void
what_is_no_line_is_named(void **state)
{
	struct proto_line	 l;
	size_t			 i;

	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		if (proto_parse(&l, bads[i], strlen(bads[i])) == NULL)
			fail_msg("taken as a line: %s", bads[i]);
}

static void
a_line_ends_where_it_ends(void **state)
{
	static const char	 line[] = "filter|0.7|1795291025.975632|"
	    "smtp-in|data-line|0123456789abcdef|fedcba9876543210|text";
	struct proto_line	 l;
	size_t			 head = sizeof(line) - sizeof("text"), n;

	for (n = 1; n < sizeof(line); n++) {
		if (proto_parse(&l, line, n) != NULL)
			continue;
		assert_int_equal(l.len, n > head ? n - head : 0);
		assert_memory_equal(l.arg, "text", l.len);
	}
	assert_int_equal(l.len, strlen("text"));
}

/* The fast way and the long way are the same, for every byte in an id. */
static void
an_id_is_sixteen_digits_of_hexadecimal(void **state)
{
	static const char	 form[] = "filter|0.7|1.2|smtp-in|data-line|"
				    "0123456789abcdef|00000000000000%c1|";
	struct proto_line	 l;
	char			 line[128];
	int			 c;

	for (c = 1; c < 256; c++) {
		if (c == '|')
			continue;
		(void)snprintf(line, sizeof(line), form, c);
		assert_int_equal(proto_parse(&l, line, strlen(line)) == NULL,
		    strchr("0123456789abcdefABCDEF", c) != NULL);
	}
}

static void
a_source_route_is_no_part_of_an_address(void **state)
{
	static const char *const	 pairs[][2] = {
		{ "joe@c.example", "joe@c.example" },
		{ "@a.example:joe@c.example", "joe@c.example" },
		{ "@a.example,@b.example:joe@c.example", "joe@c.example" },
		{ "postmaster+x:joe@c.example", "joe@c.example" },
		{ "x:y:joe@c.example", "y:joe@c.example" },
		{ "joe@[IPv6:2001:db8::1]", "joe@[IPv6:2001:db8::1]" },
		{ "@a.example:joe@[IPv6:2001:db8::1]",
		    "joe@[IPv6:2001:db8::1]" },
		{ "x:postmaster", "postmaster" },
		{ "@a.example", "@a.example" }, { "@:", "@:" }, { "", "" },
	};
	const char			*addr;
	size_t				 i, len;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		addr = pairs[i][0];
		len = strlen(addr);
		proto_mailbox(&addr, &len);
		assert_int_equal(len, strlen(pairs[i][1]));
		assert_memory_equal(addr, pairs[i][1], len);
	}
}

static void
the_last_field_is_found_from_the_end(void **state)
{
	const char	*f;
	size_t		 len = 99, before = 99;

	assert_non_null(f = proto_last("a|b|pass", 8, &len, &before));
	assert_memory_equal(f, "pass", 4);
	assert_int_equal(len, 4);
	assert_int_equal(before, 3);
	assert_null(proto_last("pass", 4, &len, &before));
	assert_non_null(proto_last("|", 1, &len, &before));
	assert_int_equal(len + before, 0);
}

/* The result is told by its end where names may have a '|'. */
static void
the_outcome_is_where_the_version_has_it(void **state)
{
	static const struct {
		enum report	 report;
		int		 minor;
		const char	*arg, *result, *who;
	} t[] = {
		{ REPORT_LINK_AUTH, 7, "pass|al|ice", "pass", "al|ice" },
		{ REPORT_LINK_AUTH, 6, "al|ice|fail", "fail", "al|ice" },
		{ REPORT_LINK_AUTH, 6, "fail", NULL, NULL },
		{ REPORT_LINK_AUTH, 7, "pass", NULL, NULL },
		{ REPORT_TX_MAIL, 6, "9435eaa8|ok|a|b@c", "ok", "a|b@c" },
		{ REPORT_TX_RCPT, 5, "9435eaa8|a|b@c|ok", "ok", "a|b@c" },
		{ REPORT_TX_MAIL, 7, "9435eaa8|ok|", "ok", "" },
		{ REPORT_TX_MAIL, 4, "9435eaa8||ok", "ok", "" },
		{ REPORT_TX_RCPT, 7, "9435eaa8|ok", NULL, NULL },
		{ REPORT_TX_RCPT, 7, "9435eaa8", NULL, NULL },
		{ REPORT_TX_RCPT, 4, "", NULL, NULL },
	};
	struct proto_outcome	 o;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(proto_outcome(&o, t[i].report, t[i].minor,
		    t[i].arg, strlen(t[i].arg)), t[i].who == NULL ? -1 : 0);
		if (t[i].who == NULL)
			continue;
		assert_true(proto_is(o.result, o.result_len, t[i].result));
		assert_true(proto_is(o.who, o.who_len, t[i].who));
	}
}

static void
every_name_is_found_again(void **state)
{
	struct proto_line	 l;
	char			 line[128];
	int			 i;

	for (i = 0; i < PHASE_UNKNOWN; i++) {
		(void)snprintf(line, sizeof(line), "filter|0.7|1|smtp-in|%s|1|2|",
		    proto_phase_name(i));
		assert_null(proto_parse(&l, line, strlen(line)));
		assert_int_equal(l.what, i);
	}
	for (i = 0; i < REPORT_MAX; i++) {
		(void)snprintf(line, sizeof(line), "report|0.7|1|smtp-in|%s|1",
		    proto_report_name(i));
		assert_null(proto_parse(&l, line, strlen(line)));
		assert_int_equal(l.what, i);
	}
	assert_null(proto_phase_name(PHASE_UNKNOWN));
	assert_null(proto_report_name(REPORT_UNKNOWN));
}

static void
up_to_0_4_the_token_comes_first(void **state)
{
	static const char	 old[] = "filter-result|000000000000000b|"
				    "000000000000000a|proceed\n";
	static const char	 new[] = "filter-result|000000000000000a|"
				    "000000000000000b|proceed\n";
	char			 buf[PROTO_ANSWER_MAX], prefix[PROTO_PREFIX];
	size_t			 n;

	n = proto_result(buf, 4, 10, 11, "proceed");
	assert_int_equal(n, sizeof(old) - 1);
	assert_memory_equal(buf, old, n);
	n = proto_result(buf, 5, 10, 11, "proceed");
	assert_int_equal(n, sizeof(new) - 1);
	assert_memory_equal(buf, new, n);
	proto_prefix(prefix, 4, 10, 11);
	assert_memory_equal(prefix, "filter-dataline|000000000000000b|"
	    "000000000000000a|", PROTO_PREFIX);
	proto_prefix(prefix, 7, 10, 11);
	assert_memory_equal(prefix, "filter-dataline|000000000000000a|"
	    "000000000000000b|", PROTO_PREFIX);
}

/* Some of these names end where another string's NUL lies in memory. */
static void
a_name_with_a_nul_in_it_is_unknown(void **state)
{
	struct proto_line	 l;
	char			 line[256];
	size_t			 len, more;
	int			 i;

	for (i = 0; i < REPORT_MAX; i++)
		for (more = 1; more < 64; more++) {
			len = snprintf(line, sizeof(line),
			    "report|0.7|1|smtp-in|%s", proto_report_name(i));
			memset(line + len, 0, more);
			memcpy(line + len + more, "|1", 2);
			assert_null(proto_parse(&l, line, len + more + 2));
			assert_int_equal(l.what, REPORT_UNKNOWN);
		}
}

static void
a_verdict_too_long_is_cut(void **state)
{
	char	 buf[PROTO_ANSWER_MAX], verdict[2000];

	memset(verdict, 'x', sizeof(verdict) - 1);
	verdict[sizeof(verdict) - 1] = '\0';
	assert_int_equal(proto_result(buf, 7, 1, 2, verdict),
	    PROTO_ANSWER_MAX);
	assert_int_equal(buf[PROTO_ANSWER_MAX - 1], '\n');
	assert_int_equal(buf[PROTO_ANSWER_MAX - 2], 'x');
}

static void
time_is_in_microseconds(void **state)
{
	static const struct {
		const char	*line;
		int64_t		 time;
	} t[] = {
		{ "report|0.7|1576146008.006099|smtp-in|timeout|1",
		    1576146008006099 },
		{ "report|0.7|0.000001|smtp-in|timeout|1", 1 },
		{ "report|0.7|1|smtp-in|timeout|1", 0 },
		{ "report|0.7|1.5|smtp-in|timeout|1", 0 },
		{ "report|0.7||smtp-in|timeout|1", 0 },
		{ "report|0.7|157614600x.006099|smtp-in|timeout|1", 0 },
		{ "report|0.7|1576146008.-06099|smtp-in|timeout|1", 0 },
		{ "report|0.7|9999999999999.000000|smtp-in|timeout|1", 0 },
	};
	struct proto_line	 l;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_null(proto_parse(&l, t[i].line, strlen(t[i].line)));
		assert_true(l.time == t[i].time);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(lines_of_smtpd_are_understood),
		cmocka_unit_test(what_is_no_line_is_named),
		cmocka_unit_test(a_line_ends_where_it_ends),
		cmocka_unit_test(an_id_is_sixteen_digits_of_hexadecimal),
		cmocka_unit_test(a_source_route_is_no_part_of_an_address),
		cmocka_unit_test(the_last_field_is_found_from_the_end),
		cmocka_unit_test(the_outcome_is_where_the_version_has_it),
		cmocka_unit_test(every_name_is_found_again),
		cmocka_unit_test(up_to_0_4_the_token_comes_first),
		cmocka_unit_test(a_name_with_a_nul_in_it_is_unknown),
		cmocka_unit_test(a_verdict_too_long_is_cut),
		cmocka_unit_test(time_is_in_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

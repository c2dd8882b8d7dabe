/* SPDX-License-Identifier: ISC */
/*
 * Lines of postgrey's databases and of spamdb, and what is wrong with some.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl_foreign.h"

static const struct grey_rules		 grey = { .delay = 300000 };
static const struct tuple_rules		 by_net = { .mask4 = 24, .mask6 = 64 };
static const struct tuple_rules		 by_helo = { .mask4 = 32, .mask6 = 64,
					    .helo = 1 };
static const struct foreign_rules	 postgrey = { &grey, &by_net };
static const struct foreign_rules	 spamd = { &grey, &by_helo };

#define SUM	"0123456789abcdef0123456789abcdef01234567"
#define X100	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X1000	X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

static const struct {
	const char	*key, *value;
	enum foreign	 want;
	const char	*row;
	int64_t		 first, last, passed;
} pairs[] = {
	{ " 192.0.2.0/joe@example.net/a@b", " 100,399", FOREIGN_ROW,
	    "192.0.2.0/joe@example.net/a@b", 100000, 399000, 0 },
	{ " 192.0.2.0/joe@example.net/a@b", " 100,400,mx", FOREIGN_ROW,
	    "192.0.2.0/joe@example.net/a@b", 100000, 400000, 1 },
	/* As NetAddr::IP writes it, and with --lookup-by-host. */
	{ " 2001:db8:0:0:0:0:0:0/j@x/a@b", " 1,1", FOREIGN_ROW,
	    "2001:db8::/j@x/a@b", 1000, 1000, 0 },
	{ " 192.0.2.77/j@x/a@b", " 1,1", FOREIGN_ROW,
	    "192.0.2.0/j@x/a@b", 1000, 1000, 0 },
	{ " 192.0.2.0//a@b", " 1,1", FOREIGN_ROW, "192.0.2.0//a@b", 1000,
	    1000, 0 },
	{ " 192.0.2.0/a/b@x/c/d@e", " 1,1", FOREIGN_ROW,
	    "192.0.2.0/a/b@x/c/d@e", 1000, 1000, 0 },
	{ " 192.0.2.0/postmaster/a@b", " 1,1", FOREIGN_ROW,
	    "192.0.2.0/postmaster/a@b", 1000, 1000, 0 },
	/* postgrey leaves SRS alone, and we do not. */
	{ " 192.0.2.0/srs0=hh=tt=example.com=al@f/a@b", " 1,1", FOREIGN_ROW,
	    "192.0.2.0/srs0=example.com=al@f/a@b", 1000, 1000, 0 },
	{ " 192.0.2.0/j\\c3\\b6\\\\@x/a@b", " 1,1", FOREIGN_ROW,
	    "192.0.2.0/j\303\266\\@x/a@b", 1000, 1000, 0 },
	{ " " SUM, " 1,2", FOREIGN_SKIPPED, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x", " 1,1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " mx/j@x/a@b", " 1,1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " mx", " 1,1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " 1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " ,1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " 1,", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " 1,-1", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " 1,1x", FOREIGN_BAD, NULL, 0, 0, 0 },
	{ " 192.0.2.0/j@x/a@b", " 1,999999999999", FOREIGN_BAD, NULL, 0, 0,
	    0 },
	{ " 192.0.2.0/j@x/a@b", " 1,1" X100 X100, FOREIGN_BAD, NULL, 0, 0,
	    0 },
	{ " 192.0.2.0/j@x/a@b", "1,1", FOREIGN_BAD, NULL, 0, 0, 0 },
};

/* What becomes of the second line; the first is nothing by itself. */
static enum foreign
pair_read(const struct foreign_rules *rules, struct dump *d, const char *key,
    const char *value, struct ctl_row *r)
{
	const char	*why;

	memset(d, 0, sizeof(*d));
	assert_int_equal(postgrey_line(d, rules, "VERSION=3", r, &why),
	    FOREIGN_NOTHING);
	assert_int_equal(postgrey_line(d, rules, "type=btree", r, &why),
	    FOREIGN_NOTHING);
	assert_int_equal(postgrey_line(d, rules, "HEADER=END", r, &why),
	    FOREIGN_NOTHING);
	assert_int_equal(postgrey_line(d, rules, key, r, &why),
	    FOREIGN_NOTHING);
	return postgrey_line(d, rules, value, r, &why);
}

static void
tuples_of_postgrey(void **state)
{
	struct ctl_row	 r;
	struct dump	 d;
	size_t		 i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pair_read(&postgrey, &d, pairs[i].key, pairs[i].value,
		    &r) != pairs[i].want)
			fail_msg("%s", pairs[i].key);
		if (pairs[i].row == NULL)
			continue;
		assert_int_equal(r.row.kind, STORE_TUPLE);
		assert_string_equal(r.row.key, pairs[i].row);
		assert_int_equal(r.row.tuple.first, pairs[i].first);
		assert_int_equal(r.row.tuple.last, pairs[i].last);
		assert_int_equal(r.row.tuple.passed, pairs[i].passed);
		assert_int_equal(r.row.tuple.blocked, 1);
	}
	assert_int_equal(pair_read(&spamd, &d, " 192.0.2.0/j@x/a@b", " 1,1",
	    &r), FOREIGN_SKIPPED);
}

static void
clients_of_postgrey(void **state)
{
	struct ctl_row	 r;
	struct dump	 d;

	assert_int_equal(pair_read(&spamd, &d, " 2001:db8:0:0:0:0:0:7",
	    " 6,500", &r), FOREIGN_ROW);
	assert_int_equal(r.row.kind, STORE_CLIENT);
	assert_string_equal(r.row.key, "2001:db8::7");
	assert_int_equal(r.row.client.passed, 6);
	assert_int_equal(r.row.client.counted, 500000);
	assert_int_equal(r.row.client.last, 500000);
	assert_int_equal(r.row.client.white_until, 0);
}

static const struct {
	const char	*line;
	enum foreign	 want;
} dump_lines[] = {
	{ "VERSION=3", FOREIGN_NOTHING }, { "format=bytevalue",
	    FOREIGN_NOTHING }, { "type=hash", FOREIGN_NOTHING },
	{ "HEADER=END", FOREIGN_NOTHING },
	{ " 3139322e302e322e37", FOREIGN_NOTHING },
	{ " 312c32", FOREIGN_ROW },
	{ " 3139322e302e322e3", FOREIGN_BAD },		/* half a byte */
	{ " 312c32", FOREIGN_NOTHING },
	{ " 00", FOREIGN_BAD }, { " 312c32", FOREIGN_NOTHING },
	{ " " X1000 X1000, FOREIGN_BAD }, { " 312c32", FOREIGN_NOTHING },
	{ " 3139322e302e322e37", FOREIGN_NOTHING },
	{ " 31zz", FOREIGN_BAD },
	{ " 3139322e302e322e37", FOREIGN_NOTHING },
	{ "DATA=END", FOREIGN_BAD },
	{ "VERSION=3", FOREIGN_NOTHING }, { "format=print",
	    FOREIGN_NOTHING }, { "type=btree", FOREIGN_NOTHING },
	{ "HEADER=END", FOREIGN_NOTHING },
	{ " 192.0.2.7", FOREIGN_NOTHING }, { " 1,2", FOREIGN_ROW },
	{ " a\\", FOREIGN_BAD }, { " 1,2", FOREIGN_NOTHING },
	{ "DATA=END", FOREIGN_NOTHING }, { "", FOREIGN_NOTHING },
	{ "type=recno", FOREIGN_BAD }, { "hello", FOREIGN_BAD },
};

static void
databases_follow_one_another(void **state)
{
	struct ctl_row	 r;
	struct dump	 d = { .in_data = 0 };
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(dump_lines) / sizeof(dump_lines[0]); i++)
		if (postgrey_line(&d, &postgrey, dump_lines[i].line, &r,
		    &why) != dump_lines[i].want)
			fail_msg("line %zu: %s", i, dump_lines[i].line);
	assert_true(postgrey_whole(&d));
	(void)postgrey_line(&d, &postgrey, "HEADER=END", &r, &why);
	assert_false(postgrey_whole(&d));
}

#define MAIL	"GREY|192.0.2.7|Mx.example.net|<Joe@example.net>|<a@b>"

static const struct {
	const char	*line;
	enum foreign	 want;
	const char	*key;
	struct grey_tuple tuple;
	struct grey_client client;
} spamdb_lines[] = {
	{ MAIL "|100|1600|14500|3|0", FOREIGN_ROW,
	    "192.0.2.7/mx.example.net/joe@example.net/a@b",
	    { 100000, 100000, 3, 0 }, { 0 } },
	{ MAIL "|100|1600|14500|0|-1", FOREIGN_ROW,
	    "192.0.2.7/mx.example.net/joe@example.net/a@b",
	    { 100000, 100000, 1, 0 }, { 0 } },
	{ "GREY|2001:db8::7|h|<>|<a@b>|1|2|3|1|0", FOREIGN_ROW,
	    "2001:db8::/h//a@b", { 1000, 1000, 1, 0 }, { 0 } },
	{ "GREY|192.0.2.7|h|<a|b@x>|<a@b>|1|2|3|1|0", FOREIGN_ROW,
	    "192.0.2.7/h/a|b@x/a@b", { 1000, 1000, 1, 0 }, { 0 } },
	{ "WHITE|192.0.2.8|||100|200|300|2|1", FOREIGN_ROW, "192.0.2.8",
	    { 0 }, { 100000, 200000, 0, 0, 300000, 0 } },
	{ "TRAPPED|192.0.2.9|500", FOREIGN_ROW, "192.0.2.9", { 0 },
	    { 0, 0, 0, 0, 0, 500000 } },
	{ "SPAMTRAP|<trap@example.org>", FOREIGN_TRAP, "trap@example.org",
	    { 0 }, { 0 } },
	{ "SPAMTRAP|trap@example.org", FOREIGN_TRAP, "trap@example.org",
	    { 0 }, { 0 } },
	{ "", FOREIGN_NOTHING, NULL, { 0 }, { 0 } },
	{ "SPAMTRAP|<>", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "SPAMTRAP|", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "SPAMTRAP", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "GREY", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "GREY|192.0.2.7", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "BLACK|192.0.2.7|1", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "TRAPPED|mx|500", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "TRAPPED|192.0.2.9|", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "TRAPPED|192.0.2.9|5x", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "TRAPPED|192.0.2.9|999999999999", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ MAIL "|100|1600|14500|3", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "GREY|192.0.2.7|h|<a@b>|1|2|3|1|0", FOREIGN_BAD, NULL, { 0 },
	    { 0 } },
	{ "WHITE|192.0.2.8|||100|200|300|2", FOREIGN_BAD, NULL, { 0 }, { 0 } },
	{ "WHITE|192.0.2.8|x||100|200|300|2|1", FOREIGN_BAD, NULL, { 0 },
	    { 0 } },
	{ "GREY|192.0.2.7|" X1000 X1000 X1000 "|<a>|<b>|1|2|3|1|0",
	    FOREIGN_BAD, NULL, { 0 }, { 0 } },
};

static void
lines_of_spamdb(void **state)
{
	struct ctl_row	 r;
	const char	*why;
	size_t		 i;

	for (i = 0; i < sizeof(spamdb_lines) / sizeof(spamdb_lines[0]); i++) {
		if (spamdb_line(&spamd, spamdb_lines[i].line, &r, &why) !=
		    spamdb_lines[i].want)
			fail_msg("%s", spamdb_lines[i].line);
		if (spamdb_lines[i].key == NULL)
			continue;
		assert_string_equal(r.key, spamdb_lines[i].key);
		assert_memory_equal(&r.row.tuple, &spamdb_lines[i].tuple,
		    sizeof(r.row.tuple));
		assert_memory_equal(&r.row.client, &spamdb_lines[i].client,
		    sizeof(r.row.client));
	}
	/* The same mail, told by its network. */
	assert_int_equal(spamdb_line(&postgrey, MAIL "|100|1600|14500|3|0",
	    &r, &why), FOREIGN_ROW);
	assert_string_equal(r.key, "192.0.2.0/joe@example.net/a@b");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(tuples_of_postgrey),
		cmocka_unit_test(clients_of_postgrey),
		cmocka_unit_test(databases_follow_one_another),
		cmocka_unit_test(lines_of_spamdb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

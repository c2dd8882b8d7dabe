/* SPDX-License-Identifier: ISC */
/*
 * What a milter can ask libmilter for: which packet comes of it, and when it
 * may not.
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

#include "guest_rig.h"

#define S(s)	((char *)(uintptr_t)(s))

static char		 long_text[70000];

static int	add(SMFICTX *c) { return smfi_addheader(c, S("A"), S("b")); }
static int	add_empty(SMFICTX *c) { return smfi_addheader(c, S("A"), S("")); }
static int	add_0(SMFICTX *c) { return smfi_addheader(c, NULL, S("b")); }
static int	add_1(SMFICTX *c) { return smfi_addheader(c, S(""), S("b")); }
static int	add_2(SMFICTX *c) { return smfi_addheader(c, S("A"), NULL); }
static int	add_long(SMFICTX *c) {
	return smfi_addheader(c, S("A"), long_text); }
static int	ins(SMFICTX *c) { return smfi_insheader(c, 1, S("A"), S("b")); }
static int	ins_0(SMFICTX *c) { return smfi_insheader(c, -1, S("A"), S("b")); }
static int	ins_1(SMFICTX *c) { return smfi_insheader(c, 0, S(""), S("b")); }
static int	ins_2(SMFICTX *c) { return smfi_insheader(c, 0, S("A"), NULL); }
static int	chg(SMFICTX *c) { return smfi_chgheader(c, S("A"), 2, S("b")); }
static int	chg_del(SMFICTX *c) { return smfi_chgheader(c, S("A"), 0, NULL); }
static int	chg_0(SMFICTX *c) { return smfi_chgheader(c, S("A"), -1, S("b")); }
static int	chg_1(SMFICTX *c) { return smfi_chgheader(c, NULL, 1, S("b")); }
static int	body(SMFICTX *c) {
	return smfi_replacebody(c, (unsigned char *)S("x\n"), 2); }
static int	body_none(SMFICTX *c) { return smfi_replacebody(c, NULL, 0); }
static int	body_0(SMFICTX *c) { return smfi_replacebody(c, NULL, 1); }
static int	body_1(SMFICTX *c) {
	return smfi_replacebody(c, (unsigned char *)S("x"), -1); }
static int	rcpt(SMFICTX *c) { return smfi_addrcpt(c, S("<a@b>")); }
static int	rcpt_0(SMFICTX *c) { return smfi_addrcpt(c, S("")); }
static int	rcpt_1(SMFICTX *c) { return smfi_addrcpt(c, NULL); }
static int	par(SMFICTX *c) {
	return smfi_addrcpt_par(c, S("<a>"), S("NOTIFY=NEVER")); }
static int	par_none(SMFICTX *c) { return smfi_addrcpt_par(c, S("<a>"), NULL); }
static int	par_0(SMFICTX *c) { return smfi_addrcpt_par(c, NULL, S("x")); }
static int	del(SMFICTX *c) { return smfi_delrcpt(c, S("<a>")); }
static int	del_0(SMFICTX *c) { return smfi_delrcpt(c, NULL); }
static int	from(SMFICTX *c) { return smfi_chgfrom(c, S("<a>"), S("SIZE=1")); }
static int	from_none(SMFICTX *c) { return smfi_chgfrom(c, S("<a>"), NULL); }
static int	from_0(SMFICTX *c) { return smfi_chgfrom(c, NULL, NULL); }
static int	quar(SMFICTX *c) { return smfi_quarantine(c, S("odd")); }
static int	quar_0(SMFICTX *c) { return smfi_quarantine(c, S("")); }
static int	quar_1(SMFICTX *c) { return smfi_quarantine(c, NULL); }
static int	progress(SMFICTX *c) { return smfi_progress(c); }

/* packet NULL: MI_FAILURE; flag 0: needs none, and may come at any time. */
static const struct {
	int		(*call)(SMFICTX *);
	unsigned long	  flag;
	const char	 *packet;
	size_t		  len;
} calls[] = {
#define P(p)	p, sizeof(p) - 1
	{ add, SMFIF_ADDHDRS, P("hA\0b\0") },
	{ add_empty, SMFIF_ADDHDRS, P("hA\0\0") },
	{ add_0, SMFIF_ADDHDRS, NULL, 0 },
	{ add_1, SMFIF_ADDHDRS, NULL, 0 },
	{ add_2, SMFIF_ADDHDRS, NULL, 0 },
	{ add_long, SMFIF_ADDHDRS, NULL, 0 },
	{ ins, SMFIF_ADDHDRS, P("i\0\0\0\1A\0b\0") },
	{ ins_0, SMFIF_ADDHDRS, NULL, 0 },
	{ ins_1, SMFIF_ADDHDRS, NULL, 0 },
	{ ins_2, SMFIF_ADDHDRS, NULL, 0 },
	{ chg, SMFIF_CHGHDRS, P("m\0\0\0\2A\0b\0") },
	{ chg_del, SMFIF_CHGHDRS, P("m\0\0\0\0A\0\0") },
	{ chg_0, SMFIF_CHGHDRS, NULL, 0 },
	{ chg_1, SMFIF_CHGHDRS, NULL, 0 },
	{ body, SMFIF_CHGBODY, P("bx\n") },
	{ body_none, SMFIF_CHGBODY, P("b") },
	{ body_0, SMFIF_CHGBODY, NULL, 0 },
	{ body_1, SMFIF_CHGBODY, NULL, 0 },
	{ rcpt, SMFIF_ADDRCPT, P("+<a@b>\0") },
	{ rcpt_0, SMFIF_ADDRCPT, NULL, 0 },
	{ rcpt_1, SMFIF_ADDRCPT, NULL, 0 },
	{ par, SMFIF_ADDRCPT_PAR, P("2<a>\0NOTIFY=NEVER\0") },
	{ par_none, SMFIF_ADDRCPT_PAR, P("2<a>\0") },
	{ par_0, SMFIF_ADDRCPT_PAR, NULL, 0 },
	{ del, SMFIF_DELRCPT, P("-<a>\0") },
	{ del_0, SMFIF_DELRCPT, NULL, 0 },
	{ from, SMFIF_CHGFROM, P("e<a>\0SIZE=1\0") },
	{ from_none, SMFIF_CHGFROM, P("e<a>\0") },
	{ from_0, SMFIF_CHGFROM, NULL, 0 },
	{ quar, SMFIF_QUARANTINE, P("qodd\0") },
	{ quar_0, SMFIF_QUARANTINE, NULL, 0 },
	{ quar_1, SMFIF_QUARANTINE, NULL, 0 },
	{ progress, 0, P("p") },
#undef P
};
#define NCALLS	(sizeof(calls) / sizeof(calls[0]))

static size_t		 current;
static char		 when;

static sfsistat
do_call(SMFICTX *ctx, char command)
{
	if (command == when)
		guest_note(" %d", calls[current].call(ctx));
	return SMFIS_CONTINUE;
}

static void
converse(char at, unsigned long actions)
{
	const char	*p;

	assert_int_equal(guest_begin(NULL), 0);
	guest_does = do_call;
	guest_actions = actions;
	when = at;
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	for (p = "MB"; *p != '\0'; p++) {
		guest_command(*p);
		if (*p == at && calls[current].flag == 0)
			assert_int_equal(guest_hear(), 'p');
		assert_int_equal(guest_hear(), 'c');
	}
	(void)guest_called();
	guest_command('E');
}

static void
test_packets(void **state)
{
	const char	*packet;

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (current = 0; current < NCALLS; current++) {
		converse('E', calls[current].flag);
		if ((packet = calls[current].packet) != NULL) {
			assert_int_equal(guest_hear(), packet[0]);
			assert_int_equal(guest_len, calls[current].len - 1);
			assert_memory_equal(guest_heard, packet + 1, guest_len);
		}
		assert_int_equal(guest_hear(), 'c');
		assert_string_equal(guest_called(),
		    packet == NULL ? "eom -1" : "eom 0");
		(void)guest_calls();
	}
}

static void
test_not_negotiated(void **state)
{
	for (current = 0; current < NCALLS; current++) {
		if (calls[current].flag == 0)
			continue;
		converse('E', SMFI_CURR_ACTS & ~calls[current].flag);
		assert_int_equal(guest_hear(), 'c');
		assert_string_equal(guest_called(), "eom -1");
		(void)guest_calls();
	}
}

static void
test_not_at_the_end(void **state)
{
	for (current = 0; current < NCALLS; current++) {
		converse('B', SMFI_CURR_ACTS);
		assert_int_equal(guest_hear(), 'c');
		assert_string_equal(guest_calls(), calls[current].flag == 0 ?
		    "envfrom(<a>) body(c\r\n) 0 eom close" :
		    "envfrom(<a>) body(c\r\n) -1 eom close");
	}
}

static void
test_without_context(void **state)
{
	size_t	 i;

	for (i = 0; i < NCALLS; i++)
		assert_int_equal(calls[i].call(NULL), MI_FAILURE);
	assert_null(smfi_getpriv(NULL));
	assert_int_equal(smfi_setpriv(NULL, state), MI_FAILURE);
	assert_null(smfi_getsymval(NULL, S("i")));
	assert_int_equal(smfi_setreply(NULL, S("550"), NULL, S("x")), -1);
	assert_int_equal(smfi_setmlreply(NULL, "550", NULL, "x", NULL), -1);
}

static sfsistat
long_body(SMFICTX *ctx, char command)
{
	if (command == 'E')
		guest_note(" %d", smfi_replacebody(ctx,
		    (unsigned char *)long_text, 65536));
	return SMFIS_CONTINUE;
}

static void
test_long_body(void **state)
{
	current = 0;
	converse(0, SMFIF_CHGBODY);
	assert_int_equal(guest_hear(), 'c');
	guest_does = long_body;
	guest_command('M');
	assert_int_equal(guest_hear(), 'c');
	guest_command('E');
	assert_int_equal(guest_hear(), 'b');
	assert_int_equal(guest_len, 65535);
	assert_int_equal(guest_hear(), 'b');
	assert_int_equal(guest_len, 1);
	assert_int_equal(guest_hear(), 'c');
	(void)guest_calls();
}

/* Kept for the session, whatever becomes of messages. */
static sfsistat
keep_priv(SMFICTX *ctx, char command)
{
	static int	 thing;

	if (command == 'O')
		guest_note(" %d", smfi_setpriv(ctx, &thing));
	else
		guest_note(" %d", smfi_getpriv(ctx) == &thing);
	return SMFIS_CONTINUE;
}

static void
test_private(void **state)
{
	guest_does = keep_priv;
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	guest_command('M');
	assert_int_equal(guest_hear(), 'c');
	guest_command('A');
	guest_command('M');
	assert_int_equal(guest_hear(), 'c');
	assert_string_equal(guest_called(),
	    "0 envfrom(<a>) 1 abort 1 envfrom(<a>) 1");
}

/* Macros: asked for at each command, "x" by each of its names. */
static sfsistat
tell_macros(SMFICTX *ctx, char command)
{
	static const char *const	 names[] = { "i", "{i}", "{mail_addr}",
					    "j", "", "nix" };
	const char			*value;
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = smfi_getsymval(ctx, S(names[i]));
		guest_note(" %s", value == NULL ? "-" : value);
	}
	return SMFIS_CONTINUE;
}

static void
macros(const char *data, size_t len, char command, const char *want)
{
	guest_say('D', data, len);
	guest_command(command);
	assert_int_equal(guest_hear(), 'c');
	assert_string_equal(guest_called(), want);
}
#define MACROS(data, c, want)	macros(data, sizeof(data) - 1, c, want)

static void
test_macros(void **state)
{
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	guest_does = tell_macros;
	MACROS("Cj\0mx\0", 'C', "connect(mx,192.0.2.1,25) - - - mx - -");
	MACROS("Mi\0001\0{mail_addr}\0a\0", 'M', "envfrom(<a>) 1 1 a mx - -");
	MACROS("R{i}\0002\0", 'R', "envrcpt(<b>) 2 2 a mx - -");
	MACROS("R", 'R', "envrcpt(<b>) 2 2 a mx - -");
	MACROS("Rj\0my\0", 'R', "envrcpt(<b>) 1 1 a my - -");
	/* The end's number is lower than that of what comes before it. */
	MACROS("Ni\0003\0", 'N', "eoh 3 3 a my - -");
	MACROS("Ei\0004\0", 'E', "eom 4 4 a my - -");
	MACROS("Mi\0005\0", 'M', "envfrom(<a>) 5 5 - mx - -");
	MACROS("Hj\0\0", 'H', "abort 5 5 -  - - helo(client) - - -  - -");
}

static const struct {
	const char	*data;
	size_t		 len;
} broken[] = {
	{ "X", 1 }, { "Mi", 2 }, { "Mi\0", 3 }, { "Mi\0a", 4 },
	{ "Mi\0a\0j\0", 7 }, { "Li\0a\0", 5 }
};

static void
test_broken_macros(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(guest_begin(state), 0);
		guest_say('D', broken[i].data, broken[i].len);
		assert_int_equal(guest_hear(), 0);
		(void)guest_calls();
	}
	assert_int_equal(guest_begin(state), 0);
	guest_say('D', "", 0);
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	(void)guest_calls();
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, guest_begin, guest_end)
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_not_negotiated),
		cmocka_unit_test(test_not_at_the_end),
		cmocka_unit_test(test_without_context),
		cmocka_unit_test(test_long_body),
		TEST(test_private),
		TEST(test_macros),
		cmocka_unit_test(test_broken_macros)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

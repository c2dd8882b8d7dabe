/* SPDX-License-Identifier: ISC */
/*
 * libmilter's sessions: which callback comes when, and what is answered for
 * what it returns.
 */

#include <sys/types.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guest_rig.h"
#include "logged.h"

#define WHOLE	"Cc Hc Mc Rc Tc Lc Nc Bc "
#define CALLED	"connect(mx,192.0.2.1,25) helo(client) envfrom(<a>) " \
		"envrcpt(<b>) data header(A,b) eoh body(c\r\n) "

/*
 * said: commands, each with the letters of the answers to it, "!" for a
 * hang-up.  returns: command and SMFIS_*; what isn't there returns CONTINUE.
 */
static const struct {
	const char	*what, *said, *returns, *calls;
	unsigned long	 protocol;
} cases[] = {
	{ "a message", WHOLE "Ec Q!", "", CALLED "eom close", 0 },
	{ "two of them", "Mc Rc Ec Mc Rc Ec", "",
	    "envfrom(<a>) envrcpt(<b>) eom envfrom(<a>) envrcpt(<b>) eom close",
	    0 },
	{ "gone before MAIL", "Cc Hc", "",
	    "connect(mx,192.0.2.1,25) helo(client) close", 0 },
	{ "gone after MAIL", "Mc", "", "envfrom(<a>) abort close", 0 },
	{ "QUIT after MAIL", "Mc Q!", "", "envfrom(<a>) abort close", 0 },
	{ "gone in the body", WHOLE, "", CALLED "abort close", 0 },
	{ "ABORT", "Mc A Mc Rc Ec", "", "envfrom(<a>) abort envfrom(<a>) "
	    "envrcpt(<b>) eom close", 0 },
	{ "ABORT of nothing", "Hc A A", "", "helo(client) close", 0 },
	{ "MAIL within a message", "Mc Mc", "",
	    "envfrom(<a>) abort envfrom(<a>) abort close", 0 },
	{ "HELO within a message", "Mc Hc", "",
	    "envfrom(<a>) abort helo(client) close", 0 },
	{ "sender refused", "Mr Mr", "M1",
	    "envfrom(<a>) envfrom(<a>) close", 0 },
	{ "sender deferred", "Mt", "M4", "envfrom(<a>) close", 0 },
	{ "sender discarded", "Md", "M2", "envfrom(<a>) close", 0 },
	{ "sender accepted", "Ma", "M3", "envfrom(<a>) close", 0 },
	{ "recipient refused", "Mc Rr Rr", "R1",
	    "envfrom(<a>) envrcpt(<b>) envrcpt(<b>) abort close", 0 },
	{ "recipient deferred", "Mc Rt", "R4",
	    "envfrom(<a>) envrcpt(<b>) abort close", 0 },
	{ "recipient discarded", "Mc Rd", "R2",
	    "envfrom(<a>) envrcpt(<b>) abort close", 0 },
	{ "recipient accepted", "Mc Ra", "R3",
	    "envfrom(<a>) envrcpt(<b>) close", 0 },
	{ "DATA refused", "Mc Tr A", "T1", "envfrom(<a>) data close", 0 },
	{ "field refused", "Mc Lr A", "L1",
	    "envfrom(<a>) header(A,b) close", 0 },
	{ "header accepted", "Mc Na", "N3", "envfrom(<a>) eoh close", 0 },
	{ "body discarded", "Mc Bd", "B2",
	    "envfrom(<a>) body(c\r\n) close", 0 },
	{ "message refused", "Mc Er", "E1", "envfrom(<a>) eom close", 0 },
	{ "message deferred", "Mc Et", "E4", "envfrom(<a>) eom close", 0 },
	{ "client refused", "Cr Hc", "C1",
	    "connect(mx,192.0.2.1,25) helo(client) close", 0 },
	{ "client accepted", "Ca", "C3", "connect(mx,192.0.2.1,25) close", 0 },
	{ "HELO deferred", "Ht", "H4", "helo(client) close", 0 },
	{ "unknown command", "Mc Uc Rc", "",
	    "envfrom(<a>) unknown(WHAT) envrcpt(<b>) abort close", 0 },
	{ "unknown command refused", "Mc Ur Rc", "U1",
	    "envfrom(<a>) unknown(WHAT) envrcpt(<b>) abort close", 0 },
	{ "SKIP", "Mc Bs Ec", "B8", "envfrom(<a>) body(c\r\n) eom close",
	    SMFIP_SKIP },
	{ "SKIP, not negotiated", "Mc Bc Ec", "B8",
	    "envfrom(<a>) body(c\r\n) eom close", 0 },
	{ "no reply", "C H M R T L N B U Ec", "C7H7M7R7T7L7N7B7U7", CALLED
	    "unknown(WHAT) eom close", SMFIP_NR_CONN | SMFIP_NR_HELO |
	    SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR |
	    SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN },
	{ "no reply, not negotiated", "Cc Mc", "C7M7",
	    "connect(mx,192.0.2.1,25) envfrom(<a>) abort close", 0 },
	{ "no reply, returns one", "M R Ec", "M1R4",
	    "envfrom(<a>) envrcpt(<b>) eom close",
	    SMFIP_NR_MAIL | SMFIP_NR_RCPT },
	{ "a value that is none", "M!", "M9", "envfrom(<a>) abort close", 0 },
	{ "RCPT without MAIL", "R!", "", "close", 0 },
	{ "RCPT after a refused sender", "Mr R!", "M1", "envfrom(<a>) close",
	    0 },
	{ "header after the end", "Mc Ec L!", "", "envfrom(<a>) eom close",
	    0 },
	{ "a command that is none", "Z!", "", "close", 0 },
	{ "negotiated again", "Mc O!", "", "envfrom(<a>) abort close", 0 }
};

/* Without MAIL being sent. */
static const struct {
	const char	*what, *said, *calls;
} mailless[] = {
	{ "recipient first", "Rc Ec", "envrcpt(<b>) eom close" },
	{ "gone after it", "Rc", "envrcpt(<b>) abort close" },
	{ "end first", "Ec Ec", "eom eom close" }
};

static const char	*returns;

static sfsistat
as_told(SMFICTX *ctx, char command)
{
	const char	*r = strchr(returns, command);

	return r == NULL ? SMFIS_CONTINUE : r[1] - '0';
}

static void
play(const char *said)
{
	const char	*p;

	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	for (p = said; *p != '\0'; p++) {
		if (isupper((unsigned char)*p))
			guest_command(*p);
		else if (*p == '!')
			assert_int_equal(guest_hear(), 0);
		else if (*p != ' ')
			assert_int_equal(guest_hear(), *p);
	}
}

static void
test_states(void **state)
{
	const char	*calls;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(guest_begin(state), 0);
		guest_does = as_told;
		returns = cases[i].returns;
		guest_protocol = cases[i].protocol;
		play(cases[i].said);
		calls = guest_calls();
		if (strcmp(calls, cases[i].calls) != 0) {
			print_error("%s\n", cases[i].what);
			assert_string_equal(calls, cases[i].calls);
		}
	}
}

static void
test_without_mail(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(mailless) / sizeof(mailless[0]); i++) {
		assert_int_equal(guest_begin(state), 0);
		guest_protocol = SMFIP_NOMAIL;
		play(mailless[i].said);
		assert_string_equal(guest_calls(), mailless[i].calls);
	}
}

/* Client addresses: data of SMFIC_CONNECT, and the call. */
static const struct {
	const char	*data;
	size_t		 len;
	const char	*call;		/* NULL: hung up */
} clients[] = {
#define C(data, call)	{ data, sizeof(data) - 1, call }
	C("mx\0004\0\031192.0.2.1\0", "connect(mx,192.0.2.1,25)"),
	C("mx\0006\1\0\0", NULL),
	C("mx\0006\1\1" "2001:db8::1\0", "connect(mx,2001:db8::1,257)"),
	C("mx\0006\1\1" "IPv6:2001:db8::1\0", "connect(mx,2001:db8::1,257)"),
	C("mx\0L\0\0/run/x\0", "connect(mx,/run/x,-1)"),
	C("mx\0U", "connect(mx,-,-1)"),
	C("\0U", "connect(,-,-1)"),
	C("mx\0", NULL),
	C("mx", NULL),
	C("mx\0004\0", NULL),
	C("mx\0004\0\031192.0.2.1", NULL),
	C("mx\0004\0\031192.0.2.x\0", NULL),
	C("mx\0X\0\031192.0.2.1\0", NULL),
#undef C
};

static void
test_clients(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		assert_int_equal(guest_begin(state), 0);
		play("");
		guest_say('C', clients[i].data, clients[i].len);
		assert_int_equal(guest_hear(),
		    clients[i].call == NULL ? 0 : 'c');
		if (clients[i].call != NULL)
			assert_string_equal(guest_called(), clients[i].call);
		(void)guest_calls();
	}
}

static void
test_arguments(void **state)
{
	play("");
	guest_say('M', "<a@b>\0SIZE=1\0BODY=8BITMIME\0", 27);
	assert_int_equal(guest_hear(), 'c');
	assert_string_equal(guest_called(), "envfrom(<a@b>,SIZE=1,BODY=8BITMIME)");
	guest_say('L', "Subject\0\n a\0", 12);
	assert_int_equal(guest_hear(), 'c');
	assert_string_equal(guest_called(), "header(Subject,\n a)");
	guest_say('R', "", 0);
	assert_int_equal(guest_hear(), 0);
}

/* More than one read, and several at once. */
static void
test_pieces(void **state)
{
	static char	 body[65535];
	int		 i;

	memset(body, 'x', sizeof(body));
	play("Mc");
	for (i = 0; i < 20; i++)
		guest_say('B', body, sizeof(body));
	guest_command('E');
	for (i = 0; i < 21; i++)
		assert_int_equal(guest_hear(), 'c');
}

static void
test_too_long(void **state)
{
	play("");
	guest_say('\377', "\377\377\377\377", 4);
	assert_int_equal(guest_hear(), 0);
}

/* No word of negotiation, and not even that. */
static void
test_alone(void **state)
{
	assert_string_equal(guest_calls(), "close");
}

static sfsistat
lists(SMFICTX *ctx, char command)
{
	static char	 i[] = "i", two[] = "{mail_addr} i";

	guest_note(" %d", smfi_setsymlist(ctx, SMFIM_ENVFROM, two));
	guest_note(" %d", smfi_setsymlist(ctx, SMFIM_ENVFROM, i));
	guest_note(" %d", smfi_setsymlist(ctx, -1, i));
	guest_note(" %d", smfi_setsymlist(ctx, 7, i));
	guest_note(" %d", smfi_setsymlist(ctx, 0, NULL));
	guest_note(" %d", smfi_setsymlist(NULL, 0, i));
	guest_note(" %d", smfi_setsymlist(ctx, SMFIM_EOH, i));
	return SMFIS_CONTINUE;
}

static void
test_negotiation(void **state)
{
	static const char	 wants[] = "\0\0\0\6\0\0\1\377\0\20\0\200"
				    "\0\0\0\2{mail_addr} i\0\0\0\0\6i";

	guest_does = lists;
	guest_protocol = SMFIP_NR_HDR | SMFIP_HDR_LEADSPC;
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	assert_int_equal(guest_len, sizeof(wants));
	assert_memory_equal(guest_heard, wants, sizeof(wants));
	assert_string_equal(guest_called(), "0 -1 -1 -1 -1 -1 0");
	guest_command('H');
	assert_int_equal(guest_hear(), 'c');
	assert_string_equal(guest_called(),
	    "helo(client) -1 -1 -1 -1 -1 -1 -1");
}

static void
test_no_agreement(void **state)
{
	guest_agrees = SMFIS_REJECT;
	guest_command('O');
	assert_int_equal(guest_hear(), 0);
	assert_string_equal(guest_calls(), "close");
	assert_string_equal(logged, "test: xxfi_negotiate returned 1");
	assert_int_equal(warnings, 1);
}

/* All options: what has a callback is sent, as xxfi_negotiate never ran. */
static void
test_all_options(void **state)
{
	guest_agrees = SMFIS_ALL_OPTS;
	guest_protocol = SMFIP_NOCONNECT;
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	assert_memory_equal(guest_heard, "\0\0\0\6\0\0\1\377\0\0\4\0", 12);
}

#define OLD	"\0\0\0\2\0\0\0\77\0\0\0\177"

/* An MTA of old: what may be wanted without being offered is left out. */
static void
test_old_mta(void **state)
{
	guest_actions = SMFI_V2_ACTS;
	guest_protocol = SMFIP_NODATA | SMFIP_NR_BODY | SMFIP_NOHELO;
	guest_say('O', OLD, 12);
	assert_int_equal(guest_hear(), 'O');
	assert_memory_equal(guest_heard, "\0\0\0\2\0\0\0\77\0\0\0\2", 12);
}

static void
test_too_old_mta(void **state)
{
	guest_actions = SMFI_V2_ACTS;
	guest_protocol = SMFIP_HDR_LEADSPC;
	guest_say('O', OLD, 12);
	assert_int_equal(guest_hear(), 0);
	assert_int_equal(warnings, 1);
}

static void
test_broken_offers(void **state)
{
	size_t	 len;

	for (len = 0; len < 12; len++) {
		assert_int_equal(guest_begin(state), 0);
		guest_say('O', OLD, len);
		assert_int_equal(guest_hear(), 0);
		(void)guest_calls();
	}
}

static void
test_few_callbacks(void **state)
{
	struct smfiDesc	 few = { .xxfi_version = 4, .xxfi_flags = 0x11 };

	assert_int_equal(smfi_register(few), MI_SUCCESS);
	guest_command('O');
	assert_int_equal(guest_hear(), 'O');
	assert_memory_equal(guest_heard, "\0\0\0\6\0\0\0\21\0\0\3\177", 12);
	/* Without MAIL, the first of what is wanted begins a message. */
	guest_command('E');
	assert_int_equal(guest_hear(), 'c');
	guest_command('Q');
	assert_int_equal(guest_hear(), 0);
	guest_register();
	guest_hang_up();
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, guest_begin, guest_end)
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_without_mail),
		cmocka_unit_test(test_clients),
		TEST(test_arguments),
		TEST(test_pieces),
		TEST(test_too_long),
		TEST(test_alone),
		TEST(test_negotiation),
		TEST(test_no_agreement),
		TEST(test_all_options),
		TEST(test_old_mta),
		TEST(test_too_old_mta),
		cmocka_unit_test(test_broken_offers),
		cmocka_unit_test_setup(test_few_callbacks, guest_begin)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

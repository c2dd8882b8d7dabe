/* SPDX-License-Identifier: ISC */
/*
 * Both sides of the milter protocol: what filter-milter says of a session, and
 * what a milter on libmilter then knows of it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "command.h"
#include "engine.h"
#include "guest_rig.h"
#include "macro.h"
#include "milter_client.h"
#include "terms.h"

static struct shared	 shared;
static struct rich	 rich;
static struct bytes	 out;

static int
begin(void **state)
{
	memset(&shared, 0, sizeof(shared));
	engine.channel.sh = &shared;
	rich_begin(&rich);
	return guest_begin(state);
}

static int
end(void **state)
{
	client_end(&rich.c);
	return guest_end(state);
}

/* All packets in out: the last is answered by this letter. */
static void
say(char answer)
{
	struct packet	 p;
	const char	*data;
	size_t		 n;

	for (; out.len > 0; bytes_drop(&out, n)) {
		data = out.data + out.off;
		n = packet_frame(data, out.len);
		assert_in_range(n, 5, out.len);
		packet_open(data, n, &p);
		guest_say(p.command, p.data, p.len);
	}
	assert_int_equal(guest_hear(), answer);
}

static void
agree(void)
{
	struct terms	 offer, t;
	struct packet	 p = { SMFIC_OPTNEG, guest_heard, 0 };

	terms_offer(&offer, 6);
	assert_int_equal(terms_put(&out, &offer), 0);
	say(SMFIC_OPTNEG);
	p.len = guest_len;
	assert_null(terms_take(&t, &p, &offer));
	assert_int_equal(t.version, 6);
	assert_true(t.actions == guest_actions);
	assert_true(t.protocol == guest_protocol);
	terms_free(&t);
}

static void
macros(int stage, char command)
{
	assert_int_equal(macro_packet(&out, &rich.c, stage, command, NULL), 0);
}

/* What it wants to know depends on the command. */
static sfsistat
know(SMFICTX *ctx, char command)
{
	static char	 names[][24] = { "CHME_", "CHMEj", "HME{tls_version}",
			    "MRTNEi", "MEr", "ME{auth_type}", "ME{auth_author}",
			    "RE{rcpt_addr}", "E{mail_host}", "E{client_addr}",
			    "E{msg_id}" };
	char		*name, *value;
	size_t		 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		name = names[i] + strspn(names[i], "CHMRTNE");
		if (memchr(names[i], command, (size_t)(name - names[i])) ==
		    NULL)
			continue;
		value = smfi_getsymval(ctx, name);
		guest_note(" %s", value != NULL ? value : "-");
	}
	return SMFIS_CONTINUE;
}

static void
a_session_is_known_as_it_is(void **state)
{
	guest_does = know;
	agree();
	macros(SMFIM_CONNECT, SMFIC_CONNECT);
	assert_int_equal(command_connect(&out, &rich.c), 0);
	say(SMFIR_CONTINUE);
	assert_string_equal(guest_called(),
	    "connect(mx.example.net,203.0.113.5,54321) "
	    "mx.example.net [203.0.113.5] mail.example.org");
	macros(SMFIM_HELO, SMFIC_HELO);
	assert_int_equal(command_helo(&out, rich.s.helo), 0);
	say(SMFIR_CONTINUE);
	assert_string_equal(guest_called(), "helo(gate.example.net) "
	    "mx.example.net [203.0.113.5] mail.example.org TLSv1.3");
	rich_mail(&rich);
	macros(SMFIM_ENVFROM, SMFIC_MAIL);
	assert_int_equal(command_mail(&out, &rich.c), 0);
	say(SMFIR_CONTINUE);
	assert_string_equal(guest_called(), "envfrom(<joe@example.net>,"
	    "SIZE=100,AUTH=jo+3De@example.net) mx.example.net [203.0.113.5] "
	    "mail.example.org TLSv1.3 a09900fcd597c84e ESMTPSA PLAIN "
	    "jo+3De@example.net");
	rich_rcpt(&rich);
	macros(SMFIM_ENVRCPT, SMFIC_RCPT);
	assert_int_equal(command_rcpt(&out, &rich.c), 0);
	say(SMFIR_CONTINUE);
	assert_string_equal(guest_called(), "envrcpt(<\"a@b\"@example.org>) "
	    "0badc0de \"a@b\"@example.org");
}

static void
a_message_is_known_as_it_is(void **state)
{
	agree();
	rich_mail(&rich);
	assert_int_equal(command_mail(&out, &rich.c), 0);
	say(SMFIR_CONTINUE);
	rich_rcpt(&rich);
	macros(SMFIM_ENVRCPT, SMFIC_RCPT);
	assert_int_equal(command_rcpt(&out, &rich.c), 0);
	say(SMFIR_CONTINUE);
	assert_int_equal(command_header(&out, "X", 1, " a\n\tb", 5, 0), 0);
	say(SMFIR_CONTINUE);
	assert_int_equal(command_header(&out, "X", 1, " a", 2, 1), 0);
	say(SMFIR_CONTINUE);
	(void)guest_called();
	guest_does = know;
	macros(SMFIM_EOM, SMFIC_BODYEOB);
	assert_int_equal(packet_put(&out, SMFIC_BODYEOB, NULL, 0), 0);
	say(SMFIR_CONTINUE);
	/* Of stages that were not, nothing is known. */
	assert_string_equal(guest_called(), "eom - - - 0badc0de - - - "
	    "\"a@b\"@example.org - - -");
	assert_string_equal(guest_calls(), "envfrom(<joe@example.net>,"
	    "SIZE=100,AUTH=jo+3De@example.net) "
	    "envrcpt(<\"a@b\"@example.org>) header(X,a\n\tb) header(X, a) "
	    "eom - - - 0badc0de - - - \"a@b\"@example.org - - - close");
}

static const struct {
	const char	*src;
	int		 local;
	const char	*called;
} clients[] = {
	{ "[2001:db8::1]:25", 0,
	    "connect([IPv6:2001:db8::1],2001:db8::1,25)" },
	{ "192.0.2.1:25", 0, "connect([192.0.2.1],192.0.2.1,25)" },
	{ "local", 1, "connect(localhost,127.0.0.1,0)" },
	{ "?", 0, "connect(unknown,-,-1)" },
};

static void
clients_have_addresses_of_all_kinds(void **state)
{
	struct session	 s;
	struct client	 c = { .s = &s };
	size_t		 i;

	agree();
	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		memset(&s, 0, sizeof(s));
		(void)addr_parse(&s.src, clients[i].src);
		s.local = clients[i].local;
		assert_int_equal(command_connect(&out, &c), 0);
		say(SMFIR_CONTINUE);
		assert_string_equal(guest_called(), clients[i].called);
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(a_session_is_known_as_it_is),
		TEST(a_message_is_known_as_it_is),
		TEST(clients_have_addresses_of_all_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * What becomes of wishes that smtpd can't grant: each of them does what its
 * key says, or is in the log.
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

#include "inject.h"
#include "mail.h"
#include "message.h"
#include "message_engine.h"
#include "settle.h"

#define MSG	"Subject: x\n\nbody\n"

/* What would be around it. */
static int	 dry_run, server_set, copies, copy_fails;
static char	 said[4096], copy[512];

void
filter_log(const struct session *s, const char *fmt, ...)
{
	size_t	 n = strlen(said);
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	n = strlen(said);
	(void)snprintf(said + n, sizeof(said) - n, "\n");
}

int
filter_dry_run(void)
{
	return dry_run;
}

const char *
inject_server(const char *where)
{
	server_set = 1;
	return NULL;
}

int
inject_set(void)
{
	return server_set;
}

struct inject *
inject_new(uint64_t session, const char *from, char *const *rcpt,
    size_t nrcpt, struct message *m)
{
	copies++;
	(void)snprintf(copy, sizeof(copy), "%llx from=%s n=%zu to=%s",
	    (unsigned long long)session, from, nrcpt, rcpt[nrcpt - 1]);
	return copy_fails ? NULL : (struct inject *)copy;
}

static char		 sender[] = "from@b";
static char		 rcpt[3][4] = { "a@b", "c@d", "e@f" };
static char		*rcpts[] = { rcpt[0], rcpt[1], rcpt[2] };
static struct tx	 tx = { .from = sender, .rcpt = rcpts, .nrcpt = 3 };
static struct session	 session = { .id = 0xabc, .tx = &tx };

static void
option(const char *assignment)
{
	const struct key *const	 tables[] = { settle_keys, NULL };
	static char		 kept[16][64], name[] = "t", o[] = "-o";
	static unsigned int	 n;
	char			*argv[] = { name, o, kept[n++ % 16] };

	(void)snprintf(argv[2], sizeof(kept[0]), "%s", assignment);
	assert_int_equal(options_parse(tables, "", 3, argv, NULL), 0);
}

static int
setup(void **state)
{
	option("discard=reject");
	option("quarantine=junk");
	dry_run = server_set = copies = copy_fails = 0;
	said[0] = copy[0] = '\0';
	return 0;
}

static void
wish(struct wishes *w, char command, const char *text)
{
	struct change	 c = { .command = command, .name = text,
			    .value = "" };

	assert_int_equal(wishes_take(w, &c), 0);
}

static int		 discarded;

/* What settle_message() says, and makes of the message. */
static void
settled_is(struct wishes *w, enum settled want, const char *out)
{
	struct message	*m = mail_new(MSG);
	char		 got[1024];
	const char	*p;
	size_t		 len, n = 0;

	said[0] = '\0';
	assert_int_equal(settle_message(&session, m, w, discarded), want);
	while ((p = message_next(m, 1000, &len)) != NULL) {
		assert_true(n + len + 1 < sizeof(got));
		memcpy(got + n, p, len);
		n += len;
		got[n++] = '\n';
	}
	got[n] = '\0';
	assert_string_equal(got, out);
	message_free(m);
}

static void
without_wishes_nothing_happens(void **state)
{
	struct wishes	 w = { .added = NULL };
	struct inject	*in = (struct inject *)copy;

	settled_is(&w, SETTLED_ACCEPT, MSG);
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_null(in);
	assert_string_equal(said, "");
}

static void
quarantine_is_as_the_key_says(void **state)
{
	struct wishes	 w = { .added = NULL };

	wish(&w, 'q', "virus\n\tX-Evil: \303\244");
	settled_is(&w, SETTLED_JUNK, "X-Spam: Yes\n"
	    "X-Milter-Quarantine: virus??X-Evil: ??\n" MSG);
	assert_string_equal(said, "action=quarantine as=junk "
	    "reason=\"virus\\012\\011X-Evil: \\303\\244\"\n");
	option("quarantine=reject");
	settled_is(&w, SETTLED_REJECT, MSG);
	option("quarantine=tempfail");
	settled_is(&w, SETTLED_TEMPFAIL, MSG);
	assert_string_equal(said, "action=quarantine as=tempfail "
	    "reason=\"virus\\012\\011X-Evil: \\303\\244\"\n");
	option("quarantine=accept");
	settled_is(&w, SETTLED_ACCEPT, MSG);
	wishes_clear(&w);
}

static void
who_is_junk_twice_is_marked_once(void **state)
{
	struct wishes	 w = { .added = NULL };

	discarded = 1;
	settled_is(&w, SETTLED_JUNK, "X-Spam: Yes\n" MSG);
	wish(&w, 'q', "r");
	settled_is(&w, SETTLED_JUNK, "X-Spam: Yes\n"
	    "X-Milter-Quarantine: r\n" MSG);
	option("quarantine=reject");
	settled_is(&w, SETTLED_REJECT, MSG);
	discarded = 0;
	wishes_clear(&w);
}

static void
a_long_reason_is_cut(void **state)
{
	struct wishes	 w = { .added = NULL };
	char		 reason[1000], out[400];

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	wish(&w, 'q', reason);
	(void)snprintf(out, sizeof(out), "X-Spam: Yes\n"
	    "X-Milter-Quarantine: %.199s\n" MSG, reason);
	settled_is(&w, SETTLED_JUNK, out);
	wishes_clear(&w);
}

static void
removing_some_is_logged_removing_all_is_a_discard(void **state)
{
	struct wishes	 w = { .added = NULL };

	wish(&w, '-', "<A@B>");
	wish(&w, '-', "c@d");
	settled_is(&w, SETTLED_ACCEPT, MSG);
	assert_string_equal(said,
	    "action=ignore wish=remove to=A@B\n"
	    "action=ignore wish=remove to=c@d\n");
	wish(&w, '-', "e@f");
	settled_is(&w, SETTLED_REJECT, MSG);
	assert_string_equal(said,
	    "action=discard as=reject wish=remove-all\n");
	option("discard=junk");
	settled_is(&w, SETTLED_JUNK, "X-Spam: Yes\n" MSG);
	option("discard=accept");
	settled_is(&w, SETTLED_ACCEPT, MSG);
	wishes_clear(&w);
}

static void
the_stricter_of_two_counts(void **state)
{
	struct wishes	 w = { .added = NULL };
	size_t		 i;

	wish(&w, 'q', "r");
	for (i = 0; i < 3; i++)
		wish(&w, '-', rcpts[i]);
	settled_is(&w, SETTLED_REJECT,
	    "X-Milter-Quarantine: r\n" MSG);
	option("discard=accept");
	option("quarantine=tempfail");
	settled_is(&w, SETTLED_TEMPFAIL, MSG);
	option("discard=reject");
	settled_is(&w, SETTLED_REJECT, MSG);
	wishes_clear(&w);
}

static void
discard_is_as_the_key_says(void **state)
{
	const char	*text;

	assert_int_equal(settle_discard(&session, "inet:1@x y"),
	    SETTLED_REJECT);
	assert_string_equal(said,
	    "action=discard as=reject milter=inet:1@x\\040y\n");
	option("discard=tempfail");
	assert_int_equal(settle_discard(&session, "m"), SETTLED_TEMPFAIL);
	assert_int_equal(settle_code(SETTLED_REJECT, &text), 550);
	assert_int_equal(strncmp(text, "5.", 2), 0);
	assert_int_equal(settle_code(SETTLED_TEMPFAIL, &text), 451);
	assert_int_equal(strncmp(text, "4.", 2), 0);
}

static void
the_sink_is_an_address(void **state)
{
	static const char *const bad[] = {
		"sink", "<a@b>", "a b@c", "@b", "a@b\tc"
	};
	const struct key	*k;
	size_t			 i;

	for (k = settle_keys; strcmp(k->name, "discard-to") != 0; k++)
		;
	assert_null(settle_sink());
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(k->call(bad[i]));
	assert_null(settle_sink());
	option("discard-to=sink@localhost");
	assert_string_equal(settle_sink(), "sink@localhost");
}

static void
added_recipients_get_a_copy_or_a_line(void **state)
{
	struct wishes	 w = { .added = NULL };
	struct inject	*in;

	wish(&w, '+', "x@y");
	wish(&w, '+', "z@y");
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_null(in);
	assert_string_equal(said, "action=ignore wish=add to=x@y\n"
	    "action=ignore wish=add to=z@y\n");

	said[0] = '\0';
	option("inject=127.0.0.1:10025");
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_non_null(in);
	assert_string_equal(copy, "abc from=from@b n=2 to=z@y");
	wish(&w, 'e', "<>");
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_string_equal(copy, "abc from= n=2 to=z@y");
	assert_string_equal(said, "");

	copy_fails = 1;
	assert_int_equal(settle_copy(&session, NULL, &w, &in), -1);
	assert_null(in);
	copies = 0;
	dry_run = 1;
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_int_equal(copies, 0);
	assert_non_null(strstr(said, "wish=from"));
	wishes_clear(&w);
}

/* Nobody gets a mail twice, and who was no recipient can't be left out. */
static void
what_is_so_already_is_no_wish(void **state)
{
	struct wishes	 w = { .added = NULL };
	struct inject	*in;

	option("inject=127.0.0.1:10025");
	wish(&w, '+', "<A@b>");
	wish(&w, '-', "no@body");
	settled_is(&w, SETTLED_ACCEPT, MSG);
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_null(in);
	assert_string_equal(said, "");

	wish(&w, '-', "x@y");		/* then added: it is none yet */
	wish(&w, '+', "x@y");
	wish(&w, '+', "c@d");		/* then removed: it is one */
	wish(&w, '-', "c@d");
	settled_is(&w, SETTLED_ACCEPT, MSG);
	assert_string_equal(said, "action=ignore wish=remove to=c@d\n");
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_string_equal(copy, "abc from=from@b n=1 to=x@y");
	wishes_clear(&w);
}

/* There is nobody to send a copy to. */
static void
another_sender_is_a_line(void **state)
{
	struct wishes	 w = { .added = NULL };
	struct inject	*in;

	server_set = 1;
	wish(&w, 'e', "new@b");
	assert_int_equal(settle_copy(&session, NULL, &w, &in), 0);
	assert_int_equal(copies, 0);
	assert_string_equal(said, "action=ignore wish=from from=new@b\n");
	wishes_clear(&w);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest	 tests[] = {
		TEST(the_sink_is_an_address),
		TEST(without_wishes_nothing_happens),
		TEST(quarantine_is_as_the_key_says),
		TEST(who_is_junk_twice_is_marked_once),
		TEST(a_long_reason_is_cut),
		TEST(removing_some_is_logged_removing_all_is_a_discard),
		TEST(the_stricter_of_two_counts),
		TEST(discard_is_as_the_key_says),
		TEST(added_recipients_get_a_copy_or_a_line),
		TEST(what_is_so_already_is_no_wish),
		TEST(another_sender_is_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Copies for added recipients, against an SMTP server that says what it is
 * told to say.  Who is "no@" is refused, who is "later@" is deferred by the
 * first connection of a test.
 */

#include <sys/types.h>
#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "inject.h"
#include "mail.h"
#include "message.h"
#include "message_engine.h"
#include "peer.h"
#include "spool.h"

#define OK_EHLO	"250-mx\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 HELP\r\n"
#define MSG	"Message-ID:  <1@a>\nSubject: x\n\nbody\n.\n..dots\n"
#define SENT	"Message-ID:  <1@a>\r\nSubject: x\r\n\r\nbody\r\n..\r\n" \
		"...dots\r\n.\r\n"

/* What is said; NULL: as it should be; "": it hangs up there. */
struct play {
	const char	*greet, *ehlo, *mail, *data, *end;
	int		 early;		/* has it taken before it came */
	int		 slow_ms;
};

enum { GOOD, NO_8BIT, GREETS_NOT, BUSY, MUTE, HANGS_UP, REFUSES_MAIL,
	DEFERS_MAIL, REFUSES_DATA, REFUSES_END, DEFERS_END, NONSENSE, EARLY,
	SLOW };

static const struct play plays[] = {
	[GOOD] = { .greet = NULL },
	[NO_8BIT] = { .ehlo = "250 mx\r\n" },
	[GREETS_NOT] = { .greet = "" },
	[BUSY] = { .greet = "421 4.3.2 busy\r\n" },
	[MUTE] = { .ehlo = "" },
	[HANGS_UP] = { .end = "" },
	[REFUSES_MAIL] = { .mail = "550 5.7.1 not you\r\n" },
	[DEFERS_MAIL] = { .mail = "450-4.7.1 wait\r\n450 4.7.1 a bit\r\n" },
	[REFUSES_DATA] = { .data = "554 5.5.1 nobody\r\n" },
	[REFUSES_END] = { .end = "550 5.6.0 bad mail\r\n" },
	[DEFERS_END] = { .end = "451 4.3.0 disk\r\n" },
	[NONSENSE] = { .ehlo = "hello\r\n" },
	[EARLY] = { .early = 1 },
	[SLOW] = { .slow_ms = 60 },
};

/* Of both processes. */
static struct {
	int	 play[2];	/* the first one, and those behind it */
	int	 conns, open, open_max;
	size_t	 size;
	char	 heard[400000];
} *shared;

static struct peer	 peer;

static void
hear(const char *line)
{
	size_t	 len = strlen(line);

	if (shared->size + len < sizeof(shared->heard)) {
		memcpy(shared->heard + shared->size, line, len + 1);
		shared->size += len;
	}
}

static void
say(int fd, const char *text, const char *otherwise)
{
	if (text != NULL && *text == '\0') {
		(void)__sync_sub_and_fetch(&shared->open, 1);
		_exit(0);
	}
	peer_say(fd, text != NULL ? text : otherwise);
}

static int
line(FILE *f, char *buf, size_t size)
{
	if (fgets(buf, (int)size, f) == NULL)
		return 0;
	hear(buf);
	return 1;
}

static void
serve_data(int fd, FILE *f, const struct play *p)
{
	char	 buf[70000];

	say(fd, p->data, p->early ? "354 go on\r\n250 2.0.0 taken\r\n" :
	    "354 go on\r\n");
	if (p->data != NULL)
		return;
	while (line(f, buf, sizeof(buf)) && strcmp(buf, ".\r\n") != 0)
		;
	if (!p->early)
		say(fd, p->end, "250 2.0.0 taken\r\n");
}

static void
serve_command(int fd, FILE *f, const struct play *p, const char *buf, int first)
{
	if (strncmp(buf, "EHLO ", 5) == 0)
		say(fd, p->ehlo, OK_EHLO);
	else if (strncmp(buf, "MAIL FROM:<", 11) == 0)
		say(fd, p->mail, "250 2.1.0 fine\r\n");
	else if (strncmp(buf, "RCPT TO:<no@", 12) == 0)
		say(fd, "550 5.1.1 who?\r\n", NULL);
	else if (strncmp(buf, "RCPT TO:<later@", 15) == 0 && first)
		say(fd, "451 4.2.1 later\r\n", NULL);
	else if (strncmp(buf, "RCPT TO:<", 9) == 0)
		say(fd, "250 2.1.5 fine\r\n", NULL);
	else if (strcmp(buf, "DATA\r\n") == 0)
		serve_data(fd, f, p);
	else
		say(fd, "221 bye\r\n", NULL);
}

static void
serve(int fd, int n)
{
	int			 nth, open;
	FILE			*f = fdopen(fd, "r");
	const struct play	*p;
	char			 buf[1000];

	nth = __sync_fetch_and_add(&shared->conns, 1);
	p = &plays[shared->play[nth > 0]];
	open = __sync_add_and_fetch(&shared->open, 1);
	if (open > shared->open_max)
		shared->open_max = open;
	say(fd, p->greet, "220 mx ESMTP\r\n");
	while (line(f, buf, sizeof(buf))) {
		if (strcmp(buf, "QUIT\r\n") != 0)
			(void)usleep((unsigned int)p->slow_ms * 1000);
		serve_command(fd, f, p, buf, nth == 0);
	}
	(void)__sync_sub_and_fetch(&shared->open, 1);
}

static int
group_setup(void **state)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || peer_setup(state) == -1)
		return -1;
	peer_start_tcp(&peer, serve);
	assert_false(inject_set());
	assert_int_equal(inject_check(), 0);
	assert_non_null(inject_server("127.0.0.1"));
	assert_null(inject_server(peer.where));
	assert_true(inject_set());
	assert_int_equal(inject_check(), 0);
	inject_start(loop);
	inject_wait(10);
	return 0;
}

static int
setup(void **state)
{
	run_ms(20);
	memset(shared, 0, sizeof(*shared));
	warnings = 0;
	logged[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	return spool_memory() == 0 ? 0 : -1;
}

/* A copy of that message for these, NULL after the last. */
static void
inject(const char *text, const char *a, const char *b, const char *c)
{
	char		 list[3][32];
	char		*rcpt[] = { list[0], list[1], list[2] };
	struct message	*m = mail_new(text);
	struct inject	*in;

	(void)snprintf(list[0], sizeof(list[0]), "%s", a);
	(void)snprintf(list[1], sizeof(list[1]), "%s", b != NULL ? b : "");
	(void)snprintf(list[2], sizeof(list[2]), "%s", c != NULL ? c : "");
	in = inject_new(0xabc, "joe@b", rcpt,
	    (size_t)(1 + (b != NULL) + (c != NULL)), m);
	assert_non_null(in);
	message_free(m);
	inject_go(in);
	assert_memory_equal(logged, "0000000000000abc action=inject to=", 34);
}

/* Until a copy is delivered, or lost; then what was said to the server. */
static void
run_copy(const char *text, int first, int then, const char *a, const char *b,
    const char *c)
{
	int64_t	 end = now_ms() + 10000;

	shared->play[0] = first;
	shared->play[1] = then;
	inject(text, a, b, c);
	assert_string_equal(logged + strlen(logged) - 6, "=<1@a>");
	while (strstr(logged, "action=injected") == NULL &&
	    strstr(logged, "not delivered: to=x@b") == NULL && now_ms() < end)
		run_ms(5);
	run_ms(20);
}

#define FROM(args)	"EHLO localhost\r\nMAIL FROM:<joe@b>" args "\r\n"
#define TO(who)		"RCPT TO:<" who ">\r\n"

static void
a_copy_is_delivered(void **state)
{
	run_copy(MSG, GOOD, GOOD, "x@b", "y@b", NULL);
	assert_string_equal(shared->heard, FROM("") TO("x@b") TO("y@b")
	    "DATA\r\n" SENT "QUIT\r\n");
	assert_string_equal(logged,
	    "0000000000000abc action=injected rcpts=2 tries=1");
	assert_int_equal(warnings, 0);
}

static void
eight_bits_are_said_where_they_can_be(void **state)
{
	static const char	 text[] = "Message-ID: <1@a>\n\n\303\244\n";

	run_copy(text, GOOD, GOOD, "x@b", NULL, NULL);
	assert_non_null(strstr(shared->heard, FROM(" BODY=8BITMIME")));
	assert_non_null(strstr(shared->heard, "\n\r\n\303\244\r\n.\r\n"));
	(void)setup(NULL);
	run_copy(text, NO_8BIT, GOOD, "x@b", NULL, NULL);
	assert_non_null(strstr(shared->heard, FROM("") TO("x@b")));
	assert_non_null(strstr(shared->heard, "\n\r\n\303\244\r\n.\r\n"));
}

/* The others get it, at once, and only once. */
static void
each_recipient_is_another_matter(void **state)
{
	run_copy(MSG, GOOD, GOOD, "later@b", "no@b", "z@b");
	assert_string_equal(shared->heard,
	    FROM("") TO("later@b") TO("no@b") TO("z@b") "DATA\r\n" SENT
	    "QUIT\r\n"
	    FROM("") TO("later@b") "DATA\r\n" SENT "QUIT\r\n");
	assert_int_equal(warnings, 1);
	assert_string_equal(logged,
	    "0000000000000abc action=injected rcpts=2 tries=2");
}

static void
what_is_deferred_is_tried_again(void **state)
{
	static const int	 first[] = { BUSY, DEFERS_MAIL, DEFERS_END,
				    MUTE, HANGS_UP, NONSENSE, GREETS_NOT };
	size_t			 i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		(void)setup(NULL);
		/* As long as a server that failed may rest. */
		inject_wait(20);
		run_copy(MSG, first[i], GOOD, "x@b", NULL, NULL);
		/* A server that is left alone for a while is a warning. */
		if (warnings > 1 || strstr(logged, "injected") == NULL)
			fail_msg("%d: %s", first[i], logged);
		assert_non_null(strstr(shared->heard, SENT));
	}
	inject_wait(10);
}

static void
what_is_refused_is_lost_and_logged(void **state)
{
	static const struct {
		int		 play;
		const char	*reason;
	} cases[] = {
		{ REFUSES_MAIL, "550 5.7.1 not you" },
		{ REFUSES_DATA, "554 5.5.1 nobody" },
		{ REFUSES_END, "550 5.6.0 bad mail" },
	};
	char			 want[256];
	size_t			 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)setup(NULL);
		run_copy(MSG, cases[i].play, GOOD, "x@b", NULL, NULL);
		(void)snprintf(want, sizeof(want), "0000000000000abc "
		    "copy not delivered: to=x@b from=joe@b message-id=<1@a> "
		    "tries=1 reason=%s", cases[i].reason);
		assert_string_equal(logged, want);
		assert_int_equal(warnings, 1);
		assert_int_equal(shared->conns, 1);
	}
}

static void
after_nine_tries_a_copy_is_lost(void **state)
{
	inject_wait(2);
	run_copy(MSG, BUSY, BUSY, "x@b", NULL, NULL);
	inject_wait(10);
	assert_int_equal(shared->conns, 9);
	assert_non_null(strstr(logged, "tries=9 reason=421 4.3.2 busy"));
	assert_int_equal(warnings, 1);
}

/* Longer than what is written at once, and than what is kept in memory. */
static void
a_large_copy_is_whole(void **state)
{
	const size_t	 lines = 1500;
	char		 text[120000] = "Message-ID: <1@a>\n\n", *p;
	size_t		 i;

	for (i = 0, p = text + strlen(text); i < lines; i++)
		p += snprintf(p, 100, "%s%070zu\n", i % 3 ? "" : ".", i);
	spool_limits(1000, 10000);
	run_copy(text, EARLY, GOOD, "x@b", NULL, NULL);
	assert_non_null(strstr(logged, "tries=2"));
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	/* The first one was "taken" before its end. */
	assert_non_null(p = strstr(shared->heard + 100, "EHLO"));
	assert_non_null(p = strstr(p, "<1@a>\r\n\r\n"));
	for (i = 0, p += 9; i < lines; i++) {
		(void)snprintf(text, 100, "%s%070zu\r\n", i % 3 ? "" : "..",
		    i);
		assert_memory_equal(p, text, strlen(text));
		p += strlen(text);
	}
	assert_string_equal(p, ".\r\nQUIT\r\n");
}

static void
few_go_at_once_and_few_wait(void **state)
{
	char		*rcpt[1], who[] = "x@b";
	struct message	*m = mail_new(MSG);
	int		 i;

	rcpt[0] = who;
	shared->play[0] = shared->play[1] = SLOW;
	for (i = 0; i < 20; i++)
		inject(MSG, "x@b", NULL, NULL);
	while (shared->conns < 20 || shared->open > 0)
		run_ms(10);
	/* Four, and those that have not yet seen that we hung up. */
	assert_in_range(shared->open_max, 2, 8);
	assert_int_equal(warnings, 0);

	/* One that is held and not sent is not among them. */
	inject_free(inject_new(1, "", rcpt, 1, m));
	for (i = 0; i < 200; i++)
		inject(MSG, "x@b", NULL, NULL);
	assert_null(inject_new(1, "", rcpt, 1, m));
	assert_int_equal(warnings, 1);
	message_free(m);
	inject_stop();
	assert_int_equal(warnings, 201);
	assert_non_null(strstr(logged, "reason=the filter ends"));
}

static void
the_edits_are_in_the_copy(void **state)
{
	char		*rcpt[1], who[] = "x@b";
	struct message	*m = mail_new(MSG);
	struct inject	*in;

	rcpt[0] = who;
	message_insert(m, 2, "X-Milter", "1");
	message_replace_body(m, "new\r\n", 5);
	in = inject_new(1, "joe@b", rcpt, 1, m);
	assert_non_null(in);
	message_free(m);
	inject_go(in);
	while (strstr(logged, "action=injected") == NULL)
		run_ms(5);
	assert_non_null(strstr(shared->heard,
	    "Subject: x\r\nX-Milter: 1\r\n\r\nnew\r\n.\r\n"));
}

/* The last one: nobody listens any more. */
static void
a_server_that_is_gone_is_named(void **state)
{
	peer_stop(&peer);
	assert_int_equal(inject_check(), -1);
	warnings = 0;
	inject_wait(1);
	run_copy(MSG, GOOD, GOOD, "x@b", NULL, NULL);
	assert_int_equal(warnings, 2);	/* the server, and the copy */
	assert_non_null(strstr(logged, "refused"));
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(a_copy_is_delivered),
		TEST(eight_bits_are_said_where_they_can_be),
		TEST(each_recipient_is_another_matter),
		TEST(what_is_refused_is_lost_and_logged),
		TEST(what_is_deferred_is_tried_again),
		TEST(after_nine_tries_a_copy_is_lost),
		TEST(a_large_copy_is_whole),
		TEST(the_edits_are_in_the_copy),
		TEST(few_go_at_once_and_few_wait),
		TEST(a_server_that_is_gone_is_named),
	};

	return cmocka_run_group_tests(tests, group_setup, peer_teardown);
}

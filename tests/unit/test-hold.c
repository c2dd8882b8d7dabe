/* SPDX-License-Identifier: ISC */
/*
 * Clients that wait, with an engine and a kernel of the test's own: what they
 * are told at the end, by the kernel's word and by time.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"
#include "early.h"
#include "hold.h"
#include "timing.h"

static struct session	 session;
static struct client	 client;
static const struct request rq;

static void	(*delayed)(struct request);
static int64_t	 delayed_ms;
static char	 answer[600];
static char	 line[600];
static int	 kernel_says;
static int	 dry_run;

static void
answer_is_first(const char *text)
{
	if (*answer != '\0')
		fail_msg("answered twice: %s, %s", answer, text);
	(void)snprintf(answer, sizeof(answer), "%s", text);
}

void
filter_proceed(struct request r)
{
	answer_is_first("proceed");
}

void
filter_junk(struct request r)
{
	answer_is_first("junk");
}

void
filter_disconnect(struct request r, int code, const char *fmt, ...)
{
	char	 text[600];

	(void)snprintf(text, sizeof(text), "disconnect %d", code);
	answer_is_first(text);
}

void
filter_delay(struct request r, int64_t ms, void (*cb)(struct request))
{
	delayed = cb;
	delayed_ms = ms;
}

struct session *
filter_session(struct request r)
{
	return &session;
}

void
filter_log(const struct session *s, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}

int
filter_dry_run(void)
{
	return dry_run;
}

void
early_find(const struct addr *src, const struct addr *listener,
    struct addr *local)
{
	*local = *listener;
}

int
early_look(const struct addr *src, const struct addr *local)
{
	return kernel_says;
}

static int
set_up(void **state)
{
	memset(&session, 0, sizeof(session));
	memset(&client, 0, sizeof(client));
	session.data = &client;
	assert_int_equal(addr_parse(&session.src, "192.0.2.1:1025"), 0);
	assert_int_equal(addr_parse(&session.dst, "198.51.100.1:25"), 0);
	client.reason = "default";
	client_counters[HELD].value = 0;
	hold_options.early = EARLY_LOG;
	hold_options.overload = OVERLOAD_SKIP;
	hold_options.max = 2;
	timing_threshold = 0;
	delayed = NULL;
	delayed_ms = 0;
	*answer = *line = '\0';
	kernel_says = 0;
	dry_run = 0;
	return 0;
}

static void
hold(int says, int early)
{
	kernel_says = says;
	hold_options.early = early;
	hold_begin(&session, rq, 2500);
	assert_string_equal(answer, "");
	assert_int_equal(delayed_ms, 2500);
	assert_int_equal(client_counters[HELD].value, 1);
	delayed(rq);
	assert_int_equal(client_counters[HELD].value, 0);
}

static void
silent_client_is_greeted(void **state)
{
	hold(0, EARLY_DISCONNECT);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line,
	    "action=pause seconds=2.5 early=no reason=default");
}

static void
unknown_is_no_reason_to_refuse(void **state)
{
	hold(EARLY_UNKNOWN, EARLY_DISCONNECT);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line,
	    "action=pause seconds=2.5 early=unknown reason=default");
}

static void
client_that_is_gone_is_greeted(void **state)
{
	hold(EARLY_GONE, EARLY_DISCONNECT);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line,
	    "action=pause seconds=2.5 early=gone reason=default");
}

static void
early_log_only_logs(void **state)
{
	hold(EARLY_TALKED | EARLY_GONE, EARLY_LOG);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line,
	    "action=pause seconds=2.5 early=talked,gone reason=default");
}

static void
early_junk_marks(void **state)
{
	hold(EARLY_TALKED, EARLY_JUNK);
	assert_string_equal(answer, "junk");
	assert_string_equal(line,
	    "action=junk seconds=2.5 early=talked reason=early");
}

static void
early_tempfail_is_421(void **state)
{
	hold(EARLY_TALKED, EARLY_TEMPFAIL);
	assert_string_equal(answer, "disconnect 421");
	assert_string_equal(line,
	    "action=tempfail seconds=2.5 early=talked reason=early");
}

static void
early_disconnect_is_554(void **state)
{
	hold(EARLY_TALKED, EARLY_DISCONNECT);
	assert_string_equal(answer, "disconnect 554");
	assert_string_equal(line,
	    "action=reject seconds=2.5 early=talked reason=early");
}

static void
tls_hello_on_465_is_not_early(void **state)
{
	session.dst.port = 465;
	hold(EARLY_TALKED, EARLY_DISCONNECT);
	assert_string_equal(answer, "proceed");
	assert_non_null(strstr(line, "early=no"));
}

static void
no_time_is_no_wait(void **state)
{
	hold_begin(&session, rq, 0);
	assert_null(delayed);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line, "action=skip reason=default");
}

static void
rule_is_in_the_line_escaped(void **state)
{
	static struct rule	 r;
	static char		 text[] = "no-rdns 2.5";

	r.text = text;
	client.rule = &r;
	client.reason = "rule";
	hold(0, EARLY_LOG);
	assert_string_equal(line, "action=pause seconds=2.5 early=no "
	    "reason=rule rule=\"no-rdns 2.5\"");
}

static void
too_many_are_not_held(void **state)
{
	client_counters[HELD].value = 1;
	hold_begin(&session, rq, 2500);
	assert_non_null(delayed);
	assert_int_equal(client_counters[HELD].value, 2);

	delayed = NULL;
	memset(&client, 0, sizeof(client));
	hold_begin(&session, rq, 2500);
	assert_null(delayed);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line, "action=skip reason=overload");
	assert_int_equal(client_counters[HELD].value, 2);
}

static void
too_many_can_be_told_to_come_later(void **state)
{
	client_counters[HELD].value = 2;
	hold_options.overload = OVERLOAD_TEMPFAIL;
	hold_begin(&session, rq, 2500);
	assert_string_equal(answer, "disconnect 421");
	assert_string_equal(line, "action=tempfail reason=overload");
}

static void
client_is_released_once(void **state)
{
	hold_begin(&session, rq, 2500);
	client_release(&client);
	client_release(&client);
	assert_int_equal(client_counters[HELD].value, 0);
}

/* By the clock and not by the rule, as a client may leave before its time. */
static void
time_counts_when_the_wait_ends(void **state)
{
	int64_t	 before = client_counters[HELD_SECONDS].value;

	hold_begin(&session, rq, 2500);
	client.since -= 2500;
	assert_int_equal(client_counters[HELD_SECONDS].value, before);
	delayed(rq);
	assert_in_range(client_counters[HELD_SECONDS].value,
	    before + 2500000, before + 2900000);

	*answer = '\0';
	hold_begin(&session, rq, 60000);
	client.since -= 1600;
	client_release(&client);
	client_release(&client);
	assert_in_range(client_counters[HELD_SECONDS].value,
	    before + 4100000, before + 4900000);
}

static void
dry_run_holds_nobody(void **state)
{
	int64_t	 total = client_counters[HELD_TOTAL].value;

	dry_run = 1;
	hold_begin(&session, rq, 2500);
	assert_null(delayed);
	assert_string_equal(answer, "proceed");
	assert_string_equal(line,
	    "action=pause seconds=2.5 early=unknown reason=default");
	assert_int_equal(client_counters[HELD].value, 0);
	assert_int_equal(client_counters[HELD_TOTAL].value, total + 1);
	assert_int_equal(client.held, 0);
	assert_int_equal(client.since, 0);
}

static void
pipelining_is_a_line_of_its_own_if_news(void **state)
{
	hold(EARLY_UNKNOWN, EARLY_LOG);
	client_pipelined(&session);
	assert_string_equal(line, "action=log early=pipelining");

	client.early = EARLY_TALKED;
	*line = '\0';
	client_pipelined(&session);
	assert_string_equal(line, "");
}

/* A client that waited, and sent its EHLO us after the greeting. */
static void
greet(const char *src, int64_t us)
{
	static struct filter	 f;

	timing_hooks(&f);
	hold(EARLY_UNKNOWN, EARLY_TEMPFAIL);
	assert_string_equal(answer, "proceed");
	*answer = *line = '\0';
	assert_int_equal(addr_parse(&session.src, src), 0);
	session.time = 1795290093000000;
	f.report[REPORT_LINK_GREETING](&session, "mx.example.org");
	session.time += us;
	f.report[REPORT_PROTOCOL_CLIENT](&session, "EHLO x");
	f.request[PHASE_EHLO](&session, rq, "x");
}

static void
too_quick_an_answer_was_sent_before(void **state)
{
	timing_threshold = 1;
	greet("192.0.2.1", 999);
	assert_string_equal(answer, "disconnect 421");
	assert_string_equal(line,
	    "action=tempfail seconds=2.5 early=talked reason=early");
}

static void
answer_that_took_its_time_is_polite(void **state)
{
	timing_threshold = 1;
	greet("192.0.2.1", 1000);
	assert_string_equal(answer, "proceed");
}

static void
time_does_not_count_unless_asked_for(void **state)
{
	greet("192.0.2.1", 0);
	assert_string_equal(answer, "proceed");
}

static void
neighbours_may_be_quick(void **state)
{
	timing_threshold = 1;
	greet("10.0.0.1", 1);
	assert_string_equal(answer, "proceed");
	*answer = '\0';
	greet("127.0.0.1", 1);
	assert_string_equal(answer, "proceed");
}

static void
only_the_first_command_counts(void **state)
{
	struct filter	 f;

	memset(&f, 0, sizeof(f));
	timing_hooks(&f);
	timing_threshold = 1;
	greet("192.0.2.1", 5000);
	*answer = '\0';
	session.time = 1795290093000001;
	f.report[REPORT_PROTOCOL_CLIENT](&session, "HELO x");
	f.request[PHASE_HELO](&session, rq, "x");
	assert_string_equal(answer, "proceed");
}

#define TEST(f)	cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(silent_client_is_greeted),
		TEST(unknown_is_no_reason_to_refuse),
		TEST(client_that_is_gone_is_greeted),
		TEST(early_log_only_logs),
		TEST(early_junk_marks),
		TEST(early_tempfail_is_421),
		TEST(early_disconnect_is_554),
		TEST(tls_hello_on_465_is_not_early),
		TEST(no_time_is_no_wait),
		TEST(rule_is_in_the_line_escaped),
		TEST(too_many_are_not_held),
		TEST(too_many_can_be_told_to_come_later),
		TEST(client_is_released_once),
		TEST(time_counts_when_the_wait_ends),
		TEST(dry_run_holds_nobody),
		TEST(pipelining_is_a_line_of_its_own_if_news),
		TEST(too_quick_an_answer_was_sent_before),
		TEST(answer_that_took_its_time_is_polite),
		TEST(time_does_not_count_unless_asked_for),
		TEST(neighbours_may_be_quick),
		TEST(only_the_first_command_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

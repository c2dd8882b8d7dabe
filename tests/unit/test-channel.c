/* SPDX-License-Identifier: ISC */
/*
 * Whole lines in, whole answers out, and what becomes of those for which there
 * is no room: they come in order, and the debts with them.
 */

#include "wire.h"

#include "channel.h"

static struct shared	*sh;
static struct channel	 ch;

static int
fresh(void **state)
{
	if (sh == NULL)
		sh = guard_map();
	memset(sh, 0, sizeof(*sh));
	free(ch.scratch);
	free(ch.over);
	return channel_init(&ch, sh, -1);
}

static void
owe(uint64_t session, uint64_t token, enum owed owed)
{
	struct debt	 d = { .session = session, .token = token,
			    .owed = owed };

	assert_int_equal(channel_owe(&ch, &d), 0);
}

static enum owed
owed(uint64_t session)
{
	struct debt	*d = ledger_find(&sh->ledger, session);

	return d == NULL ? OWED_NOTHING : (enum owed)d->owed;
}

/* The end of a message, and what it makes of the debt. */
static void
say_dot(uint64_t session, uint64_t token)
{
	struct debt	 d = { .session = session, .token = token,
			    .owed = OWED_VERDICT };
	char		 prefix[PROTO_PREFIX];

	proto_prefix(prefix, 7, session, token);
	channel_dot(&ch, prefix, &d);
}

static void
fill(void)
{
	wire_leave_room(sh, 0);
	channel_resume(&ch);
}

static void
make_room(void)
{
	ring_store(&sh->out.tail, sh->out.head);
	channel_publish(&ch);
}

static void
what_waits_comes_in_order(void **state)
{
	char	 line[64], want[64];
	const char *p;
	int	 i;

	fill();
	for (i = 0; i < 20000; i++) {
		(void)snprintf(line, sizeof(line), "line %d\n", i);
		channel_say(&ch, line, strlen(line), NULL);
	}
	channel_publish(&ch);
	assert_false(channel_fits(&ch, 1));
	make_room();
	for (i = 0, p = wire_take(sh); i < 20000; i++, p += strlen(want)) {
		(void)snprintf(want, sizeof(want), "line %d\n", i);
		assert_memory_equal(p, want, strlen(want));
	}
	assert_true(*p == '\0');
	assert_true(channel_fits(&ch, 1));
}

static void
a_debt_changes_when_its_line_is_said_not_before(void **state)
{
	owe(1, 7, OWED_DOT);
	fill();
	say_dot(1, 7);
	channel_publish(&ch);
	assert_int_equal(owed(1), OWED_DOT);
	make_room();
	assert_int_equal(owed(1), OWED_VERDICT);
	assert_string_equal(wire_take(sh), WIRE_LINE("01", "07", "."));
}

/* Else its slot would never be free again. */
static void
a_session_that_ended_owes_nothing_for_what_waited(void **state)
{
	owe(1, 7, OWED_DOT);
	fill();
	say_dot(1, 7);
	owe(1, 0, OWED_NOTHING);
	make_room();
	assert_string_equal(wire_take(sh), WIRE_LINE("01", "07", "."));
	assert_int_equal(wire_debts(sh), 0);
}

/* Else the end of the second one would never be paid. */
static void
what_waited_of_one_message_is_not_owed_for_the_next(void **state)
{
	owe(1, 7, OWED_DOT);
	fill();
	say_dot(1, 7);
	owe(1, 8, OWED_DOT);
	make_room();
	assert_int_equal(owed(1), OWED_DOT);
}

static void
enough_that_waits_stops_the_reading(void **state)
{
	static char	 line[65536];
	int		 i;

	memset(line, 'x', sizeof(line));
	fill();
	for (i = 0; i < 1000 && !channel_full(&ch); i++)
		channel_say(&ch, line, sizeof(line), NULL);
	assert_in_range(i, 8 * 1024 * 1024 / sizeof(line), 150);
	for (i = 0; i < 1000 && ch.over_len > 0; i++) {
		assert_true(i < 999);
		make_room();
	}
	assert_false(channel_full(&ch));
}

static void
a_line_without_end_is_dropped_up_to_its_newline(void **state)
{
	static char	 junk[PROTO_LINE_MAX];
	const char	*line;
	size_t		 len;
	int		 i;

	memset(junk, 'x', sizeof(junk));
	for (i = 0; i < 5; i++) {
		wire_put(sh, junk, sizeof(junk));
		assert_null(channel_line(&ch, &len));
		channel_publish(&ch);
		/* It is not kept: else the ring would be full for ever. */
		assert_true(ring_used(&sh->in) < PROTO_LINE_MAX);
	}
	wire_line(sh, "its end");
	wire_line(sh, "good");
	assert_non_null(line = channel_line(&ch, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(line, "good", 4);
	channel_consume(&ch);
	assert_null(channel_line(&ch, &len));
}

static void
a_line_that_is_not_consumed_is_given_again(void **state)
{
	size_t	 len;

	wire_line(sh, "one");
	wire_put(sh, "two", 3);
	assert_non_null(channel_line(&ch, &len));
	channel_publish(&ch);
	assert_true(ring_load(&sh->in.tail) == 0);
	channel_resume(&ch);		/* as the next worker would */
	assert_non_null(channel_line(&ch, &len));
	assert_int_equal(len, 3);
	channel_consume(&ch);
	assert_null(channel_line(&ch, &len));
	channel_publish(&ch);
	assert_true(ring_load(&sh->in.tail) == 4);
}

static void
a_line_of_a_message_is_stuffed_and_cut_to_fit(void **state)
{
	static char	 line[PROTO_PAYLOAD_MAX + 1];
	char		 prefix[PROTO_PREFIX];

	proto_prefix(prefix, 7, 1, 7);
	assert_int_equal(channel_data(&ch, prefix, ".x", 2), 0);
	channel_publish(&ch);
	assert_string_equal(wire_take(sh), WIRE_LINE("01", "07", "..x"));
	memset(line, '.', sizeof(line));
	assert_int_equal(channel_data(&ch, prefix, line, sizeof(line) - 2), 0);
	channel_publish(&ch);
	assert_int_equal(strlen(wire_take(sh)),
	    PROTO_PREFIX + PROTO_PAYLOAD_MAX + 1);
	assert_int_equal(channel_data(&ch, prefix, line, sizeof(line) - 1), 1);
	channel_publish(&ch);
	assert_int_equal(strlen(wire_take(sh)),
	    PROTO_PREFIX + PROTO_PAYLOAD_MAX + 1);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest	 tests[] = {
		TEST(what_waits_comes_in_order),
		TEST(a_debt_changes_when_its_line_is_said_not_before),
		TEST(a_session_that_ended_owes_nothing_for_what_waited),
		TEST(what_waited_of_one_message_is_not_owed_for_the_next),
		TEST(enough_that_waits_stops_the_reading),
		TEST(a_line_without_end_is_dropped_up_to_its_newline),
		TEST(a_line_that_is_not_consumed_is_given_again),
		TEST(a_line_of_a_message_is_stuffed_and_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Packets of the milter protocol, byte for byte, both ways.
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
#include "packet.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
/* A literal and its length, without the NUL that C adds. */
#define LIT(s)	(s), sizeof(s) - 1

static const struct {
	const char	*data;
	size_t		 len, frame;
} frames[] = {
	{ LIT(""), 0 },
	{ LIT("\0\0\0"), 0 },
	{ LIT("\0\0\0\0"), SIZE_MAX },
	{ LIT("\0\0\0\1"), 5 },
	{ LIT("\0\0\0\1c"), 5 },
	{ LIT("\0\0\0\1c\0\0\0\1c"), 5 },
	{ LIT("\0\0\1\2y"), 262 },
	{ LIT("\0\1\0\0b"), 65540 },
	{ LIT("\0\x0f\xff\xfc" "b"), PACKET_MAX },
	{ LIT("\0\x0f\xff\xfd" "b"), SIZE_MAX },
	{ LIT("\xff\xff\xff\xff" "b"), SIZE_MAX },
	{ LIT("\x80\0\0\1b"), SIZE_MAX },
	{ LIT("220 mx.example.org"), SIZE_MAX },
};

static void
where_a_frame_ends(void **state)
{
	size_t	 i;

	for (i = 0; i < N(frames); i++)
		assert_true(packet_frame(frames[i].data, frames[i].len) ==
		    frames[i].frame);
}

static void
a_frame_is_opened(void **state)
{
	struct packet	 p;

	packet_open(LIT("\0\0\0\1c"), &p);
	assert_int_equal(p.command, SMFIR_CONTINUE);
	assert_int_equal(p.len, 0);
	packet_open(LIT("\0\0\0\5qbad\0"), &p);
	assert_int_equal(p.command, SMFIR_QUARANTINE);
	assert_int_equal(p.len, 4);
	assert_memory_equal(p.data, "bad", 4);
}

static void
is_bytes(const struct bytes *b, const char *data, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data + b->off, data, len);
}

static void
packets_are_put_one_after_the_other(void **state)
{
	struct bytes	 b = { 0 };

	assert_int_equal(packet_put(&b, SMFIC_EOH, NULL, 0), 0);
	is_bytes(&b, LIT("\0\0\0\1N"));
	assert_int_equal(packet_put(&b, SMFIC_BODY, "a\r\n", 3), 0);
	is_bytes(&b, LIT("\0\0\0\1N\0\0\0\4Ba\r\n"));
	bytes_drop(&b, 5);
	assert_int_equal(packet_put(&b, SMFIC_BODYEOB, "", 0), 0);
	is_bytes(&b, LIT("\0\0\0\4Ba\r\n\0\0\0\1E"));
	bytes_clear(&b);
}

static void
a_packet_is_put_in_parts(void **state)
{
	struct bytes	 b = { 0 };
	ssize_t		 begin;

	assert_int_equal(packet_put(&b, SMFIC_ABORT, NULL, 0), 0);
	begin = packet_begin(&b, SMFIR_CHGHEADER);
	assert_int_equal(begin, 5);
	assert_int_equal(packet_add_uint32(&b, 0x01020304), 0);
	assert_int_equal(packet_add_string(&b, "To!", 2), 0);
	assert_int_equal(packet_add_string(&b, "", 0), 0);
	packet_end(&b, begin);
	is_bytes(&b, LIT("\0\0\0\1A\0\0\0\11m\1\2\3\4To\0\0"));
	begin = packet_begin(&b, SMFIC_HELO);
	assert_int_equal(packet_add_string(&b, "x", 1), 0);
	packet_undo(&b, begin);
	is_bytes(&b, LIT("\0\0\0\1A\0\0\0\11m\1\2\3\4To\0\0"));
	packet_undo(&b, 0);
	assert_null(b.data);
}

static void
parts_are_taken_from_the_front(void **state)
{
	struct packet	 p = { 'C', LIT("mx\0" "4\0\x19" "a\0\0\0\1\2xy") };
	const char	*s;
	uint16_t	 port;
	uint32_t	 n;

	assert_int_equal(packet_take_string(&p, &s), 0);
	assert_string_equal(s, "mx");
	p.data++, p.len--;
	assert_int_equal(packet_take_uint16(&p, &port), 0);
	assert_int_equal(port, 25);
	assert_int_equal(packet_take_string(&p, &s), 0);
	assert_string_equal(s, "a");
	assert_int_equal(packet_take_uint32(&p, &n), 0);
	assert_int_equal(n, 258);
	/* Two bytes, and no NUL. */
	assert_int_equal(packet_take_uint32(&p, &n), -1);
	assert_int_equal(packet_take_string(&p, &s), -1);
	assert_int_equal(p.len, 2);
	assert_int_equal(packet_take_uint16(&p, &port), 0);
	assert_int_equal(port, 'x' << 8 | 'y');
	assert_int_equal(packet_take_uint16(&p, &port), -1);
	assert_int_equal(packet_take_string(&p, &s), -1);
}

static const struct {
	char		 command;
	const char	*data;
	size_t		 len;
	int		 is;
	uint32_t	 index;
	const char	*name, *value;
} changes[] = {
	{ 'h', LIT("X\0a b\0"), 1, 0, "X", "a b" },
	{ 'h', LIT("X\0\0"), 1, 0, "X", "" },
	{ 'h', LIT("X\0\n\tb\0"), 1, 0, "X", "\n\tb" },
	{ 'h', LIT("X\0a"), -1, 0, NULL, NULL },
	{ 'h', LIT("X\0"), -1, 0, NULL, NULL },
	{ 'h', LIT("X"), -1, 0, NULL, NULL },
	{ 'h', LIT(""), -1, 0, NULL, NULL },
	{ 'h', LIT("X\0a\0b\0"), -1, 0, NULL, NULL },
	{ 'h', LIT("X\0a\0\0"), -1, 0, NULL, NULL },
	{ 'i', LIT("\0\0\0\0X\0a\0"), 1, 0, "X", "a" },
	{ 'i', LIT("\0\0\0\1X\0a\0"), 1, 1, "X", "a" },
	{ 'i', LIT("\0\0\0\1X\0"), -1, 1, NULL, NULL },
	{ 'i', LIT("\0\0\1"), -1, 0, NULL, NULL },
	{ 'm', LIT("\xff\xff\xff\xffX\0\0"), 1, 0xffffffff, "X", "" },
	{ 'm', LIT("\0\0\0\2X\0b\0"), 1, 2, "X", "b" },
	{ 'm', LIT(""), -1, 0, NULL, NULL },
	{ '+', LIT("<a@b>\0"), 1, 0, "<a@b>", "" },
	{ '+', LIT("<a@b>"), -1, 0, NULL, NULL },
	{ '+', LIT("<a@b>\0NOTIFY=NEVER\0"), -1, 0, NULL, NULL },
	{ '2', LIT("<a@b>\0NOTIFY=NEVER\0"), 1, 0, "<a@b>", "NOTIFY=NEVER" },
	{ '2', LIT("<a@b>\0"), 1, 0, "<a@b>", "" },
	{ '2', LIT("<a@b>\0x"), -1, 0, NULL, NULL },
	{ '-', LIT("a@b\0"), 1, 0, "a@b", "" },
	{ 'e', LIT("<>\0"), 1, 0, "<>", "" },
	{ 'e', LIT("<>\0SIZE=1\0"), 1, 0, "<>", "SIZE=1" },
	{ 'q', LIT("infected\0"), 1, 0, "infected", "" },
	{ 'q', LIT("infected"), -1, 0, NULL, NULL },
	{ 'c', LIT(""), 0, 0, NULL, NULL },
	{ 'y', LIT("550 no\0"), 0, 0, NULL, NULL },
	{ 'l', LIT("x\0"), 0, 0, NULL, NULL },
	{ 'p', LIT(""), 0, 0, NULL, NULL },
	{ '?', LIT(""), 0, 0, NULL, NULL },
	{ '\0', LIT(""), 0, 0, NULL, NULL },
};

static void
changes_are_understood(void **state)
{
	struct packet	 p;
	struct change	 c;
	size_t		 i;

	for (i = 0; i < N(changes); i++) {
		p = (struct packet){ changes[i].command, changes[i].data,
		    changes[i].len };
		if (packet_change(&p, &c) != changes[i].is)
			fail_msg("change %zu", i);
		/* What was taken is the copy's. */
		assert_ptr_equal(p.data, changes[i].data);
		if (changes[i].is != 1)
			continue;
		assert_int_equal(c.command, changes[i].command);
		assert_true(c.index == changes[i].index);
		assert_string_equal(c.name, changes[i].name);
		assert_string_equal(c.value, changes[i].value);
		assert_int_equal(c.len, 0);
	}
}

static void
a_body_is_any_bytes(void **state)
{
	struct packet	 p = { 'b', LIT("a\0\r\nb") };
	struct change	 c;

	assert_int_equal(packet_change(&p, &c), 1);
	assert_ptr_equal(c.body, p.data);
	assert_int_equal(c.len, 5);
	assert_string_equal(c.name, "");
	p.len = 0;
	assert_int_equal(packet_change(&p, &c), 1);
	assert_int_equal(c.len, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(where_a_frame_ends),
		cmocka_unit_test(a_frame_is_opened),
		cmocka_unit_test(packets_are_put_one_after_the_other),
		cmocka_unit_test(a_packet_is_put_in_parts),
		cmocka_unit_test(parts_are_taken_from_the_front),
		cmocka_unit_test(changes_are_understood),
		cmocka_unit_test(a_body_is_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * The ring: bytes come out as they went in, wherever its end lies.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring.h"

static struct ring	 ring;
static const uint64_t	 nothing = RING_FREE;

static void
views_and_searches_go_around_the_end(void **state)
{
	char		 scratch[64];
	uint64_t	 pos = RING_SIZE - 5;

	ring_put(&ring, pos, "hello world\n", 12);
	assert_memory_equal(ring_view(&ring, pos, 12, scratch),
	    "hello world\n", 12);
	assert_ptr_equal(ring_view(&ring, pos, 5, scratch),
	    ring.data + RING_SIZE - 5);
	assert_ptr_equal(ring_view(&ring, pos, 12, scratch), scratch);
	assert_true(ring_find(&ring, pos, pos + 12, '\n') == pos + 11);
	assert_true(ring_find(&ring, pos, pos + 11, '\n') == pos + 11);
	assert_true(ring_find(&ring, pos, pos + 12, 'h') == pos);
}

/* Any amount, through a socket on each side, compared byte by byte. */
static void
bytes_come_out_as_they_went_in(void **state)
{
	unsigned char	 in[5000], out[5000];
	uint32_t	 x = 1, want = 0, got = 0, i, n;
	int		 a[2], b[2], turn;
	ssize_t		 done;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(fcntl(a[i], F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(fcntl(b[i], F_SETFL, O_NONBLOCK), 0);
	}
	memset(&ring, 0, sizeof(ring));
	for (turn = 0; turn < 2000; turn++) {
		x = x * 1664525 + 1013904223;
		n = x >> 16 & 4095;
		for (i = 0; i < n; i++)
			in[i] = (want + i) * 2654435761U >> 24;
		if ((done = write(a[1], in, n)) > 0)
			want += done;
		assert_true(ring_fill(&ring, &nothing, a[0]) >= 0);
		if (turn % 7 < 3)
			continue;
		assert_true(ring_drain(&ring, b[1]) >= 0);
		while ((done = read(b[0], out, sizeof(out))) > 0)
			for (i = 0; i < (uint32_t)done; i++, got++)
				assert_int_equal(out[i],
				    (unsigned char)(got * 2654435761U >> 24));
	}
	while (got < want) {
		(void)ring_fill(&ring, &nothing, a[0]);
		(void)ring_drain(&ring, b[1]);
		while ((done = read(b[0], out, sizeof(out))) > 0)
			got += done;
	}
	assert_true(want > 2 * RING_SIZE);
	assert_int_equal(ring_used(&ring), 0);
	(void)close(a[1]);
	assert_int_equal(ring_fill(&ring, &nothing, a[0]), -1);
	assert_int_equal(errno, 0);
}

/* Though tail says that it may: somebody still reads it. */
static void
what_is_held_is_not_written_over(void **state)
{
	uint64_t	 held = 1000;
	char		 big[4096] = { 0 };
	size_t		 took = 0;
	ssize_t		 n;
	int		 s[2];

	memset(&ring, 0, sizeof(ring));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	memset(ring.data, 'x', 2000);
	ring.head = ring.tail = 2000;
	do {
		assert_int_equal(write(s[1], big, sizeof(big)), sizeof(big));
		took += n = ring_fill(&ring, &held, s[0]);
	} while (n > 0);
	assert_int_equal(took, RING_SIZE - 1000);
	assert_int_equal(ring.data[999], 0);
	assert_int_equal(ring.data[1000], 'x');
	held = RING_FREE;
	assert_int_equal(ring_fill(&ring, &held, s[0]), 1000);
	/* Nonsense of a worker that dies. */
	ring.tail = ring.head;
	held = 1;
	assert_int_equal(ring_fill(&ring, &held, s[0]), 0);
}

static void
a_full_ring_takes_no_more(void **state)
{
	char	 big[4096] = { 0 };
	int	 s[2], i;

	memset(&ring, 0, sizeof(ring));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	for (i = 0; i < RING_SIZE / 4096; i++) {
		assert_int_equal(write(s[1], big, sizeof(big)), sizeof(big));
		assert_int_equal(ring_fill(&ring, &nothing, s[0]), sizeof(big));
	}
	assert_int_equal(ring_used(&ring), RING_SIZE);
	assert_int_equal(write(s[1], big, 1), 1);
	assert_int_equal(ring_fill(&ring, &nothing, s[0]), 0);
	assert_int_equal(ring_used(&ring), RING_SIZE);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(views_and_searches_go_around_the_end),
		cmocka_unit_test(bytes_come_out_as_they_went_in),
		cmocka_unit_test(what_is_held_is_not_written_over),
		cmocka_unit_test(a_full_ring_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

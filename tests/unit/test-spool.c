/* SPDX-License-Identifier: ISC */
/*
 * The spool: the same bytes come back whatever the limits are, lines are whole
 * up to SPOOL_LINE, memory is accounted for, a full disk is an error.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spool.h"

#define BIG	(300 * 1000)

/* In memory, in a file, and with buffers smaller than a line. */
static const size_t limits[] = { SPOOL_MEMORY, 0, 1, 7, 64, 5000, 70000 };

#define NLIMITS	(sizeof(limits) / sizeof(limits[0]))

static char	big[BIG];

/* How many descriptors are open: does it hold a file? */
static int
open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static int
setup(void **state)
{
	size_t i;

	for (i = 0; i < BIG; i++)
		big[i] = (char)(i * 31 + i / 251);
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return 0;
}

static int
teardown(void **state)
{
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	return spool_memory() == 0 ? 0 : -1;
}

static void
read_back(struct spool *s, size_t total)
{
	const char *p;
	size_t len, off;

	assert_int_equal(spool_size(s), total);
	for (off = 0; off < total; off += len) {
		p = spool_at(s, off, &len);
		assert_non_null(p);
		assert_true(len > 0 && off + len <= total);
		assert_memory_equal(p, big + off, len);
	}
	errno = EINVAL;
	assert_null(spool_at(s, off, &len));
	assert_int_equal(errno, 0);
}

static void
bytes_come_back(void **state)
{
	static const size_t steps[] = { 1, 3, 100, 4095, 4096, 4097, 100000 };
	struct spool *s;
	size_t i, j, n, off;

	for (i = 0; i < NLIMITS; i++)
		for (j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			spool_limits(limits[i], SPOOL_MEMORY_ALL);
			s = spool_new();
			assert_non_null(s);
			for (off = 0; off < 20 * steps[j] && off < BIG; off += n) {
				n = steps[j] < BIG - off ? steps[j] : BIG - off;
				assert_int_equal(spool_append(s, big + off, n), 0);
			}
			read_back(s, off);
			read_back(s, off);
			spool_free(s);
		}
}

static void
reads_and_writes_may_alternate(void **state)
{
	struct spool *s;
	const char *p;
	size_t i, len, off;

	for (i = 0; i < NLIMITS; i++) {
		spool_limits(limits[i], SPOOL_MEMORY_ALL);
		s = spool_new();
		for (off = 0; off < 30000; off += 11) {
			assert_int_equal(spool_append(s, big + off, 11), 0);
			p = spool_at(s, off * 7 % (off + 11), &len);
			assert_non_null(p);
			assert_int_equal(*p, big[off * 7 % (off + 11)]);
		}
		read_back(s, off);
		spool_free(s);
	}
}

static void
nothing_can_be_appended(void **state)
{
	struct spool *s = spool_new();
	size_t len;

	assert_int_equal(spool_append(s, NULL, 0), 0);
	assert_int_equal(spool_size(s), 0);
	assert_null(spool_at(s, 0, &len));
	assert_int_equal(errno, 0);
	spool_free(s);
	spool_free(NULL);
}

/* Lines of n bytes, each of another letter. */
static void
lines_are_whole(size_t n, int last_lf)
{
	struct spool *s = spool_new();
	size_t count = 0, end, len, next, off = 0;
	const char *p;
	char *line;

	line = malloc(n + 1);
	assert_non_null(line);
	for (count = 0; count < 5; count++) {
		memset(line, 'a' + (int)count, n);
		if (count < 4 || last_lf)
			assert_int_equal(spool_append_line(s, line, n), 0);
		else
			assert_int_equal(spool_append(s, line, n), 0);
	}
	for (count = 0; count < 5; count++)
		for (end = off + n; off < end || (n == 0 && off == end);) {
			p = spool_line(s, off, &len, &next);
			assert_non_null(p);
			if (end - off > SPOOL_LINE) {
				assert_int_equal(len, SPOOL_LINE);
				assert_int_equal(next, off + SPOOL_LINE);
			} else {
				assert_int_equal(off + len, end);
				assert_int_equal(next, end + (count < 4 || last_lf));
			}
			if (len > 0) {
				assert_int_equal(p[0], 'a' + (int)count);
				assert_int_equal(p[len - 1], 'a' + (int)count);
			}
			off = next;
		}
	assert_null(spool_line(s, off, &len, &next));
	assert_int_equal(errno, 0);
	free(line);
	spool_free(s);
}

static void
a_line_is_whole_up_to_its_limit(void **state)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 4095, 4096, 20000,
	    SPOOL_LINE - 1, SPOOL_LINE, SPOOL_LINE + 1, 2 * SPOOL_LINE,
	    2 * SPOOL_LINE + 1 };
	size_t i, j;

	for (i = 0; i < NLIMITS; i++)
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			spool_limits(limits[i], SPOOL_MEMORY_ALL);
			lines_are_whole(sizes[j], 1);
			if (sizes[j] > 0)
				lines_are_whole(sizes[j], 0);
		}
}

/* Wherever the window that was read before it ends. */
static void
a_longest_line_is_whole_anywhere(void **state)
{
	struct spool *s;
	char *line;
	size_t first, len, next;

	line = malloc(SPOOL_LINE);
	assert_non_null(line);
	memset(line, 'x', SPOOL_LINE);
	spool_limits(70000, SPOOL_MEMORY_ALL);
	for (first = 4090; first < 4100; first++) {
		s = spool_new();
		assert_int_equal(spool_append_line(s, line, first), 0);
		assert_int_equal(spool_append_line(s, line, SPOOL_LINE), 0);
		assert_int_equal(spool_append_line(s, line, 1000), 0);
		assert_non_null(spool_line(s, 0, &len, &next));
		assert_int_equal(next, first + 1);
		assert_non_null(spool_line(s, next, &len, &next));
		assert_int_equal(len, SPOOL_LINE);
		assert_int_equal(next, first + 1 + SPOOL_LINE + 1);
		spool_free(s);
	}
	free(line);
}

static void
a_small_spool_is_small(void **state)
{
	struct spool *s = spool_new();

	assert_int_equal(spool_memory(), 0);
	assert_int_equal(spool_append(s, big, 2000), 0);
	assert_true(spool_memory() <= 4096);
	spool_free(s);
	spool_limits(5000, SPOOL_MEMORY_ALL);
	s = spool_new();
	assert_int_equal(spool_append(s, big, 4000), 0);
	assert_int_equal(spool_append(s, big, 1000), 0);
	assert_true(spool_memory() <= 5000);
	spool_free(s);
}

static void
one_spool_stays_within_its_limit(void **state)
{
	struct spool *s = spool_new();
	int i, before = open_files();

	for (i = 0; i < 3 * SPOOL_MEMORY / BIG; i++) {
		assert_int_equal(spool_append(s, big, BIG), 0);
		assert_true(spool_memory() <= SPOOL_MEMORY);
		assert_int_equal(open_files() - before,
		    spool_size(s) > SPOOL_MEMORY);
	}
	assert_true(spool_memory() <= SPOOL_LINE * 2);
	spool_free(s);
	assert_int_equal(open_files(), before);
}

static void
all_spools_stay_within_theirs(void **state)
{
	struct spool *s[20];
	int i, before = open_files();

	spool_limits(SPOOL_MEMORY, 1024 * 1024);
	for (i = 0; i < 20; i++) {
		s[i] = spool_new();
		assert_int_equal(spool_append(s[i], big, 100 * 1000), 0);
	}
	assert_true(spool_memory() <= 1024 * 1024 + 20 * 4096);
	assert_true(open_files() > before);
	for (i = 0; i < 20; i++)
		read_back(s[i], 100 * 1000);
	for (i = 0; i < 20; i++)
		spool_free(s[i]);
	assert_int_equal(open_files(), before);
}

static void
the_file_leaves_no_name(void **state)
{
	char dir[] = "/tmp/test-spool.XXXXXX";
	struct spool *s;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	spool_limits(0, 0);
	s = spool_new();
	assert_int_equal(spool_append(s, big, BIG), 0);
	assert_int_equal(rmdir(dir), 0);
	read_back(s, BIG);
	spool_free(s);
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

static void
without_a_directory_it_breaks(void **state)
{
	struct spool *s;
	size_t len;

	assert_int_equal(setenv("TMPDIR", "/nonexistent/dir", 1), 0);
	spool_limits(0, 0);
	s = spool_new();
	assert_int_equal(spool_append(s, big, 100), 0);
	assert_int_equal(spool_append(s, big, BIG), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	assert_int_equal(spool_append_line(s, "x", 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_null(spool_at(s, 0, &len));
	assert_int_equal(errno, ENOENT);
	spool_free(s);
}

static void
a_full_disk_breaks_it(void **state)
{
	struct rlimit full, saved;
	struct spool *s;
	size_t len, next, off;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	full = saved;
	full.rlim_cur = 100000;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	spool_limits(0, 0);
	s = spool_new();
	for (off = 0; off < BIG; off += 1000)
		if (spool_append(s, big + off, 1000) == -1)
			break;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_true(off >= 99000 && off < 200000);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(spool_append(s, big, 1), -1);
	assert_null(spool_line(s, 0, &len, &next));
	assert_int_equal(errno, EFBIG);
	spool_free(s);
}

static void
an_index_counts_too(void **state)
{
	spool_limits(SPOOL_MEMORY, 1000 * 1000);
	assert_int_equal(spool_reserve(900 * 1000), 0);
	assert_int_equal(spool_memory(), 900 * 1000);
	assert_int_equal(spool_reserve(200 * 1000), -1);
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(spool_memory(), 900 * 1000);
	assert_int_equal(spool_reserve(1000), 0);
	spool_release(901 * 1000);
	assert_int_equal(spool_reserve(200 * 1000), 0);
	spool_release(200 * 1000);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bytes_come_back),
		TEST(reads_and_writes_may_alternate),
		TEST(nothing_can_be_appended),
		TEST(a_line_is_whole_up_to_its_limit),
		TEST(a_longest_line_is_whole_anywhere),
		TEST(a_small_spool_is_small),
		TEST(one_spool_stays_within_its_limit),
		TEST(all_spools_stay_within_theirs),
		TEST(the_file_leaves_no_name),
		TEST(without_a_directory_it_breaks),
		TEST(a_full_disk_breaks_it),
		TEST(an_index_counts_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

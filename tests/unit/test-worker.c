/* SPDX-License-Identifier: ISC */
/*
 * The worker's sleep: while smtpd reads nothing it costs nothing, however much
 * came and wherever it ends, and it goes on when there is room again.  And the
 * line that it works on: nobody writes over it.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#include "engine.h"
#include "settings.h"
#include "worker.h"

/* A line of a message, 1082 bytes with its newline. */
static char		 line[1083];
static struct shared	*sh;
static pid_t		 worker;
static int		 to_worker[2], to_guard[2];

static void
nap(int ms)
{
	struct timespec	 ts = { ms / 1000, ms % 1000 * 1000000L };

	(void)nanosleep(&ts, NULL);
}

static void
on_line(struct session *s, struct request rq, const char *text, size_t len)
{
	if (len > 5 && memcmp(text, "slow:", 5) == 0)
		nap(300);
	filter_line(rq, text, len);
}

static const struct filter	 filter = { .name = "test", .line = on_line };

static int
start(void **state)
{
	int		 n, socket[2];
	struct worker	 w = { .in = 0, .out = 1 };

	n = snprintf(line, sizeof(line), "%s",
	    WIRE_REQUEST("data-line", "01", "07", ""));
	memset(line + n, 'x', sizeof(line) - n);
	line[sizeof(line) - 2] = '\n';
	sh = guard_map();
	if (pipe(to_worker) == -1 || pipe(to_guard) == -1 || pipe(socket) == -1)
		return -1;
	if ((worker = fork()) == 0) {
		(void)dup2(to_worker[0], 0);
		(void)dup2(to_guard[1], 1);
		engine.filter = &filter;
		settings_init();	/* it looks at them each half minute */
		engine.deadline = 1000000;
		w.shared = sh;
		w.socket = socket[0];
		_exit(worker_run(&w));
	}
	return worker == -1 ? -1 : 0;
}

static int
stop(void **state)
{
	(void)kill(worker, SIGKILL);
	(void)waitpid(worker, NULL, 0);
	return 0;
}

/* As the guard does; returns whether the worker took it all, or is full. */
static int
feed(const char *buf, size_t len)
{
	int	 i;

	wire_put(sh, buf, len);
	assert_int_equal(write(to_worker[1], "", 1), 1);
	for (i = 0; i < 10000 && ring_used(&sh->in) >= PROTO_PREFIX; i++) {
		if (__atomic_load_n(&sh->worker_wants, __ATOMIC_RELAXED) ==
		    WANT_ROOM)
			return 0;
		nap(1);
	}
	assert_true(i < 10000);
	return 1;
}

/* What a while costs the worker, in ms of a processor. */
static int64_t
cost(void)
{
	struct timespec	 before, after;
	clockid_t	 clock;

	assert_int_equal(clock_getcpuclockid(worker, &clock), 0);
	(void)clock_gettime(clock, &before);
	nap(500);
	(void)clock_gettime(clock, &after);
	return (after.tv_sec - before.tv_sec) * 1000 +
	    (after.tv_nsec - before.tv_nsec) / 1000000;
}

static void
open_session(void)
{
	assert_true(feed(WIRE_CONNECT("01") "\n",
	    sizeof(WIRE_CONNECT("01"))));
}

static void
half_a_line_costs_nothing(void **state)
{
	open_session();
	wire_put(sh, line, 500);
	assert_int_equal(write(to_worker[1], "", 1), 1);
	assert_true(cost() < 100);
}

/* More than the worker will keep, and then one more, whole. */
static void
a_full_worker_costs_nothing(void **state)
{
	unsigned int	 n = 0;
	uint64_t	 heard = 0;
	int		 i;

	open_session();
	while (feed(line, sizeof(line) - 1))
		assert_true(n++ < 20000);
	assert_in_range(n, 7000, 10000);
	assert_true(cost() < 100);
	/* smtpd reads again: all of it comes. */
	for (i = 0; i < 10000 && heard < (uint64_t)(n + 1) * 1000; i++) {
		heard += ring_used(&sh->out);
		ring_store(&sh->out.tail, ring_load(&sh->out.head));
		assert_int_equal(write(to_worker[1], "", 1), 1);
		nap(2);
	}
	assert_true(heard >= (uint64_t)(n + 1) * 1000);
}

/* The first line of a message is paid for before anybody looks at it. */
static void
what_is_worked_on_is_not_written_over(void **state)
{
	static const char	 slow[] = WIRE_REQUEST("data-line", "01", "07",
				    "slow: Received: from there\n");
	int			 s[2];

	open_session();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_true(feed(slow, sizeof(slow) - 1));
	do {
		assert_int_equal(write(s[1], line, sizeof(line) - 1),
		    sizeof(line) - 1);
	} while (ring_fill(&sh->in, &sh->current, s[0]) ==
	    sizeof(line) - 1);
	assert_in_range(ring_used(&sh->in), RING_SIZE - sizeof(slow) * 2,
	    RING_SIZE - 1);
	nap(500);
	assert_non_null(strstr(wire_take(sh),
	    "|slow: Received: from there\n"));
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest	 tests[] = {
		TEST(half_a_line_costs_nothing),
		TEST(a_full_worker_costs_nothing),
		TEST(what_is_worked_on_is_not_written_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

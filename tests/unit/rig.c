/* SPDX-License-Identifier: ISC */
/* See rig.h.  The linker gives us fork, write, writev and realloc. */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

struct rig		*rig;
static struct channel	 ch;
pid_t			 rig_guard = -1;
static int		 smtpd = -1;
char			 rig_said[8 * 1024 * 1024];
static size_t		 nsaid;

pid_t	__real_fork(void);
pid_t	__wrap_fork(void);
ssize_t	__real_write(int, const void *, size_t);
ssize_t	__wrap_write(int, const void *, size_t);
ssize_t	__real_writev(int, const struct iovec *, int);
ssize_t	__wrap_writev(int, const struct iovec *, int);
void	*__real_realloc(void *, size_t);
void	*__wrap_realloc(void *, size_t);

pid_t
__wrap_fork(void)
{
	if (rig->fork_fails > 0 && rig_guard == 0) {
		rig->fork_fails--;
		errno = EAGAIN;
		return -1;
	}
	return __real_fork();
}

/* The guard's fd 1 is smtpd, the worker's is the guard. */
static int
starved(int fd)
{
	if (rig_guard != 0 || fd != 1 || rig->no_buffers == 0 ||
	    getpid() == rig->worker)
		return 0;
	rig->no_buffers--;
	errno = ENOBUFS;
	return 1;
}

ssize_t
__wrap_write(int fd, const void *buf, size_t len)
{
	return starved(fd) ? -1 : __real_write(fd, buf, len);
}

ssize_t
__wrap_writev(int fd, const struct iovec *iov, int n)
{
	return starved(fd) ? -1 : __real_writev(fd, iov, n);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return rig->no_memory ? NULL : __real_realloc(p, size);
}

static void
count_signal(int sig)
{
	if (sig == SIGHUP)
		rig->hups++;
	else
		rig->usrs++;
}

void
rig_nap(int ms)
{
	struct timespec	 ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) == -1)
		;
}

int64_t
rig_now(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* connect is answered, anything else is held. */
static void
work_line(const char *line, size_t len)
{
	struct proto_line	 l;
	struct debt		 d = { .owed = OWED_ANSWER };
	char			 buf[PROTO_ANSWER_MAX];

	if (proto_parse(&l, line, len) != NULL)
		_exit(99);
	channel_consume(&ch);
	if (l.kind == PROTO_CONFIG) {
		if (l.len != 5 || memcmp(l.arg, "ready", 5) != 0)
			return;
		channel_say(&ch, "register|ready\n", 15, NULL);
	} else if (l.kind == PROTO_FILTER) {
		d.session = l.session;
		d.token = l.token;
		d.phase = l.what;
		(void)channel_owe(&ch, &d);
		if (l.what != PHASE_CONNECT)
			return;
		d.owed = OWED_NOTHING;
		channel_say(&ch, buf, proto_result(buf, 7, l.session,
		    l.token, "proceed"), &d);
	}
}

static void
work_loop(struct shared *sh)
{
	struct pollfd	 pfd = { .fd = 0, .events = POLLIN };
	const char	*line;
	char		 bytes[64];
	size_t		 len;

	while (!sh->eof) {
		ring_store(&sh->beat, sh->beat + 1);
		while ((line = channel_line(&ch, &len)) != NULL)
			work_line(line, len);
		channel_publish(&ch);
		__atomic_store_n(&sh->worker_wants, WANT_BYTES |
		    (ch.over_len > 0 ? WANT_ROOM : 0), __ATOMIC_SEQ_CST);
		if (ring_load(&sh->in.head) == ch.in_end)
			(void)poll(&pfd, 1, 1000);
		__atomic_store_n(&sh->worker_wants, 0, __ATOMIC_SEQ_CST);
		if (read(0, bytes, sizeof(bytes)) == 0)
			return;
	}
}

static int
work(struct shared *sh)
{
	unsigned int	 n = rig->starts++;
	const char	*line;
	size_t		 len;

	rig->worker = getpid();
	(void)signal(SIGHUP, count_signal);
	(void)signal(SIGUSR1, count_signal);
	if (channel_init(&ch, sh, 1) == -1)
		return 71;
	if (n >= rig->bad_from && n < rig->bad_to) {
		if (rig->how == SLOW)
			rig_nap(1050);
		while (rig->how == CONSUME && ch.in_pos == 0)
			if ((line = channel_line(&ch, &len)) != NULL) {
				work_line(line, len);
				channel_publish(&ch);
			} else
				rig_nap(1);
		if (rig->how == STRIKE || rig->how == CONSUME)
			(void)raise(rig->arg);
		return rig->arg;
	}
	work_loop(sh);
	return 0;
}

void
rig_start(enum failure policy, int64_t deadline)
{
	struct guard_config	 config = { policy, deadline, 500 };
	struct worker		 w = { .in = 0, .out = 1 };
	int			 sv[2], null, status;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	smtpd = sv[0];
	nsaid = 0;
	assert_true((rig_guard = __real_fork()) != -1);
	if (rig_guard == 0) {
		/* cmocka would go on with the next test, in this process. */
		(void)signal(SIGSEGV, SIG_DFL);
		null = open("/dev/null", O_WRONLY);
		(void)dup2(null, 2);
		(void)dup2(sv[1], 0);
		(void)dup2(sv[1], 1);
		(void)close(sv[0]);
		(void)close(sv[1]);
		w.shared = guard_map();
		if ((status = guard_run(&w, &config)) == -1)
			status = work(w.shared);
		_exit(status);
	}
	(void)close(sv[1]);
}

/* Hear what there is within ms, or until n lines came; all lines so far. */
size_t
rig_hear(size_t n, int ms)
{
	struct pollfd	 pfd = { .fd = smtpd, .events = POLLIN };
	int64_t		 end = rig_now() + ms, left;
	size_t		 lines = 0, i = 0;
	ssize_t		 got;

	for (;;) {
		for (; i < nsaid; i++)
			lines += rig_said[i] == '\n';
		if (lines >= n || (left = end - rig_now()) <= 0)
			return lines;
		if (poll(&pfd, 1, (int)left) != 1)
			continue;
		got = read(smtpd, rig_said + nsaid, sizeof(rig_said) - 1 - nsaid);
		if (got <= 0)
			return lines;
		nsaid += got;
		rig_said[nsaid] = '\0';
	}
}

void
rig_say(const char *text)
{
	size_t	 len = strlen(text);

	assert_int_equal(__real_write(smtpd, text, len), len);
}

/* Of session and token n. */
void
rig_ask(const char *phase, unsigned int n)
{
	char	 line[256];

	(void)snprintf(line, sizeof(line),
	    "filter|0.7|1.000001|smtp-in|%s|%016x|%016x|x\n", phase, n, n);
	rig_say(line);
}

/* Sessions 1 to n: answered once each. */
void
rig_answered_once(unsigned int n)
{
	unsigned char	*seen = calloc(n + 1, 1);
	unsigned int	 id;
	const char	*p = rig_said;

	while ((p = strstr(p, "filter-result|")) != NULL) {
		id = strtoul(p += 14, NULL, 16);
		assert_in_range(id, 1, n);
		seen[id]++;
	}
	for (id = 1; id <= n; id++)
		assert_int_equal(seen[id], 1);
	free(seen);
}

void
rig_begin(enum failure policy, int64_t deadline)
{
	rig_start(policy, deadline);
	rig_say("config|ready\n");
	assert_int_equal(rig_hear(1, 5000), 1);
	assert_string_equal(rig_said, "register|ready\n");
	nsaid = 0;
}

/* The guard's exit status, or -1: it did not end in time. */
int
rig_status_within(int ms)
{
	int64_t	 end = rig_now() + ms;
	int	 status;

	do {
		if (waitpid(rig_guard, &status, WNOHANG) == rig_guard) {
			rig_guard = -1;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
		}
		rig_nap(5);
	} while (rig_now() < end);
	return -1;
}

void
rig_hang_up(void)
{
	(void)close(smtpd);
	smtpd = -1;
	assert_int_equal(rig_status_within(2500), 0);
}

int
rig_fresh(void **state)
{
	if (rig == NULL)
		rig = mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANON, -1, 0);
	memset(rig, 0, sizeof(*rig));
	return rig == MAP_FAILED ? -1 : 0;
}

int
rig_cleanup(void **state)
{
	if (smtpd != -1)
		(void)close(smtpd);
	if (rig_guard > 0) {
		(void)kill(rig_guard, SIGKILL);
		(void)waitpid(rig_guard, NULL, 0);
	}
	rig_guard = smtpd = -1;
	return 0;
}

/* It may just be dead, and the next one not yet born. */
void
rig_strike(int sig)
{
	assert_true(rig->worker > 1);
	assert_true(kill(rig->worker, sig) == 0 || errno == ESRCH);
}

void
rig_bad(unsigned int from, unsigned int to, enum how how, int arg)
{
	rig->bad_from = from;
	rig->bad_to = to;
	rig->how = how;
	rig->arg = arg;
}

/* What a second costs the guard, in ms of a processor. */
int64_t
rig_cost(void)
{
	struct timespec	 before, after;
	clockid_t	 clock;

	assert_int_equal(clock_getcpuclockid(rig_guard, &clock), 0);
	(void)clock_gettime(clock, &before);
	rig_nap(1000);
	(void)clock_gettime(clock, &after);
	return (after.tv_sec - before.tv_sec) * 1000 +
	    (after.tv_nsec - before.tv_nsec) / 1000000;
}

/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on Linux and system calls, each promise in a child of its own:
 * what was promised works, all else fails with an error, and nobody dies of it.
 * What the kernel lacks is skipped.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "sandbox_child.h"

static char	 dir[] = "/tmp/test-sandbox.XXXXXX";
static char	 secret[64], sock[64];

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	(*(int *)arg)++;
}

static void
body_events(void)
{
	struct timeval		 soon = { .tv_usec = 1000 };
	struct event_base	*base;
	int			 ticks = 0;

	enter("stdio");
	CHECK((base = event_base_new()) != NULL);
	CHECK(event_base_once(base, -1, EV_TIMEOUT, tick, &ticks, &soon) == 0);
	CHECK(event_base_dispatch(base) == 1 && ticks == 1);
	event_base_free(base);
}

static void
body_sockets(void)
{
	struct pollfd	 pfd = { .events = POLLIN };
	char		 buf[8];
	int		 pair[2], n;

	enter("stdio");
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(send(pair[0], "abc", 3, MSG_NOSIGNAL) == 3);
	pfd.fd = pair[1];
	CHECK(poll(&pfd, 1, 1000) == 1);
	CHECK(ioctl(pair[1], FIONREAD, &n) == 0 && n == 3);
	CHECK(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK(recv(pair[1], buf, sizeof(buf), 0) == 3);
	CHECK(shutdown(pair[0], SHUT_WR) == 0);
	CHECK(read(pair[1], buf, sizeof(buf)) == 0);
	CHECK(pipe(pair) == 0 && write(pair[1], "x", 1) == 1);
}

static void
body_memory(void)
{
	struct timespec	 ts;
	struct stat	 st;
	char		*p;
	size_t		 size;

	enter("stdio");
	for (size = 16; size < 64 << 20; size *= 4) {
		CHECK((p = malloc(size)) != NULL);
		memset(p, 1, size);
		CHECK((p = realloc(p, size * 2)) != NULL);
		free(p);
	}
	CHECK(clock_gettime(CLOCK_REALTIME, &ts) == 0 && time(NULL) > 0);
	CHECK(fstat(STDERR_FILENO, &st) == 0);
	CHECK(getpid() > 0 && sysconf(_SC_OPEN_MAX) > 0);
	CHECK(raise(0) == 0 && signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	CHECK(raise(SIGUSR1) == 0);
}

static void
stdio_runs_an_event_loop_sockets_and_memory(void **state)
{
	need_seccomp();
	in_child(body_events);
	in_child(body_sockets);
	in_child(body_memory);
}

static void *
thread_main(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static void
body_stdio_denied(void)
{
	char		*argv[] = { NULL };
	pthread_t	 thread;
	pid_t		 parent = getppid();
	int		 mark = 0, pair[2];

	enter("stdio");
	DENIED(open("/etc/passwd", O_RDONLY));
	DENIED(socket(AF_INET, SOCK_STREAM, 0));
	DENIED(socket(AF_UNIX, SOCK_STREAM, 0));
	DENIED(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	DENIED(fork());
	DENIED(execve("/bin/true", argv, argv));
	DENIED(kill(parent, 0));
	DENIED(unlink(secret));
	DENIED(chmod("/tmp", 0777));
	DENIED((int)syscall(SYS_ptrace, 0, 0, 0, 0));
	DENIED((int)syscall(SYS_bpf, 0, 0, 0));
	DENIED((int)syscall(SYS_io_uring_setup, 1, NULL));
	/* A call of another ABI: x32. */
	DENIED((int)syscall(0x40000000 + SYS_getpid));
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(errno == EPERM || errno == ENOMEM);	/* musl says ENOMEM */
	CHECK(pthread_create(&thread, NULL, thread_main, &mark) != 0);
}

static void
stdio_alone_opens_connects_forks_and_runs_nothing(void **state)
{
	need_seccomp();
	in_child(body_stdio_denied);
}

static void
body_inet(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd;

	enter("stdio inet");
	CHECK((fd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(1);
	CHECK(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 ||
	    errno == ECONNREFUSED || errno == ENETUNREACH);
	DENIED(listen(fd, 1));
	DENIED(bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	CHECK((fd = socket(AF_INET6, SOCK_DGRAM, 0)) != -1 ||
	    errno == EAFNOSUPPORT);
	DENIED(socket(AF_UNIX, SOCK_STREAM, 0));
	DENIED(socket(AF_NETLINK, SOCK_RAW, 0));
	DENIED(open("/etc/passwd", O_RDONLY));
}

static void
body_unix(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd, listener;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", sock);
	CHECK((listener = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(bind(listener, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(listen(listener, 1) == 0);
	enter("stdio unix");
	CHECK((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(accept(listener, NULL, NULL) != -1);
	DENIED(socket(AF_INET, SOCK_STREAM, 0));
}

static void
body_route(void)
{
	enter("stdio route");
	CHECK(socket(AF_NETLINK, SOCK_RAW, 0) != -1);
	/* 4 is NETLINK_SOCK_DIAG, 9 NETLINK_AUDIT. */
	CHECK(socket(AF_NETLINK, SOCK_RAW, 4) != -1 ||
	    errno == EPROTONOSUPPORT);
	DENIED(socket(AF_NETLINK, SOCK_RAW, 9));
	DENIED(socket(AF_INET, SOCK_STREAM, 0));
}

static void
inet_unix_and_route_open_their_own_sockets_only(void **state)
{
	need_seccomp();
	in_child(body_inet);
	in_child(body_unix);
	in_child(body_route);
}

static void
body_thread(void)
{
	pthread_t	 thread;
	int		 mark = 0;

	enter("stdio thread");
	CHECK(pthread_create(&thread, NULL, thread_main, &mark) == 0);
	CHECK(pthread_join(thread, NULL) == 0 && mark == 1);
	DENIED(fork());
}

static void
threads_are_no_processes(void **state)
{
	need_seccomp();
	in_child(body_thread);
}

static volatile int	 go, denied;

static void *
thread_early(void *arg)
{
	while (!go)
		(void)usleep(1000);
	denied = socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM;
	return NULL;
}

static void
body_threads(void)
{
	pthread_t	 thread;

	CHECK(pthread_create(&thread, NULL, thread_early, NULL) == 0);
	enter("stdio");
	go = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(denied);
}

static void
threads_from_before_are_restricted_too(void **state)
{
	need_seccomp();
	in_child(body_threads);
}

static void
body_proc(void)
{
	int	 status;
	pid_t	 pid;

	enter("stdio inet proc");
	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		enter("stdio");
		DENIED(socket(AF_INET, SOCK_STREAM, 0));
		DENIED(fork());
		CHECK(write(STDERR_FILENO, "", 0) == 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) != -1);
	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		enter("stdio inet unix");
		/* What the guard did not have, a worker can't get. */
		DENIED(socket(AF_UNIX, SOCK_STREAM, 0));
		for (;;)
			(void)pause();
	}
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
}

static void
a_guard_forks_workers_with_less_and_kills_them(void **state)
{
	need_seccomp();
	in_child(body_proc);
}

/* Nobody can look into it, and it can't undo that. */
static void
body_hidden(void)
{
	struct rlimit	 core;

	CHECK(prctl(PR_GET_DUMPABLE) == 1);
	sandbox_hide();
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
	    core.rlim_max == 0);
	enter("stdio");
	sandbox_hide();
	DENIED(prctl(PR_SET_DUMPABLE, 1));
}

/* The first secret may come with a reload. */
static void
body_hidden_late(void)
{
	enter("stdio proc");
	CHECK(prctl(PR_GET_DUMPABLE) == 1);
	CHECK(sandbox_untraceable() == 0);
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
}

static void
who_has_secrets_is_hidden(void **state)
{
	need_seccomp();
	in_child(body_hidden);
	in_child(body_hidden_late);
}

static int
setup(void **state)
{
	int	 fd;

	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(secret, sizeof(secret), "%s/secret", dir);
	(void)snprintf(sock, sizeof(sock), "%s/sock", dir);
	if ((fd = open(secret, O_WRONLY | O_CREAT | O_EXCL, 0600)) == -1)
		return -1;
	return close(fd);
}

static int
teardown(void **state)
{
	(void)unlink(sock);
	(void)unlink(secret);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(stdio_runs_an_event_loop_sockets_and_memory),
		cmocka_unit_test(
		    stdio_alone_opens_connects_forks_and_runs_nothing),
		cmocka_unit_test(
		    inet_unix_and_route_open_their_own_sockets_only),
		cmocka_unit_test(threads_are_no_processes),
		cmocka_unit_test(threads_from_before_are_restricted_too),
		cmocka_unit_test(
		    a_guard_forks_workers_with_less_and_kills_them),
		cmocka_unit_test(who_has_secrets_is_hidden),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

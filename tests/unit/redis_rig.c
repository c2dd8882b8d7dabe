/* SPDX-License-Identifier: ISC */
/*
 * See redis_rig.h.  Fails by failing the test.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

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

#include "redis_rig.h"

const char	*redis_more[RIG_MORE];
char		 rig_dir[] = "/tmp/test-redis.XXXXXX";
static pid_t	 servers[RIG_SERVERS], guards[RIG_SERVERS];
static int	 life[2];

static void
quiet(void)
{
	int	 fd = open("/dev/null", O_RDWR);

	if (fd != -1) {
		(void)dup2(fd, STDIN_FILENO);
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
	}
}

/* It is what it is called as: Debian's redis-tools have no other file of it. */
static void
redis_exec(const char *argv[])
{
	(void)execvp("redis-server", (char *const *)argv);
	(void)execvp("redis-check-rdb", (char *const *)argv);
}

static int
redis_exists(void)
{
	const char	*argv[] = { "redis-server", "--version", NULL };
	int		 status;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		quiet();
		redis_exec(argv);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int
redis_dir_make(void)
{
	if (pipe(life) == -1 || fcntl(life[1], F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	return mkdtemp(rig_dir) == NULL ? -1 : 0;
}

int
redis_begin(void)
{
	if (redis_exists() == -1)
		return 77;
	if (redis_dir_make() == -1)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

const char *
redis_path(int n)
{
	static char	 paths[RIG_SERVERS][64];

	(void)snprintf(paths[n], sizeof(paths[n]), "%s/%d.sock", rig_dir, n);
	return paths[n];
}

/* Kills the server when nobody holds the other end of the pipe any more. */
static void
guard(pid_t server)
{
	char	 c;

	(void)close(life[1]);
	while (read(life[0], &c, 1) == -1 && errno == EINTR)
		continue;
	(void)kill(server, SIGKILL);
	_exit(0);
}

static void
serve(int n)
{
	const char	*argv[12 + RIG_MORE + 1] = { "redis-server",
			    "--port", "0", "--unixsocket", redis_path(n),
			    "--save", "", "--appendonly", "no", "--dir",
			    rig_dir, NULL };
	int		 i;

	for (i = 0; i < RIG_MORE && redis_more[i] != NULL; i++)
		argv[11 + i] = redis_more[i];
	quiet();
	redis_exec(argv);
	_exit(1);
}

static int
is_there(int n)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 fd = socket(AF_UNIX, SOCK_STREAM, 0), r;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", redis_path(n));
	r = connect(fd, (struct sockaddr *)&un, sizeof(un));
	(void)close(fd);
	return r == 0;
}

void
redis_start(int n)
{
	int	 i;

	(void)unlink(redis_path(n));
	if ((servers[n] = fork()) == 0)
		serve(n);
	if ((guards[n] = fork()) == 0)
		guard(servers[n]);
	for (i = 0; i < 500 && !is_there(n); i++)
		(void)usleep(10000);
	assert_true(i < 500);
}

void
redis_signal(int n, int sig)
{
	assert_int_equal(kill(servers[n], sig), 0);
}

void
redis_kill(int n)
{
	if (servers[n] == 0)
		return;
	(void)kill(guards[n], SIGKILL);
	(void)waitpid(guards[n], NULL, 0);
	redis_signal(n, SIGKILL);
	(void)waitpid(servers[n], NULL, 0);
	servers[n] = 0;
	(void)unlink(redis_path(n));
}

const char *
redis_cli(int n, const char *command)
{
	static char	 out[4096];
	char		 buf[512];
	int		 fds[2];
	size_t		 len = 0;
	ssize_t		 r;
	pid_t		 pid;

	(void)snprintf(buf, sizeof(buf), "exec redis-cli -s %s %s",
	    redis_path(n), command);
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)close(fds[0]);
		(void)close(fds[1]);
		(void)execlp("sh", "sh", "-c", buf, (char *)NULL);
		_exit(1);
	}
	(void)close(fds[1]);
	while (len < sizeof(out) - 1 && (r = read(fds[0], out + len,
	    sizeof(out) - 1 - len)) > 0)
		len += (size_t)r;
	out[len] = '\0';
	(void)close(fds[0]);
	(void)waitpid(pid, NULL, 0);
	return out;
}

void
redis_dir_remove(void)
{
	int	 i;

	for (i = 0; i < RIG_SERVERS; i++)
		redis_kill(i);
	(void)rmdir(rig_dir);
}

/* SPDX-License-Identifier: ISC */
/*
 * What a bench needs to be smtpd to one program on a socketpair: start it,
 * shake hands, tell it what it registered for, stop it.  Exits 1 with a
 * reason on all that goes wrong.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

#define WAIT_MS		30000

int		 driver_fd;
static char	 registered[4096];

double
driver_now(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		err(1, "clock_gettime");
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int
driver_wait(int events)
{
	struct pollfd	 pfd = { .fd = driver_fd, .events = events };
	int		 n;

	if ((n = poll(&pfd, 1, WAIT_MS)) == -1)
		err(1, "poll");
	if (n == 0)
		errx(1, "no answer for %d s", WAIT_MS / 1000);
	return pfd.revents;
}

void
driver_write(const char *buf, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		if ((n = send(driver_fd, buf, len, MSG_NOSIGNAL)) == -1) {
			if (errno != EAGAIN && errno != EINTR)
				err(1, "write to the filter");
			(void)driver_wait(POLLOUT);
			continue;
		}
		buf += n;
		len -= n;
	}
}

/* The next line, a byte at a time: for what comes seldom.  Without newline. */
static void
read_line(char *buf, size_t size)
{
	size_t	 i = 0;
	ssize_t	 n;

	for (;;) {
		if ((n = read(driver_fd, buf + i, 1)) == 0)
			errx(1, "the filter is gone");
		if (n == -1) {
			if (errno != EAGAIN && errno != EINTR)
				err(1, "read from the filter");
			(void)driver_wait(POLLIN);
			continue;
		}
		if (buf[i] == '\n')
			break;
		if (++i == size)
			errx(1, "line too long: %.60s", buf);
	}
	buf[i] = '\0';
}

/* One answer that comes alone, in as few system calls as smtpd would need. */
void
driver_answer(char *buf, size_t size)
{
	size_t	 len = 0;
	ssize_t	 n;

	do {
		(void)driver_wait(POLLIN);
		if ((n = read(driver_fd, buf + len, size - 1 - len)) <= 0)
			errx(1, "the filter is gone");
		len += n;
	} while (buf[len - 1] != '\n' && len < size - 1);
	buf[len - 1] = '\0';
}

pid_t
driver_start(char *argv[])
{
	pid_t	 pid;
	int	 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		err(1, "socketpair");
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		if (dup2(fds[1], 0) == -1 || dup2(fds[1], 1) == -1)
			err(1, "dup2");
		(void)close(fds[0]);
		(void)close(fds[1]);
		execvp(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	(void)close(fds[1]);
	driver_fd = fds[0];
	if (fcntl(driver_fd, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
	return pid;
}

void
driver_handshake(void)
{
	static const char	config[] =
	    "config|smtpd-version|7.8.0-portable\n"
	    "config|protocol|0.7\n"
	    "config|smtp-session-timeout|300\n"
	    "config|subsystem|smtp-in\n"
	    "config|admd|mx.example.org\n"
	    "config|ready\n";
	char			line[256];
	size_t			len = 0;

	driver_write(config, sizeof(config) - 1);
	for (;;) {
		read_line(line, sizeof(line));
		if (strcmp(line, "register|ready") == 0)
			break;
		len += snprintf(registered + len, sizeof(registered) - len,
		    "%s\n", line);
		if (len >= sizeof(registered))
			errx(1, "it registers too much");
	}
}

int
driver_asked(const char *what)
{
	char	 line[128];

	(void)snprintf(line, sizeof(line), "register|%s\n", what);
	return strstr(registered, line) != NULL;
}

/* A report, if the program asked for it; fields begin with '|' or are "". */
void
driver_report(unsigned int id, const char *event, const char *fields)
{
	char	 line[256], name[64];
	int	 len;

	(void)snprintf(name, sizeof(name), "report|smtp-in|%s", event);
	if (!driver_asked(name) && !driver_asked("report|smtp-in|*"))
		return;
	len = snprintf(line, sizeof(line),
	    "report|0.7|1795291025.975632|smtp-in|%s|" DRIVER_ID "%s\n", event, id,
	    fields);
	driver_write(line, len);
}

/* The end of input is the end of the program, and of its children. */
double
driver_stop(pid_t pid)
{
	struct rusage	 ru;
	int		 status;

	(void)close(driver_fd);
	if (wait4(pid, &status, 0, &ru) == -1)
		err(1, "wait4");
	if (status != 0)
		errx(1, "it ended with status %#x", status);
	return ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
	    (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

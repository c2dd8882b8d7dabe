/* SPDX-License-Identifier: ISC */
/* See child.h.  Exits: what a tool can't do without, before the first line. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "log.h"
#include "trouble.h"

#define PIECE		65536
/* The longest line that smtpd can take, and of a log, without newlines. */
#define LINE_LONGEST	65535
#define EXIT_NO_EXEC	127

static void
become_filter(const char *dir, char *argv[], int fd, int err)
{
	char	 path[PATH_MAX];
	int	 n;

	(void)setsid();
	if (dup2(fd, 0) == -1 || dup2(fd, 1) == -1 || dup2(err, 2) == -1)
		_exit(EXIT_NO_EXEC);
	(void)close(fd);
	(void)close(err);
	n = snprintf(path, sizeof(path), "%s/%s", dir, argv[0]);
	if (strchr(argv[0], '/') == NULL && n > 0 &&
	    (size_t)n < sizeof(path) && access(path, X_OK) == 0)
		(void)execv(path, argv);
	(void)execvp(argv[0], argv);
	log_warn("%s", argv[0]);
	_exit(EXIT_NO_EXEC);
}

void
child_start(struct child *c, const char *dir, char *argv[])
{
	int	 pair[2], errs[2];

	memset(c, 0, sizeof(*c));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, errs) == -1)
		trouble("socketpair");
	c->fd = pair[0];
	c->err = errs[0];
	/* Ours only: its own end blocks, as smtpd leaves it. */
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(c->err, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(c->fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(c->err, F_SETFD, FD_CLOEXEC) == -1)
		trouble("fcntl");
	if ((c->pid = fork()) == -1)
		trouble("fork");
	if (c->pid == 0)
		become_filter(dir, argv, pair[1], errs[1]);
	(void)close(pair[1]);
	(void)close(errs[1]);
}

void
child_say(struct child *c, const char *s, size_t len)
{
	if (bytes_add(&c->out, s, len) == -1)
		trouble("what smtpd says");
}

int
child_told(const struct child *c)
{
	return c->out.len == 0;
}

int
child_begun(const struct child *c, const char **line, size_t *len)
{
	if (c->in.len <= c->drop_in)
		return 0;
	*line = c->in.data + c->in.off + c->drop_in;
	*len = c->in.len - c->drop_in;
	return 1;
}

/* A line that is there already. */
static int
line_take(struct bytes *b, size_t *drop, const char **line, size_t *len)
{
	const char	*end;

	bytes_drop(b, *drop);
	*drop = 0;
	if (b->len == 0)
		return 0;
	*line = b->data + b->off;
	if ((end = memchr(*line, '\n', b->len)) == NULL)
		return 0;
	*len = (size_t)(end - *line);
	*drop = *len + 1;
	return 1;
}

/* Returns -1: nothing will come any more. */
static int
read_some(int fd, struct bytes *b)
{
	char	 buf[PIECE];
	ssize_t	 n;

	n = recv(fd, buf, sizeof(buf), 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	if (bytes_add(b, buf, (size_t)n) == -1)
		trouble("what the filter says");
	return 0;
}

static void
write_some(struct child *c)
{
	ssize_t	 n;

	n = send(c->fd, c->out.data + c->out.off, c->out.len, MSG_NOSIGNAL);
	if (n > 0)
		bytes_drop(&c->out, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
		bytes_clear(&c->out);	/* reading will tell */
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

/* One turn; returns whether the socket is still open. */
static int
turn(struct child *c, int64_t left)
{
	struct pollfd	 pfd[2] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->err, .events = POLLIN }
	};
	int		 open = 1;

	if (c->out.len > 0)
		pfd[0].events |= POLLOUT;
	if (poll(pfd, 2, left < 0 ? 0 : left > INT_MAX ? INT_MAX :
	    (int)left) <= 0)
		return 1;
	if (pfd[0].revents & POLLOUT)
		write_some(c);
	if (pfd[1].revents != 0 && read_some(c->err, &c->log) == -1)
		close_one(&c->err);
	if (pfd[0].revents & (POLLIN | POLLHUP | POLLERR))
		open = read_some(c->fd, &c->in) == 0;
	return open;
}

enum heard
child_hear(struct child *c, int64_t until, const char **line, size_t *len)
{
	int64_t	 left = 1;
	int	 open = 1;

	for (;;) {
		if (line_take(&c->log, &c->drop_log, line, len))
			return HEARD_LOG;
		if (c->log.len > LINE_LONGEST)
			return HEARD_LONG_LOG;
		if (line_take(&c->in, &c->drop_in, line, len))
			return HEARD_LINE;
		if (c->in.len > LINE_LONGEST)
			return HEARD_LONG;
		if (!open)
			return HEARD_CLOSED;
		if (left <= 0)
			return HEARD_NOTHING;
		left = until - clock_ms();
		open = turn(c, left);
	}
}

void
child_hang_up(struct child *c)
{
	close_one(&c->fd);
	bytes_clear(&c->out);
	bytes_clear(&c->in);
	c->drop_in = 0;
}

int
child_ended(struct child *c, int64_t until)
{
	while (c->pid > 0 && waitpid(c->pid, &c->status, WNOHANG) == 0) {
		if (clock_ms() >= until)
			return 0;
		(void)poll(NULL, 0, 5);
	}
	c->pid = 0;
	return 1;
}

/* It is the leader of its process group: a worker goes with its guard. */
void
child_kill(struct child *c)
{
	pid_t	 group = c->pid;

	child_hang_up(c);
	close_one(&c->err);
	bytes_clear(&c->log);
	if (group <= 0)
		return;
	(void)kill(-group, SIGKILL);
	(void)kill(group, SIGKILL);
	(void)waitpid(group, &c->status, 0);
	c->pid = 0;
}

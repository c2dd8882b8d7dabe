/* SPDX-License-Identifier: ISC */
/*
 * Servers and a client for the tests of streams, see peer.h.  Every server
 * ends by itself after 60 s, should its test be killed.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "peer.h"

struct event_base	*loop;

static char		 dir[64];
static int		 sockets;

const char *
peer_path(void)
{
	static char	 path[96];

	(void)snprintf(path, sizeof(path), "%s/%d", dir, sockets++);
	return path;
}

static void
peer_address(struct sockaddr_un *un, struct peer *p)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	(void)snprintf(un->sun_path, sizeof(un->sun_path), "%s", peer_path());
	(void)snprintf(p->where, sizeof(p->where), "%s", un->sun_path);
}

static void
peer_bind(struct peer *p, int tcp)
{
	struct sockaddr_un	 un;
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(in);
	int			 r;

	p->pid = -1;
	p->fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
	assert(p->fd != -1);
	if (tcp) {
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		r = bind(p->fd, (struct sockaddr *)&in, len);
		assert(r == 0);
		r = getsockname(p->fd, (struct sockaddr *)&in, &len);
		(void)snprintf(p->where, sizeof(p->where), "127.0.0.1:%d",
		    ntohs(in.sin_port));
	} else {
		peer_address(&un, p);
		r = bind(p->fd, (struct sockaddr *)&un, sizeof(un));
	}
	assert(r == 0);
}

static void
peer_loop(int fd, void (*serve)(int, int))
{
	int	 client, n;

	(void)setpgid(0, 0);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(60);
	if (serve == NULL) {
		for (;;)
			(void)pause();
	}
	for (n = 0;; n++) {
		if ((client = accept(fd, NULL, NULL)) == -1)
			_exit(1);
		if (fork() == 0) {
			(void)alarm(60);
			(void)close(fd);
			serve(client, n);
			_exit(0);
		}
		(void)close(client);
	}
}

static void
peer_run(struct peer *p, int tcp, void (*serve)(int, int))
{
	int	 r;

	peer_bind(p, tcp);
	r = listen(p->fd, serve == NULL ? 0 : 128);
	assert(r == 0);
	if ((p->pid = fork()) == 0)
		peer_loop(p->fd, serve);
	assert(p->pid != -1);
	/* Both sides, so that it holds when we kill it at once. */
	(void)setpgid(p->pid, p->pid);
	(void)close(p->fd);
	p->fd = -1;
}

void
peer_start(struct peer *p, void (*serve)(int, int))
{
	peer_run(p, 0, serve);
}

void
peer_start_tcp(struct peer *p, void (*serve)(int, int))
{
	peer_run(p, 1, serve);
}

void
peer_refuse(struct peer *p, int tcp)
{
	peer_bind(p, tcp);
}

void
peer_stop(struct peer *p)
{
	if (p->pid > 0) {
		(void)kill(-p->pid, SIGKILL);
		(void)waitpid(p->pid, NULL, 0);
	}
	if (p->fd != -1)
		(void)close(p->fd);
	if (p->where[0] == '/')
		(void)unlink(p->where);
	p->pid = p->fd = -1;
}

void
peer_read_line(int fd)
{
	char	 c = '\0';

	while (c != '\n') {
		if (read(fd, &c, 1) != 1)
			_exit(0);
	}
}

void
peer_say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(0);
}

void
peer_echo(int fd, int n)
{
	char	 buf[4096];
	ssize_t	 len;

	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		if (write(fd, buf, (size_t)len) != len)
			return;
	}
}

void
peer_mute(int fd, int n)
{
	char	 buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
}

/* A line; one that begins with "!" is none. */
static size_t
client_frame(const void *data, size_t len, void *arg)
{
	const char	*p = data, *end;

	if (*p == '!')
		return SIZE_MAX;
	if ((end = memchr(p, '\n', len)) == NULL)
		return 0;
	return (size_t)(end - p) + 1;
}

static void
client_act(struct client *c, struct stream *s, enum action action)
{
	switch (action) {
	case NOTHING:
		break;
	case CLOSE:
		stream_close(s);
		break;
	case RELEASE:
		stream_release(s);
		break;
	case FAIL:
		stream_fail(s, "nonsense");
		break;
	case WRITE:
		(void)stream_write(s, c->say, strlen(c->say), c->ms);
		break;
	case FINISH:
		stream_finish(s);
		break;
	}
	if (action == CLOSE || action == RELEASE || action == FAIL)
		c->s = NULL;
}

static void
client_up(struct stream *s, void *arg)
{
	struct client	*c = arg;

	assert(c->gones == 0 && c->ups == 0);
	c->ups++;
	client_act(c, s, c->on_up);
}

static void
client_in(struct stream *s, const void *data, size_t len, void *arg)
{
	struct client	*c = arg;

	assert(c->gones == 0 && c->s == s);
	c->ins++;
	c->last_len = len;
	client_act(c, s, c->on_in);
	/* Still readable, whatever was done to the stream. */
	(void)snprintf(c->last, sizeof(c->last), "%.*s", (int)len,
	    (const char *)data);
}

static void
client_sent(struct stream *s, void *arg)
{
	struct client	*c = arg;

	c->sents++;
	client_act(c, s, c->on_sent);
}

static void
client_gone(const char *why, size_t left, void *arg)
{
	struct client	*c = arg;
	struct stream	*s = c->s;

	assert(c->gones == 0 && s != NULL);
	c->gones++;
	c->left = left;
	(void)snprintf(c->why, sizeof(c->why), "%s", why == NULL ? "-" : why);
	client_act(c, s, c->on_gone);
	c->s = NULL;
}

const struct stream_ops	 client_ops = {
	.up = client_up,
	.frame = client_frame,
	.in = client_in,
	.gone = client_gone,
	.sent = client_sent,
	.max = 1000
};

void
client_open(struct client *c, struct backend *b, const char *say, int64_t ms)
{
	c->say = say;
	c->ms = ms;
	c->s = stream_open(b, &client_ops, c, ms);
	if (c->s != NULL && say != NULL)
		(void)stream_write(c->s, say, strlen(say), ms);
}

int
client_ask(struct client *c, struct backend *b, const char *say,
    enum action then)
{
	int64_t	 end = now_ms() + 5000;

	memset(c, 0, sizeof(*c));
	c->on_in = then;
	client_open(c, b, say, 2000);
	if (c->s == NULL)
		return 0;
	while (c->ins == 0 && c->gones == 0 && now_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	return c->ins == 1;
}

int64_t
now_ms(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
run_ms(int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)event_base_loopexit(loop, &tv);
	(void)event_base_dispatch(loop);
}

void
run_until(const int *what)
{
	int64_t	 end = now_ms() + 10000;

	while (*what == 0 && now_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	assert(*what != 0);
}

struct backend *
backend_to(const char *where)
{
	struct backend	*b = backend_new("test");
	const char	*error = backend_add(b, where, 0);

	assert(error == NULL);
	backend_start(b, loop);
	return b;
}

int
peer_setup(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-stream.XXXXXX");
	if (mkdtemp(dir) == NULL || (loop = event_base_new()) == NULL)
		return -1;
	return 0;
}

int
peer_teardown(void **state)
{
	event_base_free(loop);
	return rmdir(dir);
}

/* SPDX-License-Identifier: ISC */
/*
 * The server of ask_rig.h.  What it can't do aborts the test.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ask_rig.h"

struct conn {
	struct conn		*next;
	struct spamd		*spamd;
	const struct part	*part;
	int			 fd;
	struct event		*rd, *timer;
	char			*head;
	size_t			 head_len, said;
	int			 body, ended;
	char			 tail[16];
	struct part		 pong;
	size_t			 want, got;
	uint32_t		 sum;
};

struct spamd		 spamds[SPAMDS];

static struct event	*listeners[SPAMDS];
static struct conn	*conns;

static void
conn_free(struct conn *c)
{
	struct conn	**p;

	for (p = &conns; *p != c; p = &(*p)->next)
		continue;
	*p = c->next;
	c->spamd->open--;
	event_free(c->rd);
	event_free(c->timer);
	(void)close(c->fd);
	free(c->head);
	free(c);
}

static void
conn_later(struct conn *c, int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)evtimer_add(c->timer, &tv);
}

/* Returns whether c is still there. */
static int
conn_say(struct conn *c)
{
	size_t	 len = c->part->say == NULL ? 0 : strlen(c->part->say), n;
	ssize_t	 sent;

	while (c->said < len || (c->part->endless && (c->said = 0) == 0)) {
		n = len - c->said;
		if (c->part->step != 0 && n > c->part->step)
			n = c->part->step;
		sent = send(c->fd, c->part->say + c->said, n, MSG_NOSIGNAL);
		if (sent == -1 && errno != EAGAIN) {
			conn_free(c);
			return 0;
		}
		c->said += sent > 0 ? (size_t)sent : 0;
		if (sent == -1 || c->part->step != 0) {
			conn_later(c, 1);
			return 1;
		}
	}
	if (c->part->stay || (c->part->act == ACT_EARLY && !c->ended))
		return 1;
	conn_free(c);
	return 0;
}

static void
conn_timer(int fd, short what, void *arg)
{
	(void)conn_say(arg);
}

/* The client's half is shut: the request is whole. */
static void
conn_end(struct conn *c)
{
	struct spamd	*s = c->spamd;
	size_t		 n = strlen(s->order);

	c->ended = 1;
	(void)event_del(c->rd);
	if (c->part == &c->pong) {
		(void)conn_say(c);
		return;
	}
	s->got = c->got;
	s->sum = c->sum;
	(void)snprintf(s->head, sizeof(s->head), "%s", c->head);
	if (c->got != c->want)
		s->bad++;
	(void)snprintf(s->order + n, sizeof(s->order) - n, "%s", c->tail);
	if (c->part->act == ACT_MUTE)
		return;
	if (c->part->slow_ms != 0)
		conn_later(c, c->part->slow_ms);
	else
		(void)conn_say(c);
}

static void
conn_body(struct conn *c, const char *p, size_t len)
{
	const char	*end = p + len, *word;

	c->got += len;
	c->sum = sum_bytes(c->sum, p, len);
	/* Its last word, "N\n". */
	if (len > 1 && end[-1] == '\n') {
		for (word = end - 1; word > p && word[-1] != '\n'; word--)
			continue;
		(void)snprintf(c->tail, sizeof(c->tail), "%.*s ",
		    (int)(end - 1 - word), word);
	}
}

static void
conn_head(struct conn *c)
{
	const char	*p;

	if ((p = strstr(c->head, "Content-length: ")) != NULL)
		c->want = strtoul(p + 16, NULL, 10);
	if (strncmp(c->head, "PING ", 5) != 0)
		return;
	c->spamd->pings++;
	c->spamd->conns--;
	c->pong.act = c->spamd->ping_mute ? ACT_MUTE : ACT_ANSWER;
	c->pong.say = c->spamd->ping_mute ? NULL : "SPAMD/1.5 0 PONG\r\n";
	c->pong.stay = c->spamd->ping_mute;
	c->part = &c->pong;
}

static void
conn_input(struct conn *c, const char *p, size_t len)
{
	char	*end;

	if (c->body) {
		conn_body(c, p, len);
		return;
	}
	c->head = realloc(c->head, c->head_len + len + 1);
	memcpy(c->head + c->head_len, p, len);
	c->head_len += len;
	c->head[c->head_len] = '\0';
	if ((end = strstr(c->head, "\r\n\r\n")) == NULL)
		return;
	c->body = 1;
	end += 4;
	conn_body(c, end, c->head_len - (size_t)(end - c->head));
	*end = '\0';
	conn_head(c);
}

static void
conn_read(int fd, short what, void *arg)
{
	static char	 buf[65536];
	struct conn	*c = arg;
	ssize_t		 n;

	n = recv(fd, buf, sizeof(buf), 0);
	if (n > 0)
		conn_input(c, buf, (size_t)n);
	else if (n == 0)
		conn_end(c);
	else
		conn_free(c);
}

static void
spamd_accept(int fd, short what, void *arg)
{
	struct spamd	*s = arg;
	struct conn	*c = calloc(1, sizeof(*c));
	int		 i;

	assert(c != NULL);
	c->fd = accept(fd, NULL, NULL);
	assert(c->fd != -1);
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < s->conns && s->parts[i + 1].act != ACT_END; i++)
		continue;
	c->part = &s->parts[i];
	c->spamd = s;
	s->conns++;
	if (++s->open > s->open_max)
		s->open_max = s->open;
	c->next = conns;
	conns = c;
	c->rd = event_new(loop, c->fd, EV_READ | EV_PERSIST, conn_read, c);
	c->timer = evtimer_new(loop, conn_timer, c);
	if (c->part->act != ACT_DEAF)
		(void)event_add(c->rd, NULL);
	if (c->part->act == ACT_EARLY)
		(void)conn_say(c);
}

void
spamd_start(int i, const struct part *parts)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	struct spamd		*s = &spamds[i];
	int			 r;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s",
	    rig_path(i));
	(void)unlink(un.sun_path);
	s->parts = parts;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	r = bind(s->fd, (struct sockaddr *)&un, sizeof(un));
	assert(r == 0);
	r = listen(s->fd, 128);
	assert(r == 0);
	listeners[i] = event_new(loop, s->fd, EV_READ | EV_PERSIST,
	    spamd_accept, s);
	(void)event_add(listeners[i], NULL);
}

void
spamd_stop(int i)
{
	if (listeners[i] == NULL)
		return;
	event_free(listeners[i]);
	listeners[i] = NULL;
	(void)close(spamds[i].fd);
	(void)unlink(rig_path(i));
}

void
spamd_hang_up(void)
{
	while (conns != NULL)
		conn_free(conns);
}

/* SPDX-License-Identifier: ISC */
/* The milter of link_rig.h.  What it can't do aborts the test. */

#include "link_rig.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <event2/event.h>

#include "bytes.h"
#include "link_peer.h"
#include "packet.h"

struct conn {
	struct conn	*next, **prev;
	int		 fd;
	struct event	*rd, *timer;
	struct bytes	 in;
	const char	*say;		/* the rest of a turn */
	char		*raw;		/* what it is just saying, */
	size_t		 raw_len, raw_off;
	int		 slow;		/* byte by byte */
	uint32_t	 protocol, version;
};

struct peer		 peer;

static struct conn	*conns;
static struct event_base *loop;
static struct event	*door;
static int		 door_fd = -1;
static char		 where[96];

static void	conn_timer(evutil_socket_t, short, void *);

static void
seen_add(char c)
{
	size_t	 n = strlen(peer.seen);

	if (n + 1 < sizeof(peer.seen)) {
		peer.seen[n] = c;
		peer.seen[n + 1] = '\0';
	}
}

static void
conn_close(struct conn *c)
{
	if ((*c->prev = c->next) != NULL)
		c->next->prev = c->prev;
	event_free(c->rd);
	event_free(c->timer);
	(void)close(c->fd);
	bytes_clear(&c->in);
	free(c->raw);
	free(c);
	peer.open--;
}

static void
conn_later(struct conn *c, int ms)
{
	struct timeval	 tv = { 0, ms * 1000 };

	(void)event_add(c->timer, &tv);
}

/* One line of a turn as bytes. */
static void
conn_encode(struct conn *c, const char *line, size_t len)
{
	unsigned int	 byte;
	uint32_t	 n = htonl((uint32_t)len);
	size_t		 i;

	c->raw = malloc(len + 4);
	assert(c->raw != NULL);
	c->raw_off = 0;
	if (*line == '#') {
		for (i = 0; 2 * i + 2 < len; i++) {
			(void)sscanf(line + 1 + 2 * i, "%2x", &byte);
			c->raw[i] = (char)byte;
		}
		c->raw_len = i;
		return;
	}
	memcpy(c->raw, &n, 4);
	for (i = 0; i < len; i++)
		c->raw[4 + i] = line[i] == '\1' ? '\0' : line[i];
	c->raw_len = len + 4;
}

/* The other side may have left. */
static void
conn_send(struct conn *c, const char *p, size_t len)
{
	ssize_t	 r = send(c->fd, p, len, MSG_NOSIGNAL);

	assert(r == (ssize_t)len || errno == EPIPE || errno == ECONNRESET);
}

/* Returns 0 if it has to go on later. */
static int
conn_write(struct conn *c)
{
	size_t	 n = c->slow ? 1 : c->raw_len - c->raw_off;

	conn_send(c, c->raw + c->raw_off, n);
	c->raw_off += n;
	if (c->raw_off < c->raw_len) {
		conn_later(c, 1);
		return 0;
	}
	free(c->raw);
	c->raw = NULL;
	return 1;
}

/* The rest of a turn.  Returns -1 if the connection is gone. */
static int
conn_say(struct conn *c)
{
	const char	*line;
	size_t		 len;

	for (;;) {
		if (c->raw != NULL && !conn_write(c))
			return 0;
		if (c->say == NULL || *c->say == '\0')
			break;
		line = c->say;
		len = strcspn(line, "\n");
		c->say += len + (line[len] == '\n');
		if (*line == '!') {
			conn_close(c);
			return -1;
		} else if (*line == '*')
			c->slow = 1;
		else if (*line == '@') {
			conn_later(c, atoi(line + 1));
			return 0;
		} else
			conn_encode(c, line, len);
	}
	c->say = NULL;
	c->slow = 0;
	return 0;
}

static const char *
turn_find(char on, int nth)
{
	const struct turn	*t;

	for (t = peer.turns; t != NULL && t->on != 0; t++) {
		if (t->on == on && (t->nth == 0 || t->nth == nth))
			return t->say;
	}
	return NULL;
}

static int
conn_negotiate(struct conn *c)
{
	uint32_t	 n[3] = { htonl(peer.version), htonl(peer.actions),
			    htonl(peer.protocol) };
	struct bytes	 out = { NULL, 0, 0, 0 };
	int		 r;

	r = packet_begin(&out, SMFIC_OPTNEG);
	assert(r == 0);
	(void)bytes_add(&out, n, sizeof(n));
	if (peer.macros != NULL)
		(void)bytes_add(&out, peer.macros, peer.macros_len);
	packet_end(&out, 0);
	conn_send(c, out.data + out.off, out.len);
	bytes_clear(&out);
	return 0;
}

static void
peer_keep(const struct packet *p, unsigned char letter)
{
	size_t	 i;

	if (p->len > peer.longest)
		peer.longest = p->len;
	if (p->command == SMFIC_BODY) {
		peer.body_len += p->len;
		peer.body_sum = sum(peer.body_sum, p->data, p->len);
	}
	free(peer.last[letter]);
	peer.last[letter] = malloc(p->len + 1);
	assert(peer.last[letter] != NULL);
	for (i = 0; i < p->len; i++)
		peer.last[letter][i] = p->data[i] == '\0' ? '\1' : p->data[i];
	peer.last[letter][i] = '\0';
}

static int
conn_packet(struct conn *c, const struct packet *p)
{
	struct terms	 t = { .version = c->version,
			    .protocol = c->protocol };
	char		 letter = p->command;
	const char	*say;

	if (letter == SMFIC_MACRO)
		letter = (char)tolower((unsigned char)p->data[0]);
	seen_add(letter);
	peer_keep(p, (unsigned char)letter);
	say = turn_find(letter, ++peer.count[(unsigned char)letter]);
	if (say != NULL) {
		c->say = say;
		return conn_say(c);
	}
	if (letter == SMFIC_OPTNEG)
		return conn_negotiate(c);
	if (strchr("CHMRTULNBE", letter) == NULL || !terms_replies(&t, letter))
		return 0;
	c->say = "c";
	return conn_say(c);
}

static void
conn_read(evutil_socket_t fd, short what, void *arg)
{
	static char	 buf[65536];
	struct conn	*c = arg;
	struct packet	 p;
	ssize_t		 n;
	size_t		 len, max = sizeof(buf);

	if (peer.step != 0 && peer.step < max)
		max = peer.step;
	n = recv(fd, buf, max, 0);
	if (n <= 0) {
		seen_add(')');
		conn_close(c);
		return;
	}
	(void)bytes_add(&c->in, buf, (size_t)n);
	while (c->in.len > 0 && (len = packet_frame(c->in.data + c->in.off,
	    c->in.len)) != 0 && len <= c->in.len) {
		packet_open(c->in.data + c->in.off, len, &p);
		if (conn_packet(c, &p) == -1)
			return;
		bytes_drop(&c->in, len);
	}
	if (peer.step != 0) {
		(void)event_del(c->rd);
		conn_later(c, 1);
	}
}

static void
conn_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = arg;

	(void)event_add(c->rd, NULL);
	(void)conn_say(c);
}

static void
door_open(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = calloc(1, sizeof(*c));

	assert(c != NULL);
	c->version = peer.version;
	c->protocol = peer.protocol;
	c->fd = accept(fd, NULL, NULL);
	assert(c->fd != -1);
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->rd = event_new(loop, c->fd, EV_READ | EV_PERSIST, conn_read, c);
	c->timer = event_new(loop, -1, 0, conn_timer, c);
	if ((c->next = conns) != NULL)
		c->next->prev = &c->next;
	c->prev = &conns;
	conns = c;
	peer.conns++;
	peer.open++;
	seen_add('(');
	(void)event_add(c->rd, NULL);
	if ((c->say = turn_find('(', peer.conns)) != NULL)
		(void)conn_say(c);
}

void
peer_listen(struct event_base *base, const char *path)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 r;

	loop = base;
	(void)snprintf(where, sizeof(where), "%s", path);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	door_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	r = bind(door_fd, (struct sockaddr *)&un, sizeof(un));
	assert(r == 0);
	r = listen(door_fd, 1000);
	assert(r == 0);
	door = event_new(loop, door_fd, EV_READ | EV_PERSIST, door_open, NULL);
	(void)event_add(door, NULL);
}

void
peer_shut(void)
{
	if (door_fd == -1)
		return;
	event_free(door);
	(void)close(door_fd);
	(void)unlink(where);
	door_fd = -1;
}

void
peer_cut(void)
{
	while (conns != NULL)
		conn_close(conns);
}

void
peer_begin(void)
{
	memset(&peer, 0, sizeof(peer));
	peer.version = 6;
	peer.actions = SMFI_CURR_ACTS;
}

void
peer_end(void)
{
	size_t	 i;

	peer_cut();
	peer_shut();
	for (i = 0; i < 256; i++)
		free(peer.last[i]);
}

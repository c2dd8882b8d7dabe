/* SPDX-License-Identifier: ISC */
/*
 * For the tests of streams: servers that misbehave, each a process of its
 * own, and a client that notes what happened to its stream.
 */

#ifndef PEER_H
#define PEER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "backend.h"
#include "logged.h"
#include "server.h"
#include "stream_private.h"
#include "stream.h"

struct event_base;

struct peer {
	pid_t	 pid;
	int	 fd;			/* listening */
	char	 where[128];
};

/*
 * serve() is called for each connection, in a process of its own; n counts
 * from 0.  NULL: none is ever accepted.
 */
void	peer_start(struct peer *, void (*serve)(int fd, int n));
void	peer_start_tcp(struct peer *, void (*serve)(int fd, int n));
/* Bound, and not listening. */
void	peer_refuse(struct peer *, int tcp);
void	peer_stop(struct peer *);
/* Of a new file in the tests' own directory. */
const char	*peer_path(void);

void	peer_read_line(int fd);
void	peer_say(int fd, const char *);
/* Answers each line with itself. */
void	peer_echo(int fd, int n);
/* Reads, and says nothing. */
void	peer_mute(int fd, int n);

enum action {
	NOTHING,
	CLOSE,
	RELEASE,
	FAIL,
	WRITE,
	FINISH
};

struct client {
	struct stream	*s;
	int		 ups, ins, gones, sents;
	size_t		 left;
	size_t		 last_len;
	char		 last[64];	/* frame */
	char		 why[160];	/* "-": NULL */
	enum action	 on_up, on_in, on_gone, on_sent;
	const char	*say;
	int64_t		 ms;
};

extern const struct stream_ops	 client_ops;
extern struct event_base	*loop;

int	peer_setup(void **);
int	peer_teardown(void **);

/* A backend with this one server. */
struct backend	*backend_to(const char *where);
int64_t		 now_ms(void);
/* Opens, and writes the line say if it isn't NULL. */
void		 client_open(struct client *, struct backend *, const char *,
		    int64_t ms);
/* Opens and writes say; returns whether a reply came, and then does this. */
int		 client_ask(struct client *, struct backend *, const char *,
		    enum action);
/* Run the loop until it is not 0 any more; fails the test after 10 s. */
void		 run_until(const int *);
void		 run_ms(int64_t);

#endif /* PEER_H */

/* SPDX-License-Identifier: ISC */
/*
 * For the tests of consult.c: policy servers that misbehave, each a process of
 * its own (see peer.h), an engine that has sessions and a deadline, and what
 * became of each question.
 */

#ifndef CONSULT_RIG_H
#define CONSULT_RIG_H

#include "consult.h"
#include "consult_config.h"
#include "peer.h"

#define ASKS	2000

struct outcome {
	int			 done;	/* how often */
	int			 answered;
	struct policyd_answer	 answer;
	char			 why[256];
	int64_t			 ms;	/* since it was put */
};

/* What all servers of a test have seen. */
struct seen {
	int	 conns, requests, stressed, hangups;
	char	 last[8192];		/* the last request */
};

extern struct outcome	 outcomes[ASKS];
extern int		 session_gone[ASKS];
extern int64_t		 deadline_ms;
extern int		 ndone;
extern struct seen	*seen;
extern struct peer	 servers[3];

int	consult_setup(void **);
int	consult_teardown(void **);

/* Start server i, or one that is not there; it is asked after those before. */
void	server_start(int i, void (*serve)(int, int));
void	server_absent(int i);
/* It is there again, at the same address. */
void	server_restart(int i, void (*serve)(int, int));
/* consult.c, with these servers. */
void	servers_are(int n);

/* Notes what became of the question of that session. */
void	asked(struct request, const struct policyd_answer *, const char *why);
/* Question n: its recipient is "n@example.org". */
void	put(int n);
/* Until so many are done in all; fails after 10 s. */
void	run_done(int n);
/* Question n was answered by serve_well() with its own number. */
void	well(int n);
void	failed(int n, const char *why);

/* Servers.  A request, and the number of its recipient; ends at its end. */
int	serve_read(int fd);
void	serve_answer(int fd, int n);
void	serve_well(int fd, int conn);

#endif /* CONSULT_RIG_H */

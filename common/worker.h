/* SPDX-License-Identifier: ISC */
/*
 * The worker: the filter itself, in an event loop.
 */

#ifndef WORKER_H
#define WORKER_H

#include "channel.h"

/* What a worker is given. */
struct worker {
	struct shared	*shared;
	/*
	 * in is a pipe that becomes readable when there is something to do in
	 * the rings (end of file: the guard is gone), a byte to out wakes the
	 * guard.  socket is smtpd's: never to be read or written, but to wake
	 * at the same time as the guard when something comes.  -1: there is no
	 * guard, and in and out are smtpd's.
	 */
	int		 in, out, socket;
	unsigned int	 generation;	/* 0 for the first one */
	/* In a program that is not ours: signals are its own. */
	int		 guest;
};

/*
 * In the guard's child: the pipes take the place of smtpd, so that whatever it
 * and its children write there does no harm.  0 or -1.
 */
int	worker_begin(struct worker *, int in, int out);
/* Returns the exit status. */
int	worker_run(const struct worker *);
/* The loop ends after this turn; not from other threads. */
void	worker_end(void);

#endif /* WORKER_H */

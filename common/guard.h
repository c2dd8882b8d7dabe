/* SPDX-License-Identifier: ISC */
/*
 * The process that smtpd started, and that never dies before smtpd does.
 *
 * It forks a worker, which is the filter, and pumps bytes between smtpd's
 * socket and two rings that both have mapped.  The worker parses and answers
 * in the rings and never touches the socket: killed inside of read(2) or
 * write(2) it would leave bytes lost or said twice, and a line said twice
 * kills smtpd.
 *
 * When the worker dies, of anything, the next one pays what the ledger says is
 * owed and goes on at the line where the first one stopped.  When workers keep
 * dying, the guard answers everything itself by the fail policy, and tries
 * another worker every 30 s.  A worker that gives no sign of life for the time
 * of the deadline is killed.
 */

#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>

#include "worker.h"

struct guard_config {
	enum failure	 policy;
	int64_t		 deadline;	/* ms without a sign of life */
	int64_t		 farewell;	/* ms for a worker to end in */
};

/*
 * Both sides wake together, and each needs less time for its part than it takes
 * to sleep and be woken again: how long one lets others run before it sleeps, in
 * microseconds.
 */
#define GUARD_LINGER	100

/* The mapping, for guard_run() or a lone worker.  Exits: out of memory. */
struct shared	*guard_map(void);

/*
 * *w is a lone worker when it is called: its mapping, and smtpd as in and out.
 * Returns -1 in each worker, with what that is given.  Returns the exit status
 * in the guard itself, when smtpd hung up, or when the first worker gave up
 * before it was ready.
 */
int		 guard_run(struct worker *w, const struct guard_config *);

#endif /* GUARD_H */

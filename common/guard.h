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

#include "channel.h"

struct guard_config {
	enum failure	 policy;
	int64_t		 deadline;	/* ms without a sign of life */
	/*
	 * The worker, in its own process: its stdin is a pipe that becomes
	 * readable when there is something to do in the rings (end of file:
	 * the guard is gone), a byte to its stdout wakes the guard.  generation
	 * is 0 for the first one.  Its return value is its exit status.
	 */
	int		(*work)(struct shared *, unsigned int generation);
};

/* The mapping, for guard_run() or a lone worker.  Exits: out of memory. */
struct shared	*guard_map(void);

/*
 * Returns the exit status, when smtpd hung up, or when the first worker gave
 * up before it was ready.
 */
int		 guard_run(struct shared *, const struct guard_config *);

#endif /* GUARD_H */

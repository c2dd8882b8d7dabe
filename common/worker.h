/* SPDX-License-Identifier: ISC */
/*
 * The worker: the filter itself, in an event loop.
 */

#ifndef WORKER_H
#define WORKER_H

#include "channel.h"

/*
 * As guard_config.work; alone: without a guard, on stdin and stdout.  Returns
 * the exit status.
 */
int	worker_run(struct shared *, unsigned int generation, int alone);

#endif /* WORKER_H */

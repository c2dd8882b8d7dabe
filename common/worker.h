/* SPDX-License-Identifier: ISC */
/*
 * The worker: the filter itself, in an event loop.
 */

#ifndef WORKER_H
#define WORKER_H

#include "channel.h"

/*
 * As guard_config.work; socket -1: without a guard, on stdin and stdout.
 * Returns the exit status.
 */
int	worker_run(struct shared *, int socket, unsigned int generation);

#endif /* WORKER_H */

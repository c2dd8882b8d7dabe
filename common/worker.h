/* SPDX-License-Identifier: ISC */
/*
 * What the worker's event loop needs of filter.c, which knows the options.
 */

#ifndef WORKER_H
#define WORKER_H

/*
 * In the worker, when the event loop exists: start() of the filter, sandbox.
 * Returns 0, or -1 after saying why.
 */
int	worker_start(unsigned int generation);

/* Lists, tables, keys, and the metrics file.  force: SIGHUP. */
void	worker_reload(int force);

#endif /* WORKER_H */

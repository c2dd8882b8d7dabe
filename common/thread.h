/* SPDX-License-Identifier: ISC */
/* Threads that end with the process. */

#ifndef THREAD_H
#define THREAD_H

#include <signal.h>
#include <stddef.h>

/*
 * Run fn(arg) in a thread of its own, detached.  Blocked are all signals, as
 * they are the event loop's; or these, where it runs what is not ours.  stack
 * 0: what the system gives.  Returns 0, or why not (errno).
 */
int	thread_start(void *(*fn)(void *), void *arg, size_t stack,
	    const sigset_t *blocked);

#endif /* THREAD_H */

/* SPDX-License-Identifier: ISC */
/* Threads that end with the process. */

#ifndef THREAD_H
#define THREAD_H

#include <stddef.h>

/*
 * Run fn(arg) in a thread of its own, detached, all signals blocked: they are
 * the event loop's.  stack 0: what the system gives.  Returns 0, or why not
 * (errno).
 */
int	thread_start(void *(*fn)(void *), void *arg, size_t stack);

#endif /* THREAD_H */

/* SPDX-License-Identifier: ISC */
/*
 * See thread.h.  Fails as pthread_create(3) does.
 */

#include <pthread.h>

#include "thread.h"

int
thread_start(void *(*fn)(void *), void *arg, size_t stack,
    const sigset_t *blocked)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	int		 error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (stack != 0)
		(void)pthread_attr_setstacksize(&attr, stack);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, blocked != NULL ? blocked : &all,
	    &old);
	error = pthread_create(&thread, &attr, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	return error;
}

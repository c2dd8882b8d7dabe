/* SPDX-License-Identifier: ISC */
/*
 * See signals.h.  A program may have blocked SIGCHLD, or inherited it so: then
 * the guard would never hear of a worker's death.  Nothing here can fail.
 */

#include <signal.h>
#include <string.h>

#include "signals.h"

static const int	 signals[] = { SIGCHLD, SIGHUP, SIGUSR1, SIGPIPE,
			    SIGTERM, SIGINT, SIGUSR2, SIGXFSZ };
#define SIGNALS		(sizeof(signals) / sizeof(signals[0]))
#define PASSED		3	/* so many of them go to the worker */

static struct sigaction	 had[SIGNALS];
static sigset_t		 had_blocked;

void
signals_take(void (*pass)(int))
{
	struct sigaction	 sa;
	sigset_t		 none;
	size_t			 i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_flags = SA_RESTART;
	for (i = 0; i < SIGNALS; i++) {
		sa.sa_handler = i < PASSED ? pass : SIG_IGN;
		(void)sigaction(signals[i], &sa, &had[i]);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, &had_blocked);
}

void
signals_give_back(void)
{
	size_t	 i;

	for (i = 0; i < SIGNALS; i++)
		if (i < PASSED || had[i].sa_handler != SIG_DFL)
			(void)sigaction(signals[i], &had[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &had_blocked, NULL);
}

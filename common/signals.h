/* SPDX-License-Identifier: ISC */
/*
 * Signals of the process that smtpd started: the guard's, and what a program
 * had made of them before it called us, which is its worker's again.
 */

#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * In the guard: SIGCHLD, SIGHUP and SIGUSR1 go to pass(), and nothing is
 * blocked.  Those that would end it are ignored: only smtpd decides when a
 * filter ends, by hanging up.
 */
void	signals_take(void (*pass)(int));
/* In a worker: as it was before, but none of the latter ends it either. */
void	signals_give_back(void);

#endif /* SIGNALS_H */

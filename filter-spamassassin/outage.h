/* SPDX-License-Identifier: ISC */
/*
 * For ask.c: since when no server has answered, and the PING by which one that
 * has rested is tried.  That is not done with somebody's mail, as a frozen
 * spamd takes all and says nothing.
 */

#ifndef OUTAGE_H
#define OUTAGE_H

#include <stdint.h>

struct event_base;

/* told() is when a PING that failed was begun, or 0: it was answered. */
void	outage_start(struct event_base *, void (*told)(int64_t failed));
void	outage_stop(void);

/* A server was tried and gave a sign of life, or not. */
void	outage_over(void);
void	outage_goes_on(void);

/*
 * No server is worth trying, and that for so long that it is no restart: who
 * waited for a try that failed need not wait for another.
 */
int	outage_is_long(void);
/* Until when a question of that time waits where it is short. */
int64_t	outage_patience(int64_t asked);

/*
 * Try the servers that have rested by PING, each once at a time.  Returns 0, or
 * -1: one failed already.
 */
int	outage_probe(void);
int	outage_probing(void);

#endif /* OUTAGE_H */

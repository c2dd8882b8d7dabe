/* SPDX-License-Identifier: ISC */
/*
 * The guard in a worker's place: it pays what a dead one owed, and answers by
 * the fail policy while there is none.  Says no more than there is room for,
 * so that it never allocates, and reads no more than it can answer.
 */

#ifndef STANDIN_H
#define STANDIN_H

#include "channel.h"

/* At the guard's start.  Exits: out of memory. */
void	standin_init(struct shared *, enum failure);
/* A worker died, and its last step is done. */
void	standin_begin(void);
/*
 * Pay, as far as there is room.  Returns whether all is paid: only then may a
 * worker write into the ring again.
 */
int	standin_pay(void);
/* Answer what comes in. */
void	standin_work(void);

#endif /* STANDIN_H */

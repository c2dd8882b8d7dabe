/* SPDX-License-Identifier: ISC */
/* For shared*.c and their tests only. */

#ifndef SHARED_PRIVATE_H
#define SHARED_PRIVATE_H

/* Nobody is told any more; for tests. */
void	shared_stop(void);

#endif /* SHARED_PRIVATE_H */

/* SPDX-License-Identifier: ISC */
/*
 * A real redis-server on a socket in a directory of its own, for tests.  It
 * stores nothing, and ends with the test, whatever becomes of that.
 */

#ifndef REDIS_RIG_H
#define REDIS_RIG_H

#include <sys/types.h>

#define RIG_SERVERS	2

#define RIG_MORE	16

extern char	 rig_dir[];
/* More arguments for servers that are started from now on; NULL ends. */
extern const char	*redis_more[RIG_MORE];

/*
 * For main(): 0, or what it is to return: 77 without redis-server, or 1.  After
 * 0, redis_dir_remove() is the last.
 */
int		 redis_begin(void);
void		 redis_dir_remove(void);

/* "DIR/N.sock"; valid for ever. */
const char	*redis_path(int n);
void		 redis_start(int n);
void		 redis_kill(int n);		/* KILL, and gone */
void		 redis_signal(int n, int sig);
/* One command by redis-cli; what it printed, valid until the next call. */
const char	*redis_cli(int n, const char *command);

#endif /* REDIS_RIG_H */

/* SPDX-License-Identifier: ISC */
/*
 * After sandbox_enter() a process can do only what it promised.  What is not
 * allowed fails with EPERM or EACCES (ENOSYS on OpenBSD); nothing is ever
 * killed for it, since a filter that dies is a dead smtpd.  The words are
 * those of pledge(2), as far as filters need them:
 *
 *  stdio		use what is open, time, memory, signals to oneself
 *  rpath wpath cpath	read, write, create and rename below sandbox_path()
 *  tmppath		temporary files in TMPDIR, else /tmp
 *  inet unix		connect; nobody listens
 *  dns			look up names: UDP and TCP, the resolver's files
 *  route		the machine's own addresses and sockets (netlink)
 *  thread		start threads; they end by returning, not pthread_exit()
 *  proc		fork and signal others
 *
 * One file per system: sandbox_openbsd.c, sandbox_linux.c (seccomp and
 * Landlock, as far as the kernel has them), sandbox_freebsd.c, sandbox_none.c.
 */

#ifndef SANDBOX_H
#define SANDBOX_H

/*
 * A file or a directory that will be opened later on; perm is unveil(2)'s "r" or
 * "rwc".  For a file its directory and all below is meant, so that a file that is
 * replaced by rename(2) can be read again.  path is copied.  Before
 * sandbox_enter().
 */
void	sandbox_path(const char *path, const char *perm);
/* A socket that will be connected to, there already or not. */
void	sandbox_socket(const char *path);

/*
 * Returns 0, or -1 after logging what this system could not do: the filter
 * then runs with less protection, which is better than not at all.
 */
int	sandbox_enter(const char *promises);

/*
 * From now on there are secrets in memory: no core file is written, and other
 * processes of the same user can't look into this one.  Root can.  Children
 * inherit it.
 */
void	sandbox_hide(void);

/* For sandbox_*.c: the part of sandbox_hide() that is the system's: 0, or -1. */
int	sandbox_untraceable(void);
/* For sandbox_*.c: is the word among the promises? */
int	sandbox_promised(const char *promises, const char *word);

#endif /* SANDBOX_H */

/* SPDX-License-Identifier: ISC */
/*
 * After sandbox_enter() a process can do only what it promised, in pledge(2)'s
 * words: "stdio rpath wpath cpath inet unix dns thread proc".  What is not
 * allowed fails with EPERM or EACCES; nothing is ever killed for it, since a
 * filter that dies is a dead smtpd.  One file per system: sandbox_openbsd.c,
 * sandbox_linux.c (seccomp and Landlock, as far as the kernel has them),
 * sandbox_freebsd.c, sandbox_none.c.
 */

#ifndef SANDBOX_H
#define SANDBOX_H

/*
 * A file or a directory that will be opened later on; perm is unveil(2)'s "r",
 * "rw" or "rwc".  For a file its directory is meant, so that a file that is
 * replaced by rename(2) can be read again.  path is copied.
 */
void	sandbox_path(const char *path, const char *perm);

/*
 * Returns 0, or -1 after logging what this system could not do: the filter
 * then runs with less protection, which is better than not at all.
 */
int	sandbox_enter(const char *promises);

#endif /* SANDBOX_H */

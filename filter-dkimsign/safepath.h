/* SPDX-License-Identifier: ISC */
/*
 * Can anybody else read a secret file, or put another in its place?  That is
 * asked of the file and of each directory above it, both as the path is
 * written and as it is without symbolic links.
 *
 * Trusted are root and we; if we are root, root and the file's owner, who is
 * then the one that it is looked at for.  A file may be read by a group that
 * is ours (root:_smtpd 0640), by no other, and written by none.  A directory
 * may be written by its owner only, or has its sticky bit (/tmp): there a name
 * that is root's or ours can't be taken away.
 */

#ifndef SAFEPATH_H
#define SAFEPATH_H

#include <stddef.h>

struct stat;

#define SAFEPATH_WHY	1200

/*
 * st is of the file, which is open: a directory that can't be looked at is
 * one that the sandbox hides, and was looked at before.  Returns 0, or -1 and
 * why is "/etc/mail: writable by group (mode 0775)".
 */
int	safepath_check(const char *path, const struct stat *st,
	    char why[SAFEPATH_WHY]);

#endif /* SAFEPATH_H */

/* SPDX-License-Identifier: ISC */
/*
 * Files that an operator writes, options and lists, line by line.
 */

#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stdio.h>

/* A line of a file, with the NUL at its end. */
#define TEXTFILE_LINE	65536

struct stat;

/*
 * Open a regular file; never waits, as for a FIFO.  Returns NULL after logging
 * why.  *st is what fstat(2) said, also of a file that is not regular, or else
 * all zero.
 */
FILE	*textfile_open(const char *path, struct stat *st);

/*
 * The next line, without its newline: 1, or 0 at the end, see ferror(3) then.
 * *why is NULL, or what is wrong with the line (static text); the line is then
 * not all of it.
 */
int	 textfile_line(FILE *, char line[TEXTFILE_LINE], const char **why);

#endif /* TEXTFILE_H */

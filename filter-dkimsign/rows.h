/* SPDX-License-Identifier: ISC */
/*
 * Tables that an operator writes, row by row, and what is told about them;
 * and whether files are still the ones that were read.
 */

#ifndef ROWS_H
#define ROWS_H

#include <sys/types.h>
#include <sys/stat.h>

#include <stddef.h>
#include <stdio.h>

/* Where something was written: "KeyTable:3", or with line 0 only a name. */
struct place {
	const char	*name;
	unsigned int	 line;
};

/* "name:line: " and what is wrong there.  Always returns -1. */
int	place_warn(const struct place *, const char *, ...)
	    __attribute__((__format__ (__printf__, 2, 3)));

/* Files and directories as they were when they were read. */
struct stamp {
	char		*path;
	struct stat	 st;		/* all zero: it was not there */
};

struct stamps {
	struct stamp	*list;
	size_t		 n;
};

/* path as it is now.  Returns 0, or -1: out of memory. */
int	stamps_add(struct stamps *, const char *path);
/* Is one of them another one by now? */
int	stamps_changed(const struct stamps *);
void	stamps_free(struct stamps *);

struct rows {
	struct place	 at;		/* of the last row */
	struct stat	 st;		/* of the file */
	FILE		*fp;
	char		*line;
	int		 bad;		/* a row could not be read */
};

/*
 * The file is named to the sandbox, and stamped.  Returns 0, or -1 after
 * logging why.
 */
int	 rows_open(struct rows *, const char *path, struct stamps *);
/*
 * The next row, without the blanks around it; empty ones and comments, '#' at
 * the beginning or after a blank, are left out.  NULL at the end.
 */
char	*rows_next(struct rows *);
/* Returns 0, or -1 if not all of it could be read. */
int	 rows_close(struct rows *);

/* The next word of a row, *rest moves on; NULL if there is none. */
char	*rows_word(char **rest);
/* ASCII to lower case. */
void	 rows_lower(char *);

#endif /* ROWS_H */

/* SPDX-License-Identifier: ISC */
/* A message as a list of lines, without their ends. */

#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Longest line that smtpd takes from a client, without its end. */
#define LINES_LONGEST	65533

struct line {
	char		*text;		/* NUL terminated */
	size_t		 len;
	uint64_t	 hash;
};

/* All zero is an empty one. */
struct lines {
	struct line	*line;
	size_t		 n, size;
	size_t		 bytes;		/* of all lines, ends as LF */
};

/* A copy.  Exits: out of memory. */
void	lines_add(struct lines *, const char *, size_t);
void	lines_free(struct lines *);
/* The memory that they take, or so. */
size_t	lines_cost(const struct lines *);
int	lines_same(const struct line *, const struct line *);

/*
 * A message as smtpd reads it from a client: LF or CRLF ends a line, a NUL cuts
 * it.  Returns NULL, or what is wrong (static text); *number is the line.
 */
const char *lines_read(struct lines *, FILE *, size_t *number);

#endif /* LINES_H */

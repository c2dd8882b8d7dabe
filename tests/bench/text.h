/* SPDX-License-Identifier: ISC */
/*
 * The text of the mails of a bench: one for all, but where it says TEXT_BLANK
 * each has its own number instead.  Exits 1, saying why, if it can't be had.
 */

#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#define TEXT_BLANK	"b1a4c0de"
#define TEXT_DIGITS	(sizeof(TEXT_BLANK) - 1)

extern const char	*text;		/* LF at line ends */
extern size_t		 text_lines;

void	text_read(const char *path);
void	text_make(size_t size);
/* Is that line i, from 0, of the mail of that number?  Without LF. */
int	text_is(size_t i, const char *line, size_t len,
	    const char digits[TEXT_DIGITS]);

#endif /* TEXT_H */

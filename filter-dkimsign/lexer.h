/* SPDX-License-Identifier: ISC */
/*
 * The words of a structured field: RFC 5322, 3.2 and 4.1, and what people
 * write instead.  Comments and blanks are only what is between words.  Takes
 * any bytes and never fails; linear.
 */

#ifndef LEXER_H
#define LEXER_H

#include <stddef.h>

enum token {
	TOKEN_END,
	TOKEN_WORD,		/* an atom, or an encoded-word as a whole */
	TOKEN_QUOTED,		/* what is between the quotes */
	TOKEN_LITERAL,		/* "[...]" after an '@' */
	TOKEN_CHAR		/* one of . @ , : ; < > */
};

struct lexer {
	const char	*buf;
	size_t		 len, off;
	size_t		 plain;		/* from here on quotes are not special */
	size_t		 open;		/* of what was never closed, or len */
	const char	*text;		/* of the token: len and a '\\' before */
	size_t		 text_len;	/* any byte still in it */
	enum token	 last;
};

/* plain: len, or where an earlier pass found that something never closes. */
void		lexer_init(struct lexer *, const char *, size_t len,
		    size_t plain);
enum token	lexer_next(struct lexer *);

#endif /* LEXER_H */

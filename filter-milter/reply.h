/* SPDX-License-Identifier: ISC */
/*
 * A milter's reply code and text, made fit for smtpd: one line, a code that
 * refuses, RFC 5321, 4.2 and RFC 3463, 2.  A codec.
 */

#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>

/* Longest text of a reply: RFC 5321, 4.5.3.1.5, without code and CRLF. */
#define REPLY_TEXT	506

struct reply {
	int	 code;			/* 400 to 599; 0: none */
	char	 text[REPLY_TEXT];	/* "5.7.1 Go away" */
};

/*
 * The data of SMFIR_REPLYCODE: lines "ddd text" and "ddd-text" joined by
 * blanks, repeated codes taken out, "%%" is "%", what isn't printable '?'.
 * An enhanced code of another class than the code is taken out.  Returns 0, or
 * -1: it does not begin with a 4xx or 5xx code.
 */
int	reply_take(struct reply *, const char *data, size_t len);

#endif /* REPLY_H */

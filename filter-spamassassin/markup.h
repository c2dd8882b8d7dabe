/* SPDX-License-Identifier: ISC */
/*
 * What spamd wrote into a header: its X-Spam fields, told from those of the
 * client.  A codec.
 */

#ifndef MARKUP_H
#define MARKUP_H

#include <stddef.h>

#include "header.h"

/*
 * The length of the header at the begin of a message: up to its empty line, or
 * len.  A CR alone counts as one only if the first line ends in CRLF too: else
 * a client sent it, and neither smtpd nor we end the header there.
 */
size_t	markup_header(const char *buf, size_t len);

/*
 * Is it the header of a report with the message inside (report_safe 1 and 2),
 * and not that of the message?
 */
int	markup_is_wrapper(const char *header, size_t len);

/*
 * The next X-Spam-* field from off on that is spamd's.  Returns the offset
 * after it, or 0: there is none.
 */
size_t	markup_next(const char *header, size_t len, size_t off,
	    struct header_field *);

/*
 * A field's value as it is written into another message: folds stay, CRs and
 * the blanks before it do not.  Malloced; NULL: out of memory.
 */
char	*markup_value(const char *raw, size_t len);
/* The same into out, which may be where raw is: len + 1 bytes. */
void	 markup_clean(char *out, const char *raw, size_t len);

/*
 * Rules out of X-Spam-Status ("tests=A,B"), into out: "A,B", or "" if there
 * are none.  Cut after the last rule that fits.
 */
void	markup_rules(const char *header, size_t len, char *out, size_t size);
/* The same out of the reply to SYMBOLS. */
void	markup_symbols(const char *, size_t len, char *out, size_t size);

#endif /* MARKUP_H */

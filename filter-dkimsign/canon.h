/* SPDX-License-Identifier: ISC */
/*
 * Canonicalisation: RFC 6376, 3.4, and the "nofws" of RFC 4870, 3.4.2.2.  A
 * codec without memory of its own; linear, and as fast as the hash behind it.
 *
 * Lines come in as smtpd hands them over, ended by LF, without dot-stuffing;
 * they go out ended by CRLF, as they will be on the wire.  A CR is data, and so
 * are VT, FF and bytes above 127.
 */

#ifndef CANON_H
#define CANON_H

#include <stddef.h>

struct hfield;

enum canon { CANON_SIMPLE, CANON_RELAXED, CANON_NOFWS };

/* Where canonical bytes go: hashes, or the buffer of a test. */
struct canon_sink {
	void	(*put)(void *arg, const void *, size_t);
	void	 *arg;
};

/* Hashes want large pieces: 16 KB are 3.5 times as fast as lines. */
#define CANON_BLOCK	16384

/* A body on its way. */
struct canon_body {
	enum canon		 how;
	size_t			 line_max;
	struct canon_sink	 sink;
	size_t			 empty;		/* lines held back: a tail? */
	size_t			 wide;		/* of this line, dot-stuffed */
	int			 text;		/* some of this line is out */
	int			 blank;		/* a run of blanks is held */
	int			 any;		/* some line is out */
	size_t			 used;
	char			 block[CANON_BLOCK];
};

/*
 * line_max: how much of a line, dot-stuffing counted, smtpd will leave; the
 * rest is not there for the receiver (see filter_line_max()).
 */
void	canon_body_begin(struct canon_body *, enum canon, size_t line_max,
	    struct canon_sink);
/* The next bytes, cut anywhere.  A missing last LF is added by the end. */
void	canon_body_feed(struct canon_body *, const char *, size_t);
/* Drops the empty lines at the end: RFC 6376, 3.4.3 and 3.4.4. */
void	canon_body_end(struct canon_body *);

/* One header field, its last CRLF too: RFC 6376, 3.4.1 and 3.4.2. */
void	canon_field(enum canon, const struct hfield *, struct canon_sink);
/* The signature's own field: without that CRLF.  RFC 6376, 3.7 */
void	canon_own_field(enum canon, const struct hfield *,
	    struct canon_sink);

#endif /* CANON_H */

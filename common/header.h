/* SPDX-License-Identifier: ISC */
/*
 * Header fields of a message: RFC 5322, 2.2 and 3.6.  A codec: no I/O, no
 * state.  Works on the message as smtpd hands it over: lines end in LF, bytes
 * 128 and above and stray CRs are left alone.  Linear in what it is given.
 */

#ifndef HEADER_H
#define HEADER_H

#include <stddef.h>

/* One field, pointing into the header it was found in. */
struct header_field {
	size_t		 off;		/* of its first byte */
	size_t		 len;		/* all its lines, last LF included */
	size_t		 name_len;	/* 0: a line that is no field at all */
	size_t		 value_off;	/* from off: what follows the ':' */
};

/*
 * The next field at off, RFC 5322, 2.2: name, optional blanks, ':', and the
 * continuation lines.  Returns the offset after it, or off itself at the end
 * of the header (an empty line, or len).  A line without a colon, or one that
 * begins with a blank where none can, comes back with name_len 0.
 */
size_t	header_next(const char *buf, size_t len, size_t off,
	    struct header_field *);

/* Does the field have this name?  Case does not matter.  RFC 5322, 1.2.2 */
int	header_is(const char *buf, const struct header_field *,
	    const char *name);

/*
 * The value unfolded (RFC 5322, 2.2.3): LF and one CR before it taken out,
 * blanks around it too.  NUL terminated, cut to size.  Returns the length
 * that it has uncut.
 */
size_t	header_value(const char *buf, const struct header_field *,
	    char *out, size_t size);

/*
 * Is it a name that may be written: printable US-ASCII but ':'?
 * RFC 5322, 3.6.8
 */
int	header_name_ok(const char *name, size_t len);

#endif /* HEADER_H */

/* SPDX-License-Identifier: ISC */
/*
 * A header field as it will be when the receiver looks at it: what the client
 * wrote, or what we or smtpd made of it.
 */

#ifndef HFIELD_H
#define HFIELD_H

#include <stddef.h>

struct hfield {
	const char	*raw;		/* "Name: value", LF inside folds only */
	size_t		 len;		/* without the last LF */
	size_t		 name_len;	/* blanks before the ':' not counted */
	size_t		 value_off;	/* of what follows the ':' */
};

#endif /* HFIELD_H */

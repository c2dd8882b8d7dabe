/* SPDX-License-Identifier: ISC */
/* Texts with "%s" in them, for replies and header fields.  A codec. */

#ifndef EXPAND_H
#define EXPAND_H

#include <stddef.h>

struct expansion {
	char		 letter;	/* 0 ends */
	const char	*value;
};

/* NULL, or what is wrong: "%%" and these letters are allowed. */
const char	*expand_check(const char *text, const char *letters);
/* Cut to what fits. */
void		 expand(const char *text, const struct expansion *, char *out,
		    size_t size);

#endif /* EXPAND_H */

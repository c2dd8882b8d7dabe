/* SPDX-License-Identifier: ISC */
/*
 * Is a DKIM-Signature field legal, and folded as ours are?
 */

#ifndef SIGLINT_H
#define SIGLINT_H

/* "DKIM-Signature: v=1; ..." without LF at its end.  NULL, or what is wrong. */
const char	*siglint(const char *field);

/*
 * One tag's value without blanks, malloced; NULL if it is not there once, or
 * folded elsewhere than before the value and behind one of the characters in
 * after (NULL: anywhere).
 */
char		*siglint_tag(const char *field, const char *name,
		    const char *after);

#endif /* SIGLINT_H */

/* SPDX-License-Identifier: ISC */
/*
 * What smtpd does to addresses after its filters are through: one without '@'
 * in From, To or Cc gets "@" and the listener's name.  Done here first, before
 * the hash, it finds nothing left to do and the signature holds.  A codec.
 */

#ifndef COMPLETE_H
#define COMPLETE_H

#include <stddef.h>

/*
 * The value of From, To or Cc as smtpd will make it.  Returns 0 if smtpd will
 * leave it alone; 1 and *out (malloced) the new value, which smtpd then leaves
 * alone; -1 if it will change whatever we write, or if memory is out: then it
 * can't be signed.
 */
int	complete_addresses(const char *value, size_t len, const char *host,
	    char **out, size_t *out_len);

#endif /* COMPLETE_H */

/* SPDX-License-Identifier: ISC */
/*
 * What smtpd does to addresses after its filters are through: one without '@'
 * in From, To or Cc gets "@" and the listener's name.  Done here first, before
 * the hash, it finds nothing left to do and the signature holds.  A codec.
 *
 * smtpd knows these fields by their bare names only: it leaves one alone that
 * has blanks before its ':', and so must whoever calls this.
 */

#ifndef COMPLETE_H
#define COMPLETE_H

#include <stddef.h>

/* What has to be known of the smtpd that comes after us. */
struct complete_smtpd {
	const char	*host;		/* as link-greeting has it; "": unknown */
	int		 version;	/* filter_smtpd_version() */
	size_t		 line_max;	/* filter_line_max() */
};

/*
 * The value of From, To or Cc (what follows the ':', LF inside folds only) as
 * that smtpd will make it.  Returns 0 if it will leave it alone; 1 and *out
 * (malloced) the new value, which it then leaves alone; -1 if it will change
 * whatever we write, would not take what we write, or if memory is out: then
 * it can't be signed.
 */
int	complete_addresses(const char *value, size_t len,
	    const struct complete_smtpd *, char **out, size_t *out_len);

#endif /* COMPLETE_H */

/* SPDX-License-Identifier: ISC */
/*
 * What smtpd makes of addresses, retold: the slow and simple way it goes
 * itself, a byte at a time into a buffer, to hold complete.c against.
 */

#ifndef APPENDS_H
#define APPENDS_H

/*
 * The value (LF in folds only) that smtpd delivers; malloced.  old: before 7.5.
 */
char	*appends(const char *value, const char *host, int old);

#endif /* APPENDS_H */

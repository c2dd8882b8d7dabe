/* SPDX-License-Identifier: ISC */
/*
 * -T: sign a message by hand.
 */

#ifndef STANDALONE_H
#define STANDALONE_H

struct policy;

/*
 * Reads a message from stdin, its lines ended by LF or CRLF, and prints the
 * fields that would be added to it.  Returns the exit status: 0, or 1 after
 * saying on stderr why it would not be signed.
 */
int	standalone(const struct policy *);

#endif /* STANDALONE_H */

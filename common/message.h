/* SPDX-License-Identifier: ISC */
/*
 * A whole message, as the message hook gets it: the lines that smtpd sent,
 * its own Received among the first, without dot-stuffing, ended by LF.  Read
 * it, declare edits on it, answer the request: the engine then sends it on,
 * edits applied and every other byte as it was.
 *
 * It belongs to the engine, and lives until the request is answered or gone.
 * Edits never fail where they stand; one that ran out of memory makes the
 * message be refused with 451 at commit.
 */

#ifndef MESSAGE_H
#define MESSAGE_H

#include <sys/types.h>

#include <stddef.h>

struct message;

/* Bytes, edits not counted. */
size_t	message_size(const struct message *);
/* Where the body begins: after the empty line; message_size() if none. */
size_t	message_body(const struct message *);

/*
 * Bytes from off on, in place: *len of them, at least one.  NULL at the end
 * or when the spool can't be read (filter_fail() then; message_error()).
 * Valid until the next call with this message.
 */
const char	*message_at(struct message *, size_t off, size_t *len);
/*
 * The line at *off, without LF, *off moves on to the next.  NULL as above.
 */
const char	*message_line(struct message *, size_t *off, size_t *len);
/* Why the message is not whole, or NULL: "spool: No space left on device". */
const char	*message_error(const struct message *);

/*
 * Header fields as smtpd sent them, numbered from 0; edits do not move them.
 * A line that is no field counts as one with an empty name.
 */
size_t	message_nfields(struct message *);
/* Name and raw value (folds inside, last LF not), both valid till the end. */
const char	*message_name(struct message *, size_t i, size_t *len);
const char	*message_value(struct message *, size_t i, size_t *len);
/* The nth (from 0) field of that name, case ignored; -1 if there is none. */
ssize_t	message_find(struct message *, const char *name, size_t nth);

/*
 * Edits.  A value may be folded: LF and a blank; other line ends in it, and
 * names that RFC 5322, 3.6.8 does not allow, drop the edit with a warning.
 * Two edits at the same place come out in the order in which they were made.
 */
/* Above everything, smtpd's own fields too.  Later ones go above it. */
void	message_prepend(struct message *, const char *name, const char *value);
/* Before field i; at the end of the header if i is message_nfields(). */
void	message_insert(struct message *, size_t i, const char *name,
	    const char *value);
/* The same, but value is all that comes after the ':', blanks too. */
void	message_insert_raw(struct message *, size_t i, const char *name,
	    const char *value);
/* " value" after the ':' of field i; its name stays as it is written. */
void	message_change(struct message *, size_t i, const char *value);
/* As message_insert_raw(). */
void	message_change_raw(struct message *, size_t i, const char *value);
void	message_delete(struct message *, size_t i);
/*
 * The body becomes what is appended from the first call on.  CRLF and LF both
 * end a line.
 */
void	message_replace_body(struct message *, const void *, size_t);

/*
 * The edits made so far become the message: what is read from now on, and the
 * numbers of its fields, are those of the edited one.  Lines that were too
 * long for smtpd stay known as such.  filter_fail() drops these edits as well.
 * Returns 0; -1 and errno: out of memory or disk (message_error()).
 */
int	message_apply(struct message *);

#endif /* MESSAGE_H */

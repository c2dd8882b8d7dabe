/* SPDX-License-Identifier: ISC */
/*
 * X-Spam header fields: which of a client's are taken out (all of them, or a
 * spammer could write his own verdict), which of spamd's and ours go on.
 */

#ifndef MARK_H
#define MARK_H

#include <stddef.h>

#include "options.h"

struct message;

/* Keys: tag, headers, subject-tag. */
extern const struct key	 mark_keys[];

/*
 * Delete each X-Spam and X-Spam-* field, but for the "X-Spam: Yes" that smtpd
 * itself wrote above its Received.  Returns how many.
 */
size_t	mark_strip(struct message *);

/* What a scan has found. */
struct mark {
	int		 spam, junk;
	double		 score, threshold;
	const char	*rules;		/* "A,B", "" for none */
	const char	*header;	/* spamd's own X-Spam lines, or NULL */
	size_t		 header_len;
};

/* Declare the fields of the result on top of the message. */
void	mark_result(struct message *, const struct mark *);
/* The same for one that was not scanned: "skipped=size", "error=timeout". */
void	mark_unscanned(struct message *, const char *why);

/* Rules out of spamd's X-Spam-Status ("tests=A,B"), into out. */
void	mark_rules(const char *header, size_t len, char *out, size_t size);

#endif /* MARK_H */

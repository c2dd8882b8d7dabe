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

/* So many in a message are no accident. */
#define MARK_STRIP_MAX	1000

/*
 * Delete each line of the header that begins with X-Spam (other filters'
 * X-Spam_score and X-Spamd-Bar too), a CR alone counted as the end of a line,
 * but for the "X-Spam: Yes" that smtpd itself wrote above its Received.
 * Returns how many, MARK_STRIP_MAX + 1 if it gave up: then some are still
 * there.
 */
size_t	mark_strip(struct message *);

/* What a scan has found. */
struct mark {
	int		 spam, junk;
	int		 ours;		/* the threshold is not spamd's */
	double		 score, threshold;
	const char	*rules;		/* "A,B", "" for none */
	const char	*header;	/* as spamd rewrote it, or NULL */
	size_t		 header_len;
};

/*
 * Declare the fields of the result on top of the message: Flag, Status, Level,
 * Score and Checker-Version, and what else spamd was told to write.
 */
void	mark_result(struct message *, const struct mark *);
/* Will it look at the Subject?  Then edits of that must be applied before. */
int	mark_tags_subject(const struct mark *);
/* The same for one that was not scanned: "skipped=size", "error=timeout". */
void	mark_unscanned(struct message *, const char *why);

#endif /* MARK_H */

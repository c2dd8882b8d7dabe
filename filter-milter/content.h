/* SPDX-License-Identifier: ISC */
/*
 * A message as packets, one after the other: its header fields, SMFIC_EOH, its
 * body in pieces with CRLF at the ends of lines, SMFIC_BODYEOB.  A line that is
 * no field, as smtpd has it (there is no ':' in it), is not shown: smtpd will
 * refuse the message.
 */

#ifndef CONTENT_H
#define CONTENT_H

#include <stddef.h>

struct bytes;
struct message;

struct content {
	struct message	*message;
	size_t		 hidden;	/* the field that is not shown */
	size_t		 field;		/* the next one, */
	size_t		 shown;		/* and how much of it was, if text */
	size_t		 off;		/* of the rest of the body */
	char		 next;		/* SMFIC_*: what comes, 0: no more */
};

void	content_begin(struct content *, struct message *, size_t hidden);
/*
 * Add the next packet; none is added for a field that is not to be shown.
 * Returns 0; -1: out of memory, or the message can't be read: errno.
 */
int	content_put(struct content *, struct bytes *, int leadspc);
/* If it is this kind that comes next: no more of it. */
void	content_skip(struct content *, char kind);

#endif /* CONTENT_H */

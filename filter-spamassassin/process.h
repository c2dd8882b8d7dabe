/* SPDX-License-Identifier: ISC */
/*
 * Mode "process": what spamd made of the message becomes the message.
 */

#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>

struct message;

/*
 * Declare edits, so that the message gets the body that spamd returned, and
 * its Subject, From and To where spamd rewrote them; of a report with the
 * message inside all fields, below smtpd's Received.  X-Spam fields are left
 * to mark_result().  Returns NULL, or why not: then nothing was edited.
 */
const char	*process_apply(struct message *, const char *, size_t);

#endif /* PROCESS_H */

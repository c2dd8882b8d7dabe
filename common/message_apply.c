/* SPDX-License-Identifier: ISC */
/*
 * Edits become the message, or are forgotten.  The message as it came is kept,
 * since what was applied may have to be forgotten too.
 *
 * A message that can't be applied keeps what failed as its error, until
 * message_discard_edits().
 */

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "message.h"
#include "message_engine.h"
#include "message_private.h"
#include "spool.h"

/* The message is now what is in this spool. */
static void
message_become(struct message *m, struct spool *spool, size_t body)
{
	if (m->spool != m->first)
		spool_free(m->spool);
	m->spool = spool;
	m->body = body;
	message_drop_index(m);
	m->indexed = 0;
	message_drop_edits(m);
}

void
message_discard_edits(struct message *m)
{
	/* Or the next edits would find no fields, and nobody hear of it. */
	if (m->edit_error != 0 && m->fields == NULL)
		m->indexed = 0;
	message_drop_edits(m);
	if (m->first != NULL) {
		message_become(m, m->first, m->first_body);
		m->first = NULL;
	}
	m->edit_error = m->cut = 0;
}

/* A new message by the lines of the old one, whose spool it then takes over. */
int
message_apply(struct message *m)
{
	struct message *edited;
	const char *line;
	size_t len;

	message_rewind(m);
	if (m->nedits == 0 && m->replaced == NULL && message_error(m) == NULL)
		return 0;
	if ((edited = message_new()) == NULL) {
		message_fail(&m->edit_error);
		return -1;
	}
	while ((line = message_next(m, SIZE_MAX, &len)) != NULL)
		message_append(edited, line, len);
	if (m->edit_error == 0)
		m->edit_error = edited->error;
	if (m->error == 0 && m->edit_error == 0) {
		if (m->first == NULL) {
			m->first = m->spool;
			m->first_body = m->body;
		}
		message_become(m, edited->spool, edited->body);
		edited->spool = NULL;
	}
	message_free(edited);
	errno = m->error != 0 ? m->error : m->edit_error;
	return errno == 0 ? 0 : -1;
}

/* SPDX-License-Identifier: ISC */
/*
 * What a message is made of: for message*.c only.
 */

#ifndef MESSAGE_PRIVATE_H
#define MESSAGE_PRIVATE_H

#include <sys/types.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

struct edit;
struct spool;

struct message {
	struct spool	 *spool;
	size_t		  body;		/* 0: no empty line yet */
	struct spool	 *first;	/* as it came, if edits were applied */
	size_t		  first_body;
	int		  error;	/* errno of the spool */

	int		  indexed;
	const char	 *header;
	char		 *header_copy;	/* if not all of it is in memory */
	size_t		  header_len;
	uint32_t	 *fields;	/* offsets */
	size_t		  nfields;
	size_t		  reserved;	/* for these two */
	struct header_field last;	/* that was read; len 0: none */
	size_t		  found;	/* by message_find(): that field, */
	size_t		  found_nth;	/* which of its name it was */

	struct edit	**edits;
	size_t		  nedits;
	size_t		  edits_max;
	struct spool	 *replaced;	/* the new body */
	int		  replaced_cr;	/* a CR at its end, not yet in it */
	int		  edit_error;	/* errno */

	/* On its way out. */
	int		  sorted;
	struct spool	 *from;		/* lines are taken from here, */
	size_t		  off;		/* from off to stop, as they are */
	size_t		  stop;
	size_t		  edit;		/* the next one */
	const char	 *text;		/* of an edit, text_len of it left */
	size_t		  text_len;
	int		  rest;		/* of a long line comes at off */
	int		  cut;
};

/* Field i; -1: there is no such field. */
int	message_field(struct message *, size_t i, struct header_field *);

/* Without edits. */
void	message_drop_edits(struct message *);
/* message_next() begins anew. */
void	message_rewind(struct message *);

/* Without an index, as if the message had no header. */
void	message_drop_index(struct message *);

/* errno, unless something failed before. */
static inline void
message_fail(int *error)
{
	if (*error == 0)
		*error = errno != 0 ? errno : EIO;
}

#endif /* MESSAGE_PRIVATE_H */

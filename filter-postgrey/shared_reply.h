/* SPDX-License-Identifier: ISC */
/*
 * What the server says: an error's meaning, a decision, a row.  A codec, over
 * what hiredis has parsed.
 */

#ifndef SHARED_REPLY_H
#define SHARED_REPLY_H

#include "grey.h"
#include "store.h"

struct redisReply;

enum shared_fate {
	FATE_FINE,		/* no error */
	FATE_SCRIPT,		/* it does not know the script: send it */
	FATE_AGAIN,		/* soon, to the same */
	FATE_NEXT,		/* another server may do */
	FATE_SICK,		/* it can't write */
	FATE_CONFIG,		/* it will not, until somebody changes that */
	FATE_FOREIGN,		/* under our key is something else */
	FATE_NONSENSE		/* it is not what we talk to */
};

/* Of a line that began with '-', without that. */
enum shared_fate	shared_fate(const char *error);
/* Of any reply. */
enum shared_fate	shared_reply_fate(const struct redisReply *);
/* Is the server of no use, as a whole? */
int			shared_fate_ends(enum shared_fate);
/* "configuration: WRONGPASS ...": for the log; valid until the next call. */
const char		*shared_reply_why(const struct redisReply *);

/* 0, or -1: it is none. */
int	shared_reply_verdict(const struct redisReply *,
	    struct grey_verdict *);
/* Of HGETALL; kind and key are set.  0, or -1: it is none. */
int	shared_reply_row(const struct redisReply *, struct store_row *);

/* Fields of a row as they are stored, NULL ends; and their values. */
struct shared_field {
	const char	*name;
	size_t		 offset;	/* in struct store_row */
};
const struct shared_field	*shared_fields(enum store_kind);

#endif /* SHARED_REPLY_H */

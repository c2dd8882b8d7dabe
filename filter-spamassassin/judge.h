/* SPDX-License-Identifier: ISC */
/* One message and spamd: how it is asked, and what its reply is good for. */

#ifndef JUDGE_H
#define JUDGE_H

#include <stddef.h>

#include "filter.h"
#include "options.h"
#include "spamd.h"
#include "user.h"

struct message;

/* Key: mode headers|process|symbols. */
extern const struct key	 judge_keys[];

/* A message that is being looked at: its tx->data. */
struct judge {
	struct message	*message;
	const char	*error;		/* why it was not: "timeout" */
	enum spamd_verb	 verb;
	size_t		 limit;		/* of what is shown; SIZE_MAX: all */
	char		 user[USER_MAX];	/* "" for none */
};

/*
 * Ask, decide, and answer the request; what goes wrong is a filter_fail().
 * limit is how much of the message spamd gets to see.
 */
void	judge(struct session *, struct request, struct message *,
	    size_t limit);

#endif /* JUDGE_H */

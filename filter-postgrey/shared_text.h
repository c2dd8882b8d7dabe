/* SPDX-License-Identifier: ISC */
/* Commands as they are sent to Redis (RESP).  A codec. */

#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stddef.h>

#include "bytes.h"
#include "shared_script.h"
#include "store.h"

/* A call of a script, but for its begin: by name, or with the script. */
struct shared_text {
	enum shared_script	 script;
	size_t			 words;
	struct bytes		 tail;
};

/* Each: 0, or -1: out of memory. */
int	shared_text_words(struct bytes *, const char *const words[], size_t n);
/* What was there is dropped. */
int	shared_text_decide(struct shared_text *, const struct store_query *,
	    const struct grey_rules *);
int	shared_text_put(struct shared_text *, const struct store_row *,
	    const struct grey_rules *, int whole);
int	shared_text_command(const struct shared_text *, int full,
	    struct bytes *);

/* "pg:t:", ...; and a whole key: 0, or -1. */
const char	*shared_text_kind(enum store_kind);
int		 shared_text_key(struct bytes *, enum store_kind,
		    const char *key);

#endif /* SHARED_TEXT_H */

/* SPDX-License-Identifier: ISC */
/* A question while it waits or is asked, and lists of them: for ask.c. */

#ifndef QUESTION_H
#define QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "ask.h"
#include "exchange.h"

struct pack;
struct questions;

struct question {
	struct question		*next, *prev;
	struct questions	*list;
	struct ask_question	 a;	/* user and head are its own */
	struct exchange		 x;
	struct pack		*pack;	/* compressed, or NULL */
	int64_t			 asked, queued, began, due;
	unsigned int		 tries;
	char			 why[400];
};

struct questions {
	struct question		*first, *last;
	size_t			 n;
};

/* NULL: out of memory, and a is as it was. */
struct question	*question_new(const struct ask_question *, int64_t now);
/* Closes its connection.  It must be on no list. */
void		 question_free(struct question *);
/* To the end of that list, or its begin, off the one where it was. */
void		 question_put(struct questions *, struct question *);
void		 question_put_first(struct questions *, struct question *);
void		 question_take(struct question *);

#endif /* QUESTION_H */

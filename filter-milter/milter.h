/* SPDX-License-Identifier: ISC */
/*
 * The milters that the operator named, in order: where each is, how long it may
 * take, what to do when it does not answer.
 */

#ifndef MILTER_H
#define MILTER_H

#include <stdint.h>

#include "filter.h"

struct backend;
struct event_base;
struct link;

/* Links in order. */
struct line {
	struct link	*first, **end;
	unsigned int	 n;
};

struct milter {
	struct milter	*next;
	char		*name;		/* for the log: as written */
	struct backend	*backend;
	int		 on_failure;	/* enum failure; -1: as the engine */
	uint32_t	 version;	/* the highest that is offered: 2 to 6 */
	int64_t		 connect;	/* ms: for the connection, */
	int64_t		 command;	/* for an answer to a command, */
	int64_t		 content;	/* to a part of a message, or its end */
	unsigned int	 max;		/* connections; 0: 128 */

	/* slot.c's: who has a connection, who waits for one. */
	struct line	 connected, waiting;
};

extern struct milter	*milters;

/*
 * A milter in this process: connect() gives one end of a socketpair(2), or -1
 * and errno.
 */
const char	*milter_add_here(const char *name, int (*connect)(void *arg),
		    void *arg);
/* After the options: defaults for what was not said.  0, or -1 and logged. */
int		 milter_load(void);
int		 milter_check(void);		/* -n */
void		 milter_start(struct event_base *);

extern const struct key	milter_keys[];

/* The whole filter but its main(): libmilter/ is made of it too. */
extern const struct filter	milter_filter;

#endif /* MILTER_H */

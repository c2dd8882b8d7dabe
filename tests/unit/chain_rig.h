/* SPDX-License-Identifier: ISC */
/*
 * For the test of the chain: stand-ins of all that is around it: milters, their
 * edits, what smtpd can't do, and the engine.
 */

#ifndef CHAIN_RIG_H
#define CHAIN_RIG_H

#include "chain.h"
#include "settle.h"

#define MILTERS	3

struct link {
	struct milter		*milter;
	const struct link_ops	*ops;
	void			*arg;
	int			 asked;		/* it has to answer */
	int			 not_wanted;	/* link_ask() returns 0 */
	unsigned int		 events;	/* a bit for each it was asked */
	int			 aborted, closed;
};

extern struct event_base	*base;
extern struct milter		 servers[MILTERS];
extern struct link		 links[MILTERS];
extern char			 told[600];	/* the first: "M<a@b> R<c@d> " */
extern struct session		 session;
extern struct client		 client;
extern struct tx		 tx;
extern struct chain		*chain;
extern int64_t			 deadline;

/* The open request, and what was answered to the last one. */
extern uint64_t			 open_serial;
extern char			 said[600];

/* What the stand-ins of others are to say, and what they were asked. */
extern const char		*sink_address;
extern enum settled		 discard_is, wishes_are;
extern int			 copy_fails, mods_fail, apply_fails, join_fails;
extern int			 applied, mods_applied, went, freed, marked;

int	setup(void **);
int	teardown(void **);

/* smtpd asks. */
void	put(enum link_event);
/* Milter i answers. */
void	says(int i, enum answer_kind);
void	says_reply(int i, enum answer_kind, int code, const char *);
/* smtpd asks, and all milters say continue. */
void	pass(enum link_event);
/* Milter i changes the message. */
void	change(int i, char command);

#endif /* CHAIN_RIG_H */

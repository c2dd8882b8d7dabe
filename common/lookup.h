/* SPDX-License-Identifier: ISC */
/*
 * Names of servers to addresses, by evdns: nothing ever blocks.  What was found
 * is used for a minute, and for as long as nothing newer can be had.
 */

#ifndef LOOKUP_H
#define LOOKUP_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct evdns_base;
struct server;

/* Where time comes from; a test has its own. */
struct loop {
	struct event_base	*base;
	int64_t			(*clock)(void);		/* ms */
};

struct resolver {
	const struct loop	*loop;
	struct evdns_base	*dns;
	size_t			 lookups;	/* in flight */
	int			 bad;		/* may have old name servers */
	const char		*resolv_conf;
	/* The server's addresses are there, or lookup_error says why not. */
	void			(*done)(struct server *, void *arg);
	void			*arg;
};

/* Does the server need one? */
int	lookup_needed(const struct server *, int64_t now);
/*
 * Returns 0: wait for done(), which may come from in here; -1: memory is out.
 * One at a time for each server.
 */
int	lookup_begin(struct resolver *, struct server *);
/* The server goes away: a look-up in flight must forget it. */
void	lookup_forget(struct server *);
/* Those in flight end in the next round of the loop, if there is one. */
void	lookup_end(struct resolver *);

#endif /* LOOKUP_H */

/* SPDX-License-Identifier: ISC */
/*
 * Ask a policy server: a pool of connections that stay, a deadline, one more
 * try on another connection if there was no whole answer.  Each question is
 * answered once.
 */

#ifndef CONSULT_H
#define CONSULT_H

#include "filter.h"
#include "options.h"
#include "policyd.h"

struct event_base;

/* Keys: s and server, connections, max-idle, timeout, tries, ... */
extern const struct key	 consult_keys[];

int	consult_wanted(void);		/* a server was named */
int	consult_load(void);
int	consult_check(void);
/* Its counters are then shown too, see metric.h. */
void	consult_start(struct event_base *);
/* Frees all, and forgets the servers: no done(). */
void	consult_stop(void);

/*
 * done() once, not from in here; a is NULL if nobody knew, why says so.  Not
 * called if the request is gone by then.  A client without an address passes,
 * with the word "not asked".  The question is copied; context and stress are
 * set here, as the key and the queue say, if they are not.
 */
void	consult(const struct policyd_request *, struct request,
	    void (*done)(struct request, const struct policyd_answer *a,
	    const char *why));
/* More questions wait than half of what may: attribute "stress". */
int	consult_stressed(void);

#endif /* CONSULT_H */

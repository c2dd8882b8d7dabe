/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of clients and mails: on servers for several hosts, in the
 * store of this one, or there only while the servers are away.
 */

#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

#include "filter.h"
#include "store.h"

int64_t	memory_now(void);		/* ms since 1970 */

int	memory_load(void);		/* 0, or -1 after logging */
int	memory_check(void);
int	memory_start(void);
void	memory_stop(void);
/* Each half minute. */
void	memory_poll(void);

/* Who decided: alone is this host, while there should be others. */
enum memory_who { MEMORY_SURE, MEMORY_ALONE };

/*
 * 1: *v is the verdict.  0: done() will be called with it, unless the request
 * is gone by then; the query is copied.
 */
int	memory_decide(const struct store_query *, struct request,
	    struct grey_verdict *v, enum memory_who *,
	    void (*done)(struct request, const struct grey_verdict *,
	    enum memory_who));

/* The client is trapped from now on; it may send for as long as max-age. */
void	memory_trap(const struct addr *);
void	memory_white(const struct addr *);
/* We wrote to this address. */
void	memory_partner(const char *mailbox);

#endif /* MEMORY_H */

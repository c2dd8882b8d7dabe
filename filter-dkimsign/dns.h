/* SPDX-License-Identifier: ISC */
/*
 * TXT records of names, looked up in the DNS, many at once; for tools and
 * checks, not for a running filter: dns_run() waits.  Every wait has a
 * deadline.
 */

#ifndef DNS_H
#define DNS_H

#include <stddef.h>
#include <stdint.h>

#define DNS_TXT		8	/* records that are kept; all are counted */
#define DNS_HOPS	8	/* CNAMEs in a row */

enum dns_status {
	DNS_FOUND,
	DNS_NONE,		/* why: "no such name", "no TXT record" */
	DNS_TEMPORARY		/* why: "Timeout while contacting ..." */
};

struct dns_answer {
	enum dns_status	 status;
	char		 why[160];
	char		 cname[256];	/* the last one's target, "": none */
	unsigned int	 hops;
	size_t		 n;		/* TXT records */
	char		*txt[DNS_TXT];	/* their strings in one piece */
	size_t		 len[DNS_TXT];
};

struct dns;

/* Another TXT record of the answer.  Returns 0, or -1: out of memory. */
int		 dns_answer_add(struct dns_answer *, const char *, size_t);
void		 dns_answer_clear(struct dns_answer *);

/*
 * server: "192.0.2.1:53", or NULL for the system's.  ms: how long one look-up
 * may take.  NULL after logging why.
 */
struct dns	*dns_new(const char *server, int64_t ms);
void		 dns_free(struct dns *);

/* *answer is filled in by the end of dns_run(), and is the caller's. */
void		 dns_txt(struct dns *, const char *name, struct dns_answer *);
void		 dns_run(struct dns *);

#endif /* DNS_H */

/* SPDX-License-Identifier: ISC */
/*
 * One question to a policy server, while it waits or is asked; lists of them;
 * and one try to have it answered, over one connection.  For consult.c.
 */

#ifndef INQUIRY_H
#define INQUIRY_H

#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "policyd.h"

struct backend;
struct inquiries;
struct stream;

enum inquiry_end {
	INQUIRY_ANSWERED,
	INQUIRY_STALE,		/* the connection had been closed meanwhile */
	INQUIRY_UNANSWERED,	/* or half: another try may do */
	INQUIRY_LATE,		/* silence */
	INQUIRY_NONSENSE
};

struct inquiry {
	struct inquiry		*next, *prev;
	struct inquiries	*list;
	struct request		 rq;
	void			(*done)(struct request,
				    const struct policyd_answer *,
				    const char *);
	struct stream		*stream;
	int			 garbage;	/* came instead of an answer */
	unsigned int		 tries;
	int64_t			 asked, due;	/* came, and its end */
	int64_t			 began, by;	/* this try, and its end */
	char			 why[256];	/* "policy: SERVER: timed out" */
	size_t			 len;		/* 0: no need to ask */
	char			 text[];
};

struct inquiries {
	struct inquiry		*first, *last;
	size_t			 n;
};

/* On no list yet.  NULL: out of memory. */
struct inquiry	*inquiry_new(const char *text, size_t len);
/* Off its list; closes its connection, without a word. */
void		 inquiry_free(struct inquiry *);

/* To the end of that list, or among those that came at its time. */
void		 inquiry_put(struct inquiries *, struct inquiry *);
void		 inquiry_put_back(struct inquiries *, struct inquiry *);

/*
 * One try: ended() once, from the event loop, with the answer if there is one;
 * the inquiry is then the owner's again.  Returns 0, or -1 and q->why: no
 * server can be tried now, or out of memory.
 */
int		 inquiry_try(struct inquiry *, struct backend *,
		    int64_t connect_ms, int64_t ms);
extern void	(*inquiry_ended)(struct inquiry *, enum inquiry_end,
		    const struct policyd_answer *);

#endif /* INQUIRY_H */

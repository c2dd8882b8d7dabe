/* SPDX-License-Identifier: ISC */
/*
 * Ask spamd about a message: wait for one of the slots (spamd has few, and is
 * silent when all are busy), send, read, try the next server while nothing
 * was answered.  Each question is answered once, whatever spamd does.
 */

#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "metric.h"
#include "options.h"
#include "spamd.h"

struct event_base;

/*
 * What is sent: head, then the message from its beginning, without the bytes
 * from skip to skip_end, and no more than limit bytes of it in all.
 */
struct ask_text {
	char	*head;			/* malloced; the ask frees it */
	size_t	 head_len;
	size_t	 skip, skip_end;
	size_t	 limit;			/* SIZE_MAX: all */
};

struct ask_reply {
	struct spamd_reply	 spamd;
	const char		*body;	/* valid until the call returns */
	size_t			 body_len;
	const char		*server;
	int64_t			 queued_ms, asked_ms;
	unsigned int		 tries;
};

struct ask_question {
	enum spamd_verb		 verb;
	const char		*user;	/* copied; NULL: none */
	struct request		 rq;
	struct message		*message;
	struct ask_text		 text;
	/*
	 * The answer, once: reply, or NULL and why ("spamd: timed out").  Not
	 * called if the client is gone by then.
	 */
	void			(*done)(struct request,
				    const struct ask_reply *, const char *why);
};

/* Never calls done() from in here; out of memory comes by it too. */
void	ask(const struct ask_question *);

/* The client is gone: frees what still waits or is asked for it. */
void	ask_forget(uint64_t session);

/* Keys: h, p and server, compress, max-concurrent, queue-*, *-timeout. */
extern const struct key	 ask_keys[];
/* After the options: the default server, if none was named.  0, or -1. */
int	ask_load(void);
/* For -n: say which servers can't be reached; 0 if one can, else -1. */
int	ask_check(void);
void	ask_start(struct event_base *);
/* Frees all, and forgets the servers: no done(). */
void	ask_stop(void);

extern struct metric	 ask_metrics[];
#define ASK_METRICS	6

#endif /* ASK_H */

/* SPDX-License-Identifier: ISC */
/*
 * Inside of the engine: from lines to hooks (engine.c), the question that is
 * open (ticket.c), from answers to lines (answer.c), messages there and back
 * (transfer.c), what is registered with smtpd (handshake.c), the worker's event
 * loop (worker.c).
 */

#ifndef ENGINE_H
#define ENGINE_H

#include "channel.h"
#include "filter.h"
#include "metric.h"
#include "session.h"

struct engine {
	const struct filter	*filter;
	struct channel		 channel;
	struct event_base	*base;
	int			 policy;	/* enum failure */
	int			 dry_run;
	int64_t			 deadline;	/* ms, for an answer */
	uint64_t		 serial;	/* of the last request */
	void			(*expired)(struct request); /* the deadline */
};

extern struct engine	engine;

enum {
	COUNT_SESSIONS,
	COUNT_REQUESTS,
	COUNT_MESSAGES,
	COUNT_REFUSED,
	COUNT_FAILED,
	COUNT_DEADLINE,
	COUNT_LATE,
	COUNT_STRANGERS,
	COUNT_RESTARTS,
	COUNT_MAX
};

extern struct metric	engine_counts[COUNT_MAX];

/* on-failure where no filter gets to answer: a dry run refuses nothing. */
enum failure	 engine_fallback(void);
/*
 * Take lines from smtpd and have them answered, until there are no more or
 * there is no room for the answers.  Returns whether it stopped early, to let
 * other events have their turn.
 */
int		 engine_read(void);
/* The session's last words are said: forget it, and what hangs on it. */
void		 engine_end(struct conn *);

/* ticket.c: the open request.  Serial 0 if there is none. */
struct request	 ticket_request(const struct conn *);
/* Open one: the line is consumed and the debt entered, as one step. */
void		 ticket_open(struct conn *, const struct proto_line *,
		    enum owed);
/* Who waits for its answer; NULL, and counted, if nobody does any more. */
struct conn	*ticket_redeem(struct request);
/* It was not answered at once: start its deadline, unless it is delayed. */
void		 ticket_wait(struct conn *);
void		 ticket_delay(struct conn *, int64_t ms,
		    void (*)(struct request));
/* Nobody is to answer it any more. */
void		 ticket_cancel(struct conn *);

/* answer.c: say a whole verdict ("proceed", "reject|..."), as it stands. */
void		 answer_say(struct conn *, const char *verdict);

/* transfer.c */
void		 transfer_line(struct conn *, const struct proto_line *);
/* The answer to the message is here: send it on, keep the verdict. */
void		 transfer_verdict(struct conn *, const char *verdict);
/* The verdict that was kept for commit, or NULL: proceed. */
const char	*transfer_kept(const struct conn *);
/* The message is over, one way or the other. */
void		 transfer_end(struct conn *);
/* Send on what waits, as far as there is room.  Returns if some still waits. */
int		 transfer_pump(void);

/* handshake.c: config|KEY|VALUE; after config|ready it registers. */
void		 handshake_config(const char *arg, size_t len);
/* For a new worker: the filter is told what smtpd said to the first one. */
void		 handshake_again(void);

#endif /* ENGINE_H */

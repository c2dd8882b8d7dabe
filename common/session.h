/* SPDX-License-Identifier: ISC */
/*
 * The table of sessions, and the facts that reports tell about them.  Filters
 * see struct session in filter.h; the rest of struct conn is the engine's.
 */

#ifndef SESSION_H
#define SESSION_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "proto.h"

/* Where the message of a session stands. */
enum stage {
	STAGE_NONE,		/* no message */
	STAGE_LINES,		/* smtpd is sending it */
	STAGE_HELD,		/* whole; the filter has the request */
	STAGE_SENDING,		/* answered; on its way back */
	STAGE_SENT		/* our "." went; the verdict is for commit */
};

struct conn {
	struct session	  s;		/* must be the first */
	struct conn	 *next_sending;
	uint64_t	  serial;	/* of the open request, 0: none */
	uint64_t	  token;
	uint64_t	  lines;	/* token of the message's lines */
	uint8_t		  phase;	/* of it; PHASE_DATA_LINE: a message */
	uint8_t		  stage;
	uint8_t		  stranger;	/* not to be asked about: fallback.h */
	uint8_t		  cut;		/* a line was too long for smtpd */
	char		  prefix[PROTO_PREFIX];
	char		 *verdict;	/* for commit; NULL: proceed */
	struct message	 *message;
	void		(*delayed)(struct request);
	struct event	  timer;	/* delay or deadline of the request */
};

/* NULL if there is none. */
struct conn	*session_find(uint64_t id);
/* NULL: out of memory.  data_size zeroed bytes become session->data. */
struct conn	*session_new(uint64_t id, size_t data_size);
/* Out of the table, with all its facts. */
void		 session_free(struct conn *);
size_t		 session_count(void);

/*
 * Keep what a report tells.  minor is the version of the protocol, arg is what
 * the line says after the id.  tx_size as data_size above; a transaction ends
 * by session_tx_end(), which the caller calls when it is done with it.
 * Returns 0, or -1: out of memory, that fact is missing.
 */
int		 session_fact(struct conn *, int minor, enum report,
		    const char *arg, size_t len, size_t tx_size);
void		 session_tx_end(struct conn *);

#endif /* SESSION_H */

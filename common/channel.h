/* SPDX-License-Identifier: ISC */
/*
 * The two rings and the ledger as one thing: whole lines from smtpd, whole
 * answers to smtpd.  The worker uses it, and the guard does while it stands
 * in for a worker.
 *
 * What is read and said is published as one step, at channel_publish() and at
 * each change of a debt: a worker that is killed never leaves a line that was
 * answered but not consumed, or the other way round.  What finds no room waits
 * in the worker's own memory; if the worker dies it was never said, and the
 * ledger still has it as owed.
 *
 * Exits (_exit(71), the guard then starts a new worker): out of memory.
 */

#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"
#include "log.h"
#include "proto.h"
#include "ring.h"

/* Why a side sleeps: the other one writes a byte to its pipe. */
#define WANT_BYTES	1		/* to read in its ring */
#define WANT_ROOM	2		/* to write in its ring */

/* What smtpd said about itself, kept for the next worker. */
struct facts {
	char		admd[256];
	int32_t		version;	/* 60800 is 6.8.0; 0: unknown */
	int32_t		minor;		/* protocol; 7 until we know */
	int32_t		incoming;	/* config|subsystem|smtp-in */
	int32_t		outgoing;
	int32_t		must_see;	/* no message may pass it by */
	uint64_t	config_at;	/* lines before this one are kept */
	uint32_t	config_len;	/* KEY|VALUE, NUL, KEY|VALUE ... */
	char		config[4096];	/* for filter.config */
};

struct shared {
	struct ring	in;		/* from smtpd */
	struct ring	out;		/* to smtpd */
	struct ledger	ledger;
	struct facts	facts;
	struct log_lines log;		/* the worker's */
	uint64_t	current;	/* the line held, worked on, or NO_LINE */
	uint64_t	skip;		/* the line that killed two workers */
	uint64_t	beat;		/* turns of the worker's event loop */
	uint32_t	eof;		/* smtpd hung up */
	uint32_t	worker_wants;	/* WANT_*, while it sleeps */
	uint32_t	guard_wants;
	uint32_t	restarts;
};

#define NO_LINE		RING_FREE

struct channel {
	struct shared	*sh;
	int		 wake;		/* the guard's pipe, -1: no guard */
	uint64_t	 in_pos;	/* the next line begins here */
	uint64_t	 in_scanned;	/* no newline before this */
	uint64_t	 in_end;
	size_t		 in_line;	/* length of the line at in_pos */
	int		 discarding;	/* in a line too long to be one */
	uint64_t	 out_pos;
	uint64_t	 out_limit;	/* the ring has room up to here */
	uint64_t	 out_woken;	/* the guard was woken for up to here */
	char		*over;		/* records that found no room */
	size_t		 over_off, over_len, over_size;
	char		*scratch;
};

/* Takes up where the rings stand.  Returns 0, or -1: out of memory. */
int		 channel_init(struct channel *, struct shared *, int wake);
/* Others used the rings meanwhile: take up where they stand now. */
void		 channel_resume(struct channel *);

/*
 * The next whole line, without newline; NULL: none yet.  Valid, and given
 * again, until channel_consume().
 */
const char	*channel_line(struct channel *, size_t *len);
void		 channel_consume(struct channel *);

/* Can so many bytes be said right now, without waiting? */
int		 channel_fits(struct channel *, size_t);
/* So much waits that reading on must stop. */
int		 channel_full(const struct channel *);

/*
 * Say something; after is what the session owes then (owed OWED_NOTHING: all
 * paid), NULL if that does not change.  channel_say: a whole line, newline
 * included.  channel_data: a line of a message, stuffed and cut as needed
 * (returns 1 if it was cut).
 */
void		 channel_say(struct channel *, const char *, size_t,
		    const struct debt *after);
int		 channel_data(struct channel *, const char prefix[PROTO_PREFIX],
		    const char *, size_t);
void		 channel_dot(struct channel *, const char prefix[PROTO_PREFIX],
		    const struct debt *after);

/* A debt changes without a word.  Returns -1: no room in the ledger. */
int		 channel_owe(struct channel *, const struct debt *);

/* Move on what waited, show all to the other side, wake it if it sleeps. */
void		 channel_publish(struct channel *);

#endif /* CHANNEL_H */

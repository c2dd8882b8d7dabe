/* SPDX-License-Identifier: ISC */
/*
 * One request to spamd and its reply, over one connection: how a question is
 * put, whether what came is an answer, and whose fault it is if not.
 */

#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "bytes.h"
#include "source.h"
#include "spamd.h"

struct backend;
struct event_base;
struct stream;

enum exchange_end {
	EXCHANGE_OK,		/* reply, and its body at in + head */
	EXCHANGE_SILENT,	/* not a byte came: another may be asked */
	EXCHANGE_FAILED
};

struct exchange {
	struct stream		*stream;
	struct source		 source;
	struct bytes		 in;
	struct spamd_reply	 reply;
	size_t			 head;		/* length; 0: not there yet */
	size_t			 limit;		/* of in */
	enum spamd_verb		 verb;
	int			 sent;		/* a server took it */
	int			 whole;
	size_t			 text;		/* length, uncompressed */
	int64_t			 due;
	struct event		 timer;
	const char		*server;	/* valid for ever */
	char			 why[256];
	void			*owner;
	/* The end, from the event loop: x is the owner's to free. */
	void			(*done)(struct exchange *, enum exchange_end);
};

/*
 * Ask a server, to be connected in connect_ms and answered by the time due;
 * source, verb, text, due, owner and done are the caller's, all else is zero.
 * Returns 0, or -1: no server can be tried now (backend_why()).
 */
int	exchange_start(struct exchange *, struct backend *,
	    struct event_base *, const struct spamd_request *,
	    int64_t connect_ms);
/* Forget it: no done(). */
void	exchange_stop(struct exchange *);

#endif /* EXCHANGE_H */

/* SPDX-License-Identifier: ISC */
/*
 * Where a service lives, and whether it is worth trying: one or several
 * servers in order of preference.  A server that fails rests, 1 s, then twice
 * as long each time up to 5 min, with jitter; meanwhile the next one is used.
 * If all rest, a try costs nothing: the circuit is open, until the first of
 * them has rested enough; then one stream at a time probes it.
 */

#ifndef BACKEND_H
#define BACKEND_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct backend;

/* name is for the log: "spamd".  Copied.  Exits if memory is out (at start). */
struct backend	*backend_new(const char *name);
/* Closes its streams without a word: no gone().  Not from a callback. */
void		 backend_free(struct backend *);

/*
 * One more server: "host:port", "[v6]:port", "inet:host:port",
 * "inet6:[v6]:port", "unix:/path", "/path"; port is what a missing one means
 * (0: it must be there).  Returns NULL, or what is wrong with it.
 */
const char	*backend_add(struct backend *, const char *where, int port);

/*
 * One that is in this process: call(arg) returns a connected socket, close on
 * exec and non-blocking, or -1 and errno.  NULL, or what is wrong.
 */
const char	*backend_add_call(struct backend *, const char *label,
		    int (*call)(void *), void *arg);

/* In the worker, before the first stream_open(). */
void		 backend_start(struct backend *, struct event_base *);

/* Idle connections kept for the next: at most max, for ms each. */
void		 backend_pool(struct backend *, size_t max, int64_t ms);

/* The longest rest of a server, instead of 5 min. */
void		 backend_rest(struct backend *, int64_t ms);

/* Is there one that is worth trying now? */
int		 backend_ready(const struct backend *);
/* And has it rested?  Then the next stream is its probe. */
int		 backend_probes(const struct backend *);
/* How long until there is one, at the latest, if no stream ends before: ms. */
int64_t		 backend_wait(const struct backend *);
/* Why not: "spamd: /run/spamd.sock: Connection refused (next try in 4 s)". */
const char	*backend_why(const struct backend *);

/*
 * For -n, blocking: connect to each server once within ms, log what fails.
 * Returns 0 if one or more can be reached, else -1.
 */
int		 backend_check(struct backend *, int64_t ms);

#endif /* BACKEND_H */

/* SPDX-License-Identifier: ISC */
/*
 * TLS 1.2 or later to a server whose certificate is for the host as it was
 * written.  A codec: it knows bytes, but no connection.
 */

#ifndef SHARED_TLS_H
#define SHARED_TLS_H

#include <sys/types.h>

#include <stddef.h>

struct shared_tls;

/*
 * ca: PEM, NULL: what the system trusts.  cert and key, ours, NULL: none.
 * Nothing is read later.  0, or -1 after logging.
 */
int	tls_load(const char *ca, const char *cert, const char *key);

/* To "host:port".  NULL: out of memory. */
struct shared_tls	*tls_new(const char *server);
void			 tls_free(struct shared_tls *);
/* Is the server the one that it should be, and nobody listens? */
int			 tls_secure(const struct shared_tls *);

/* From the wire. */
void		 tls_put(struct shared_tls *, const void *, size_t);
/* What it meant: how much, 0: nothing yet, -1: it is over, see tls_why(). */
ssize_t		 tls_read(struct shared_tls *, void *, size_t);
/*
 * How much of it was taken, 0: not now, -1: it is over.  What was not taken
 * comes again, maybe with more behind it.
 */
ssize_t		 tls_write(struct shared_tls *, const void *, size_t);
/* To the wire, until tls_sent() says that it is there. */
size_t		 tls_out(const struct shared_tls *, const void **);
void		 tls_sent(struct shared_tls *);
int		 tls_over(const struct shared_tls *);
/* Why it is over; NULL: in order. */
const char	*tls_why(const struct shared_tls *);

#endif /* SHARED_TLS_H */

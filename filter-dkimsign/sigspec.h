/* SPDX-License-Identifier: ISC */
/*
 * A signature as an operator writes it: dkimproxy's "dkim(c=relaxed,d=...)",
 * the "c=relaxed x=7d" of a table's row, and the letters.  A codec; what can't
 * be is said where it stands.
 */

#ifndef SIGSPEC_H
#define SIGSPEC_H

#include <stddef.h>
#include <stdint.h>

#include "signature.h"

/* What was asked of a key; the key itself says what it is. */
enum sigspec_alg { SIGSPEC_ANY, SIGSPEC_RSA, SIGSPEC_ED25519 };

/* Strings are NULL, and numbers 0, where nothing was written. */
struct sigspec {
	enum signature_type	 type;
	enum sigspec_alg	 alg;
	int			 bits;		/* "rsa2048-sha256" */
	int			 sha1;		/* rsa-sha1 was written */
	int			 has_canon;
	enum canon		 header, body;
	const char		*domain, *selector, *key, *identity, *headers;
	int64_t			 expire;	/* seconds */
	int64_t			 active_from;	/* seconds since 1970 */
};

/* Each returns NULL, or what is wrong (static text). */

/* "rsa-sha256", "rsa2048-sha256", "ed25519-sha256"; sha1 sets sha1. */
const char	*sigspec_algorithm(struct sigspec *, const char *);
/* "relaxed/simple"; one alone is the header's, the body is then simple. */
const char	*sigspec_canon(const char *, enum canon *header,
		    enum canon *body);
/* "600", "7d": whole seconds. */
const char	*sigspec_expire(const char *, int64_t *seconds);
/* "2026-12-01" or "2026-12-01T06:30", UTC. */
const char	*sigspec_time(const char *, int64_t *);
/* "name=value": as below, and x, active-from.  The text has to live on. */
const char	*sigspec_param(struct sigspec *, char *);
/*
 * The next one of a list "dkim(c=,a=,d=,s=,key=,i=), domainkeys": *list moves
 * on, to NULL at the end.  The text is cut up, and has to live on.
 */
const char	*sigspec_parse(struct sigspec *, char **list);

#endif /* SIGSPEC_H */

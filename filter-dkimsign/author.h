/* SPDX-License-Identifier: ISC */
/*
 * Who wrote it: the address in a From or Sender field, RFC 5322, 3.4 and 4.4,
 * as written in real life.  A codec; iterative and linear, whatever a client
 * nests.  International domains come out as A-labels (RFC 8616).
 */

#ifndef AUTHOR_H
#define AUTHOR_H

#include <stddef.h>

#define AUTHOR_LOCAL	256		/* with NUL */
#define AUTHOR_DOMAIN	256

struct author {
	char	local[AUTHOR_LOCAL];	/* as written, unquoted; "" if long */
	char	domain[AUTHOR_DOMAIN];	/* lower case, no '.' at its end */
};

/*
 * The first mailbox of the field's value (folds inside are fine).  Returns 0,
 * or -1 if there is none with a domain that could be one.
 */
int	author_parse(const char *value, size_t len, struct author *);

/*
 * A domain as an operator or a client writes it: lower case, A-labels, no dot
 * at its end.  Returns 0, or -1: not a domain name.
 */
int	author_domain(const char *, size_t len, char out[AUTHOR_DOMAIN]);

/*
 * Is name this domain, or one below it, by whole labels?  Both as
 * author_domain() gives them.  Returns how many labels are before it: 0 for
 * the domain itself, -1 if it is neither.
 */
int	author_below(const char *name, const char *domain);

/* The id of a List-Id field, RFC 2919: lower case, "" if none. */
void	author_list_id(const char *value, size_t len, char out[AUTHOR_DOMAIN]);

#endif /* AUTHOR_H */

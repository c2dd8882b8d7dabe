/* SPDX-License-Identifier: ISC */
/* Regular expressions of an operator, put to what a client said. */

#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>

/* Longest text that is looked at; no name, no mailbox is longer. */
#define PATTERN_SUBJECT	512

struct pattern;

/* Perl's syntax, any case.  NULL: *why, valid until the next call. */
struct pattern	*pattern_new(const char *text, size_t len, const char **why);
void		 pattern_free(struct pattern *);
int		 pattern_match(const struct pattern *, const char *subject);

#endif /* PATTERN_H */

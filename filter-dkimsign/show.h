/* SPDX-License-Identifier: ISC */
/*
 * For -n: what would be signed with what, on stdout, a line each.
 */

#ifndef SHOW_H
#define SHOW_H

struct names;
struct signingtable;

/* "WHAT NAME: its signature"; values are recipes. */
void	show_recipes(const char *what, const struct names *);
/* "sender PATTERN: key NAME" */
void	show_signingtable(const struct signingtable *);

#endif /* SHOW_H */

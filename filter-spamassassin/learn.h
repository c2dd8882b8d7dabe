/* SPDX-License-Identifier: ISC */
/* "filter-spamassassin learn spam|ham|forget < message", for Sieve and such. */

#ifndef LEARN_H
#define LEARN_H

/*
 * What is left of the command line; user is the fixed one, or NULL.  Returns
 * the exit status, or -1: this is no command, be a filter.
 */
int	learn_command(int argc, char *argv[], const char *user);

#endif /* LEARN_H */

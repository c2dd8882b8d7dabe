/* SPDX-License-Identifier: ISC */
/*
 * Mail that goes out teaches whom to trust: the hosts that take it, and those
 * who may answer it.  What spamlogd(8) is for spamd(8).
 */

#ifndef LEARN_H
#define LEARN_H

#include "filter.h"

/* A report: a message was committed, by a client here or by us elsewhere. */
void	learn_commit(struct session *, const char *arg);

#endif /* LEARN_H */

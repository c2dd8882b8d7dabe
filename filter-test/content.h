/* SPDX-License-Identifier: ISC */
/* The message, through the filter and back. */

#ifndef CONTENT_H
#define CONTENT_H

#include "talk.h"

/* After DATA; the result has both messages then.  Returns 0, or -1. */
int	content_pass(struct talk *);

#endif /* CONTENT_H */

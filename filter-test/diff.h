/* SPDX-License-Identifier: ISC */
/*
 * What became of a message: the lines that stayed, went and came.  Made for
 * what filters do, fields put in and bodies replaced: linear, and so not always
 * the shortest way to say it, but always a true one.
 */

#ifndef DIFF_H
#define DIFF_H

#include <stddef.h>

#include "lines.h"

enum change { CHANGE_NONE, CHANGE_GONE, CHANGE_NEW };

/* Called in order; a gap of what changed has first what went, then what came. */
struct diff_sink {
	void	(*line)(enum change, const struct line *, void *arg);
	void	 *arg;
};

void	diff_run(const struct lines *before, const struct lines *after,
	    const struct diff_sink *);

#endif /* DIFF_H */

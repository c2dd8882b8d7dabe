/* SPDX-License-Identifier: ISC */
/* Each decision: its line in the log, and its counter. */

#ifndef DIARY_H
#define DIARY_H

#include <stdint.h>

#include "filter.h"
#include "metric.h"

enum {
	GREYLISTED, PASSED, EXEMPTED, LISTED, BLOCKED, TRAPPED, SERVED,
	LEARNED, LOST, DIARY_COUNTERS
};
extern struct metric	 diary_counters[];

struct entry {
	const char	*action;	/* "greylist", "pass", "block" */
	const char	*reason;	/* "triplet found" */
	const char	*list;		/* file, or NULL */
	const char	*sender, *recipient;	/* NULL: not known yet */
	int64_t		 wait, delayed;	/* ms; 0: none */
};

void	diary(const struct session *, const struct entry *);

#endif /* DIARY_H */

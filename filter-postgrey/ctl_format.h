/* SPDX-License-Identifier: ISC */
/*
 * Rows as greylistctl shows them: what they mean now, a line of a table, an
 * object of JSON a line, and that one back.  A codec.
 */

#ifndef CTL_FORMAT_H
#define CTL_FORMAT_H

#include <stdio.h>

#include "ctl_memory.h"
#include "grey.h"

enum ctl_state {
	CTL_GREY,
	CTL_PASS,
	CTL_WHITE,
	CTL_KNOWN,		/* postgrey's auto-whitelist */
	CTL_TRAP,
	CTL_PARTNER,
	CTL_SEEN,		/* a client: it has sent mail, that is all */
	CTL_OVER,
	CTL_STATES
};

extern const char *const	 ctl_states[CTL_STATES];

/* until: when that ends. */
enum ctl_state	 ctl_state(const struct grey_rules *, int64_t now,
		    const struct store_row *, int64_t *until);

#define CTL_SPAN	32

/* "45s", "12m", "3h", "12d"; "-" if it is not one.  Returns buf. */
const char	*ctl_span(int64_t ms, char buf[CTL_SPAN]);
/* helo: tuples have it in their key, see tuple.h. */
void		 ctl_table_head(FILE *);
void		 ctl_table_row(FILE *, const struct grey_rules *, int64_t now,
		    int helo, const struct store_row *);

void		 ctl_json_row(FILE *, const struct grey_rules *, int64_t now,
		    const struct store_row *);
/*
 * A line of it: NULL, or what is wrong (static text).  Fields that are not
 * known are passed over, those that are not there are 0.
 */
const char	*ctl_json_parse(const char *line, struct ctl_row *);

#endif /* CTL_FORMAT_H */

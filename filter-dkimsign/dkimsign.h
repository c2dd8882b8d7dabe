/* SPDX-License-Identifier: ISC */
/*
 * What the options say that is not about which key: set while they are parsed,
 * only read from then on.  The table has all letters and keys: dkimsign_keys.c.
 */

#ifndef DKIMSIGN_H
#define DKIMSIGN_H

#include <stdint.h>

#include "options.h"

/* What to do with a message that can't be signed: key "on-malformed". */
enum malformed { MALFORMED_PASS, MALFORMED_REJECT };

struct dkimsign {
	int		 test;			/* -T: sign stdin, print */
	int		 complete;		/* complete-addresses */
	int		 add_date, add_msgid;	/* add-missing */
	int		 sign_auth;		/* sign: all three 0: */
	int		 sign_local;		/* everything */
	struct addrs	*sign_net;		/* NULL: none */
	int		 malformed;		/* enum malformed */
	int64_t		 max_header;		/* bytes */
	int64_t		 max_fields;
};

extern struct dkimsign		 dkimsign;
extern const struct key		 dkimsign_keys[];

/* Say which keys of a dkimproxy's file were left out, if any. */
void	dkimsign_notice(void);

#endif /* DKIMSIGN_H */

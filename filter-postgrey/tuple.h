/* SPDX-License-Identifier: ISC */
/*
 * By what a mail is known again: the client's network, sender and recipient,
 * each made equal for what differs from try to try.  A codec.
 */

#ifndef TUPLE_H
#define TUPLE_H

#include <stddef.h>

#include "addrs.h"

#define TUPLE_KEY	1400

struct tuple_rules {
	int	mask4, mask6;		/* bits of the client that count */
	int	helo;			/* profile spamd: HELO counts too */
};

/*
 * "192.0.2.0/sender/recipient", as postgrey's; with helo
 * "192.0.2.1/helo/sender/recipient".  Values are cut as postgrey does (512).
 */
void	tuple_key(const struct tuple_rules *, const struct addr *,
	    const char *helo, const char *sender, const char *recipient,
	    char key[TUPLE_KEY]);

/*
 * The sender as it will be next time: lower case, no "+extension", digits that
 * count mails (VERP) as '#', the tag of BATV and SRS dropped.  Never longer.
 */
void	tuple_sender(const char *, char *out, size_t size);
void	tuple_recipient(const char *, char *out, size_t size);

#endif /* TUPLE_H */

/* SPDX-License-Identifier: ISC */
/*
 * What MTA and milter agree on when they meet (SMFIC_OPTNEG): the version, what
 * the milter may do, what it does not want to be sent or to answer, which
 * macros it wants.  A codec.
 */

#ifndef TERMS_H
#define TERMS_H

#include <stdint.h>

#include "mfdef.h"
#include "packet.h"

#define TERMS_STAGES	7	/* SMFIM_* */

struct terms {
	uint32_t	 version;
	uint32_t	 actions;		/* SMFIF_* */
	uint32_t	 protocol;		/* SMFIP_* */
	char		*macros[TERMS_STAGES];	/* NULL: the MTA's choice */
	char		 why[32];		/* what terms_take() returned */
};

/* The most that a version (2 to 6) can offer. */
void		 terms_offer(struct terms *, uint32_t version);
int		 terms_put(struct bytes *, const struct terms *);
/*
 * The milter's packet, in answer to that offer: *t becomes what holds.
 * Returns NULL, or why there is no agreement ("version 7"); out of memory too.
 */
const char	*terms_take(struct terms *t, const struct packet *,
		    const struct terms *offer);
void		 terms_free(struct terms *);

/* Is the command (SMFIC_*) to be sent, and will it be answered? */
int		 terms_wants(const struct terms *, char command);
int		 terms_replies(const struct terms *, char command);

#endif /* TERMS_H */

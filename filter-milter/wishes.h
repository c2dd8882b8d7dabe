/* SPDX-License-Identifier: ISC */
/*
 * What milters asked for that smtpd's filter protocol can't do: recipients
 * added and removed, another sender, quarantine.  Collected over all milters of
 * a message; settle.h says what becomes of them.
 */

#ifndef WISHES_H
#define WISHES_H

#include <stddef.h>

#include "packet.h"

struct wishes {
	char	**added;	/* bare addresses, without <> */
	size_t	  nadded;
	char	**removed;
	size_t	  nremoved;
	char	 *from;		/* NULL: as it was */
	char	 *quarantine;	/* the reason, NULL: no */
};

/* ADDRCPT, ADDRCPT_PAR, DELRCPT, CHGFROM, QUARANTINE.  0; -1: out of memory. */
int	wishes_take(struct wishes *, const struct change *);
/* Those of a milter that is done join the others, and are gone from there. */
int	wishes_join(struct wishes *, struct wishes *);
/*
 * With these recipients, bare, what is as it was wished already is no wish: one
 * to be added who is there, one to be removed who is not.
 */
void	wishes_fit(struct wishes *, char *const *rcpt, size_t nrcpt);
/* Is this recipient, bare, among those to be removed? */
int	wishes_remove(const struct wishes *, const char *rcpt);
void	wishes_clear(struct wishes *);

#endif /* WISHES_H */

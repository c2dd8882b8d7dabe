/* SPDX-License-Identifier: ISC */
/*
 * What the tables have for one message: of that what is active now.
 */

#ifndef CHOICE_H
#define CHOICE_H

#include <stddef.h>

#include "recipe.h"

#define CHOICE_MAX	32	/* what is beyond is not looked at */

struct choice {
	struct match		 match;		/* the same for all */
	long long		 now;		/* seconds since 1970 */
	int			 known;		/* there is one, active or not */
	struct {
		const struct recipe	*recipe;
		const char		*identity;	/* or NULL */
	} list[CHOICE_MAX];
	size_t			 n;
};

/* Empty, with nothing to match. */
void	choice_begin(struct choice *, long long now);
/*
 * Once is enough of each.  Rotation: of those that take each other's place the
 * one that became active last stays; two that became active together both do.
 */
void	choice_add(struct choice *, const struct recipe *,
	    const char *identity);

#endif /* CHOICE_H */

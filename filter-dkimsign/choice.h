/* SPDX-License-Identifier: ISC */
/*
 * What the tables have for one message, before it is known what of it is
 * active.
 */

#ifndef CHOICE_H
#define CHOICE_H

#include <stddef.h>

#include "recipe.h"

#define CHOICE_MAX	32	/* what is beyond is not looked at */

struct choice {
	struct match		 match;		/* the same for all */
	struct {
		const struct recipe	*recipe;
		const char		*identity;	/* or NULL */
	} list[CHOICE_MAX];
	size_t			 n;
};

/* Once is enough of each. */
void	choice_add(struct choice *, const struct recipe *,
	    const char *identity);

#endif /* CHOICE_H */

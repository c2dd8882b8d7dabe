/* SPDX-License-Identifier: ISC */
/*
 * What a signature is made from: the key, and what the options say about it.
 * Checked and read when a policy is built; filled in for each message.
 */

#ifndef RECIPE_H
#define RECIPE_H

#include <stdint.h>

#include "signature.h"

struct author;
struct place;
struct sigspec;

struct recipe {
	struct recipe		*next;
	enum signature_type	 type;
	enum canon		 header, body;
	struct privkey		*key;
	struct fields		*own_fields;
	const struct fields	*fields;
	char			*domain;	/* NULL: the one that matched */
	char			*selector;
	char			*identity;	/* or NULL */
	int64_t			 expire;
	int64_t			 active_from;
	unsigned int		 line;		/* where it was written */
};

/* All of a policy. */
struct recipes {
	struct recipe	*list;
	struct fields	*fields;		/* where none are said */
};

/* Returns 0, or -1 after logging what is wrong with the options. */
int	recipes_init(struct recipes *);
void	recipes_free(struct recipes *);

/*
 * One more.  The key is used up; where it is NULL, the spec's is read.
 * NULL after logging why at that place.
 */
struct recipe	*recipe_new(struct recipes *, const struct sigspec *,
		    struct privkey *key, const struct place *);

/* What a message has to do with a recipe. */
struct match {
	const struct author	*sender;	/* who it is signed for */
	const struct author	*originator;	/* RFC 4870: Sender, or From */
	const char		*domain;	/* that matched in a table */
	const char		*identity;	/* NULL: the recipe's */
};

/*
 * The key is held.  Returns 0, or -1 if there is no such signature: it would
 * be for no domain, or be a DomainKeys one for another domain.
 */
int	recipe_fill(const struct recipe *, const struct match *,
	    struct signing *);

#endif /* RECIPE_H */

/* SPDX-License-Identifier: ISC */
/*
 * What one milter's changes are made of: for mods.c and mods_place.c only.
 */

#ifndef MODS_PRIVATE_H
#define MODS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct message;

/* ADDHEADER, INSHEADER or CHGHEADER. */
struct mod {
	uint32_t	 index;
	char		 command;
	const char	*value;		/* in text; NULL: it is deleted */
	char		 text[];
};

#define PLACE_END	UINT32_MAX	/* INSHEADER: at the end */
#define PLACE_NONE	UINT32_MAX

/* What comes out: the header's items in their order. */
struct place {
	uint32_t	 field;		/* of the message, or PLACE_NONE */
	uint32_t	 made;		/* else: the mod that made it */
	uint32_t	 changed;	/* the last mod that did, or PLACE_NONE */
};

/*
 * Where all of it goes: nplaces items in *out, to be freed.  hidden is the
 * field that no name finds.  Returns 0; -1: out of memory.
 */
int	mods_place(struct message *, size_t hidden, struct mod *const *,
	    size_t nmods, struct place **out, size_t *nplaces);

#endif /* MODS_PRIVATE_H */

/* SPDX-License-Identifier: ISC */
/*
 * Which header fields a signature covers: h=, RFC 6376, 5.4.  A list of names,
 * each signed as often as it is there; with "/x" once more if it is there, and
 * with "/o" once more even if not, so that nobody can add one (oversigning,
 * RFC 6376, 8.15).  Received, Bcc and their like can't be in a list, nor Date
 * and Message-ID with "/o": smtpd or others change or add them on the way.
 */

#ifndef FIELDS_H
#define FIELDS_H

#include <sys/types.h>

#include <stddef.h>

struct fields;
struct hfield;

/* That of RFC 6376, 5.4.1, Debian's default; and what is on with -O. */
extern const char	fields_default[], fields_oversign[];

/*
 * "from/o:to/o:date/x:subject", separated by ':', ',' or blanks, any case.
 * "*" at its beginning stands for base, which later ones change: "+name/o"
 * adds or replaces, "-name" removes if it is there.  Of a name that comes twice
 * the last counts, at the place of the first.  From is always in it: it is
 * added in front if missing.  Never freed while a signature may use it.
 * NULL: *why says what is wrong (valid until the next call).
 */
struct fields	*fields_new(const char *list, const char *base,
		    const char **why);
void		 fields_free(struct fields *);

/* What is between the names of a list. */
#define FIELDS_SEPARATORS	":, \t\r\n"
/* Can fields of this name, in any case, not be in a list? */
int		 fields_never(const char *name);

#define FIELDS_NAME	76		/* longest name of a list */

/* One entry of h=, in its order. */
struct fields_pick {
	const char	*name;		/* lower case, the list's */
	ssize_t		 field;		/* -1: one that is not there */
};

/*
 * The entries for these n fields, each name from the bottom up (RFC 6376,
 * 5.4.2).  Returns how many, *out is malloced; -1: out of memory.  Linear.
 */
ssize_t		 fields_pick(const struct fields *, const struct hfield *,
		    size_t n, struct fields_pick **out);
/* Is a field of this name signed?  The list's own name for it, or NULL. */
const char	*fields_find(const struct fields *, const char *name,
		    size_t len);

#endif /* FIELDS_H */

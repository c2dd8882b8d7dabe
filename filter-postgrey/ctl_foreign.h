/* SPDX-License-Identifier: ISC */
/*
 * What other greylisting programs remember, a line of text at a time, as rows
 * of ours.  Codecs.
 */

#ifndef CTL_FOREIGN_H
#define CTL_FOREIGN_H

#include "ctl_memory.h"
#include "grey.h"

enum foreign {
	FOREIGN_ROW,		/* *r is one */
	FOREIGN_NOTHING,	/* on to the next line */
	FOREIGN_SKIPPED,	/* what it says is of no use here: *why */
	FOREIGN_TRAP,		/* r->key is a trap address */
	FOREIGN_BAD		/* *why says what is wrong with it */
};

/* How the rows have to be. */
struct foreign_rules {
	const struct grey_rules		*grey;
	const struct tuple_rules	*tuple;
};

/* Text of db_dump(1), with -p or without, one database after another. */
struct dump {
	int	 in_data, is_hex;
	int	 has_key;
	char	 key[TUPLE_KEY];
};

/* postgrey.db and postgrey_clients.db; zero it first. */
enum foreign	 postgrey_line(struct dump *, const struct foreign_rules *,
		    const char *line, struct ctl_row *r, const char **why);
/* At the end of the input: is it whole? */
int		 postgrey_whole(const struct dump *);

/* spamdb(8), of OpenBSD 4.1 and later. */
enum foreign	 spamdb_line(const struct foreign_rules *, const char *line,
		    struct ctl_row *r, const char **why);

#endif /* CTL_FOREIGN_H */

/* SPDX-License-Identifier: ISC */
/*
 * For db.c and db_rows.c: what a connection is made of.
 */

#ifndef DB_SQL_H
#define DB_SQL_H

#include <sqlite3.h>

#include "db.h"
#include "tuple.h"

enum verb { VERB_GET, VERB_EACH, VERB_SET, VERB_ADD, VERB_UPDATE, VERB_DELETE,
    VERB_FORGET, VERB_MAX };
enum plain { PLAIN_BEGIN, PLAIN_BEGIN_WRITE, PLAIN_COMMIT, PLAIN_ROLLBACK,
    PLAIN_SIZE, PLAIN_REACH, PLAIN_SHRINK, PLAIN_COUNT, PLAIN_MAX };

struct db {
	sqlite3		*sql;
	sqlite3_stmt	*rows[STORE_PARTNER + 1][VERB_MAX];
	sqlite3_stmt	*plain[PLAIN_MAX];
	int		 rc;		/* the worst since db_state() */
	int		(*wait)(void *, int);
	void		*arg;
	int		 impatient;	/* wait() had enough */
	char		 reach[TUPLE_KEY]; /* room was made up to here */
};

/* Prepared when it is needed; NULL: remembered why. */
sqlite3_stmt	*db_rows(struct db *, enum store_kind, enum verb);
int		 db_note(struct db *, int rc);

#endif /* DB_SQL_H */

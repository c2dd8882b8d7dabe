/* SPDX-License-Identifier: ISC */
/*
 * Rows out of the file and into it.  Reading never fails: a row that can't be
 * read is not there, and db_state() tells.  Writing is all or nothing.
 */

#include <string.h>

#include "compat.h"
#include "db_sql.h"

#define VALUES	6		/* ?2 to ?7 */
#define BASE	8		/* ?8 to ?11: first, last, white, trap */
#define REACH	"2000"		/* tuples looked at to make room */

/*
 * ADD and UPDATE take care of what another process wrote meanwhile: they
 * change nothing then.
 */
static const char *const	row_sql[][VERB_MAX] = {
	[STORE_TUPLE] = {
		"SELECT key,first,last,blocked,passed FROM tuple WHERE key=?1",
		"SELECT key,first,last,blocked,passed FROM tuple "
		    "WHERE key>?1 ORDER BY key LIMIT ?2",
		"INSERT OR REPLACE INTO tuple VALUES(?1,?2,?3,?4,?5)",
		"INSERT OR IGNORE INTO tuple VALUES(?1,?2,?3,?4,?5)",
		"UPDATE tuple SET first=?2,last=?3,blocked=?4,passed=?5 "
		    "WHERE key=?1 AND first=?8",
		"DELETE FROM tuple WHERE key=?1",
		"DELETE FROM tuple WHERE key=?1 AND last=?9"
	},
	[STORE_CLIENT] = {
		"SELECT key,first,last,passed,counted,white_until,trap_until "
		    "FROM client WHERE key=?1",
		"SELECT key,first,last,passed,counted,white_until,trap_until "
		    "FROM client WHERE key>?1 ORDER BY key LIMIT ?2",
		"INSERT OR REPLACE INTO client VALUES(?1,?2,?3,?4,?5,?6,?7)",
		"INSERT OR IGNORE INTO client VALUES(?1,?2,?3,?4,?5,?6,?7)",
		"UPDATE client SET first=?2,last=?3,passed=?4,counted=?5,"
		    "white_until=?6,trap_until=?7 "
		    "WHERE key=?1 AND white_until=?10 AND trap_until=?11",
		"DELETE FROM client WHERE key=?1",
		"DELETE FROM client WHERE key=?1 AND last=?9"
	},
	[STORE_PARTNER] = {
		"SELECT key,until FROM partner WHERE key=?1",
		"SELECT key,until FROM partner "
		    "WHERE key>?1 ORDER BY key LIMIT ?2",
		"INSERT OR REPLACE INTO partner VALUES(?1,?2)",
		"INSERT OR IGNORE INTO partner VALUES(?1,?2)",
		"UPDATE partner SET until=?2 WHERE key=?1",
		"DELETE FROM partner WHERE key=?1",
		"DELETE FROM partner WHERE key=?1 AND until=?9"
	},
};

static const char *const	plain_sql[PLAIN_MAX] = {
	[PLAIN_BEGIN] = "BEGIN",
	[PLAIN_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[PLAIN_COMMIT] = "COMMIT",
	[PLAIN_ROLLBACK] = "ROLLBACK",
	[PLAIN_SIZE] = "SELECT (page_count-freelist_count)*page_size "
	    "FROM pragma_page_count,pragma_freelist_count,pragma_page_size",
	[PLAIN_REACH] = "SELECT max(key) FROM (SELECT key FROM tuple "
	    "WHERE key>?1 ORDER BY key LIMIT " REACH ")",
	[PLAIN_SHRINK] = "DELETE FROM tuple "
	    "WHERE key>?1 AND key<=?2 AND passed=0",
	[PLAIN_COUNT] = "SELECT (SELECT count(*) FROM tuple),"
	    "(SELECT count(*) FROM tuple WHERE passed>0),"
	    "(SELECT count(*) FROM client),"
	    "(SELECT count(*) FROM client WHERE white_until>?1),"
	    "(SELECT count(*) FROM client WHERE trap_until>?1),"
	    "(SELECT count(*) FROM partner WHERE until>?1),"
	    "(SELECT page_count*page_size "
	    "FROM pragma_page_count,pragma_page_size)",
};

static sqlite3_stmt *
prepare(struct db *db, sqlite3_stmt **st, const char *sql)
{
	if (*st == NULL)
		(void)db_note(db, sqlite3_prepare_v3(db->sql, sql, -1,
		    SQLITE_PREPARE_PERSISTENT, st, NULL));
	return *st;
}

sqlite3_stmt *
db_rows(struct db *db, enum store_kind kind, enum verb verb)
{
	return prepare(db, &db->rows[kind][verb], row_sql[kind][verb]);
}

static sqlite3_stmt *
db_plain_stmt(struct db *db, enum plain plain)
{
	return prepare(db, &db->plain[plain], plain_sql[plain]);
}

/* Steps and resets.  Returns SQLite's result, and remembers a bad one. */
static int
db_run(struct db *db, sqlite3_stmt *st)
{
	int	 rc;

	if (st == NULL)
		return SQLITE_NOMEM;
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return db_note(db, rc);
}

static int
db_plain(struct db *db, enum plain plain)
{
	return db_run(db, db_plain_stmt(db, plain));
}

void
db_begin(struct db *db)
{
	(void)db_plain(db, PLAIN_BEGIN);
}

void
db_end(struct db *db)
{
	if (!sqlite3_get_autocommit(db->sql))
		(void)db_plain(db, PLAIN_COMMIT);
}

static void
row_read(sqlite3_stmt *st, enum store_kind kind, struct store_row *row)
{
	int64_t	 v[VALUES];
	int	 i, n = sqlite3_column_count(st);

	for (i = 1; i < n; i++)
		v[i - 1] = sqlite3_column_int64(st, i);
	switch (kind) {
	case STORE_TUPLE:
		row->tuple.first = v[0];
		row->tuple.last = v[1];
		row->tuple.blocked = v[2];
		row->tuple.passed = v[3];
		break;
	case STORE_CLIENT:
		row->client.first = v[0];
		row->client.last = v[1];
		row->client.passed = v[2];
		row->client.counted = v[3];
		row->client.white_until = v[4];
		row->client.trap_until = v[5];
		break;
	case STORE_PARTNER:
		row->until = v[0];
	}
}

static void
row_values(const struct store_row *row, int64_t v[VALUES])
{
	switch (row->kind) {
	case STORE_TUPLE:
		v[0] = row->tuple.first;
		v[1] = row->tuple.last;
		v[2] = row->tuple.blocked;
		v[3] = row->tuple.passed;
		break;
	case STORE_CLIENT:
		v[0] = row->client.first;
		v[1] = row->client.last;
		v[2] = row->client.passed;
		v[3] = row->client.counted;
		v[4] = row->client.white_until;
		v[5] = row->client.trap_until;
		break;
	case STORE_PARTNER:
		v[0] = row->until;
	}
}

int
db_get(struct db *db, enum store_kind kind, const char *key,
    struct store_row *row)
{
	sqlite3_stmt	*st = db_rows(db, kind, VERB_GET);
	int		 rc;

	memset(row, 0, sizeof(*row));
	row->kind = kind;
	row->key = key;
	if (st == NULL)
		return 0;
	(void)sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		row_read(st, kind, row);
	(void)sqlite3_reset(st);
	(void)db_note(db, rc);
	return rc == SQLITE_ROW;
}

enum db_state
db_each(struct db *db, enum store_kind kind, const char *key, size_t n,
    int (*cb)(const struct store_row *, void *), void *arg)
{
	sqlite3_stmt		*st = db_rows(db, kind, VERB_EACH);
	struct store_row	 row;
	const char		*why;
	int			 rc;

	memset(&row, 0, sizeof(row));
	row.kind = kind;
	if (st == NULL)
		return db_state(db, &why);
	(void)sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)n);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		row.key = (const char *)sqlite3_column_text(st, 0);
		row_read(st, kind, &row);
		if (row.key == NULL || cb(&row, arg))
			break;
	}
	(void)sqlite3_reset(st);
	(void)db_note(db, rc);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? DB_FINE : DB_FAILED;
}

static enum verb
verb_for(const struct flight *f)
{
	if (f->deleted)
		return f->by_hand ? VERB_DELETE : VERB_FORGET;
	if (f->by_hand)
		return VERB_SET;
	return f->base.known ? VERB_UPDATE : VERB_ADD;
}

static void
bind_all(sqlite3_stmt *st, const struct flight *f)
{
	int64_t	 v[BASE + 3] = { 0 };
	int	 i, n = sqlite3_bind_parameter_count(st);

	row_values(&f->row, v);
	v[BASE - 2] = f->base.first;
	v[BASE - 1] = f->base.last;
	v[BASE] = f->base.white_until;
	v[BASE + 1] = f->base.trap_until;
	(void)sqlite3_bind_text(st, 1, f->row.key, -1, SQLITE_STATIC);
	for (i = 2; i <= n; i++)
		(void)sqlite3_bind_int64(st, i, v[i - 2]);
}

static int
write_one(struct db *db, struct flight *f)
{
	enum verb	 verb = verb_for(f);
	sqlite3_stmt	*st = db_rows(db, f->row.kind, verb);
	int		 rc;

	if (st == NULL)
		return SQLITE_NOMEM;
	bind_all(st, f);
	rc = db_run(db, st);
	f->lost = !f->by_hand && sqlite3_changes(db->sql) == 0;
	return rc;
}

/* Room for other tuples: grey ones of the next part of the table go. */
static int
make_room(struct db *db)
{
	sqlite3_stmt	*reach = db_plain_stmt(db, PLAIN_REACH);
	sqlite3_stmt	*shrink = db_plain_stmt(db, PLAIN_SHRINK);
	const char	*end;
	char		 from[TUPLE_KEY];
	int		 rc;

	if (reach == NULL || shrink == NULL)
		return SQLITE_NOMEM;
	(void)strlcpy(from, db->reach, sizeof(from));
	(void)sqlite3_bind_text(reach, 1, from, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(reach)) == SQLITE_ROW) {
		end = (const char *)sqlite3_column_text(reach, 0);
		(void)strlcpy(db->reach, end == NULL ? "" : end,
		    sizeof(db->reach));
	}
	(void)sqlite3_reset(reach);
	if (rc != SQLITE_ROW || db->reach[0] == '\0')
		return db_note(db, rc);
	(void)sqlite3_bind_text(shrink, 1, from, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(shrink, 2, db->reach, -1, SQLITE_STATIC);
	return db_run(db, shrink);
}

static int64_t
size_used(struct db *db)
{
	sqlite3_stmt	*st = db_plain_stmt(db, PLAIN_SIZE);
	int64_t		 size = 0;

	if (st == NULL)
		return 0;
	if (db_note(db, sqlite3_step(st)) == SQLITE_ROW)
		size = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return size;
}

enum db_state
db_write(struct db *db, struct flight *f, size_t n, int64_t max,
    const char **why)
{
	size_t	 i;
	int	 rc;

	if ((rc = db_plain(db, PLAIN_BEGIN_WRITE)) == SQLITE_DONE) {
		for (i = 0; i < n && rc == SQLITE_DONE; i++)
			rc = write_one(db, &f[i]);
		if (rc == SQLITE_DONE && size_used(db) > max)
			(void)make_room(db);
		if (rc == SQLITE_DONE)
			rc = db_plain(db, PLAIN_COMMIT);
		if (!sqlite3_get_autocommit(db->sql))
			(void)db_plain(db, PLAIN_ROLLBACK);
	}
	if (rc == SQLITE_DONE)
		return DB_FINE;
	(void)db_note(db, rc);
	return db_state(db, why);
}

enum db_state
db_count(struct db *db, int64_t now, struct store_counts *c)
{
	sqlite3_stmt	*st = db_plain_stmt(db, PLAIN_COUNT);
	const char	*why;
	int		 rc;

	memset(c, 0, sizeof(*c));
	if (st == NULL)
		return db_state(db, &why);
	(void)sqlite3_bind_int64(st, 1, now);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		c->tuples = sqlite3_column_int64(st, 0);
		c->passed = sqlite3_column_int64(st, 1);
		c->clients = sqlite3_column_int64(st, 2);
		c->white = sqlite3_column_int64(st, 3);
		c->trapped = sqlite3_column_int64(st, 4);
		c->partners = sqlite3_column_int64(st, 5);
		c->bytes = sqlite3_column_int64(st, 6);
	}
	(void)sqlite3_reset(st);
	(void)db_note(db, rc);
	return rc == SQLITE_ROW ? DB_FINE : DB_FAILED;
}

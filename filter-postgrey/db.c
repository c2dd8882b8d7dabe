/* SPDX-License-Identifier: ISC */
/*
 * A connection to the file, and what its errors mean.
 *
 * The journal is a WAL: readers see the last commit and wait for nobody.
 * synchronous=NORMAL: a commit is not synced, a checkpoint is.  The file stays
 * sound whatever happens; a dead process loses nothing that was committed, a
 * power cut some seconds: who was greylisted then waits once more.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db_sql.h"

#define SCHEMA		1		/* user_version */
#define APPLICATION	1735550329	/* application_id: "grey" */

#define TEXT(x)		#x
#define NUMBER(x)	TEXT(x)

/* Times are ms since 1970; 0: not. */
static const char	 schema[] =
    "CREATE TABLE tuple (key TEXT NOT NULL PRIMARY KEY,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " blocked INTEGER NOT NULL, passed INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE client (key TEXT NOT NULL PRIMARY KEY,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " passed INTEGER NOT NULL, counted INTEGER NOT NULL,"
    " white_until INTEGER NOT NULL, trap_until INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE partner (key TEXT NOT NULL PRIMARY KEY,"
    " until INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA application_id = " NUMBER(APPLICATION) ";"
    "PRAGMA user_version = " NUMBER(SCHEMA) ";";

static const char	 writer_settings[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 33554432;"
    "PRAGMA temp_store = MEMORY;";
static const char	 reader_settings[] =
    "PRAGMA query_only = 1;"
    "PRAGMA temp_store = MEMORY;";

static enum db_state
state_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return DB_FINE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return DB_BROKEN;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return DB_MISSING;
	default:
		return DB_FAILED;
	}
}

int
db_note(struct db *db, int rc)
{
	/* What is broken stays so, the rest may be over soon. */
	if (state_of(rc) != DB_FINE && state_of(db->rc) != DB_BROKEN)
		db->rc = rc;
	return rc;
}

enum db_state
db_state(struct db *db, const char **why)
{
	int	 rc = db->rc;

	db->rc = SQLITE_OK;
	*why = sqlite3_errstr(rc);
	return state_of(rc);
}

static int
busy(void *arg, int n)
{
	struct db	*db = arg;
	int		 ms = db->wait == NULL ? 0 : db->wait(db->arg, n);

	if (ms > 0)
		(void)sqlite3_sleep(ms);
	else
		db->impatient = 1;
	return ms > 0;
}

/*
 * Of several that turn a new file's journal to a WAL at once, SQLite does not
 * let all wait: one has to let go and to begin again.
 */
static int
set(struct db *db, const char *settings)
{
	int	 n = 0, rc;

	do {
		rc = sqlite3_exec(db->sql, settings, NULL, NULL, NULL);
	} while ((rc & 0xff) == SQLITE_BUSY && !db->impatient && busy(db, n++));
	return rc;
}

static int
number(struct db *db, const char *sql, int64_t *value)
{
	sqlite3_stmt	*st;
	int		 rc;

	*value = 0;
	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL)) !=
	    SQLITE_OK)
		return rc;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*value = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Another process may do the same at the same time. */
static int
make_tables(struct db *db)
{
	int64_t	 n;
	int	 rc;

	if ((rc = sqlite3_exec(db->sql, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL)) != SQLITE_OK)
		return rc;
	if ((rc = number(db, "SELECT count(*) FROM sqlite_master", &n)) ==
	    SQLITE_OK && n == 0)
		rc = sqlite3_exec(db->sql, schema, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db->sql, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/*
 * Are the tables as we made them?  SQLITE_OK; SQLITE_ERROR: no.  All else, such
 * as no memory, says nothing about the file.
 */
static int
check_tables(struct db *db)
{
	int	 kind;

	for (kind = 0; kind <= STORE_PARTNER; kind++)
		if (db_rows(db, (enum store_kind)kind, VERB_GET) == NULL)
			return db->rc != SQLITE_OK ? db->rc : SQLITE_NOMEM;
	return SQLITE_OK;
}

/* Is it a file of ours?  Makes it one if it is empty. */
static enum db_state
check_schema(struct db *db, int writable, const char **why)
{
	int64_t	 app, version, tables;
	int	 rc;

	if ((rc = number(db, "SELECT count(*) FROM sqlite_master",
	    &tables)) != SQLITE_OK)
		goto fail;
	if (tables == 0 && writable && (rc = make_tables(db)) != SQLITE_OK)
		goto fail;
	if ((rc = number(db, "PRAGMA application_id", &app)) != SQLITE_OK ||
	    (rc = number(db, "PRAGMA user_version", &version)) != SQLITE_OK)
		goto fail;
	if (app == 0 && tables == 0 && !writable) {
		*why = "empty";
		return DB_FAILED;
	}
	if (app != APPLICATION) {
		*why = "a database of another program";
		return DB_FOREIGN;
	}
	if (version == SCHEMA && (rc = check_tables(db)) == SQLITE_OK)
		return DB_FINE;
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_ERROR)
		goto fail;
	*why = version > SCHEMA ? "made by a newer release" :
	    "tables are missing";
	return DB_BROKEN;
fail:
	*why = sqlite3_errstr(rc);
	return state_of(rc);
}

static enum db_state
open_file(struct db *db, const char *path, int writable, const char **why)
{
	int	 rc;

	if (!sqlite3_threadsafe()) {
		*why = "SQLite was built without threads";
		return DB_MISSING;
	}
	/* Readers too: the first one may have to clean up after a crash. */
	rc = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		(void)sqlite3_extended_result_codes(db->sql, 1);
		(void)sqlite3_busy_handler(db->sql, busy, db);
		rc = set(db, writable ? writer_settings : reader_settings);
	}
	if (rc == SQLITE_OK)
		return check_schema(db, writable, why);
	*why = sqlite3_errstr(rc);
	return state_of(rc);
}

enum db_state
db_open(struct db **dbp, const char *path, int writable,
    int (*wait)(void *, int), void *arg, const char **why)
{
	struct db	*db;
	enum db_state	 state;

	*dbp = NULL;
	if ((db = calloc(1, sizeof(*db))) == NULL) {
		*why = "out of memory";
		return DB_FAILED;
	}
	db->wait = wait;
	db->arg = arg;
	if ((state = open_file(db, path, writable, why)) == DB_FINE)
		*dbp = db;
	else if (state == DB_BROKEN)
		db_abandon(db);
	else
		db_close(db);
	return state;
}

void
db_close(struct db *db)
{
	size_t	 i;
	int	 kind;

	if (db == NULL)
		return;
	for (kind = 0; kind <= STORE_PARTNER; kind++)
		for (i = 0; i < VERB_MAX; i++)
			(void)sqlite3_finalize(db->rows[kind][i]);
	for (i = 0; i < PLAIN_MAX; i++)
		(void)sqlite3_finalize(db->plain[i]);
	(void)sqlite3_close(db->sql);
	free(db);
}

void
db_abandon(struct db *db)
{
	if (db == NULL)
		return;
	if (db->sql != NULL)
		(void)sqlite3_db_config(db->sql,
		    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	db_close(db);
}

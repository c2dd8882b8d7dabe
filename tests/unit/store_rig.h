/* SPDX-License-Identifier: ISC */
/*
 * A store in a directory of its own, for tests.
 */

#ifndef STORE_RIG_H
#define STORE_RIG_H

#include <sys/types.h>

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store.h"

static char	 rig_dir[] = "/tmp/test-store.XXXXXX";
static char	 rig_path[64];

static inline int
rig_make(void **state __attribute__((__unused__)))
{
	if (mkdtemp(rig_dir) == NULL)
		return -1;
	(void)snprintf(rig_path, sizeof(rig_path), "%s/grey.db", rig_dir);
	return 0;
}

/* Removes all; returns how many names had the word in them. */
static inline int
rig_clear(const char *word)
{
	char		 name[PATH_MAX];
	struct dirent	*d;
	DIR		*dir;
	int		 n = 0;

	assert_non_null(dir = opendir(rig_dir));
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		n += strstr(d->d_name, word) != NULL;
		(void)snprintf(name, sizeof(name), "%s/%s", rig_dir,
		    d->d_name);
		(void)unlink(name);
	}
	(void)closedir(dir);
	return n;
}

static inline int
rig_remove(void **state __attribute__((__unused__)))
{
	(void)rig_clear("");
	return rmdir(rig_dir);
}

/* What an operator sees; -1: nothing. */
static inline int64_t
rig_ask(const char *sql)
{
	sqlite3_stmt	*st;
	sqlite3		*db;
	int64_t		 value = -1;

	assert_int_equal(sqlite3_open(rig_path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return value;
}

/* One mail of a client. */
static inline enum grey_reason
rig_mail(struct store *st, const char *tuple, const char *client, int64_t now)
{
	struct store_query	 q = { .tuple = tuple, .client = client,
				    .sender = "joe@example.net", .now = now };
	struct grey_verdict	 v;

	store_decide(st, &q, &v);
	return v.reason;
}

#endif /* STORE_RIG_H */

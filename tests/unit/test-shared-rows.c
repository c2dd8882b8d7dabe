/* SPDX-License-Identifier: ISC */
/*
 * Rows of the shared store by hand, as greylistctl has them, with a real Redis;
 * what -n says of it; the password's file.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend.h"
#include "grey-cases.h"
#include "redis_rig.h"
#include "shared.h"
#include "shared_config.h"
#include "stderr.h"

#define ROWS	3000

static const struct grey_rules	 rules = POSTGREY;

static int
setup(void **state)
{
	redis_start(0);
	shared_config.backend = backend_new("redis");
	backend_rest(shared_config.backend, 100);
	return backend_add(shared_config.backend, redis_path(0), 0) == NULL ?
	    0 : -1;
}

static int
teardown(void **state)
{
	shared_close();
	backend_free(shared_config.backend);
	shared_config.backend = NULL;
	redis_kill(0);
	return 0;
}

struct seen {
	int		 n, stop_at;
	struct store_row last;
	char		 key[64];
	char		 there[ROWS];
};

static int
see(const struct store_row *row, void *arg)
{
	struct seen	*s = arg;
	int		 i;

	s->last = *row;
	(void)snprintf(s->key, sizeof(s->key), "%s", row->key);
	if (sscanf(row->key, "192.0.2.0/a@b/%d", &i) == 1 && i < ROWS)
		s->there[i] = 1;
	return ++s->n == s->stop_at;
}

static void
rows_are_put_and_seen(void **state)
{
	struct store_row	 row = { .kind = STORE_CLIENT,
				    .key = "2001:db8::1" };
	struct seen		 s = { .n = 0 };

	assert_int_equal(shared_open(&rules), 0);
	row.client.first = T;
	row.client.white_until = INT64_MAX / 4096;
	assert_int_equal(shared_row_put(&row), 0);
	row.client.white_until = 0;
	row.client.trap_until = T + 3650 * D;
	assert_int_equal(shared_row_put(&row), 0);
	assert_int_equal(shared_walk(STORE_CLIENT, see, &s), 0);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.key, "2001:db8::1");
	assert_true(s.last.client.first == T);
	assert_true(s.last.client.white_until == 0);
	assert_true(s.last.client.trap_until == T + 3650 * D);
	s.n = 0;
	assert_int_equal(shared_walk(STORE_TUPLE, see, &s), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(shared_row_delete(STORE_CLIENT, row.key), 0);
	assert_int_equal(shared_walk(STORE_CLIENT, see, &s), 0);
	assert_int_equal(s.n, 0);
}

static void
many_rows_are_walked(void **state)
{
	char			 key[64];
	struct store_row	 row = { .kind = STORE_TUPLE, .key = key };
	struct seen		 s = { .n = 0 };
	int			 i;

	assert_int_equal(shared_open(&rules), 0);
	row.tuple.first = row.tuple.last = T;
	for (i = 0; i < ROWS; i++) {
		(void)snprintf(key, sizeof(key), "192.0.2.0/a@b/%d", i);
		row.tuple.blocked = i;
		assert_int_equal(shared_row_put(&row), 0);
	}
	assert_int_equal(shared_walk(STORE_TUPLE, see, &s), 0);
	for (i = 0; i < ROWS; i++)
		assert_true(s.there[i]);
	s.n = 0;
	s.stop_at = 700;
	assert_int_equal(shared_walk(STORE_TUPLE, see, &s), 0);
	assert_int_equal(s.n, 700);
}

static void
what_goes_wrong_is_said(void **state)
{
	struct store_row	 row = { .kind = STORE_PARTNER,
				    .key = "joe@example.org", .until = T };
	struct seen		 s = { .n = 0 };

	assert_int_equal(shared_open(&rules), 0);
	(void)redis_cli(0, "lpush pg:p:x 1");
	stderr_start();
	/* It is nobody's row, and costs no other. */
	assert_int_equal(shared_walk(STORE_PARTNER, see, &s), 0);
	assert_non_null(strstr(stderr_stop(), "not ours: \"x\": foreign"));
	redis_kill(0);
	stderr_start();
	assert_int_equal(shared_row_put(&row), -1);
	assert_non_null(strstr(stderr_stop(), redis_path(0)));
	stderr_start();
	assert_int_equal(shared_row_put(&row), -1);
	assert_non_null(strstr(stderr_stop(), "not connected"));
	stderr_start();
	assert_int_equal(shared_open(&rules), -1);
	assert_non_null(strstr(stderr_stop(), redis_path(0)));
}

static void
the_check_looks_behind_the_door(void **state)
{
	assert_int_equal(shared_check(), 0);
	(void)redis_cli(0, "acl setuser default -eval");
	stderr_start();
	assert_int_equal(shared_check(), -1);
	assert_non_null(strstr(stderr_stop(), "NOPERM"));
	redis_kill(0);
	stderr_start();
	assert_int_equal(shared_check(), -1);
	assert_non_null(strstr(stderr_stop(), redis_path(0)));
}

static void
password(const char *path, const char *text, mode_t mode)
{
	FILE	*fp = fopen(path, "w");

	assert_non_null(fp);
	assert_int_equal(fputs(text, fp) < 0, 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(path, mode), 0);
	shared_config.password_file = path;
}

static void
a_password_is_nobodys_business(void **state)
{
	static const struct {
		const char	*text;
		mode_t		 mode;
		int		 r;
		const char	*said;
	} t[] = {
		{ "secret\n", 0600, 0, "" },
		{ "secret\nmore\n", 0640, 0, "" },
		{ "secret", 0400, 0, "" },
		{ "secret\n", 0644, -1, "others may read" },
		{ "secret\n", 0660, -1, "others may read" },
		{ "\n", 0600, -1, "no password" },
		{ "", 0600, -1, "no password" },
	};
	char		 path[64];
	const char	*said;
	size_t		 i;

	(void)snprintf(path, sizeof(path), "%s/password", rig_dir);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		password(path, t[i].text, t[i].mode);
		stderr_start();
		assert_int_equal(shared_load(), t[i].r);
		said = stderr_stop();
		if (strstr(said, t[i].said) == NULL ||
		    strstr(said, "secret") != NULL)
			fail_msg("case %zu: %s", i, said);
		if (t[i].r == 0)
			assert_string_equal(shared_config.password, "secret");
	}
	(void)unlink(path);
	free(shared_config.password);
	shared_config.password = NULL;
	shared_config.password_file = NULL;
}

static void
keys_are_judged(void **state)
{
	static const struct {
		const char	*key, *value;
		int		 fine;
	} t[] = {
		{ "redis", "192.0.2.1", 1 },
		{ "redis", "[2001:db8::1]:7000", 1 },
		{ "redis", "redis.example.org", 1 },
		{ "redis", "rediss:redis.example.org", 0 },	/* mixed */
		{ "redis", "192.0.2.1:x", 0 },
		{ "redis-prefix", "{pg}:", 1 },
		{ "redis-prefix", "", 0 },
		{ "redis-prefix", "a*", 0 },
		{ "redis-prefix", "pg:", 1 },
	};
	const struct key	*k;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		for (k = shared_keys; strcmp(k->name, t[i].key) != 0; k++)
			continue;
		if ((k->call(t[i].value) == NULL) != t[i].fine)
			fail_msg("%s %s", t[i].key, t[i].value);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(rows_are_put_and_seen),
		TEST(many_rows_are_walked),
		TEST(what_goes_wrong_is_said),
		TEST(the_check_looks_behind_the_door),
		TEST(a_password_is_nobodys_business),
		TEST(keys_are_judged)
	};
	int	 r;

	if ((r = redis_begin()) != 0)
		return r;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	redis_dir_remove();
	return r;
}

/* SPDX-License-Identifier: ISC */
/* For whom spamd looks. */

#include <sys/types.h>

#include "compat.h"
#include "user.h"
#include "mail.h"

static const struct {
	const char	*key, *rcpt[2], *auth, *user;
} cases[] = {
	{ "none", { "alice@example.org" }, "joe", NULL },
	{ "vscan", { "alice@example.org", "bob@example.org" }, NULL, "vscan" },
	{ "rcpt", { "Alice+list@Example.org" }, NULL,
	    "alice+list@example.org" },
	{ "rcpt-local", { "Alice+list@example.org" }, NULL, "alice" },
	{ "rcpt-local", { "alice" }, NULL, "alice" },
	{ "rcpt-domain", { "alice@Example.org" }, NULL, "example.org" },
	{ "rcpt-domain", { "alice" }, NULL, NULL },
	{ "rcpt", { "alice@example.org", "bob@example.org" }, NULL, NULL },
	{ "rcpt-local", { "alice@example.org", "alice@example.net" }, NULL,
	    NULL },
	{ "rcpt", { NULL }, "joe", NULL },
	{ "auth", { "alice@example.org" }, "joe", "joe" },
	{ "auth", { "alice@example.org" }, "Joe@example.org",
	    "Joe@example.org" },
	{ "auth", { "alice@example.org" }, NULL, NULL },
	{ "auth", { "alice@example.org" }, "", NULL },
	{ "rcpt-local", { "../../root@example.org" }, NULL, NULL },
	{ "rcpt-local", { ".bashrc@example.org" }, NULL, NULL },
	{ "rcpt-local", { "a..b@example.org" }, NULL, NULL },
	{ "rcpt-local", { "-x@example.org" }, NULL, NULL },
	{ "rcpt-local", { "+x@example.org" }, NULL, NULL },
	{ "rcpt", { "a/b@example.org" }, NULL, NULL },
	{ "rcpt", { "a$b@example.org" }, NULL, NULL },
	{ "rcpt", { "caf\xc3\xa9@example.org" }, NULL, NULL },
	{ "auth", { "alice@example.org" }, "joe\nUser: root", NULL }
};

static const char *
find(size_t i, char *buf)
{
	static char	 names[2][64], user[64];
	static char	*rcpt[2] = { names[0], names[1] };
	struct tx	 tx = { .rcpt = rcpt };
	struct session	 s = { .tx = &tx };

	for (; tx.nrcpt < 2 && cases[i].rcpt[tx.nrcpt] != NULL; tx.nrcpt++)
		(void)strlcpy(names[tx.nrcpt], cases[i].rcpt[tx.nrcpt],
		    sizeof(names[0]));
	if (cases[i].auth != NULL) {
		(void)strlcpy(user, cases[i].auth, sizeof(user));
		s.user = user;
	}
	return user_find(&s, buf);
}

static void
test_find(void **state)
{
	char		 buf[USER_MAX];
	const char	*user;
	size_t		 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(mail_key(user_keys, "user", cases[i].key));
		user = find(i, buf);
		if (user == NULL || cases[i].user == NULL)
			assert_true(user == cases[i].user);
		else
			assert_string_equal(user, cases[i].user);
	}
}

/* Long names are nobody, and do no harm. */
static void
test_long(void **state)
{
	char		 buf[USER_MAX], name[USER_MAX + 20], *rcpt = name;
	struct tx	 tx = { .rcpt = &rcpt, .nrcpt = 1 };
	struct session	 s = { .tx = &tx };

	memset(name, 'a', sizeof(name));
	name[USER_MAX] = '\0';
	assert_null(mail_key(user_keys, "user", "rcpt"));
	assert_null(user_find(&s, buf));
	name[USER_MAX - 1] = '\0';
	assert_string_equal(user_find(&s, buf), name);
}

/* Where the option says nobody, and where nobody is found. */
static void
test_default(void **state)
{
	char		 a[] = "a@example.org", b[] = "b@example.org";
	char		*rcpt[] = { a, b };
	char		 buf[USER_MAX];
	struct tx	 tx = { .rcpt = rcpt, .nrcpt = 2 };
	struct session	 s = { .tx = &tx };

	assert_non_null(mail_key(user_keys, "user-default", "a/b"));
	assert_null(mail_key(user_keys, "user-default", "site"));
	assert_null(mail_key(user_keys, "user", "none"));
	assert_null(user_find(&s, buf));
	assert_null(mail_key(user_keys, "user", "rcpt-local"));
	assert_string_equal(user_find(&s, buf), "site");
	tx.nrcpt = 1;
	assert_string_equal(user_find(&s, buf), "a");
	assert_null(mail_key(user_keys, "user", "auth"));
	assert_string_equal(user_find(&s, buf), "site");
}

static void
test_key(void **state)
{
	assert_null(mail_key(user_keys, "user", "auth"));
	assert_null(user_fixed());
	assert_null(mail_key(user_keys, "user", "vscan"));
	assert_string_equal(user_fixed(), "vscan");
	assert_non_null(mail_key(user_keys, "user", ""));
	assert_non_null(mail_key(user_keys, "user", "../x"));
	assert_non_null(mail_key(user_keys, "user", "a b"));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_default)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

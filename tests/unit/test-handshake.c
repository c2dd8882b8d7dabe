/* SPDX-License-Identifier: ISC */
/*
 * What smtpd says of itself, and who is told: handshake.c on a mapping of its
 * own, without processes.
 */

#include "engine_rig.h"

static struct shared	*sh;
static char		 told[4500];		/* by config */

static void
on_config(const char *key, const char *value)
{
	size_t	 len = strlen(told);

	(void)snprintf(told + len, sizeof(told) - len, "%s=%s;", key, value);
}

static void
on_any_request(struct session *s, struct request rq, enum phase what,
    const char *arg)
{
	filter_proceed(rq);
}

static const struct filter	 filter = {
	.name = "test",
	.any_phases = 1 << PHASE_AUTH,
	.any_request = on_any_request,
	.config = on_config,
};

static int
setup(void **state)
{
	return (sh = engine_rig(&filter)) == NULL ? -1 : 0;
}

static int
fresh(void **state)
{
	engine_rig_fresh(sh);
	told[0] = '\0';
	return 0;
}

static void
say(const char *line)
{
	engine_rig_say(sh, line);
}

static void
a_worker_is_told_what_smtpd_is(void **state)
{
	static const char	 all[] = "smtpd-version=7.8.0;new=a|b;bare=;"
				    "ready=;";

	say("config|smtpd-version|7.8.0");
	say("config|new|a|b");
	say("config|bare");
	say("config|ready");
	assert_string_equal(told, all);
	assert_non_null(strstr(wire_take(sh), "register|filter|smtp-in|auth\n"));
	assert_int_equal(sh->facts.version, 70800);
	told[0] = '\0';
	handshake_again();
	assert_string_equal(told, all);
}

static void
a_version_that_makes_no_sense_does_no_harm(void **state)
{
	static const struct {
		const char	*line;
		int32_t		 version;
	} t[] = {
		{ "config|smtpd-version|6.8.0p2", 60800 },
		{ "config|smtpd-version|7.4", 70400 },
		{ "config|smtpd-version|7.8.0-portable", 70800 },
		{ "config|smtpd-version|portable", 0 },
		{ "config|smtpd-version|", 0 },
		{ "config|smtpd-version|61460086146008.006099", 0 },
		{ "config|smtpd-version|999.99.99999999999", 9999999 },
	};
	size_t	 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		say(t[i].line);
		assert_int_equal(sh->facts.version, t[i].version);
	}
	say("config|protocol|0.6");
	assert_int_equal(sh->facts.minor, 6);
	say("config|protocol|0.99999999999");
	assert_int_equal(sh->facts.minor, 999);
}

/* A worker that died with the line half done: the next one is told once. */
static void
a_worker_is_told_nothing_twice(void **state)
{
	wire_line(sh, "config|new|x");
	(void)engine_read();
	channel_resume(&engine.channel);
	told[0] = '\0';
	handshake_again();
	assert_string_equal(told, "new=x;");
	turn();
	assert_string_equal(told, "new=x;");
	say("config|more|y");
	assert_string_equal(told, "new=x;more=y;");
}

/* What does not fit is forgotten; the rest is as it was. */
static void
smtpd_may_tell_much_of_itself(void **state)
{
	char	 line[2100] = "config|long|";
	size_t	 n = strlen(line);

	memset(line + n, 'x', sizeof(line) - n - 1);
	line[sizeof(line) - 1] = '\0';
	say(line);
	say(line);
	say("config|short|y");
	assert_true(sh->facts.config_len <= sizeof(sh->facts.config));
	told[0] = '\0';
	handshake_again();
	assert_non_null(strstr(told, "long=xxx"));
	assert_string_equal(sh->facts.config + 2093, "short|y");
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest	 tests[] = {
		TEST(a_worker_is_told_what_smtpd_is),
		TEST(a_version_that_makes_no_sense_does_no_harm),
		TEST(a_worker_is_told_nothing_twice),
		TEST(smtpd_may_tell_much_of_itself),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

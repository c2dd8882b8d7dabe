/* SPDX-License-Identifier: ISC */
/*
 * Files of private keys: which are safe, that each is read once, and what
 * counts as a change.  What only root can set up is skipped for others.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "privkey.h"
#include "stderr.h"

#define OTHER_USER	12345
#define OTHER_GROUP	12346
#define SMTPD_GROUP	12347

/* RFC 8463, A.2 and RFC 8032, 7.1, test 2 */
static const char	 ed_one[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
static const char	 ed_two[] =
    "TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=\n";

static char	 top[] = "/tmp/test-privkey.XXXXXX";
static char	 dir[64], path[80], other[80], link_path[80], fifo[80];

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE	*fp;

	(void)unlink(name);
	assert_non_null(fp = fopen(name, "w"));
	assert_int_equal(fputs(text, fp) >= 0, 1);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(name, mode), 0);
}

/* say NULL: it must be taken, without a word. */
static struct privkey *
load(const char *name, const char *say)
{
	struct privkey	*key;
	const char	*said;

	stderr_start();
	key = privkey_load(name);
	said = stderr_stop();
	if (say == NULL) {
		assert_string_equal(said, "");
		assert_non_null(key);
	} else {
		if (key != NULL || strstr(said, say) == NULL)
			fail_msg("\"%s\" instead of \"%s\"", said, say);
	}
	return key;
}

static void
refused(const char *name, const char *say)
{
	privkey_forget();
	assert_null(load(name, say));
}

static void
taken(const char *name)
{
	privkey_forget();
	privkey_drop(load(name, NULL));
}

static void
others_may_neither_read_nor_write_it(void **state)
{
	static const struct {
		mode_t		 mode;
		const char	*say;
	} cases[] = {
		{ 0400, NULL }, { 0600, NULL }, { 0700, NULL },
		{ 0440, NULL }, { 0640, NULL }, { 0710, NULL },
		{ 0644, "/key: readable by others (mode 0644)" },
		{ 0604, "/key: readable by others (mode 0604)" },
		{ 0602, "/key: writable by others (mode 0602)" },
		{ 0666, "/key: writable by others (mode 0666)" },
		{ 0660, "/key: writable by group (mode 0660)" },
		{ 0620, "/key: writable by group (mode 0620)" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(path, ed_one, cases[i].mode);
		if (cases[i].say == NULL)
			taken(path);
		else
			refused(path, cases[i].say);
	}
}

static void
with_safe_keys_off_nothing_is_asked(void **state)
{
	write_file(path, ed_one, 0666);
	privkey_rules.safe = PRIVKEY_SAFE_NO;
	taken(path);
	privkey_rules.safe = PRIVKEY_SAFE_YES;
}

static void
with_a_warning_it_is_taken(void **state)
{
	struct privkey	*key;
	const char	*said;

	write_file(path, ed_one, 0666);
	privkey_rules.safe = PRIVKEY_SAFE_WARN;
	privkey_forget();
	stderr_start();
	key = privkey_load(path);
	said = stderr_stop();
	privkey_rules.safe = PRIVKEY_SAFE_YES;
	assert_non_null(strstr(said, "/key: writable by others (mode 0666)"));
	assert_non_null(key);
	privkey_drop(key);
}

static void
directories_above_it_may_not_be_written_by_others(void **state)
{
	static const struct {
		mode_t		 mode;
		const char	*say;
	} cases[] = {
		{ 0755, NULL }, { 0700, NULL },
		{ 0775, "/dir: writable by group (mode 0775)" },
		{ 0757, "/dir: writable by others (mode 0757)" },
		{ 02770, "/dir: writable by group (mode 2770)" },
		/* As /tmp: others can't rename what is ours. */
		{ 01777, NULL },
	};
	size_t	 i;

	write_file(path, ed_one, 0600);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(chmod(dir, cases[i].mode), 0);
		if (cases[i].say == NULL)
			taken(path);
		else
			refused(path, cases[i].say);
	}
	assert_int_equal(chmod(dir, 0755), 0);
}

static void
a_relative_path_is_looked_at_from_the_root_on(void **state)
{
	char	 old[4096];

	write_file(path, ed_one, 0600);
	assert_non_null(getcwd(old, sizeof(old)));
	assert_int_equal(chdir(dir), 0);
	taken("key");
	assert_int_equal(chmod(top, 0777), 0);
	refused("key", "key: not safe: /tmp/test-privkey.");
	assert_int_equal(chmod(top, 0755), 0);
	assert_int_equal(chdir(old), 0);
}

static void
a_link_is_followed_and_its_target_is_looked_at(void **state)
{
	char	 far[96];

	write_file(path, ed_one, 0600);
	assert_int_equal(symlink(path, link_path), 0);
	taken(link_path);
	assert_int_equal(chmod(dir, 0777), 0);
	refused(link_path, "/dir: writable by others (mode 0777)");
	assert_int_equal(chmod(dir, 0755), 0);
	/* A link to the directory. */
	(void)unlink(link_path);
	assert_int_equal(symlink(dir, link_path), 0);
	(void)snprintf(far, sizeof(far), "%s/key", link_path);
	taken(far);
	assert_int_equal(chmod(dir, 0777), 0);
	refused(far, "/dir: writable by others (mode 0777)");
	assert_int_equal(chmod(dir, 0755), 0);
	(void)unlink(link_path);
}

/* As a user who is not root, in a child; nothing leads back from there. */
static void
as_user(uid_t uid, gid_t gid, gid_t other_gid, const char *name,
    const char *say)
{
	const char	*said;
	int		 status, got;
	pid_t		 pid;

	assert_true((pid = fork()) != -1);
	if (pid == 0) {
		if (setgroups(1, &other_gid) == -1 || setgid(gid) == -1 ||
		    setuid(uid) == -1)
			_exit(1);
		privkey_forget();
		stderr_start();
		got = privkey_load(name) != NULL;
		said = stderr_stop();
		if (got == (say == NULL) && strstr(said, say == NULL ? "" :
		    say) != NULL)
			_exit(0);
		(void)fprintf(stderr, "\"%s\" instead of \"%s\"\n", said,
		    say == NULL ? "" : say);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
owners_are_root_and_we(void **state)
{
	if (geteuid() != 0)
		skip();
	/* root:_smtpd 0640, and the user of smtpd itself. */
	write_file(path, ed_one, 0640);
	assert_int_equal(chown(path, 0, SMTPD_GROUP), 0);
	as_user(OTHER_USER, SMTPD_GROUP, OTHER_GROUP + 1, path, NULL);
	assert_int_equal(chown(path, OTHER_USER, SMTPD_GROUP), 0);
	as_user(OTHER_USER, SMTPD_GROUP, OTHER_GROUP + 1, path, NULL);
	taken(path);		/* root looks for that user */
	/* Another group of ours, and one that is not. */
	as_user(OTHER_USER, OTHER_GROUP, SMTPD_GROUP, path, NULL);
	assert_int_equal(chown(path, OTHER_USER, OTHER_GROUP), 0);
	as_user(OTHER_USER, SMTPD_GROUP, OTHER_GROUP + 1, path,
	    "/key: readable by a group that is not ours (mode 0640)");
	/* Another user's: we can read it, and so can he. */
	assert_int_equal(chown(path, OTHER_USER + 1, SMTPD_GROUP), 0);
	as_user(OTHER_USER, SMTPD_GROUP, OTHER_GROUP + 1, path,
	    "/key: owned by user 12346, not by root or user 12345");
	/* Another user's directory. */
	assert_int_equal(chown(path, OTHER_USER, SMTPD_GROUP), 0);
	assert_int_equal(chown(dir, OTHER_USER + 1, 0), 0);
	as_user(OTHER_USER, SMTPD_GROUP, OTHER_GROUP + 1, path,
	    "/dir: owned by user 12346");
	refused(path, "/dir: owned by user 12346, not by root or user 12345");
	/* Another user's link, in a place where he may make one. */
	assert_int_equal(chown(dir, 0, 0), 0);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(lchown(link_path, OTHER_USER + 1, 0), 0);
	refused(link_path, "/link: owned by user 12346");
	(void)unlink(link_path);
}

static void
what_is_no_file_is_refused_at_once(void **state)
{
	char	 big[70000];

	refused("/nonexistent/key", "/nonexistent/key: No such file");
	refused(dir, "not a regular file");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refused(fifo, "not a regular file");
	(void)unlink(fifo);
	memset(big, 'A', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	write_file(path, big, 0600);
	refused(path, "too large for a key");
	write_file(path, "", 0600);
	refused(path, "neither PEM nor base64");
	assert_int_equal(truncate(path, 100), 0);
	refused(path, "no text");
}

static void
a_file_is_read_once(void **state)
{
	struct privkey	*a, *b, *c, *d;

	privkey_forget();
	write_file(path, ed_one, 0600);
	a = load(path, NULL);
	write_file(path, ed_two, 0600);
	b = load(path, NULL);
	assert_ptr_equal(a, b);
	privkey_forget();
	c = load(path, NULL);
	assert_ptr_not_equal(a, c);
	/* And again only if it is another file. */
	privkey_forget();
	d = load(path, NULL);
	assert_ptr_equal(c, d);
	privkey_drop(d);
	/* Held keys live on. */
	assert_string_equal(privkey_name(a), path);
	privkey_drop(a);
	privkey_drop(b);
	privkey_drop(c);
}

static void
the_key_is_that_of_its_file(void **state)
{
	struct privkey	*one, *two;
	char		*p, *q;

	privkey_forget();
	write_file(path, ed_one, 0600);
	write_file(other, ed_two, 0600);
	one = load(path, NULL);
	two = load(other, NULL);
	p = privkey_public(one);
	q = privkey_public(two);
	assert_string_equal(p, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	assert_string_equal(q, "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=");
	free(p);
	free(q);
	privkey_drop(one);
	privkey_drop(two);
}

static void
each_change_of_a_file_is_one(void **state)
{
	privkey_forget();
	assert_int_equal(privkey_changed(), 0);
	write_file(path, ed_one, 0600);
	write_file(other, ed_two, 0600);
	privkey_drop(load(path, NULL));
	privkey_drop(load(other, NULL));
	assert_int_equal(privkey_changed(), 0);
	/* Another file under its name. */
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(privkey_changed(), 1);
	taken(path);
	assert_int_equal(privkey_changed(), 0);
	/* Its mode. */
	(void)usleep(20000);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(privkey_changed(), 1);
	refused(path, "readable by others");
	assert_int_equal(privkey_changed(), 0);
	/* One that could not be used is mended. */
	(void)usleep(20000);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(privkey_changed(), 1);
	taken(path);
	/* It goes, and comes back. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(privkey_changed(), 1);
	refused(path, "No such file");
	assert_int_equal(privkey_changed(), 0);
	write_file(path, ed_one, 0600);
	assert_int_equal(privkey_changed(), 1);
	/* One that nobody asks for any more does not count. */
	privkey_forget();
	assert_int_equal(privkey_changed(), 0);
	taken(path);
}

static void
what_is_not_safe_any_more_is_refused(void **state)
{
	write_file(path, ed_one, 0600);
	taken(path);
	/* The file itself is as it was. */
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(privkey_changed(), 0);
	refused(path, "/dir: writable by others");
	assert_int_equal(chmod(dir, 0755), 0);
	taken(path);
}

static void
a_process_with_keys_leaves_no_core(void **state)
{
	struct rlimit	 r;

	write_file(path, ed_one, 0600);
	taken(path);
	assert_int_equal(getrlimit(RLIMIT_CORE, &r), 0);
	assert_int_equal(r.rlim_cur, 0);
	assert_int_equal(r.rlim_max, 0);
}

static int
setup(void **state)
{
	if (mkdtemp(top) == NULL || chmod(top, 0755) == -1)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/dir", top);
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	(void)snprintf(link_path, sizeof(link_path), "%s/link", top);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", top);
	return mkdir(dir, 0755) == -1 || chmod(dir, 0755) == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	privkey_forget();
	privkey_forget();
	(void)unlink(path);
	(void)unlink(other);
	(void)unlink(link_path);
	(void)unlink(fifo);
	(void)rmdir(dir);
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(others_may_neither_read_nor_write_it),
		cmocka_unit_test(with_safe_keys_off_nothing_is_asked),
		cmocka_unit_test(with_a_warning_it_is_taken),
		cmocka_unit_test(
		    directories_above_it_may_not_be_written_by_others),
		cmocka_unit_test(a_relative_path_is_looked_at_from_the_root_on),
		cmocka_unit_test(
		    a_link_is_followed_and_its_target_is_looked_at),
		cmocka_unit_test(owners_are_root_and_we),
		cmocka_unit_test(what_is_no_file_is_refused_at_once),
		cmocka_unit_test(a_file_is_read_once),
		cmocka_unit_test(the_key_is_that_of_its_file),
		cmocka_unit_test(each_change_of_a_file_is_one),
		cmocka_unit_test(what_is_not_safe_any_more_is_refused),
		cmocka_unit_test(a_process_with_keys_leaves_no_core),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

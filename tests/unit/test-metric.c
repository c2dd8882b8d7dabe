/* SPDX-License-Identifier: ISC */
/*
 * Counters on a line and in a file: names, types, and that the file is whole
 * or not there.
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

#include "log.h"
#include "metric.h"
#include "stderr.h"

static char		 dir[] = "/tmp/test-metric.XXXXXX";
static char		 path[128], temporary[160];

static struct metric	 first[] = {
	METRIC("held_total", "Clients held back."),
	METRIC_GAUGE("sessions", "Sessions open now."),
	METRIC_TIME("held_seconds_total", "Time they waited."),
	METRIC_COMMON("requests_total", "Questions of smtpd."),
};
static struct metric	 second[] = { METRIC("late_total", "Too late.") };
static struct metric	 many[200];
static char		 names[200][32];

static const char *
read_file(void)
{
	static char	 buf[4096];
	FILE		*fp;
	size_t		 len;

	if ((fp = fopen(path, "r")) == NULL)
		return NULL;
	len = fread(buf, 1, sizeof(buf) - 1, fp);
	buf[len] = '\0';
	(void)fclose(fp);
	return buf;
}

static void
counters_are_logged_in_the_order_added(void **state)
{
	metric_inc(&first[0]);
	metric_inc(&first[0]);
	first[1].value = -3;
	metric_add_ms(&first[2], 61000);
	metric_add_ms(&first[2], 2);
	second[0].value = INT64_MAX;
	stderr_start();
	metric_log();
	assert_string_equal(stderr_stop(),
	    "held_total=2 sessions=-3 held_seconds_total=61.002000 "
	    "requests_total=0 late_total=9223372036854775807\n");
}

static void
the_file_is_what_prometheus_reads(void **state)
{
	struct stat	 st;

	assert_int_equal(metric_write(path), 0);
	assert_string_equal(read_file(),
	    "# HELP opensmtpd_filter_x_held_total Clients held back.\n"
	    "# TYPE opensmtpd_filter_x_held_total counter\n"
	    "opensmtpd_filter_x_held_total{filter=\"x\"} 2\n"
	    "# HELP opensmtpd_filter_x_sessions Sessions open now.\n"
	    "# TYPE opensmtpd_filter_x_sessions gauge\n"
	    "opensmtpd_filter_x_sessions{filter=\"x\"} -3\n"
	    "# HELP opensmtpd_filter_x_held_seconds_total Time they waited.\n"
	    "# TYPE opensmtpd_filter_x_held_seconds_total counter\n"
	    "opensmtpd_filter_x_held_seconds_total{filter=\"x\"} 61.002000\n"
	    "# HELP opensmtpd_filter_requests_total Questions of smtpd.\n"
	    "# TYPE opensmtpd_filter_requests_total counter\n"
	    "opensmtpd_filter_requests_total{filter=\"x\"} 0\n"
	    "# HELP opensmtpd_filter_x_late_total Too late.\n"
	    "# TYPE opensmtpd_filter_x_late_total counter\n"
	    "opensmtpd_filter_x_late_total{filter=\"x\"} 9223372036854775807\n");
	/* The collector is another user. */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(access(temporary, F_OK), -1);
}

static void
the_label_is_the_name_of_the_file(void **state)
{
	static const struct {
		const char	*file, *label;
	} cases[] = {
		{ "mx-1.prom", "{filter=\"mx-1\"}" },
		{ "mx", "{filter=\"mx\"}" },
		{ ".prom", "{filter=\".prom\"}" },
		{ "a\"b\\c\nd.prom", "{filter=\"a\\\"b\\\\c d\"}" },
	};
	char	 name[100], saved[sizeof(path)];
	size_t	 i;

	memcpy(saved, path, sizeof(path));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", dir,
		    cases[i].file);
		assert_int_equal(metric_write(name), 0);
		(void)snprintf(path, sizeof(path), "%s", name);
		assert_non_null(strstr(read_file(), cases[i].label));
		assert_int_equal(unlink(name), 0);
	}
	memcpy(path, saved, sizeof(path));
}

static void
the_file_is_replaced_not_overwritten(void **state)
{
	struct stat	 before, after;

	assert_int_equal(stat(path, &before), 0);
	/* What a crash left behind is no obstacle, and no way out of dir. */
	assert_int_equal(symlink("/nonexistent/elsewhere", temporary), 0);
	assert_int_equal(metric_write(path), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(access(temporary, F_OK), -1);
}

static void
a_failure_is_told_once_until_it_works_again(void **state)
{
	char	 missing[] = "/nonexistent/metrics.prom";

	stderr_start();
	assert_int_equal(metric_write(missing), -1);
	assert_int_equal(metric_write(missing), -1);
	assert_string_equal(stderr_stop(),
	    "/nonexistent/metrics.prom: No such file or directory\n");
	assert_int_equal(metric_write(path), 0);
	stderr_start();
	assert_int_equal(metric_write(missing), -1);
	assert_string_equal(stderr_stop(),
	    "/nonexistent/metrics.prom: No such file or directory\n");
	assert_int_equal(metric_write(path), 0);
}

static void
what_can_not_be_renamed_or_written_leaves_nothing(void **state)
{
	char	 target[80], full[100];

	/* rename(2) of a file onto a directory fails. */
	(void)snprintf(target, sizeof(target), "%s/d", dir);
	(void)snprintf(full, sizeof(full), "%s.new", target);
	assert_int_equal(mkdir(target, 0700), 0);
	stderr_start();
	assert_int_equal(metric_write(target), -1);
	assert_non_null(strstr(stderr_stop(), "directory"));
	assert_int_equal(access(full, F_OK), -1);
	assert_int_equal(rmdir(target), 0);
	assert_int_equal(metric_write(path), 0);
}

static void
too_many_for_a_line_get_two_and_no_half_number(void **state)
{
	const char	*said, *p;
	int		 i, lines = 0;
	long long	 n;

	for (i = 0; i < 200; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "counter_%d", i);
		many[i].name = names[i];
		many[i].help = "x";
		many[i].value = 1000000000 + i;
	}
	metric_add(many, 200);
	stderr_start();
	metric_log();
	said = stderr_stop();
	for (i = 0, p = said; i < 200; i++) {
		assert_non_null(p = strstr(p, "counter_"));
		p += strcspn(p, "=");
		assert_int_equal(sscanf(p, "=%lld", &n), 1);
		assert_int_equal(n, 1000000000 + i);
	}
	for (p = said; *p != '\0'; p++) {
		lines += *p == '\n';
		assert_true(*p != '\n' || p[1] != ' ');
	}
	assert_in_range(lines, 2, 4);
}

static int
setup(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)umask(022);
	(void)snprintf(path, sizeof(path), "%s/x.prom", dir);
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	metric_init("filter-x");
	metric_add(first, 4);
	metric_add(second, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(counters_are_logged_in_the_order_added),
		cmocka_unit_test(the_file_is_what_prometheus_reads),
		cmocka_unit_test(the_label_is_the_name_of_the_file),
		cmocka_unit_test(the_file_is_replaced_not_overwritten),
		cmocka_unit_test(a_failure_is_told_once_until_it_works_again),
		cmocka_unit_test(
		    what_can_not_be_renamed_or_written_leaves_nothing),
		cmocka_unit_test(
		    too_many_for_a_line_get_two_and_no_half_number),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

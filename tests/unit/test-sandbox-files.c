/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on Linux and files, each promise in a child of its own: the paths
 * that were named are there as they were named, and no others.  What the kernel
 * lacks is skipped.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_child.h"
#include "spool.h"

static char	 dir[] = "/tmp/test-sandbox.XXXXXX";
static char	 allowed[64], forbidden[64], list[80], secret[80];

static void
write_file(const char *path, const char *text)
{
	FILE	*fp;

	CHECK((fp = fopen(path, "w")) != NULL);
	CHECK(fputs(text, fp) >= 0);
	CHECK(fclose(fp) == 0);
}

static void
read_file(const char *path, const char *want)
{
	char	 buf[64];
	FILE	*fp;

	CHECK((fp = fopen(path, "r")) != NULL);
	CHECK(fgets(buf, sizeof(buf), fp) != NULL);
	CHECK(strcmp(buf, want) == 0);
	(void)fclose(fp);
}

static void
body_rpath(void)
{
	struct stat	 st;

	sandbox_path(list, "r");
	enter("stdio rpath");
	read_file(list, "one\n");
	CHECK(stat(secret, &st) == 0);
	DENIED(open(list, O_WRONLY));
	DENIED(open(list, O_RDONLY | O_TRUNC));
	DENIED(open(list, O_RDWR));
	DENIED(unlink(list));
}

static void
rpath_reads_and_does_not_write(void **state)
{
	need_seccomp();
	in_child(body_rpath);
}

static void
body_paths(void)
{
	sandbox_path(list, "r");
	enter("stdio rpath proc");
	DENIED(open(secret, O_RDONLY));
	DENIED(open("/etc/passwd", O_RDONLY));
	read_file(list, "one\n");
}

static void
body_no_path(void)
{
	enter("stdio rpath wpath cpath");
	DENIED(open(list, O_RDONLY));
	DENIED(open(secret, O_WRONLY));
	DENIED(open("/tmp/test-sandbox.not", O_WRONLY | O_CREAT, 0600));
}

static void
only_named_paths_are_there(void **state)
{
	need_landlock();
	in_child(body_paths);
	in_child(body_no_path);
}

static void
body_renamed(void)
{
	int	 ready[2], gone[2], status;
	char	 next[90], c;
	pid_t	 pid;

	(void)snprintf(next, sizeof(next), "%s.next", list);
	CHECK(pipe(ready) == 0 && pipe(gone) == 0);
	CHECK((pid = fork()) != -1);
	if (pid == 0) {
		sandbox_path(list, "r");
		enter("stdio rpath");
		read_file(list, "one\n");
		CHECK(write(ready[1], "", 1) == 1);
		CHECK(read(gone[0], &c, 1) == 1);
		read_file(list, "two\n");
		_exit(0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	write_file(next, "two\n");
	CHECK(rename(next, list) == 0);
	CHECK(write(gone[1], "", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	write_file(list, "one\n");
}

static void
body_symlink(void)
{
	char	 link[90];

	(void)snprintf(link, sizeof(link), "%s/link", forbidden);
	CHECK(symlink(list, link) == 0);
	sandbox_path(link, "r");
	enter("stdio rpath cpath");
	read_file(link, "one\n");
}

static void
a_file_replaced_by_rename_can_be_read_again(void **state)
{
	need_landlock();
	in_child(body_renamed);
	in_child(body_symlink);
}

static void
body_write(void)
{
	char	 next[90], stray[90];

	(void)snprintf(next, sizeof(next), "%s.new", list);
	(void)snprintf(stray, sizeof(stray), "%s/stray", forbidden);
	sandbox_path(list, "rwc");
	sandbox_path(forbidden, "r");
	enter("stdio rpath wpath cpath");
	write_file(next, "one\n");
	CHECK(rename(next, list) == 0);
	read_file(list, "one\n");
	read_file(secret, "secret\n");
	DENIED(open(secret, O_WRONLY));
	DENIED(open(stray, O_WRONLY | O_CREAT, 0600));
	DENIED(unlink(secret));
	DENIED(symlink("/etc/passwd", next));
	CHECK(execlp("/bin/true", "true", (char *)NULL) == -1);
}

static void
rwc_writes_there_and_nowhere_else(void **state)
{
	need_landlock();
	in_child(body_write);
}

static void
body_tmp(void)
{
	struct spool	*spool;
	char		 block[4096];
	size_t		 i, len;

	memset(block, 'x', sizeof(block));
	spool_limits(8192, 8192);
	enter("stdio tmppath");
	CHECK((spool = spool_new()) != NULL);
	for (i = 0; i < 64; i++)
		CHECK(spool_append(spool, block, sizeof(block)) == 0);
	CHECK(spool_at(spool, 200000, &len) != NULL && len > 0);
	spool_free(spool);
	DENIED(open("/etc/passwd", O_RDONLY));
}

static void
a_spool_can_go_to_its_temporary_file(void **state)
{
	need_landlock();
	in_child(body_tmp);
}

static void
body_dns(void)
{
	enter("stdio dns");
	CHECK(open("/etc/hosts", O_RDONLY) != -1 || errno == ENOENT);
	CHECK(open("/etc/resolv.conf", O_RDONLY) != -1 || errno == ENOENT);
	CHECK(socket(AF_INET, SOCK_DGRAM, 0) != -1);
	DENIED(open("/etc/passwd", O_RDONLY));
}

static void
dns_reads_the_resolvers_files_only(void **state)
{
	need_landlock();
	in_child(body_dns);
}

static int
setup(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(allowed, sizeof(allowed), "%s/allowed", dir);
	(void)snprintf(forbidden, sizeof(forbidden), "%s/forbidden", dir);
	if (mkdir(allowed, 0700) == -1 || mkdir(forbidden, 0700) == -1)
		return -1;
	(void)snprintf(list, sizeof(list), "%s/list", allowed);
	(void)snprintf(secret, sizeof(secret), "%s/secret", forbidden);
	write_file(list, "one\n");
	write_file(secret, "secret\n");
	return 0;
}

static int
teardown(void **state)
{
	char	 link[90];

	(void)snprintf(link, sizeof(link), "%s/link", forbidden);
	(void)unlink(link);
	(void)unlink(list);
	(void)unlink(secret);
	(void)rmdir(allowed);
	(void)rmdir(forbidden);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(rpath_reads_and_does_not_write),
		cmocka_unit_test(only_named_paths_are_there),
		cmocka_unit_test(a_file_replaced_by_rename_can_be_read_again),
		cmocka_unit_test(rwc_writes_there_and_nowhere_else),
		cmocka_unit_test(a_spool_can_go_to_its_temporary_file),
		cmocka_unit_test(dns_reads_the_resolvers_files_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

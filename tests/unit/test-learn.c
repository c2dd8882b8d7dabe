/* SPDX-License-Identifier: ISC */
/*
 * "learn", as it is run from a script: what it sends, says and exits with.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask_config.h"
#include "backend.h"
#include "learn.h"

#define TEXT	"Subject: x\n\n.\ntext\n"
#define OK	"SPAMD/1.1 0 EX_OK\r\n"
#define RQ(h)	"TELL SPAMC/1.5\r\nContent-length: 19\r\n" h "\r\n" TEXT

static char	 dir[] = "/tmp/test-learn.XXXXXX";
static char	 where[64], asked[64];

static const struct {
	const char	*argv[3];
	const char	*user, *text;
	const char	*says;		/* NULL: nobody listens */
	int		 status;
	const char	*out, *request;
} cases[] = {
	{ { "learn", "spam", NULL }, NULL, TEXT,
	    OK "DidSet: local\r\n\r\n\r\n", 0, "learned\n",
	    RQ("Message-class: spam\r\nSet: local\r\n") },
	{ { "learn", "ham", NULL }, "joe", TEXT,
	    OK "Content-length: 2\r\nDidSet: local\r\n\r\n\r\n", 0,
	    "learned\n",
	    RQ("User: joe\r\nMessage-class: ham\r\nSet: local\r\n") },
	{ { "learn", "forget", NULL }, NULL, TEXT,
	    OK "DidRemove: local\r\n\r\n\r\n", 0, "forgotten\n",
	    RQ("Remove: local\r\n") },
	{ { "learn", "spam", NULL }, NULL, TEXT, OK "\r\n\r\n", 0,
	    "nothing new\n", RQ("Message-class: spam\r\nSet: local\r\n") },
	{ { "learn", "spam", NULL }, NULL, TEXT,
	    "SPAMD/1.0 69 Service Unavailable: TELL commands are not "
	    "enabled\r\n", 69, "", NULL },
	{ { "learn", "spam", NULL }, NULL, TEXT,
	    "SPAMD/1.0 76 Bad header line: x\r\n", 75, "", NULL },
	{ { "learn", "spam", NULL }, NULL, TEXT, "HTTP/1.1 400\r\n", 75, "",
	    NULL },
	{ { "learn", "spam", NULL }, NULL, TEXT, "", 75, "", NULL },
	{ { "learn", "spam", NULL }, NULL, TEXT, NULL, 75, "", NULL },
	{ { "learn", "spam", NULL }, NULL, "", "", 66, "", NULL },
	{ { "learn", NULL, NULL }, NULL, "", NULL, 64, "", NULL },
	{ { "learn", "junk", NULL }, NULL, "", NULL, 64, "", NULL },
	{ { "teach", "spam", NULL }, NULL, "", NULL, 64, "", NULL },
	{ { "learn", "spam", "now" }, NULL, "", NULL, 64, "", NULL },
	{ { NULL, NULL, NULL }, NULL, "", NULL, -1, "", NULL },
};

int64_t	filter_deadline(void);

int64_t
filter_deadline(void)
{
	return 5000;
}

/* Writes down what it is asked, and answers. */
static pid_t
serve(const char *says)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	char			 buf[4096];
	int			 fd, client;
	FILE			*f;
	ssize_t			 n;
	pid_t			 pid;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", where);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 5), 0);
	if ((pid = fork()) != 0) {
		(void)close(fd);
		return pid;
	}
	(void)alarm(30);
	while ((client = accept(fd, NULL, NULL)) != -1) {
		f = fopen(asked, "w");
		while ((n = read(client, buf, sizeof(buf))) > 0)
			(void)fwrite(buf, 1, (size_t)n, f);
		(void)fclose(f);
		(void)!write(client, says, strlen(says));
		(void)close(client);
	}
	_exit(0);
}

static void
file_write(const char *path, const char *text)
{
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static void
file_is(const char *path, const char *text)
{
	char	 buf[4096];
	FILE	*f = fopen(path, "r");

	assert_non_null(f);
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	assert_string_equal(buf, text);
	(void)fclose(f);
}

/* In a process of its own, with files for stdin and stdout. */
static int
run(size_t i, const char *in, const char *out)
{
	char	*argv[3];
	int	 argc, status;
	pid_t	 pid;

	for (argc = 0; argc < 3 && cases[i].argv[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)cases[i].argv[argc];
	if ((pid = fork()) == 0) {
		(void)alarm(30);
		if (freopen(in, "r", stdin) == NULL ||
		    freopen(out, "w", stdout) == NULL)
			_exit(99);
		ask_config.backend = backend_new("spamd");
		ask_config.tries = 2;
		ask_config.retry_delay = 1;
		ask_config.connect_timeout = 1000;
		(void)backend_add(ask_config.backend, where, 0);
		backend_rest(ask_config.backend, 4);
		_exit(learn_command(argc, argv, cases[i].user));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
learning_exits_as_scripts_need_it(void **state)
{
	char	 in[64], out[64];
	size_t	 i;
	int	 status;
	pid_t	 pid = -1;

	(void)snprintf(in, sizeof(in), "%s/in", dir);
	(void)snprintf(out, sizeof(out), "%s/out", dir);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].says != NULL)
			pid = serve(cases[i].says);
		file_write(in, cases[i].text);
		status = run(i, in, out);
		if (cases[i].says != NULL) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			(void)unlink(where);
		}
		if (status != (cases[i].status & 255))
			fail_msg("case %zu: exit %d", i, status);
		file_is(out, cases[i].out);
		if (cases[i].request != NULL)
			file_is(asked, cases[i].request);
	}
	(void)unlink(in);
	(void)unlink(out);
	(void)unlink(asked);
}

static int
set_up(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(where, sizeof(where), "%s/spamd", dir);
	(void)snprintf(asked, sizeof(asked), "%s/asked", dir);
	return 0;
}

static int
tear_down(void **state)
{
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(learning_exits_as_scripts_need_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: ISC */
/*
 * A milter as smtpd starts it.  Before its main() the descriptors that are
 * smtpd are moved out of its way, and the guard is forked: each worker is a
 * fresh process that returns from here into main().  smfi_main() is then a
 * filter with one milter, which is in the same process.
 *
 * A mistake in SMTPD_MILTER, or a main() that gives up, ends it at smtpd's
 * start.  What smtpd did not start is left alone, and smfi_main() fails.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "compat.h"
#include "context.h"
#include "filter.h"
#include "log.h"
#include "milter.h"
#include "worker.h"

#define OPTIONS		"SMTPD_MILTER"
#define WORDS_MAX	64
/* For callbacks that are still at it; main() then has the guard's patience. */
#define FAREWELL	500		/* ms */
/* What goes into the background has ended by then. */
#define PARENT_STAYS	500		/* ms */

static struct worker	 self = { .socket = -1, .guest = 1 };
static struct filter	 filter;
static pid_t		 self_pid;	/* 0: smtpd did not start us */
static int		 stop_pipe[2] = { -1, -1 };

/* One end of a session for the MTA's side; the other one has a thread. */
static int
here(void *arg)
{
	int	 sv[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return -1;
	if (fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1)
		error = errno;
	else if ((error = session_start(sv[1])) == 0)
		return sv[0];
	(void)close(sv[0]);
	(void)close(sv[1]);
	errno = error;
	return -1;
}

static void
stop_readable(int fd, short what, void *arg)
{
	worker_end();
}

static int
start(void)
{
	struct event	*ev;

	ev = event_new(filter_events(), stop_pipe[0], EV_READ, stop_readable,
	    NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		return -1;
	/* The deadline alone is the limit: callbacks think as they like. */
	milters->command = milters->content = filter_deadline();
	return milter_filter.start();
}

/* As a command line: blanks are between the words. */
static int
split_options(char *argv[WORDS_MAX + 1])
{
	const char	*options = getenv(OPTIONS);
	char		*copy, *word;
	int		 argc = 1;

	argv[0] = (char *)filter.name;
	if ((copy = strdup(options == NULL ? "" : options)) == NULL)
		fatal("options");
	for (word = strtok(copy, " \t"); word != NULL;
	    word = strtok(NULL, " \t")) {
		if (argc == WORDS_MAX)
			fatalx(OPTIONS ": too many words");
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

static void
make_pipe(void)
{
	int	 fds[2], i;

	if (pipe(fds) == -1)
		fatal("pipe");
	for (i = 0; i < 2; i++) {
		stop_pipe[i] = process_hide(fds[i]);
		(void)close(fds[i]);
		if (fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK) == -1)
			fatal("pipe");
	}
}

static void	begin(void) __attribute__((__constructor__));

static void
begin(void)
{
	char		*argv[WORDS_MAX + 1];
	const char	*why;
	int		 argc, status;

	if (!process_is_filter())
		return;
	process_take(&self);
	filter = milter_filter;
	filter.name = "libmilter";
	filter.usage = OPTIONS "=\"[-v] [-d daemon_name] [-f file] "
	    "[-j hostname] [-m name=value] [-o key=value] ...\"";
	filter.promises = NULL;
	filter.start = start;
	if ((why = milter_add_here(filter.name, here, NULL)) != NULL)
		fatalx("%s", why);
	milters->max = UINT_MAX;	/* smtpd knows how many it wants */
	argc = split_options(argv);
	status = filter_guard(&filter, argc, argv, &self);
	getopt_again();			/* main() has its own */
	if (status != -1) {
		(void)fflush(stdout);
		_exit(status);
	}
	make_pipe();
	process_calm();
	self_pid = getpid();
}

/*
 * Is this the process that smtpd waits for?  A parent that stays to start a
 * child after the other, as some milters have it, would let it wait for ever.
 */
static int
is_self(void)
{
	const char	*name = milter.xxfi_name;

	if (name == NULL)
		name = "milter";
	if (self_pid == 0)
		log_warnx("%s: smtpd did not start this: see libmilter(8)",
		    name);
	else if (getpid() != self_pid) {
		log_warnx("%s: another process than smtpd started: it has to "
		    "stay in the foreground", name);
		(void)poll(NULL, 0, PARENT_STAYS);
		if (getppid() == self_pid)
			(void)kill(self_pid, SIGKILL);
	}
	return getpid() == self_pid;
}

int
smfi_main(void)
{
	static int	 ran;
	int		 status;

	if (!is_self() || ran || !milter_complete())
		return MI_FAILURE;
	ran = 1;
	status = worker_run(&self);
	sessions_end(FAREWELL);
	return status == 0 ? MI_SUCCESS : MI_FAILURE;
}

/* From any thread, or a signal's handler. */
int
smfi_stop(void)
{
	if (stop_pipe[1] != -1)
		(void)!write(stop_pipe[1], "", 1);
	return MI_SUCCESS;
}

/* configure scripts look for it; it says whether smfi_stop() was called. */
int
mi_stop(void)
{
	return 0;
}

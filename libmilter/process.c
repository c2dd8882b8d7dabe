/* SPDX-License-Identifier: ISC */
/*
 * The process that a milter is in: what smtpd gave it is put out of its reach,
 * and out of that of what it runs.  Exits if it can't be, at smtpd's start.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "log.h"
#include "worker.h"

/* Above what a milter opens and closes, below what select(2) can't do. */
#define HIGH		900

/* smtpd has one socket for 0 and 1, and another one for 2. */
int
process_is_filter(void)
{
	struct sockaddr	 sa;
	socklen_t	 len = sizeof(sa);
	struct stat	 in, out, err;

	if (fstat(0, &in) == -1 || fstat(1, &out) == -1 ||
	    fstat(2, &err) == -1)
		return 0;
	if (!S_ISSOCK(in.st_mode) || in.st_dev != out.st_dev ||
	    in.st_ino != out.st_ino ||
	    (err.st_dev == in.st_dev && err.st_ino == in.st_ino))
		return 0;
	return getsockname(0, &sa, &len) == 0 && sa.sa_family == AF_UNIX;
}

/* As high as the limit lets it. */
int
process_hide(int fd)
{
	int	 at, high = -1;

	for (at = HIGH; at > 2 && high == -1; at /= 2)
		high = fcntl(fd, F_DUPFD_CLOEXEC, at);
	if (high == -1)
		fatal("descriptors");
	return high;
}

/* What a milter or its children print goes to the log. */
void
process_take(struct worker *w)
{
	int	 null;

	w->in = process_hide(0);
	w->out = process_hide(1);
	log_to(process_hide(2));
	if ((null = open("/dev/null", O_RDONLY)) == -1 ||
	    dup2(null, 0) == -1 || dup2(2, 1) == -1)
		fatal("descriptors");
	(void)close(null);
}

static void
nothing(int sig)
{
}

/*
 * None of these ends the milter, until it has something to do by them.  What it
 * runs has them as usual: a handler does not survive execve(2).
 */
void
process_calm(void)
{
	static const int	 sigs[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM,
				    SIGUSR1, SIGUSR2, SIGXFSZ };
	struct sigaction	 sa;
	size_t			 i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = nothing;
	sa.sa_flags = SA_RESTART;
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		(void)sigaction(sigs[i], &sa, NULL);
}

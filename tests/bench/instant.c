/* SPDX-License-Identifier: ISC */
/*
 * A policy server that greylists everybody at once: for benches.  It takes no
 * time to think, and speaks to many connections.  Exits 0 when its input ends,
 * 1 if it can't listen.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"

#define CONNECTIONS	128
#define ANSWER		"action=DEFER_IF_PERMIT Greylisted\n\n"

/* 0 is standard input, 1 the listener. */
static struct pollfd	 fds[CONNECTIONS];
static char		 last[CONNECTIONS];	/* byte read */
static nfds_t		 nfds = 2;

/* As many answers as empty lines came. */
static int
serve(nfds_t i)
{
	static char	 buf[65536], out[65536];
	size_t		 len = 0;
	ssize_t		 n, j;

	if ((n = read(fds[i].fd, buf, sizeof(buf))) <= 0)
		return -1;
	for (j = 0; j < n; j++) {
		if (buf[j] == '\n' && last[i] == '\n' &&
		    len + sizeof(ANSWER) <= sizeof(out)) {
			memcpy(out + len, ANSWER, sizeof(ANSWER) - 1);
			len += sizeof(ANSWER) - 1;
		}
		last[i] = buf[j];
	}
	return len == 0 || send(fds[i].fd, out, len, MSG_NOSIGNAL) ==
	    (ssize_t)len ? 0 : -1;
}

static void
serve_all(void)
{
	nfds_t	 i;

	for (i = 2; i < nfds; i++) {
		if (fds[i].revents == 0 || serve(i) == 0)
			continue;
		(void)close(fds[i].fd);
		fds[i] = fds[--nfds];
		last[i] = last[nfds];
		i--;
	}
	if (fds[1].revents != 0 && nfds < CONNECTIONS) {
		fds[nfds].events = POLLIN;
		fds[nfds].revents = 0;
		last[nfds] = 0;
		if ((fds[nfds].fd = accept(fds[1].fd, NULL, NULL)) != -1)
			nfds++;
	}
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };

	if (argc != 2)
		errx(1, "usage: instant socket");
	(void)strlcpy(un.sun_path, argv[1], sizeof(un.sun_path));
	fds[0].events = fds[1].events = POLLIN;
	fds[1].fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fds[1].fd == -1 ||
	    bind(fds[1].fd, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    listen(fds[1].fd, CONNECTIONS) == -1)
		err(1, "%s", argv[1]);
	while (poll(fds, nfds, -1) != -1 && fds[0].revents == 0)
		serve_all();
	return 0;
}

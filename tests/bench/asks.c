/* SPDX-License-Identifier: ISC */
/*
 * Ask spamd by its socket for a message's header, again and again, with as
 * little as that needs: what a filter takes more than this is its own.  Prints
 * the wall time in microseconds an answer.  Exits 1, saying why, on one that is
 * none.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"

#define OK	"SPAMD/1.1 0 EX_OK"

static char	*request;
static size_t	 request_len;

static void
request_make(const char *path)
{
	FILE	*fp;
	char	*text = NULL;
	size_t	 size = 0;
	ssize_t	 n;

	if ((fp = fopen(path, "r")) == NULL ||
	    (n = getdelim(&text, &size, '\0', fp)) == -1)
		err(1, "%s", path);
	(void)fclose(fp);
	size = (size_t)n + 128;
	if ((request = malloc(size)) == NULL)
		err(1, "malloc");
	request_len = snprintf(request, size, "HEADERS SPAMC/1.5\r\n"
	    "Content-length: %zd\r\n\r\n%s", n, text);
	free(text);
}

static void
ask(const struct sockaddr_un *to)
{
	char	 buf[65536];
	size_t	 len = 0;
	ssize_t	 n;
	int	 fd;

	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) == -1)
		err(1, "%s", to->sun_path);
	if (send(fd, request, request_len, MSG_NOSIGNAL) !=
	    (ssize_t)request_len || shutdown(fd, SHUT_WR) == -1)
		err(1, "send");
	while ((n = read(fd, buf + len, sizeof(buf) - len)) > 0)
		len += n;
	if (n == -1 || len < sizeof(OK) || strncmp(buf, OK, sizeof(OK) - 1) != 0)
		errx(1, "answer: %.*s", (int)(len < 80 ? len : 80), buf);
	(void)close(fd);
}

static double
now(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		err(1, "clock_gettime");
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un	 to = { .sun_family = AF_UNIX };
	const char		*errstr;
	double			 start;
	long long		 count, i;

	if (argc != 4)
		errx(1, "usage: asks socket file count");
	if (strlcpy(to.sun_path, argv[1], sizeof(to.sun_path)) >=
	    sizeof(to.sun_path))
		errx(1, "%s: too long", argv[1]);
	request_make(argv[2]);
	count = strtonum(argv[3], 1, 1000000, &errstr);
	if (errstr != NULL)
		errx(1, "%s: %s", argv[3], errstr);
	start = now();
	for (i = 0; i < count; i++)
		ask(&to);
	printf("wall_us=%.2f\n", (now() - start) * 1e6 / count);
	return 0;
}

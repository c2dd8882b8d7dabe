/* SPDX-License-Identifier: ISC */
/*
 * Many clients at once, each with one mail for one recipient: how many are
 * decided about in a second?  No two of them are the same, unless -r: then
 * there are only so many, again and again.  Prints the rate, and the CPU time
 * of a decision in microseconds.
 *
 * Exits 1, saying why, on any answer that is not the one that was asked for.
 */

#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "driver.h"

#define TIME	"1795291025.976383"
#define LINES	1024			/* of one client, at most */

static unsigned int	 total = 100000, window = 256, repeat;
static const char	*want = "reject|";
static unsigned int	 begun, ended;

/* The reports that lead to a question, in smtpd's order. */
static const char *const	 reports[] = {
	"link-connect", "link-greeting", "link-identify", "tx-begin",
	"tx-mail", "tx-envelope"
};
static int		 asked[sizeof(reports) / sizeof(reports[0])];

static void
usage(void)
{
	(void)fprintf(stderr, "usage: decisions [-a answer] [-n clients] "
	    "[-r different] [-w window] program [arg ...]\n");
	exit(1);
}

static unsigned int
number(const char *s)
{
	const char	*why;
	unsigned int	 n = strtonum(s, 1, 100000000, &why);

	if (why != NULL)
		errx(1, "%s: %s", s, why);
	return n;
}

static void
fields(size_t report, unsigned int who, char *buf, size_t size)
{
	static const char *const	 same[] = { NULL, "mx.example.org",
		"EHLO|mail.example.net", "b2857122",
		"b2857122|ok|joe@example.net", "b2857122|b28571223344aabb" };

	if (report == 0)
		(void)snprintf(buf, size, "mail.example.net|pass|198.%u.%u.%u"
		    ":33124|192.0.2.25:25", 18 + (who >> 16 & 1),
		    who >> 8 & 255, who & 255);
	else
		(void)snprintf(buf, size, "%s", same[report]);
}

/* A client comes, and goes as far as its recipient. */
static size_t
client_lines(unsigned int id, char *buf, size_t size)
{
	unsigned int	 who = repeat > 0 ? id % repeat : id;
	size_t		 len = 0, i;
	char		 text[128];

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		if (!asked[i])
			continue;
		fields(i, who, text, sizeof(text));
		len += snprintf(buf + len, size - len, "report|0.7|" TIME
		    "|smtp-in|%s|" DRIVER_ID "|%s\n", reports[i], id, text);
	}
	return len + snprintf(buf + len, size - len, "filter|0.7|" TIME
	    "|smtp-in|rcpt-to|" DRIVER_ID "|1ef1c203cc576e5d"
	    "|alice%u@example.org\n", id, who);
}

/* As many as may be there at once, in one write. */
static void
clients_begin(char *buf)
{
	size_t	 len = 0;

	while (begun < total && begun - ended < window)
		len += client_lines(++begun, buf + len, LINES);
	driver_write(buf, len);
}

/* An answered client leaves: its lines are at out. */
static size_t
client_end(const char *line, char *out, size_t size)
{
	unsigned int	 id;
	const char	*p;

	if (sscanf(line, "filter-result|" DRIVER_ID "|", &id) != 1 ||
	    (p = strchr(line + 14, '|')) == NULL ||
	    (p = strchr(p + 1, '|')) == NULL ||
	    strncmp(p + 1, want, strlen(want)) != 0)
		errx(1, "wrong answer: %s", line);
	ended++;
	return snprintf(out, size, "report|0.7|" TIME "|smtp-in|"
	    "link-disconnect|" DRIVER_ID "\n", id);
}

/* What there is of answers; the rest of a line stays in buf. */
static size_t
answers_read(char *buf, size_t have, size_t size, char *out)
{
	size_t	 len = 0;
	ssize_t	 n;
	char	*line = buf, *end;

	(void)driver_wait(POLLIN);
	if ((n = read(driver_fd, buf + have, size - 1 - have)) == -1 &&
	    errno == EAGAIN)
		return have;
	if (n <= 0)
		errx(1, "the filter is gone");
	buf[have += n] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		len += client_end(line, out + len, LINES);
		line = end + 1;
	}
	driver_write(out, len);
	have -= line - buf;
	memmove(buf, line, have);
	return have;
}

static void
run(void)
{
	static char	 answers[65536];
	char		*out;
	size_t		 have = 0;

	if ((out = malloc((window + 1) * LINES + sizeof(answers) * 4)) == NULL)
		err(1, "malloc");
	while (ended < total) {
		clients_begin(out);
		have = answers_read(answers, have, sizeof(answers), out);
	}
	free(out);
}

static void
shake_hands(void)
{
	char	 what[64];
	size_t	 i;

	driver_handshake();
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		(void)snprintf(what, sizeof(what), "report|smtp-in|%s",
		    reports[i]);
		asked[i] = driver_asked(what);
	}
}

int
main(int argc, char *argv[])
{
	double	 start, wall, cpu;
	pid_t	 pid;
	int	 ch;

	while ((ch = getopt(argc, argv, "+a:n:r:w:")) != -1)
		switch (ch) {
		case 'a':
			want = optarg;
			break;
		case 'n':
			total = number(optarg);
			break;
		case 'r':
			repeat = number(optarg);
			break;
		case 'w':
			window = number(optarg);
			break;
		default:
			usage();
		}
	if (optind == argc)
		usage();
	pid = driver_start(argv + optind);
	shake_hands();
	start = driver_now();
	run();
	wall = driver_now() - start;
	cpu = driver_stop(pid);
	printf("rate=%.0f cpu_us=%.2f\n", total / wall, cpu / total * 1e6);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * One client after the other, one question after the other: how long until a
 * filter has answered?  Each question comes with the reports that smtpd sends
 * since the one before, in one write, as smtpd has them in one queue.  Prints
 * the median over all questions, in microseconds, and the CPU time.
 * Exits 1, saying why, on a wrong or missing answer.
 */

#include <sys/types.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "driver.h"

#define TIME	"1795291025.976383"
#define TOKEN	"1ef1c203cc576e5d"

/* A question, and the reports before it. */
static const struct {
	const char	*reports[3][2];
	const char	*phase, *arg;
} dialogue[] = {
	{ { { "link-connect", "|mx.example.net|pass|192.0.2.1:33124|"
	    "192.0.2.25:25" } }, "connect", "mx.example.net|192.0.2.1" },
	{ { { "link-greeting", "|mx.example.org" } }, "ehlo",
	    "mx.example.net" },
	{ { { "link-identify", "|EHLO|mx.example.net" } }, "mail-from",
	    "bob@example.net" },
	{ { { "tx-begin", "|b2857122" },
	    { "tx-mail", "|b2857122|ok|bob@example.net" } }, "rcpt-to",
	    "alice@example.org" },
	{ { { "tx-envelope", "|b2857122|b28571223344aabb" },
	    { "tx-rcpt", "|b2857122|ok|alice@example.org" } }, "data", "" },
	{ { { "tx-data", "|b2857122|ok" } }, "commit", "" },
	{ { { "tx-commit", "|b2857122|4711" }, { "tx-reset", "|b2857122" } },
	    "quit", "" },
};

#define QUESTIONS	(sizeof(dialogue) / sizeof(dialogue[0]))

static double	*trips;
static size_t	 ntrips;

static size_t
add_report(char *buf, size_t size, unsigned int id, const char *event,
    const char *fields)
{
	char	 what[64];

	(void)snprintf(what, sizeof(what), "report|smtp-in|%s", event);
	if (!driver_asked(what))
		return 0;
	return snprintf(buf, size, "report|0.7|" TIME "|smtp-in|%s|" DRIVER_ID
	    "%s\n", event, id, fields);
}

static void
ask(unsigned int id, size_t q)
{
	char	 lines[1024], want[128], got[256];
	size_t	 len = 0, i;
	double	 start;

	for (i = 0; i < 3 && dialogue[q].reports[i][0] != NULL; i++)
		len += add_report(lines + len, sizeof(lines) - len, id,
		    dialogue[q].reports[i][0], dialogue[q].reports[i][1]);
	len += snprintf(lines + len, sizeof(lines) - len,
	    "filter|0.7|" TIME "|smtp-in|%s|" DRIVER_ID "|" TOKEN "|%s\n",
	    dialogue[q].phase, id, dialogue[q].arg);
	(void)snprintf(want, sizeof(want),
	    "filter-result|" DRIVER_ID "|" TOKEN "|proceed", id);
	start = driver_now();
	driver_write(lines, len);
	driver_answer(got, sizeof(got));
	trips[ntrips++] = (driver_now() - start) * 1e6;
	if (strcmp(got, want) != 0)
		errx(1, "wrong answer to %s: %s", dialogue[q].phase, got);
}

static int
compare(const void *a, const void *b)
{
	double	 x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char *argv[])
{
	const char	*errstr;
	unsigned int	 id, sessions;
	size_t		 q;
	double		 cpu;
	pid_t		 pid;

	if (argc < 3)
		errx(1, "usage: trips sessions program [arg ...]");
	sessions = strtonum(argv[1], 1, 1000000, &errstr);
	if (errstr != NULL)
		errx(1, "%s: %s", argv[1], errstr);
	if ((trips = calloc(sessions, QUESTIONS * sizeof(*trips))) == NULL)
		err(1, "calloc");
	pid = driver_start(argv + 2);
	driver_handshake();
	for (id = 1; id <= sessions; id++) {
		for (q = 0; q < QUESTIONS; q++)
			ask(id, q);
		driver_report(id, "link-disconnect", "");
	}
	cpu = driver_stop(pid);
	qsort(trips, ntrips, sizeof(*trips), compare);
	printf("trip_us=%.2f cpu=%.6f\n", trips[ntrips / 2], cpu);
	return 0;
}

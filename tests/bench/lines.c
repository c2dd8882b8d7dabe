/* SPDX-License-Identifier: ISC */
/*
 * Be smtpd to one program, as fast as it can be done: messages of 72-byte
 * lines over a socketpair on its fds 0 and 1, read and written in big pieces
 * at the same time.  What comes back is compared, byte by byte.  Prints the
 * CPU time of the program and its children, the wall time from first line to
 * last answer, and the median round trip of a commit request, in microseconds.
 * Exits 1, saying why, on a wrong or missing answer.
 *
 * -c: the program is cat, or another that knows no protocol: bytes are only
 * counted.  -x n: n lines more come back than were sent, at the top.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "driver.h"

#define BLOCK		500		/* lines that repeat */
#define LINE		72
#define LINE_SPACE	192		/* a line with what goes before it */
#define MARK		33		/* "session|token" */

/* BLOCK lines as they are written or expected, to be repeated. */
struct block {
	char	text[BLOCK * LINE_SPACE];
	size_t	off[BLOCK + 1];
	size_t	token;			/* where in a line it is */
};

static struct block	 out, in;
static int		 plain;
static size_t		 extra;
static double		*commits;
static size_t		 ncommits;

static void
fill_blocks(void)
{
	char	 text[LINE + 1];
	int	 i, n;

	for (i = 0; i < BLOCK; i++) {
		memset(text, 'x', LINE);
		n = snprintf(text, sizeof(text), "%s %05d ",
		    i == 0 ? "Subject: bench" : "A line of a mail", i);
		text[n] = 'x';
		if (i == 1)
			text[0] = '\0';		/* the header ends */
		n = snprintf(out.text + out.off[i], LINE_SPACE,
		    "filter|0.7|1795291025.000000|smtp-in|data-line|"
		    "%0*d|%s\n", MARK, 0, text);
		out.off[i + 1] = out.off[i] + n;
		n = snprintf(in.text + in.off[i], LINE_SPACE,
		    "filter-dataline|%0*d|%s\n", MARK, 0, text);
		in.off[i + 1] = in.off[i] + n;
	}
	out.token = strlen("filter|0.7|1795291025.000000|smtp-in|data-line|");
	in.token = strlen("filter-dataline|");
}

/* Session id and token of the first n lines. */
static void
mark_block(struct block *b, size_t n, unsigned int id)
{
	char	 ids[40];
	size_t	 i, len;

	len = snprintf(ids, sizeof(ids), DRIVER_ID "|%016x", id, id * 2654435761U);
	for (i = 0; i < n && i < BLOCK; i++)
		memcpy(b->text + b->off[i] + b->token, ids, len);
}

/* Microseconds go on, line by line. */
static void
tick_block(size_t n)
{
	static unsigned int	 usec;
	unsigned int		 v;
	size_t			 i;
	char			*p;
	int			 k;

	for (i = 0; i < n; i++) {
		p = out.text + out.off[i] + strlen("filter|0.7|1795291025.");
		v = usec = (usec + 3) % 1000000;
		for (k = 5; k >= 0; k--, v /= 10)
			p[k] = '0' + v % 10;
	}
}

/* How much of one message is sent, and how much of it is back. */
struct flow {
	size_t	 lines, sent;		/* lines there are, lines taken */
	char	 dot[LINE_SPACE];	/* the end as it is expected */
	size_t	 ndot;
	size_t	 above;			/* lines to skip yet */
	size_t	 body, back;		/* bytes expected but dot, bytes back */
	char	 end[LINE_SPACE];	/* the end as it is sent */
	const char *p;			/* what is being sent, left bytes */
	size_t	 left;
	int	 ended;			/* the end was taken */
};

static size_t
blocks_size(const struct block *b, size_t lines)
{
	return lines / BLOCK * b->off[BLOCK] + b->off[lines % BLOCK];
}

static void
flow_init(struct flow *f, size_t lines)
{
	const struct block	*b = plain ? &out : &in;

	memset(f, 0, sizeof(*f));
	f->lines = lines;
	f->above = extra;
	f->body = blocks_size(b, lines);
	(void)snprintf(f->end, sizeof(f->end), "%.*s.\n",
	    (int)(out.token + MARK + 1), out.text);
	f->ndot = snprintf(f->dot, sizeof(f->dot), "%.*s.\n",
	    (int)(b->token + MARK + 1), b->text);
}

/* Bytes that came back must go on where the last ones ended. */
static void
flow_check(struct flow *f, const char *buf, size_t len)
{
	const char	*want;
	size_t		 at, n;

	while (len > 0) {
		if (f->back < f->body) {
			at = f->back % in.off[BLOCK];
			want = in.text + at;
			n = in.off[BLOCK] - at;
			if (n > f->body - f->back)
				n = f->body - f->back;
		} else {
			want = f->dot + (f->back - f->body);
			n = f->body + f->ndot - f->back;
			if (n == 0)
				errx(1, "too much came back: %.60s", buf);
		}
		if (n > len)
			n = len;
		if (!plain && memcmp(buf, want, n) != 0)
			errx(1, "wrong answer: %.*s", n > 300 ? 300 : (int)n,
			    buf);
		f->back += n;
		buf += n;
		len -= n;
	}
}

/* Read what is there.  Returns 0 if nothing is. */
static size_t
flow_read(struct flow *f)
{
	static char	 buf[256 * 1024];
	const char	*p = buf, *nl;
	ssize_t		 n;

	if ((n = read(driver_fd, buf, sizeof(buf))) == 0)
		errx(1, "the filter is gone");
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			err(1, "read from the filter");
		return 0;
	}
	while (f->above > 0 && (nl = memchr(p, '\n', buf + n - p)) != NULL) {
		p = nl + 1;
		f->above--;
	}
	if (f->above == 0)
		flow_check(f, p, buf + n - p);
	return n;
}

/* Write what fits.  Returns 0 if nothing does, or nothing is left. */
static size_t
flow_write(struct flow *f)
{
	size_t	 n = f->lines - f->sent;
	ssize_t	 w;

	if (f->left == 0 && n > 0) {
		if (n > BLOCK)
			n = BLOCK;
		tick_block(n);
		f->p = out.text;
		f->left = out.off[n];
		f->sent += n;
	} else if (f->left == 0 && !f->ended) {
		f->p = f->end;
		f->left = strlen(f->end);
		f->ended = 1;
	}
	if (f->left == 0)
		return 0;
	if ((w = send(driver_fd, f->p, f->left, MSG_NOSIGNAL)) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			err(1, "write to the filter");
		return 0;
	}
	f->p += w;
	f->left -= w;
	return w;
}

static void
pass_lines(size_t lines)
{
	struct flow	 f;
	size_t		 n;

	flow_init(&f, lines);
	while (!f.ended || f.left > 0 || f.back < f.body + f.ndot) {
		n = flow_write(&f);
		if (n + flow_read(&f) > 0)
			continue;
		(void)driver_wait(f.left > 0 ? POLLIN | POLLOUT : POLLIN);
	}
}

static void
ask_commit(unsigned int id)
{
	char	 line[256], want[128], got[256];
	double	 start;
	int	 len;

	if (!driver_asked("filter|smtp-in|commit"))
		return;
	len = snprintf(line, sizeof(line),
	    "filter|0.7|1795291025.976383|smtp-in|commit|" DRIVER_ID "|%016x|\n",
	    id, id + 77);
	(void)snprintf(want, sizeof(want), "filter-result|" DRIVER_ID "|%016x|proceed",
	    id, id + 77);
	start = driver_now();
	driver_write(line, len);
	driver_answer(got, sizeof(got));
	commits[ncommits++] = (driver_now() - start) * 1e6;
	if (strcmp(got, want) != 0)
		errx(1, "wrong answer: %s", got);
}

/* One client with one message. */
static void
pass_message(unsigned int id, size_t lines)
{
	driver_report(id, "link-connect", "|mx.example.net|pass|192.0.2.1:33124|"
	    "192.0.2.25:25");
	driver_report(id, "link-greeting", "|mx.example.org");
	driver_report(id, "link-identify", "|EHLO|mx.example.net");
	driver_report(id, "tx-begin", "|b2857122");
	driver_report(id, "tx-mail", "|b2857122|ok|bob@example.net");
	driver_report(id, "tx-rcpt", "|b2857122|ok|alice@example.org");
	driver_report(id, "tx-data", "|b2857122|ok");
	mark_block(&out, lines, id);
	mark_block(&in, lines, id);
	pass_lines(lines);
	ask_commit(id);
	driver_report(id, "tx-commit", "|b2857122|4711");
	driver_report(id, "tx-reset", "|b2857122");
	driver_report(id, "link-disconnect", "");
}

static int
compare(const void *a, const void *b)
{
	double	 x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static size_t
number(const char *s)
{
	const char	*errstr;
	size_t		 n;

	n = strtonum(s, 0, 100000000, &errstr);
	if (errstr != NULL)
		errx(1, "%s: %s", s, errstr);
	return n;
}

int
main(int argc, char *argv[])
{
	size_t		 lines = 1000000, each = 0, n;
	unsigned int	 id = 0;
	double		 start, wall, cpu;
	pid_t		 pid;
	int		 ch;

	while ((ch = getopt(argc, argv, "+cm:n:x:")) != -1) {
		switch (ch) {
		case 'c':
			plain = 1;
			break;
		case 'm':	/* lines a message; 0: all in one */
			each = number(optarg);
			break;
		case 'n':
			lines = number(optarg);
			break;
		case 'x':
			extra = number(optarg);
			break;
		default:
			optind = argc;
		}
	}
	if (optind == argc || lines == 0)
		errx(1, "usage: lines [-c] [-m lines] [-n lines] [-x lines] "
		    "program [arg ...]");
	if (each == 0)
		each = lines;
	if ((commits = calloc(lines / each + 1, sizeof(*commits))) == NULL)
		err(1, "calloc");

	pid = driver_start(argv + optind);
	if (!plain)
		driver_handshake();
	fill_blocks();
	start = driver_now();
	for (n = 0; n < lines; n += each)
		pass_message(++id, each < lines - n ? each : lines - n);
	wall = driver_now() - start;
	cpu = driver_stop(pid);

	qsort(commits, ncommits, sizeof(*commits), compare);
	printf("cpu=%.6f wall=%.6f commit_us=%.2f\n", cpu, wall,
	    commits[ncommits / 2]);
	return 0;
}

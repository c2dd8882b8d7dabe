/* SPDX-License-Identifier: ISC */
/*
 * Be smtpd to a filter that signs or marks: many mails of one size, each in a
 * session of its own, some of them at the same time, each asked about in all
 * phases that the filter wants.  What comes back has to be what was sent, with
 * a new field on top of each (-t "": without one).  Prints the CPU time of the
 * filter and its children, the wall time from the first byte to the last
 * answer, and the CPU time of this driver, all in microseconds a mail.  Exits
 * 1, saying why, on a wrong or missing answer.
 *
 * The driver runs beside what is measured: what it says is made once, and only
 * the ids are filled in for each mail.
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
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "driver.h"
#include "text.h"

#define HEAD		"|0.7|1795291025.975632|smtp-in|"
#define IDS		"3ff2c7d1%08x|00000000%08x"
#define BACK		(sizeof("filter-dataline|") - 1)

/* TEXT_BLANK, the id of no mail: where its digits are, a mail's go. */
#define BLANK		0xb1a4c0deU

/* One line of output is at most as long as smtpd's. */
#define IN_SIZE		(256 * 1024)

struct mail {
	size_t	 back;			/* lines of it that came back */
	size_t	 said;			/* forms */
	int	 marked;
};

/* What is to be written, and how much of it was. */
static char		*out;
static size_t		 out_len, out_size, out_sent;

/* What is said of each mail until an answer, with places for its id. */
struct form {
	char	*text;
	size_t	 len;
	size_t	*at;
	size_t	 n;
};

static struct form	 forms[8];
static size_t		 nforms, with_text;	/* those until its dot */

static struct mail	*mails;
static size_t		 total, begun, ended, window = 64;
static const char	*top = "DKIM-Signature:";
static size_t		 top_len;

static void
out_room(size_t need)
{
	if (out_sent > 0 && out_sent == out_len)
		out_sent = out_len = 0;
	if (out_len + need <= out_size)
		return;
	if (out_sent > 0) {
		memmove(out, out + out_sent, out_len - out_sent);
		out_len -= out_sent;
		out_sent = 0;
	}
	while (out_len + need > out_size)
		out_size = out_size == 0 ? 1 << 20 : out_size * 2;
	if ((out = realloc(out, out_size)) == NULL)
		err(1, "realloc");
}

static void
say_report(unsigned int id, const char *event, const char *fields)
{
	char	 name[64];

	(void)snprintf(name, sizeof(name), "report|smtp-in|%s", event);
	if (!driver_asked(name) && !driver_asked("report|smtp-in|*"))
		return;
	out_room(512);
	out_len += snprintf(out + out_len, 512,
	    "report" HEAD "%s|" DRIVER_ID "%s\n", event, id, fields);
}

static void
say_text(unsigned int id)
{
	char		 front[128];
	const char	*p, *nl;
	size_t		 n, len;

	n = snprintf(front, sizeof(front), "filter" HEAD "data-line|" IDS "|",
	    id, id);
	out_room(strlen(text) + (text_lines + 1) * (n + 2));
	for (p = text; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
		len = nl + 1 - p;
		memcpy(out + out_len, front, n);
		memcpy(out + out_len + n, p, len);
		out_len += n + len;
	}
	memcpy(out + out_len, front, n);
	memcpy(out + out_len + n, ".\n", 2);
	out_len += n + 2;
}

/* What was said of no mail is taken back, to be the form of all. */
static void
form_make(void)
{
	struct form	*f = &forms[nforms++];
	char		*p;

	f->len = out_len;
	if ((f->text = malloc(out_len + 1)) == NULL ||
	    (f->at = calloc(out_len / TEXT_DIGITS + 1, sizeof(*f->at))) == NULL)
		err(1, "malloc");
	memcpy(f->text, out, out_len);
	f->text[out_len] = '\0';
	out_len = 0;
	for (p = f->text; (p = strstr(p, TEXT_BLANK)) != NULL; p += TEXT_DIGITS)
		f->at[f->n++] = (size_t)(p - f->text);
}

static void
form_say(const struct form *f, unsigned int id)
{
	char	 digits[TEXT_DIGITS + 1];
	size_t	 i;

	(void)snprintf(digits, sizeof(digits), "%08x", id);
	out_room(f->len);
	memcpy(out + out_len, f->text, f->len);
	for (i = 0; i < f->n; i++)
		memcpy(out + out_len + f->at[i], digits, TEXT_DIGITS);
	out_len += f->len;
}

/* Only what it wants to be asked. */
static void
ask(const char *phase, const char *arg)
{
	char	 name[64];

	(void)snprintf(name, sizeof(name), "filter|smtp-in|%s", phase);
	if (!driver_asked(name))
		return;
	out_room(512);
	out_len += snprintf(out + out_len, 512, "filter" HEAD "%s|" IDS "|%s\n",
	    phase, BLANK, BLANK, arg);
	form_make();
}

static void
forms_make(void)
{
	say_report(BLANK, "link-connect",
	    "|mx.example|pass|192.0.2.1:33124|192.0.2.25:25");
	ask("connect", "mx.example|192.0.2.1");
	say_report(BLANK, "link-greeting", "|mx.example.org");
	ask("ehlo", "client.example");
	say_report(BLANK, "link-identify", "|EHLO|client.example");
	ask("mail-from", "joe@example.org");
	say_report(BLANK, "tx-begin", "|30025a01");
	say_report(BLANK, "tx-mail", "|30025a01|ok|joe@example.org");
	ask("rcpt-to", "alice@example.org");
	say_report(BLANK, "tx-rcpt", "|30025a01|ok|alice@example.org");
	ask("data", "");
	say_report(BLANK, "tx-data", "|30025a01|ok");
	say_text(BLANK);
	form_make();
	with_text = nforms;
	ask("commit", "");
	say_report(BLANK, "tx-commit", "|30025a01|4711");
	say_report(BLANK, "tx-reset", "|30025a01");
	say_report(BLANK, "link-disconnect", "");
	form_make();
}

static void
mail_begin(void)
{
	form_say(&forms[0], begun);
	mails[begun++].said = 1;
}

/* It was answered. */
static void
mail_next(unsigned int id)
{
	form_say(&forms[mails[id].said++], id);
	if (mails[id].said < nforms)
		return;
	ended++;
	if (begun < total)
		mail_begin();
}

static void
on_dot(unsigned int id)
{
	if (mails[id].said != with_text || mails[id].back < text_lines)
		errx(1, "mail %u: not all came back", id);
	mail_next(id);
}

/* "filter-dataline|session|token|" or "filter-result|...": for which mail? */
static unsigned int
line_id(const char *line, size_t len, int result)
{
	size_t		 at = result ? BACK - 2 : BACK;
	char		 ids[64];
	unsigned int	 id;

	if (len < at + 34 || (!result &&
	    memcmp(line, "filter-dataline|", BACK) != 0))
		errx(1, "what? %.*s", len > 200 ? 200 : (int)len, line);
	id = strtoul(line + at + 8, NULL, 16);
	(void)snprintf(ids, sizeof(ids), IDS "|", id, id);
	if (id >= begun || mails[id].said == nforms ||
	    memcmp(line + at, ids, 34) != 0 ||
	    (mails[id].said == with_text) == result)
		errx(1, "for whom? %.*s", len > 200 ? 200 : (int)len, line);
	return id;
}

static int
is_mark(int marked, const char *line, size_t len)
{
	if (top_len == 0)
		return 0;
	if (len >= top_len && memcmp(line, top, top_len) == 0)
		return 1;
	return marked && len > 0 && (*line == ' ' || *line == '\t');
}

static void
on_text(unsigned int id, const char *line, size_t len, const char *digits)
{
	struct mail	*m = &mails[id];
	int		 marked = m->marked || top_len == 0;

	if (len == 1 && *line == '.')
		on_dot(id);
	else if (marked && text_is(m->back, line, len, digits))
		m->back++;
	else if (m->back == 0 && is_mark(marked, line, len))
		m->marked = 1;
	else
		errx(1, "mail %u, line %zu is not %s but %.*s", id, m->back,
		    marked ? "as it was" : top, len > 200 ? 200 : (int)len,
		    line);
}

static void
on_result(const char *line, size_t len)
{
	unsigned int	 id = line_id(line, len, 1);

	if (len != 14 + 34 + 7 || memcmp(line + 48, "proceed", 7) != 0)
		errx(1, "mail %u: %.*s", id, (int)len, line);
	mail_next(id);
}

/* Most are of the same mail as the one before. */
static void
on_line(const char *line, size_t len)
{
	static char		 last[BACK + 34];
	static unsigned int	 id;

	if (len >= 14 && memcmp(line, "filter-result|", 14) == 0) {
		on_result(line, len);
		return;
	}
	if (len < sizeof(last) || memcmp(line, last, sizeof(last)) != 0) {
		id = line_id(line, len, 0);
		memcpy(last, line, sizeof(last));
	}
	on_text(id, line + sizeof(last), len - sizeof(last), last + BACK + 8);
}

static size_t
in_read(void)
{
	static char	 buf[IN_SIZE];
	static size_t	 len;
	char		*p, *nl;
	ssize_t		 n;

	if ((n = read(driver_fd, buf + len, sizeof(buf) - len)) == 0)
		errx(1, "the filter is gone");
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			err(1, "read from the filter");
		return 0;
	}
	len += n;
	for (p = buf; (nl = memchr(p, '\n', buf + len - p)) != NULL; p = nl + 1)
		on_line(p, nl - p);
	len = buf + len - p;
	if (len == sizeof(buf))
		errx(1, "a line too long");
	memmove(buf, p, len);
	return n;
}

static size_t
out_write(void)
{
	ssize_t	 n;

	if (out_sent == out_len)
		return 0;
	n = send(driver_fd, out + out_sent, out_len - out_sent, MSG_NOSIGNAL);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			err(1, "write to the filter");
		return 0;
	}
	out_sent += n;
	return n;
}

static void
pass_all(void)
{
	while (begun < total && begun < window)
		mail_begin();
	while (ended < total) {
		if (out_write() + in_read() > 0)
			continue;
		(void)driver_wait(out_sent < out_len ? POLLIN | POLLOUT :
		    POLLIN);
	}
	while (out_sent < out_len)
		if (out_write() == 0)
			(void)driver_wait(POLLOUT);
}

static double
own_cpu(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		err(1, "clock_gettime");
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static size_t
number(const char *s)
{
	const char	*errstr;
	size_t		 n;

	n = strtonum(s, 1, 100000000, &errstr);
	if (errstr != NULL)
		errx(1, "%s: %s", s, errstr);
	return n;
}

int
main(int argc, char *argv[])
{
	const char	*file = NULL;
	size_t		 size = 2048;
	double	 start, wall, cpu, own;
	pid_t	 pid;
	int	 ch;

	total = 1000;
	while ((ch = getopt(argc, argv, "+f:n:s:t:w:")) != -1) {
		switch (ch) {
		case 'f':
			file = optarg;
			break;
		case 'n':
			total = number(optarg);
			break;
		case 's':	/* bytes a mail */
			size = number(optarg);
			break;
		case 't':	/* the field on top */
			top = optarg;
			break;
		case 'w':	/* mails at the same time */
			window = number(optarg);
			break;
		default:
			optind = argc;
		}
	}
	if (optind == argc)
		errx(1, "usage: mails [-f file] [-n mails] [-s size] "
		    "[-t field] [-w window] program [arg ...]");
	if ((mails = calloc(total, sizeof(*mails))) == NULL)
		err(1, "calloc");
	if (file != NULL)
		text_read(file);
	else
		text_make(size);
	top_len = strlen(top);
	pid = driver_start(argv + optind);
	driver_handshake();
	forms_make();
	start = driver_now();
	own = own_cpu();
	pass_all();
	wall = driver_now() - start;
	own = own_cpu() - own;
	cpu = driver_stop(pid);
	printf("cpu_us=%.2f wall_us=%.2f own_us=%.2f\n", cpu * 1e6 / total,
	    wall * 1e6 / total, own * 1e6 / total);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Lines for the operator, on stderr.  smtpd gives us a socket there and reads
 * it when it finds the time, so nothing here may wait for it: what the socket
 * does not take is dropped, and told as a number with the next line that it
 * takes.  Never fails, keeps errno; fatal() and fatalx() exit.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LOG_PEER_MAX	5	/* lines a second of log_peer() */
#define LOG_SAFE_BUFS	8
#define LOG_SAFE_MAX	255

static const char	*log_name;
static int		 log_verbosity;
static int		 log_socket = -1;	/* -1: not known yet */

/* What is left of a line that was taken in part; goes before the next one. */
static char		 log_rest[LOG_LINE_MAX + 2];
static size_t		 log_rest_len;
static unsigned long	 log_dropped;

static time_t		 peer_second;
static unsigned int	 peer_lines;
static unsigned long	 peer_omitted;

static void
log_detect(void)
{
	struct stat	 st;

	log_socket = fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
}

void
log_init(const char *name)
{
	log_name = name;
	log_rest_len = 0;
	log_dropped = 0;
	log_detect();
}

void
log_verbose(void)
{
	log_verbosity++;
}

int
log_level(void)
{
	return log_verbosity;
}

static ssize_t
log_write(const char *buf, size_t len)
{
	ssize_t	 n;

	do {
		if (log_socket)
			n = send(STDERR_FILENO, buf, len,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(STDERR_FILENO, buf, len);
	} while (n == -1 && errno == EINTR);
	return n;
}

/* The end of a line whose beginning is out already.  -1: still stuck. */
static int
log_flush(void)
{
	ssize_t	 n;

	if (log_rest_len == 0)
		return 0;
	if ((n = log_write(log_rest, log_rest_len)) <= 0)
		return -1;
	log_rest_len -= (size_t)n;
	memmove(log_rest, log_rest + n, log_rest_len);
	return log_rest_len == 0 ? 0 : -1;
}

static int
log_send(const char *buf, size_t len)
{
	ssize_t	 n;

	if (log_flush() == -1 || (n = log_write(buf, len)) <= 0)
		return -1;
	log_rest_len = len - (size_t)n;
	memcpy(log_rest, buf + n, log_rest_len);
	return 0;
}

/*
 * One line out of a text.  A control byte in it is a mistake of ours, but it
 * must not become a second line.
 */
static size_t
log_format(char *line, const char *fmt, va_list ap)
    __attribute__((__format__ (__printf__, 2, 0)));

static size_t
log_format(char *line, const char *fmt, va_list ap)
{
	size_t	 i, len = 0;
	int	 n;

	if (!log_socket && log_name != NULL) {
		n = snprintf(line, LOG_LINE_MAX, "%s: ", log_name);
		if (n > 0 && n < LOG_LINE_MAX)
			len = (size_t)n;
	}
	n = vsnprintf(line + len, LOG_LINE_MAX + 1 - len, fmt, ap);
	if (n > 0)
		len += (size_t)n;
	if (len > LOG_LINE_MAX)
		len = LOG_LINE_MAX;
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 127)
			line[i] = '?';
	line[len++] = '\n';
	return len;
}

static int	log_line(const char *, ...)
		    __attribute__((__format__ (__printf__, 1, 2)));

static int
log_line(const char *fmt, ...)
{
	char	 line[LOG_LINE_MAX + 2];
	va_list	 ap;
	size_t	 len;

	va_start(ap, fmt);
	len = log_format(line, fmt, ap);
	va_end(ap);
	return log_send(line, len);
}

static time_t
log_now(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* can't fail */
	return ts.tv_sec;
}

/* Say what was left out, now that there is room for it again. */
static void
log_owed(void)
{
	if (log_dropped > 0 &&
	    log_line("%lu log lines dropped: smtpd did not take them",
	    log_dropped) == 0)
		log_dropped = 0;
	if (peer_omitted > 0 && log_now() != peer_second &&
	    log_line("%lu more warnings about peers left out",
	    peer_omitted) == 0)
		peer_omitted = 0;
}

static void	log_text(const char *, int, va_list)
		    __attribute__((__format__ (__printf__, 1, 0)));

static void
log_text(const char *fmt, int error, va_list ap)
{
	char	 text[LOG_LINE_MAX + 2];
	int	 saved = errno;

	if (log_socket == -1)
		log_detect();
	log_owed();
	(void)vsnprintf(text, sizeof(text), fmt, ap);	/* cut is fine */
	if ((error ? log_line("%s: %s", text, strerror(saved)) :
	    log_line("%s", text)) == -1)
		log_dropped++;
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, 1, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
}

void
log_peer(const char *fmt, ...)
{
	va_list	 ap;
	time_t	 now = log_now();

	if (now != peer_second) {
		if (log_socket == -1)
			log_detect();
		log_owed();
		peer_second = now;
		peer_lines = 0;
	}
	if (peer_lines == LOG_PEER_MAX) {
		peer_omitted++;
		return;
	}
	peer_lines++;
	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	if (log_verbosity < 1)
		return;
	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
}

void
log_trace(const char *fmt, ...)
{
	va_list	 ap;

	if (log_verbosity < 2)
		return;
	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, 1, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, 0, ap);
	va_end(ap);
	exit(1);
}

static char *
next_buf(void)
{
	static char	 bufs[LOG_SAFE_BUFS][LOG_SAFE_MAX * 4 + 3];
	static int	 next;

	next = (next + 1) % LOG_SAFE_BUFS;
	return bufs[next];
}

/* Everything that is not printable, or one of special, as \ooo. */
static char *
escape(char *p, const char *s, unsigned long len, const char *special)
{
	unsigned long	 i;
	unsigned char	 c;

	for (i = 0; i < len && i < LOG_SAFE_MAX; i++) {
		c = (unsigned char)s[i];
		if (c >= ' ' && c < 127 && strchr(special, c) == NULL) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = (char)('0' + (c >> 6));
		*p++ = (char)('0' + ((c >> 3) & 7));
		*p++ = (char)('0' + (c & 7));
	}
	return p;
}

const char *
log_safe_n(const char *s, unsigned long len)
{
	char	*buf;

	if (s == NULL || len == 0)
		return "-";
	buf = next_buf();
	*escape(buf, s, len, " =\"'\\") = '\0';
	return buf;
}

const char *
log_safe(const char *s)
{
	return log_safe_n(s, s == NULL ? 0 : strnlen(s, LOG_SAFE_MAX));
}

const char *
log_quote(const char *s)
{
	char	*buf = next_buf(), *p;

	buf[0] = '"';
	p = escape(buf + 1, s, strnlen(s, LOG_SAFE_MAX), "\"\\");
	*p++ = '"';
	*p = '\0';
	return buf;
}

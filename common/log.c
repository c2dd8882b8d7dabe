/* SPDX-License-Identifier: ISC */
/*
 * Lines for the operator, on stderr.  smtpd gives us a socket there and reads
 * it when it finds the time, so nothing here may wait for it: what the socket
 * does not take stays in a buffer, what finds no room there is dropped, and
 * told as a number with the next line that finds some.  A line costs little
 * more than its bytes, but a write wakes smtpd: the worker holds decisions
 * back until the end of its turn.  Never fails, keeps errno; fatal() and
 * fatalx() exit.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LOG_PEER_MAX	5	/* lines a second of log_peer() */

static pthread_mutex_t	 log_mutex = PTHREAD_MUTEX_INITIALIZER;
static const char	*log_name;
static int		 log_verbosity;
static int		 log_fd = STDERR_FILENO;
static int		 log_socket = -1;	/* -1: not known yet */

static struct log_lines	 log_own, *log_lines = &log_own;
static unsigned long	 log_dropped;
static int		 log_holding;

static time_t		 peer_second;
static unsigned int	 peer_lines;
static unsigned long	 peer_omitted;

static void
log_detect(void)
{
	struct stat	 st;

	log_socket = fstat(log_fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

void
log_init(const char *name)
{
	log_name = name;
	log_lines->len = log_lines->off = 0;
	log_dropped = 0;
	log_detect();
}

void
log_to(int fd)
{
	log_fd = fd;
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
			n = send(log_fd, buf, len,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(log_fd, buf, len);
	} while (n == -1 && errno == EINTR);
	return n;
}

static void
log_send(void)
{
	struct log_lines	*l = log_lines;
	ssize_t			 n;

	if (l->len == 0 ||
	    (n = log_write(l->text + l->off, l->len - l->off)) <= 0)
		return;
	if (l->off + n < l->len) {
		l->off += n;
		return;
	}
	/* In this order: a kill between the two makes nothing of it. */
	l->len = 0;
	l->off = 0;
}

/* Is there room for so much? */
static int
log_room(size_t len)
{
	struct log_lines	*l = log_lines;

	if (LOG_BUF - l->len >= len)
		return 1;
	log_send();
	memmove(l->text, l->text + l->off, l->len - l->off);
	l->len -= l->off;
	l->off = 0;
	return LOG_BUF - l->len >= len;
}

void
log_share(struct log_lines *l)
{
	l->len = l->off = 0;
	log_lines = l;
}

/* Its last lines; nothing of it is to be trusted. */
static void
log_append(const char *text, size_t len)
{
	char	*to;
	size_t	 i;

	if (!log_room(len)) {
		log_dropped++;
		return;
	}
	to = log_lines->text + log_lines->len;
	for (i = 0; i < len; i++)
		to[i] = text[i] == '\n' || ((unsigned char)text[i] >= ' ' &&
		    text[i] != 127) ? text[i] : '?';
	to[len - 1] = '\n';
	log_lines->len += len;
	log_send();
}

void
log_adopt(struct log_lines *l)
{
	uint32_t	 off = l->off, len = l->len;

	(void)pthread_mutex_lock(&log_mutex);
	if (len <= LOG_BUF && off < len)
		log_append(l->text + off, len - off);
	l->len = l->off = 0;
	(void)pthread_mutex_unlock(&log_mutex);
}

void
log_hold(int hold)
{
	(void)pthread_mutex_lock(&log_mutex);
	log_holding = hold;
	(void)pthread_mutex_unlock(&log_mutex);
	log_flush();
}

void
log_flush(void)
{
	int	 saved = errno;

	(void)pthread_mutex_lock(&log_mutex);
	log_send();
	(void)pthread_mutex_unlock(&log_mutex);
	errno = saved;
}

static size_t
line_copy(char *line, size_t len, const char *s)
{
	size_t	 n = strlen(s);

	if (n > LOG_LINE_MAX - len)
		n = LOG_LINE_MAX - len;
	memcpy(line + len, s, n);
	return len + n;
}

static size_t	line_print(char *, size_t, const char *, va_list)
		    __attribute__((__format__ (__printf__, 3, 0)));

static size_t
line_print(char *line, size_t len, const char *fmt, va_list ap)
{
	size_t	 room = LOG_LINE_MAX - len;
	int	 n;

	if ((n = vsnprintf(line + len, room + 1, fmt, ap)) < 0)
		return len;
	return len + ((size_t)n < room ? (size_t)n : room);
}

static int	log_put(const char *, const char *, va_list)
		    __attribute__((__format__ (__printf__, 1, 0)));

/*
 * One line out of a text.  A control byte in it is a mistake of ours, but it
 * must not become a second line.  Returns -1: there is no room for it.
 */
static int
log_put(const char *fmt, const char *error, va_list ap)
{
	char	*line;
	size_t	 i, len = 0;

	if (!log_room(LOG_LINE_MAX + 1))
		return -1;
	line = log_lines->text + log_lines->len;
	if (!log_socket && log_name != NULL) {
		len = line_copy(line, len, log_name);
		len = line_copy(line, len, ": ");
	}
	len = line_print(line, len, fmt, ap);
	if (error != NULL) {
		len = line_copy(line, len, ": ");
		len = line_copy(line, len, error);
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 127)
			line[i] = '?';
	line[len] = '\n';
	log_lines->len += len + 1;
	return 0;
}

static int	log_line(const char *, ...)
		    __attribute__((__format__ (__printf__, 1, 2)));

static int
log_line(const char *fmt, ...)
{
	va_list	 ap;
	int	 error;

	va_start(ap, fmt);
	error = log_put(fmt, NULL, ap);
	va_end(ap);
	return error;
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

/* Has this second room for one more line about peers? */
static int
peer_may(void)
{
	time_t	 now = log_now();

	if (now != peer_second) {
		log_owed();
		peer_second = now;
		peer_lines = 0;
	}
	if (peer_lines < LOG_PEER_MAX) {
		peer_lines++;
		return 1;
	}
	peer_omitted++;
	return 0;
}

enum log_when { LOG_NOW, LOG_HELD, LOG_PEER };

static void	log_text(const char *, const char *, enum log_when, va_list)
		    __attribute__((__format__ (__printf__, 1, 0)));

static void
log_text(const char *fmt, const char *error, enum log_when when, va_list ap)
{
	int	 saved = errno;

	(void)pthread_mutex_lock(&log_mutex);
	if (log_socket == -1)
		log_detect();
	if (when != LOG_PEER || peer_may()) {
		log_owed();
		if (log_put(fmt, error, ap) == -1)
			log_dropped++;
		if (when != LOG_HELD || !log_holding)
			log_send();
	}
	(void)pthread_mutex_unlock(&log_mutex);
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_HELD, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, strerror(errno), LOG_NOW, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_NOW, ap);
	va_end(ap);
}

void
log_peer(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_PEER, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	if (log_verbosity < 1)
		return;
	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_NOW, ap);
	va_end(ap);
}

void
log_trace(const char *fmt, ...)
{
	va_list	 ap;

	if (log_verbosity < 2)
		return;
	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_NOW, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, strerror(errno), LOG_NOW, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_text(fmt, NULL, LOG_NOW, ap);
	va_end(ap);
	exit(1);
}

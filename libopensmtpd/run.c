/* SPDX-License-Identifier: ISC */
/*
 * osmtpd_run(): the process that calls it becomes the guard, and does not come
 * back; a worker that is forked from it is the filter, and does, when smtpd has
 * hung up.  A worker that dies is replaced by one that is again what the filter
 * was when it called osmtpd_run().
 */

#include <event2/event.h>
#include <event2/event_compat.h>
#include <event2/event_struct.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"

/* What the compiler is not told of in the header, as sources never were. */
void		osmtpd_err(int, const char *, ...)
		    __attribute__((__format__ (__printf__, 2, 3)));
void		osmtpd_errx(int, const char *, ...)
		    __attribute__((__format__ (__printf__, 2, 3)));
static void	say(const char *, va_list)
		    __attribute__((__format__ (__printf__, 1, 0)));

void
run_config(const char *key, const char *value)
{
	if (registered.conf == NULL)
		return;
	if (strcmp(key, "ready") == 0)
		registered.conf(NULL, NULL);
	else
		registered.conf(key, value);
}

static void
never(evutil_socket_t fd, short what, void *arg)
{
}

/*
 * Filters have timers of their own in libevent's default loop: it has to be the
 * engine's.  libevent tells which one that is by putting an event into it.
 */
struct event_base *
run_events(void)
{
	struct event_base	*base;
	struct event		 ev;

	event_set(&ev, -1, 0, never, NULL);
	if ((base = event_get_base(&ev)) == NULL)
		return event_init();
	return event_reinit(base) == -1 ? NULL : base;
}

void
osmtpd_run(void)
{
	filter_run(&registered.filter);
}

static void
say(const char *fmt, va_list ap)
{
	if (fmt != NULL)
		(void)vfprintf(stderr, fmt, ap);
}

void
osmtpd_err(int status, const char *fmt, ...)
{
	int	 error = errno;
	va_list	 ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s%s\n", fmt != NULL ? ": " : "", strerror(error));
	exit(status);
}

void
osmtpd_errx(int status, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(status);
}

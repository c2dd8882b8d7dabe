/* SPDX-License-Identifier: ISC */
/*
 * See logged.h.  fatal() ends the test: nothing that is tested with this may
 * call it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "logged.h"

char	logged[1024];
int	warnings;

#define LOGGED(fmt) do {						\
	va_list	 ap;							\
									\
	va_start(ap, fmt);						\
	(void)vsnprintf(logged, sizeof(logged), fmt, ap);		\
	va_end(ap);							\
} while (0)

void
log_info(const char *fmt, ...)
{
	LOGGED(fmt);
}

void
log_warn(const char *fmt, ...)
{
	LOGGED(fmt);
	warnings++;
}

void
log_warnx(const char *fmt, ...)
{
	LOGGED(fmt);
	warnings++;
}

void
log_peer(const char *fmt, ...)
{
	LOGGED(fmt);
	warnings++;
}

void
log_debug(const char *fmt, ...)
{
}

void
log_trace(const char *fmt, ...)
{
}

void
fatal(const char *fmt, ...)
{
	LOGGED(fmt);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	LOGGED(fmt);
	abort();
}

const char *
log_safe_n(const char *p, unsigned long len)
{
	static char	 text[256];

	(void)snprintf(text, sizeof(text), "%.*s", (int)len, p);
	return text;
}

const char *
log_safe(const char *p)
{
	return p;
}

const char *
log_quote(const char *p)
{
	return p;
}

/* SPDX-License-Identifier: ISC */
/*
 * What a stranger sent, made fit for a log line.  See log.h.  Never fails: what
 * is too long is cut.
 */

#include <string.h>

#include "log.h"

#define LOG_SAFE_BUFS	8
#define LOG_SAFE_MAX	255

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

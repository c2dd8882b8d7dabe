/* SPDX-License-Identifier: ISC */
/*
 * What a filter says, it says on stderr: smtpd copies every line into its own
 * log, with the filter's name before it.  Never blocks then: what smtpd does not
 * take waits in a buffer of 8 KB, and a line that finds no room there is dropped
 * and counted.
 *
 * Threads may log at the same time, but log_safe() is the event loop's.
 *
 * Nothing that a client sent goes into a line unless it went through
 * log_safe().
 */

#ifndef LOG_H
#define LOG_H

#include <stdint.h>

/* Longest line written, without its newline; what is longer is cut. */
#define LOG_LINE_MAX	2000
#define LOG_BUF		8192

/* Lines that are not out yet: from off to len.  The first may be so in part. */
struct log_lines {
	volatile uint32_t	off, len;
	char			text[LOG_BUF];
};

/* Name shown where stderr is not smtpd's (a terminal, a test). */
void	log_init(const char *name);

/*
 * Lines wait in this memory, so that another process that has it too can say
 * them if this one dies: log_adopt().  It must be dead by then.
 */
void	log_share(struct log_lines *);
void	log_adopt(struct log_lines *);

/* Elsewhere than stderr, where that is not ours alone. */
void	log_to(int fd);

/* One level more of log_debug() and log_trace(): 0 quiet, 1 debug, 2 trace. */
void	log_verbose(void);
int	log_level(void);

/*
 * Hold back what log_info() says, until log_flush() or a line that is no
 * decision; or hold back no more.  The worker does so: what it said in a turn
 * of its loop goes out in one piece.
 */
void	log_hold(int);
void	log_flush(void);

/* A decision, or another thing that an operator greps for. */
void	log_info(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));
/* Something is wrong; log_warn adds strerror(errno). */
void	log_warn(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));
void	log_warnx(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));
/*
 * As log_warnx, for what a peer could make us say a million times: at most
 * five lines a second, then one that tells how many were left out.
 */
void	log_peer(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));
/* With -v, and with -v -v. */
void	log_debug(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));
void	log_trace(const char *, ...)
	    __attribute__((__format__ (__printf__, 1, 2)));

/*
 * The administrator is looking, before register|ready only: say it, exit(1).
 * fatal adds strerror(errno).
 */
void	fatal(const char *, ...)
	    __attribute__((__noreturn__, __format__ (__printf__, 1, 2)));
void	fatalx(const char *, ...)
	    __attribute__((__noreturn__, __format__ (__printf__, 1, 2)));

/*
 * What a stranger sent, fit for a log line: control bytes, blanks, '=',
 * quotes, backslashes and bytes above 126 as \ooo; "-" for NULL and "".
 * At most 255 bytes of it.  Valid until the eighth call from now.
 */
const char	*log_safe(const char *);
const char	*log_safe_n(const char *, unsigned long);
/* The same for a sentence: in double quotes, blanks and '=' stay. */
const char	*log_quote(const char *);

#endif /* LOG_H */

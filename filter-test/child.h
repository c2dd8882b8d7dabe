/* SPDX-License-Identifier: ISC */
/*
 * The filter, started as smtpd starts it: 0 and 1 are one socket, 2 is another,
 * in a session of its own.  What it says comes back line by line.
 */

#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum heard {
	HEARD_LINE,		/* of the filter's */
	HEARD_LOG,		/* a line of its stderr */
	HEARD_LONG,		/* one that smtpd could not take; all stops */
	HEARD_LONG_LOG,
	HEARD_CLOSED,		/* its end of the socket is closed */
	HEARD_NOTHING		/* in time */
};

struct child {
	pid_t		 pid;		/* 0: it ended, see status */
	int		 status;	/* of waitpid(2) */
	int		 fd, err;	/* -1: closed */
	struct bytes	 out, in, log;
	size_t		 drop_in, drop_log;	/* what was handed out */
};

/* argv[0] without a '/' is looked for in dir, then in PATH.  Exits: no fork. */
void		 child_start(struct child *, const char *dir, char *argv[]);
/* Say it when there is time.  Exits: out of memory. */
void		 child_say(struct child *, const char *, size_t);
/*
 * The next thing heard, and meanwhile what was said goes out; waits until the
 * time of clock_ms() at most.  The line is valid until the next call.
 */
enum heard	 child_hear(struct child *, int64_t until, const char **,
		    size_t *);
/* The beginning of a line that has no end yet. */
int		 child_begun(const struct child *, const char **, size_t *);
/* Is all that was said on its way? */
int		 child_told(const struct child *);
/* smtpd hangs up: its log is all that can be heard. */
void		 child_hang_up(struct child *);
/* Has it ended, by that time? */
int		 child_ended(struct child *, int64_t until);
/* Whatever it does, it is gone now, and its children with it. */
void		 child_kill(struct child *);

#endif /* CHILD_H */

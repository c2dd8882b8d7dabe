/* SPDX-License-Identifier: ISC */
/*
 * Talking to the filter as smtpd does, a question at a time.  Whatever breaks a
 * rule ends it: the functions then return -1, and the result says why.
 */

#ifndef TALK_H
#define TALK_H

#include "child.h"
#include "play.h"

struct talk {
	const struct scene	*scene;
	const struct report	*report;
	struct result		*result;
	struct judge		 judge;
	struct child		 child;
	struct words		 answer;	/* the last one; in place */
	int			 in_tx;		/* MAIL was accepted */
	int			 cut_off;	/* smtpd ended the session */
	size_t			 late;		/* bytes, after its time */
};

#define TALK_HOST	"mx.example.org"
#define TALK_MSGID	"5bf1c6e1"
/* How long nothing must come before it counts as silence. */
#define TALK_QUIET	20
/*
 * What lies in a socket when the time is up was said in time; who says more
 * bytes than could lie there goes on and on.
 */
#define TALK_LATE	(1024 * 1024)

/* How a step ended, if not by -1. */
enum { GOES_ON, GIVES_UP };

/* A line of smtpd's. */
void	talk_say(struct talk *, const char *, ...)
	    __attribute__((__format__ (__printf__, 2, 3)));
/* A report, if it is registered: "msgid|ok", or NULL. */
void	talk_report(struct talk *, const char *event, const char *, ...)
	    __attribute__((__format__ (__printf__, 3, 4)));
/* Is the filter asked in this phase? */
int	talk_asks(const struct talk *, const char *phase);
void	talk_request(struct talk *, const char *phase, const char *arg,
	    size_t);
/*
 * Hear until something of that kind was said, within ms; missing is the rule
 * that is broken otherwise, or NULL: 0 then too.
 */
int	talk_await(struct talk *, enum said, int64_t ms, const char *missing);
/* Nothing more is to be said, and no half line either. */
int	talk_silence(struct talk *);
/*
 * A phase: ask, if the filter wants it.  what is for people, ask for the filter;
 * a rewrite goes into arg, if it is not NULL.  Returns GOES_ON, GIVES_UP, or -1.
 */
int	talk_step(struct talk *, const char *phase, const char *what,
	    const char *ask, char *arg, size_t size);
/* "192.0.2.1", "[2001:db8::1]", "local" */
void	talk_client(const struct scene *, char *, size_t);
/* Now in ms, with a fraction. */
double	talk_clock(void);
/* smtpd stops: how the filter ends. */
void	talk_end(struct talk *);

#endif /* TALK_H */

/* SPDX-License-Identifier: ISC */
/*
 * Send a copy of a message that smtpd has accepted to the recipients that a
 * milter added, by SMTP to a listener of smtpd that has no filters: key
 * "inject".  RFC 5321.  What can't be delivered after some tries is logged as
 * an error, with all that is needed to find it: nobody else knows of it.
 */

#ifndef INJECT_H
#define INJECT_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct inject;
struct message;

/* "host:port": NULL, or what is wrong. */
const char	*inject_server(const char *);
int		 inject_set(void);
int		 inject_check(void);		/* -n */
void		 inject_start(struct event_base *);
/* The filter ends: what still waits is lost, and logged. */
void		 inject_stop(void);
/* For tests: the time after the first try, instead of 15 s. */
void		 inject_wait(int64_t ms);

/*
 * A copy of the message as it goes on, edits applied.  NULL: out of memory or
 * disk, or too many wait.
 */
struct inject	*inject_new(uint64_t session, const char *from,
		    char *const *rcpt, size_t nrcpt, struct message *);
/* The message was accepted: off it goes; it frees itself. */
void		 inject_go(struct inject *);
/* It was not. */
void		 inject_free(struct inject *);

#endif /* INJECT_H */

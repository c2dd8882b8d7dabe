/* SPDX-License-Identifier: ISC */
/*
 * What milters are told of a client beyond the engine's struct session: the
 * facts behind macros, and the arguments of its commands.  It is the session's
 * data, so that it lives as long as the session.
 */

#ifndef CLIENT_H
#define CLIENT_H

#include "filter.h"

struct bytes;
struct chain;

struct client {
	const struct session	*s;
	char			*greeting;	/* the listener's name, or NULL */
	char			*mechanism;	/* "PLAIN", or NULL */
	char			*mail;		/* "<joe@example.org>", or NULL */
	char			*mail_args;	/* "SIZE=100 BODY=8BITMIME", "" */
	char			*rcpt;		/* of the latest RCPT, or NULL */
	char			*rcpt_args;
	char			*message_id;	/* its value, at end of message */
	char			*command;	/* the latest line, not AUTH's */
	char			*args;		/* if it is MAIL or RCPT: of it */
	int			 esmtp;		/* said EHLO */
	unsigned int		 connections;	/* of its address, this one too */
	struct chain		*chain;		/* see chain.h */
};

/* From connect on; what the reports tell.  Out of memory: NULL stays. */
void	client_begin(struct client *, const struct session *);
void	client_end(struct client *);
void	client_greeting(struct client *, const char *name);
/*
 * REPORT_PROTOCOL_CLIENT.  Keeps the verb's arguments for MAIL and RCPT, the
 * mechanism of AUTH; nothing else of AUTH, which carries a password.
 */
void	client_command(struct client *, const char *line);
/*
 * PHASE_MAIL_FROM and PHASE_RCPT_TO: the address as smtpd understood it.
 * missed: smtpd did not ask, and the line's arguments are not its.
 */
void	client_mail(struct client *, const char *address, int missed);
void	client_rcpt(struct client *, const char *address, int missed);
/* The message is over. */
void	client_reset(struct client *);

#endif /* CLIENT_H */

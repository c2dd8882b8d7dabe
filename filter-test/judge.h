/* SPDX-License-Identifier: ISC */
/*
 * What smtpd makes of a line that a filter says: a model of its rules, from 6.6
 * to 7.9.  A codec with a memory of one session: no I/O, no clock.
 */

#ifndef JUDGE_H
#define JUDGE_H

#include <stddef.h>
#include <stdint.h>

/* The one session there is. */
#define JUDGE_SESSION	UINT64_C(0x5bf1c6e1a2b3c4d5)

/* What becomes of it if a filter breaks a rule. */
enum harm {
	HARM_NOTE,		/* smtpd lives with it */
	HARM_CLIENT,		/* this client gets an error that is ours */
	HARM_SESSION,		/* this session hangs for ever */
	HARM_ALL,		/* all sessions of the filter do */
	HARM_DEATH		/* smtpd goes down */
};

struct rule {
	const char	*name;
	enum harm	 harm;
	const char	*what;		/* "it answered twice" */
};

enum decision {
	DECISION_PROCEED, DECISION_JUNK, DECISION_REWRITE, DECISION_REJECT,
	DECISION_DISCONNECT
};

enum said {
	SAID_NOTHING,		/* that anybody waits for */
	SAID_REGISTER,
	SAID_READY,
	SAID_ANSWER,
	SAID_LINE,		/* of the message, as smtpd stores it */
	SAID_DOT
};

struct words {
	enum said	 said;
	enum decision	 decision;
	const char	*text;		/* parameter, name or line; in place */
	size_t		 len;
};

struct judge {
	int		 minor;		/* protocol 0.4, 0.6 or 0.7 */
	uint32_t	 phases;	/* that it registered, by number */
	uint32_t	 reports[2];	/* smtp-in, smtp-out */
	int		 ready;
	int		 phase;		/* of the last question, or -1 */
	int		 pending;	/* it is not answered */
	int		 dot_sent, dot_got;
	int		 cr_sent;	/* a line of the client ends in CR */
	int		 gone;		/* the session */
};

extern const char *const judge_phases[];	/* both end with NULL */
extern const char *const judge_events[];

void		 judge_init(struct judge *, int minor);
const char	*judge_release(const struct judge *);
/* The number of a name in one of the lists, or -1. */
int		 judge_find(const char *const *, const char *, size_t);
uint64_t	 judge_token(int phase);
/* smtpd asks; phase is a number of judge_phases. */
void		 judge_asked(struct judge *, int phase);
/* A line without its end.  NULL, or the rule that it breaks; *words is set. */
const struct rule *judge_line(struct judge *, const char *, size_t,
		    struct words *);
/* A rule by its name, for what is no line: "exit", "no-answer" ... */
const struct rule *judge_rule(const char *);
const char	*judge_harm(const struct rule *);

#endif /* JUDGE_H */

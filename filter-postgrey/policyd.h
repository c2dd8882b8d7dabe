/* SPDX-License-Identifier: ISC */
/*
 * Postfix's access policy delegation protocol: SMTPD_POLICY_README of Postfix
 * 3.7.  A codec: a request's attributes to bytes, an answer's to what smtpd
 * can do.
 */

#ifndef POLICYD_H
#define POLICYD_H

#include <stddef.h>
#include <stdint.h>

#include "smtpd.h"

/* Longest answer; postgrey's are below 300 bytes. */
#define POLICYD_ANSWER_MAX	4096
/* No request is longer. */
#define POLICYD_REQUEST_MAX	8192
/* A header field's line, RFC 5322, 2.1.1; replies are shorter. */
#define POLICYD_TEXT_MAX	998

struct policyd_request {
	const struct session	*session;
	const char		*state;		/* "RCPT" */
	/* Of a HELO that is not answered yet; NULL: the session's. */
	const char		*helo;
	const char		*sender, *recipient;	/* NULL: none */
	size_t			 nrcpt, size;
	int			 esmtp, stress;
	const char		*context;	/* key "policy-context" */
};

/*
 * The request, its empty line too.  Returns its length, or 0 if there is no
 * address that a server could parse (local clients): then it is not asked.
 */
size_t	policyd_request(const struct policyd_request *, char *buf,
	    size_t size);

enum policyd_action {
	POLICYD_PASS,
	POLICYD_REJECT,		/* code, text: 421 disconnects */
	POLICYD_PREPEND,	/* text is "Name: value" */
	POLICYD_DISCARD,
	POLICYD_HOLD,
	POLICYD_LOG		/* passes; text is for the log */
};

struct policyd_answer {
	enum policyd_action	 action;
	int			 code;
	/* One line of printable ASCII; a reply's with its "5.7.1". */
	char			 text[POLICYD_TEXT_MAX + 1];
	const char		*word;		/* "DEFER_IF_PERMIT" */
};

/*
 * How long the first answer is, with its empty line; 0: more is needed;
 * SIZE_MAX: it is none, or has no end.
 */
size_t	policyd_frame(const char *, size_t len);
/* One frame.  Returns 0, or -1: *why (static text), and *a is void. */
int	policyd_parse(const char *, size_t len, struct policyd_answer *,
	    const char **why);

#endif /* POLICYD_H */

/* SPDX-License-Identifier: ISC */
/*
 * The words of smtpd-filters(7), protocol 0.4 to 0.7: lines from smtpd to
 * structs, answers to lines.  A codec: no I/O, no state, no clock.
 */

#ifndef PROTO_H
#define PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "filter.h"

/* After enum phase: what only the engine sees. */
enum {
	PHASE_DATA_LINE = PHASE_MAX,
	PHASE_UNKNOWN			/* asks for an answer all the same */
};
#define REPORT_UNKNOWN	REPORT_MAX

/* Longest payload of a line that smtpd takes back; one more freezes it. */
#define PROTO_PAYLOAD_MAX	65485
/* Longest line from smtpd, and a good deal more. */
#define PROTO_LINE_MAX		(128 * 1024)
/* An id, as smtpd writes it: 16 digits. */
#define PROTO_ID		16
/* "filter-dataline|", id, "|", token, "|" */
#define PROTO_PREFIX		50
/* Longest answer, newline included: texts are cut to fit. */
#define PROTO_ANSWER_MAX	600

enum proto_kind { PROTO_CONFIG, PROTO_REPORT, PROTO_FILTER };

/* A line, cut up in place: arg points into it and is not NUL terminated. */
struct proto_line {
	enum proto_kind	 kind;
	int		 minor;		/* 7 for protocol 0.7 */
	int		 outgoing;	/* smtp-out */
	int		 what;		/* enum phase or report, or the above */
	int64_t		 time;		/* us; 0 if it can't be read */
	uint64_t	 session;
	uint64_t	 token;
	const char	*arg;
	size_t		 len;
};

/* Returns NULL, or what is wrong with it (static text). */
const char	*proto_parse(struct proto_line *, const char *, size_t);

/*
 * The next of the fields in *arg: its start, *flen its length, *arg and *len
 * what follows the '|' (*arg NULL after the last).  NULL: none left.
 */
const char	*proto_field(const char **arg, size_t *len, size_t *flen);

/*
 * The last of the fields, where the one before it may have a '|' too: *before
 * is the length of what precedes the '|'.  NULL: there is only one.
 */
const char	*proto_last(const char *arg, size_t len, size_t *flen,
		    size_t *before);

int		 proto_is(const char *field, size_t len, const char *word);

/* Who, and with what result: "ok", "pass" ...  Neither is NUL terminated. */
struct proto_outcome {
	const char	*result;
	size_t		 result_len;
	const char	*who;
	size_t		 who_len;
};

/*
 * Out of tx-mail, tx-rcpt (msgid|result|address; msgid|address|result up to
 * 0.5) and link-auth (result|user; user|result up to 0.6, where the user may
 * have a '|' too).  Returns 0, or -1: they are not there.
 */
int		 proto_outcome(struct proto_outcome *, enum report, int minor,
		    const char *arg, size_t len);

/*
 * An address without its source route, which smtpd ignores and a list would
 * not: "@a.example,@b.example:joe@c.example" is joe's (RFC 5321, 4.1.1.3).  It
 * is, as for smtpd, all up to the first ':' before the last '@': whoever writes
 * "postmaster:joe@c.example" means joe, too.
 */
void		 proto_mailbox(const char **addr, size_t *len);

/* "data-line", "connect" ...; NULL for what has none. */
const char	*proto_phase_name(int);
const char	*proto_report_name(int);

/* No NUL behind it. */
void		 proto_id(char buf[PROTO_ID], uint64_t id);
/* "filter-dataline|ID|TOKEN|", in the order of the version. */
void		 proto_prefix(char buf[PROTO_PREFIX], int minor,
		    uint64_t session, uint64_t token);
/*
 * "filter-result|ID|TOKEN|" verdict "\n": returns its length.  verdict is a
 * whole one, "proceed" or "reject|550 5.7.1 No", and is cut to fit.
 */
size_t		 proto_result(char buf[PROTO_ANSWER_MAX], int minor,
		    uint64_t session, uint64_t token, const char *verdict);

#endif /* PROTO_H */

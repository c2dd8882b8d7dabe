/* SPDX-License-Identifier: ISC */
/*
 * The protocol of SpamAssassin's daemon, SPAMC/1.5: what is sent before a
 * message, and what comes back.  A codec: no I/O, no clock.
 */

#ifndef SPAMD_H
#define SPAMD_H

#include <stddef.h>

enum spamd_verb {
	SPAMD_PING,
	SPAMD_SYMBOLS,		/* score and the names of the rules */
	SPAMD_HEADERS,		/* the header as spamd rewrote it */
	SPAMD_PROCESS,		/* the whole message */
	SPAMD_TELL
};

enum spamd_tell { SPAMD_LEARN_SPAM, SPAMD_LEARN_HAM, SPAMD_FORGET };

struct spamd_request {
	enum spamd_verb	 verb;
	enum spamd_tell	 tell;
	const char	*user;		/* NULL: none; bad bytes are dropped */
	size_t		 length;	/* bytes that follow, exactly */
	int		 compressed;	/* they are zlib */
};

#define SPAMD_HEAD_MAX	1024

/* "PROCESS SPAMC/1.5" to the empty line.  Returns its length. */
size_t	spamd_head(char head[SPAMD_HEAD_MAX], const struct spamd_request *);

/* Longest head of a reply; the body has a limit of its own. */
#define SPAMD_REPLY_HEAD_MAX	65536

struct spamd_reply {
	int		 code;		/* 0 is EX_OK, 64 to 79 sysexits.h */
	char		 text[128];	/* after the code, for the log */
	int		 scored;	/* a Spam: line was there: */
	int		 spam;
	double		 score, threshold;
	int		 has_length;
	size_t		 length;	/* Content-length */
	int		 did_set, did_remove;	/* TELL */
};

/*
 * The head of a reply.  Returns how long it is, its empty line counted; 0 if
 * more is needed; -1: this is no spamd, *why says so (static text).  Numbers
 * are read without the locale, and may be as long as they like.
 */
long	spamd_parse(const char *, size_t, struct spamd_reply *,
	    const char **why);

#endif /* SPAMD_H */

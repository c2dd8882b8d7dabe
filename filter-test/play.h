/* SPDX-License-Identifier: ISC */
/* smtpd's part: one session with one message, and what it makes of it. */

#ifndef PLAY_H
#define PLAY_H

#include <stdint.h>

#include "addrs.h"
#include "report.h"

#define PLAY_RECIPIENTS	100

/* What a client is and says. */
struct scene {
	struct addr	 client;	/* AF_UNSPEC: over smtpd's own socket */
	const char	*rdns;		/* NULL: it has none */
	const char	*helo;
	const char	*user;		/* NULL: not authenticated */
	int		 tls;
	const char	*from;
	const char	*to[PLAY_RECIPIENTS];
	unsigned int	 nto;
	struct lines	 mail;		/* what it has to say */
	int		 minor;		/* of the protocol */
	int64_t		 timeout;	/* ms for an answer */
	int		 raw;		/* tell each line too */
};

/* Returns the outcome; *result is all of it.  dir is where filters are. */
enum outcome	 play_run(const struct scene *, const char *dir, char *argv[],
		    const struct report *, struct result *);

#endif /* PLAY_H */

/* SPDX-License-Identifier: ISC */
/* What hangs on a session in filter-postgrey. */

#ifndef CLIENT_H
#define CLIENT_H

#include "stamps.h"

struct question;

struct client {
	int		 esmtp;		/* said EHLO */
	int		 exempt;	/* and the log says so */
	int		 dated;		/* the mail has its X-Greylist */
	struct stamps	 lasting;	/* for each mail of the session */
	struct stamps	 mail;
	struct question	*question;	/* that is open, or NULL */
};

#endif /* CLIENT_H */

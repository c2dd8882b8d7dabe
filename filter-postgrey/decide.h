/* SPDX-License-Identifier: ISC */
/*
 * A question of smtpd: who is asked about what in which phase, and what the
 * answers come to.
 */

#ifndef DECIDE_H
#define DECIDE_H

#include "filter.h"

struct message;

/* Are its recipients asked about at DATA, when smtpd knows them? */
int	decide_at_data(const char *sender);

/*
 * Answers the request.  PHASE_DATA: about the recipients too that were put
 * off; PHASE_COMMIT: m is the message.
 */
void	decide(struct session *, struct request, enum phase, const char *arg,
	    struct message *m);
/* The message goes on: with what was prepended. */
void	decide_stamp(struct session *, struct message *);
/* The mail, or the whole session, is over. */
void	decide_mail_end(struct session *);
void	decide_session_end(struct session *);

#endif /* DECIDE_H */

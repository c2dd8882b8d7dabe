/* SPDX-License-Identifier: ISC */
/*
 * Inside of libmilter: the milter's side of the milter protocol.  The MTA's
 * side is filter-milter's code in the same process; a socketpair(2) for each
 * session is between them.
 *
 * A session is a thread, which does nothing but wait for packets, call the
 * milter, and write its answers.  It ends when the MTA's side hangs up.
 */

#ifndef CONTEXT_H
#define CONTEXT_H

#include "mfapi.h"

#include "bytes.h"
#include "packet.h"
#include "terms.h"

/* What the milter knows as SMFICTX.  Its own thread's, but for next and fd. */
struct smfi_str {
	struct smfi_str	*next;		/* see session.c */
	int		 fd;
	struct bytes	 in;
	void		*priv;
	struct terms	 terms;		/* what was agreed on */
	char		 command;	/* that is being served: SMFIC_* */
	int		 in_message;	/* xxfi_eom or xxfi_abort is to come */
	char		*reply;		/* "550 5.7.1 Go away", or NULL */
	struct macros {
		char	*data;		/* name NUL value NUL ... */
		size_t	 len;
	}		 macros[TERMS_STAGES];
};

struct worker;

/* process.c: did smtpd start it?  Then make w->in and w->out of 0 and 1. */
int	 process_is_filter(void);
void	 process_take(struct worker *w);
/* A copy of it, out of the milter's reach and closed on exec. */
int	 process_hide(int fd);
/* No signal ends the milter, until it has something to do by it. */
void	 process_calm(void);

/* register.c: what the milter registered. */
extern struct smfiDesc	 milter;
/* May it run?  Both smfi_register() and smfi_setconn() are needed. */
int	 milter_complete(void);

/* macros.c: those of one stage, until others take their place. */
int	 macros_take(SMFICTX *, const struct packet *);
/* A command: what was said of those after it is of the past. */
void	 macros_forget(SMFICTX *, char command);
void	 macros_free(SMFICTX *);

/*
 * events.c: one packet becomes a call, and what the call returned an answer.
 * Returns 0, or -1: the session is over.
 */
int	 events_serve(SMFICTX *, struct packet *);
/* No more of them will come. */
void	 events_end(SMFICTX *);

/* negotiate.c */
int	 negotiate(SMFICTX *, struct packet *);

/* session.c: send a packet; 0 or -1: nobody is there, or no memory. */
int	 session_put(SMFICTX *, char command, const void *, size_t);
int	 session_send(SMFICTX *, struct bytes *);
/* Begin one; its thread closes fd.  0, or why not (errno). */
int	 session_start(int fd);
/* No more of them.  Returns when all have ended, or after so many ms. */
void	 sessions_end(int ms);

#endif /* CONTEXT_H */

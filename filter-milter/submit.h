/* SPDX-License-Identifier: ISC */
/*
 * One try to hand a message over by SMTP, RFC 5321, on a stream of its own.
 * Every wait has a deadline.  done() is called once, from the event loop, and
 * submit may be freed in it; states and why then say what became of it.
 */

#ifndef SUBMIT_H
#define SUBMIT_H

#include <stddef.h>
#include <stdint.h>

struct backend;
struct spool;
struct stream;

/* Of a recipient. */
enum rcpt_state {
	RCPT_DUE,		/* yet to be sent to */
	RCPT_TAKEN,		/* in this try, by RCPT */
	RCPT_SENT,
	RCPT_REFUSED		/* for good */
};

enum submit_step {
	SUBMIT_GREETING, SUBMIT_EHLO, SUBMIT_MAIL, SUBMIT_RCPT, SUBMIT_DATA,
	SUBMIT_BODY, SUBMIT_END
};

struct submit {
	/* Set by the owner. */
	const char	*from;
	char *const	*rcpt;
	uint8_t		*states;
	size_t		 nrcpt;
	struct spool	*spool;		/* lines end in LF, not stuffed */
	int		 eight_bit;	/* bytes above 127 are in it */
	void		(*done)(struct submit *);
	/* Before done(), for each that is refused for good: see why. */
	void		(*refused)(struct submit *, size_t rcpt);
	void		*arg;

	char		 why[256];	/* the last thing that went wrong */

	struct stream	*stream;
	enum submit_step step;
	size_t		 at;		/* recipient */
	size_t		 off;		/* in the spool */
};

/* Returns 0; -1: no server is worth trying now, and done() is not called. */
int	submit_start(struct submit *, struct backend *);
/* Without done(). */
void	submit_stop(struct submit *);

#endif /* SUBMIT_H */

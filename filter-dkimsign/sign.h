/* SPDX-License-Identifier: ISC */
/*
 * One message: from its header to its signatures.  Prepare it, have it signed
 * by threads (or on the spot), apply what came of it to the message.
 *
 * The policy is used only while a message is prepared, so that it can be
 * replaced whenever that returned; of the message nothing but the view's own
 * texts is used from then on, and it may go away.
 */

#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "complete.h"
#include "policy.h"
#include "signer.h"
#include "view.h"

struct message;
struct signature;

struct sign_one {
	struct signer_job	 job;		/* the first: see job_done() */
	struct sign		*sign;
	struct signature	*signature;
};

struct sign {
	struct author		 from;
	struct plan		 plan;		/* holds the keys */
	struct view		 view;
	struct sign_one		 one[POLICY_SIGNATURES];
	size_t			 n;		/* signatures that were begun */
	size_t			 left;		/* jobs under way */
	int			 undeclared;	/* see is_undeclared() */
	enum view_fit		 fit;		/* of SIGN_UNFIT */
	void			(*done)(void *);
	void			*arg;
};

/* What is not in the message. */
struct sign_about {
	const struct policy	*policy;
	struct complete_smtpd	 smtpd;
	int64_t			 now;		/* seconds since 1970 */
};

enum sign_state {
	SIGN_READY,	/* sign_start() or sign_here() is next */
	SIGN_UNFIT,	/* see fit */
	SIGN_UNSIGNED,	/* the policy has no key for it */
	SIGN_REFUSED,	/* and says that it must not go out */
	SIGN_FAILED	/* out of memory, or the message can't be read */
};

/* NULL: out of memory. */
struct sign	*sign_new(void);
/* Not while jobs are under way. */
void		 sign_free(struct sign *);

enum sign_state	 sign_prepare(struct sign *, struct message *,
		    const struct sign_about *);
/* Sign by threads.  done(arg) is called in the event loop, always. */
void		 sign_start(struct sign *, void (*done)(void *), void *arg);
/*
 * Nobody waits for it any more.  Returns 1 if no thread has a part of it: then
 * done() is not called.  0: it is still to come.
 */
int		 sign_cancel(struct sign *);
/* Sign before it returns. */
void		 sign_here(struct sign *);

/*
 * Declare all edits.  Returns 0, or -1 if a signature could not be made or
 * memory is out: filter_fail() then drops what was declared.
 */
int		 sign_apply(struct sign *, struct message *);
/*
 * The fields that sign_apply() would add, to stdout.  Returns 0, 1 if it would
 * complete addresses besides, or -1.
 */
int		 sign_print(struct sign *);

/* The keys' algorithm, as a= has it. */
const char	*sign_algorithm(const struct signing *);

#endif /* SIGN_H */

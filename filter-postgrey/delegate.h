/* SPDX-License-Identifier: ISC */
/*
 * The word of a policy server becomes a reply: what of it smtpd can't do is
 * done as the keys say.
 */

#ifndef DELEGATE_H
#define DELEGATE_H

#include "filter.h"
#include "options.h"
#include "outcome.h"

struct policyd_answer;
struct policyd_request;

/* Keys: discard, hold. */
extern const struct key	 delegate_keys[];

/* lasting: a header field is for all mails of the session. */
void	delegate_outcome(struct session *, const struct policyd_request *,
	    const struct policyd_answer *, int lasting, struct outcome *);

#endif /* DELEGATE_H */

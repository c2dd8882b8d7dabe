/* SPDX-License-Identifier: ISC */
/*
 * Which signatures a message gets: domains, selectors and keys, as letters,
 * keys of the option file, OpenDKIM's tables or dkimproxy's maps say it.  A
 * policy is built whole and then never changes; a reload builds another, and
 * takes its place only if nothing is wrong with it.
 */

#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>

#include "author.h"
#include "signature.h"

struct policy;

/* What is known of a message; strings may be "", never NULL. */
struct who {
	struct author	 from;		/* domain "": none */
	struct author	 sender;	/* the Sender field */
	const char	*list_id;
};

#define POLICY_SIGNATURES	8

/* Each signing's key is held: policy_plan_end() lets go. */
struct plan {
	struct signing	 sign[POLICY_SIGNATURES];
	size_t		 n;
};

enum policy_verdict {
	POLICY_SIGN,
	POLICY_UNSIGNED,	/* no table has it: nomatch unsigned */
	POLICY_REJECT		/* nomatch reject */
};

/*
 * From what the options said so far (config.h).  NULL after logging every
 * mistake with file and line; reads keys and tables.
 */
struct policy		*policy_new(void);
void			 policy_free(struct policy *);
/* Is one of the files it was read from another one now?  Costs a stat each. */
int			 policy_changed(const struct policy *);

/* For -n: what is signed with what, on stdout. */
void			 policy_show(const struct policy *);

/* now: seconds since 1970, for keys with "active-from". */
enum policy_verdict	 policy_find(const struct policy *,
			    const struct who *, long long now, struct plan *);
void			 policy_plan_end(struct plan *);

#endif /* POLICY_H */

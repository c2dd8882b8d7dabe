/* SPDX-License-Identifier: ISC */
/* What the options of filter-postgrey say; set at start, then only read. */

#ifndef POSTGREY_H
#define POSTGREY_H

#include <stdint.h>

#include "addrs.h"
#include "grey.h"
#include "options.h"
#include "tuple.h"

struct list;

enum profile { PROFILE_POSTGREY, PROFILE_SPAMD };
enum defer_at { DEFER_RCPT, DEFER_DATA };
enum null_sender { NULL_RCPT, NULL_DATA, NULL_SKIP };
enum refusal { REFUSE_TEMPFAIL, REFUSE_REJECT };
enum log_format { LOG_NATIVE, LOG_POSTGREY };

struct postgrey {
	int			 profile;
	struct grey_rules	 rules;
	struct tuple_rules	 tuple;
	const char		*db;
	unsigned int		 phases;	/* bit 1 << PHASE_RCPT_TO */
	int			 defer_at, null_sender;
	int			 code;		/* of the reply: 450, 451 */
	const char		*text;
	const char		*header;	/* NULL: none */
	int			 log_format;
	int			 training;	/* learns, never refuses */
	int			 trap_action, block_action;
	int			 learn_out, learn_auth;
	/* Those without an entry are never asked. */
	struct list		*clients, *senders, *recipients;
	struct list		*opt_in, *opt_out;
	int			 opt_in_only;	/* a file was named */
	struct list		*traps, *allowed;
	int			 baits;		/* a file of these was named */
	struct addr		 low_mx;	/* AF_UNSPEC: none */
};

extern struct postgrey		 postgrey;
extern const struct key		 postgrey_keys[];

/* Before the options are parsed, for their lists.  Exits: out of memory. */
void		 postgrey_init(void);
/* After it: what the profile says and no key did.  0, or -1 after logging. */
int		 postgrey_settle(void);
/* 0, or -1: a list is broken, and its old content stays. */
int		 postgrey_reload(int force);
/* Are there entries, so that it has a say? */
int		 postgrey_asks(const struct list *);

#endif /* POSTGREY_H */

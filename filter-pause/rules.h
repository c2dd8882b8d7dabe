/* SPDX-License-Identifier: ISC */
/*
 * The operator's rules, "MATCH ACTION", in the order in which they were
 * written: the first that matches a client says what becomes of it.
 *
 * MATCH is a network, an address, a range, file:LIST of these, .rdns.suffix,
 * no-rdns or dst:PORT.  ACTION is seconds, skip, tempfail or reject.
 */

#ifndef RULES_H
#define RULES_H

#include <stddef.h>
#include <stdint.h>

#include "addrs.h"

#define RULES_MS_MAX	300000		/* RFC 5321, 4.5.3.2.1 */

enum rule_match { RULE_LIST, RULE_NO_RDNS, RULE_DST };
enum rule_action { RULE_PAUSE, RULE_SKIP, RULE_TEMPFAIL, RULE_REJECT };

struct rule {
	enum rule_match		 match;
	enum rule_action	 action;
	int64_t			 ms;		/* RULE_PAUSE */
	uint16_t		 port;		/* RULE_DST */
	struct addrs		*list;		/* RULE_LIST, else NULL */
	char			*text;		/* as it was written */
};

struct rules;

/* Never NULL: exits when memory is out, as rules are made at start. */
struct rules		*rules_new(void);
void			 rules_free(struct rules *);

/*
 * One more rule.  Returns NULL, or what is wrong with it (static text); the
 * rules are then unchanged.
 */
const char		*rules_add(struct rules *, const char *);
size_t			 rules_count(const struct rules *);

/*
 * Read the lists again that changed, or all when forced.  Returns 0, or -1
 * if one is broken: that was logged, and the old list stays.
 */
int			 rules_reload(struct rules *, int force);

/*
 * The rule for this client, or NULL.  rdns is its name, NULL if it has none;
 * verified says that FCrDNS passed.  Lives as long as the rules.
 */
const struct rule	*rules_find(const struct rules *,
			    const struct addr *src, const struct addr *dst,
			    const char *rdns, int verified);

#endif /* RULES_H */

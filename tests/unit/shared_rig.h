/* SPDX-License-Identifier: ISC */
/* Questions to the shared store, and what came of them, for its tests. */

#ifndef SHARED_RIG_H
#define SHARED_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "backend.h"
#include "grey-cases.h"
#include "redis_rig.h"
#include "shared.h"
#include "shared_config.h"
#include "shared_private.h"

struct answer {
	int			 n;		/* times done() was called */
	int			 decided;
	struct grey_verdict	 v;
	char			 why[400];
	int64_t			 ms;
};

extern struct event_base	*loop;
extern const struct grey_rules	 rules;	/* postgrey's */

/* Of each test: a server is there, and that is gone after it. */
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
int	 setup(void **state);
int	 teardown(void **state);
/* All of them, for main() to return; 77 without Redis. */
int	 shared_tests(const struct CMUnitTest *, size_t);

/* The store, on so many servers. */
void	 begin(const struct grey_rules *, int servers);
/* For an answer, in ms; it is 2000 unless told. */
void	 patience(int64_t ms);

/* The loop runs for so long, or until there is an answer. */
void	 run_ms(int64_t);
void	 run_until(const struct answer *);

/* To be answered later, by done(). */
void	 ask(const struct store_query *, struct answer *);
void	 done(void *answer, const struct grey_verdict *, const char *why);
/* And it is answered. */
void	 ask_one(const char *tuple, int64_t now, struct answer *);
void	 works(const char *tuple);
void	 fails(struct answer *, const char *tuple, const char *why);
/* As soon as it is noticed that the server is back. */
void	 works_again(const char *tuple);

#endif /* SHARED_RIG_H */

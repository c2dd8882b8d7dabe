/* SPDX-License-Identifier: ISC */
/*
 * Policies for tests: a directory of their own with keys ("rsa", "rsa2", "ed",
 * and some below "keys") and tables, options as they are written, and what
 * becomes of a mail, in words.
 */

#ifndef POLICYRIG_H
#define POLICYRIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct policy;

#define NOW	1800000000	/* 2027-01-15 */

int		 rig_setup(void **);
int		 rig_teardown(void **);
void		 file_write(const char *name, const char *text);

/* NULL: it was refused. */
struct policy	*letters(const char *args);
struct policy	*conf(const char *lines);

/* "s1@example.org rsa relaxed/simple t, ..."; valid until the next call. */
const char	*plan(const struct policy *, const char *from,
		    const char *sender, const char *list_id, long long now);
void		 plan_check(const struct policy *, const char *what,
		    const char *from, const char *want);

#endif /* POLICYRIG_H */

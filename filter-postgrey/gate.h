/* SPDX-License-Identifier: ISC */
/*
 * Who is not asked for: by the engine's exempt keys, by lists of ours, by
 * block lists.  What is left is greylisted.
 */

#ifndef GATE_H
#define GATE_H

#include "filter.h"

enum gate {
	GATE_ASK,
	GATE_EXEMPT,		/* *reason: "exempt-auth"; for all of it */
	GATE_PASS,		/* *reason: "client whitelist" */
	GATE_BLOCK		/* *reason: "block list", and its text, list */
};

struct gate_answer {
	const char	*reason;
	const char	*text, *list;	/* valid until the next call */
};

/* sender, recipient: NULL where they are not known yet. */
enum gate	gate_check(const struct session *, const char *sender,
		    const char *recipient, struct gate_answer *);

#endif /* GATE_H */

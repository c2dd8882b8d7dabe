/* SPDX-License-Identifier: ISC */
/*
 * What one question comes to, and what several of them do together.  A codec.
 */

#ifndef OUTCOME_H
#define OUTCOME_H

#include <stddef.h>
#include <stdint.h>

/* What smtpd takes as a reply's text. */
#define OUTCOME_TEXT	505

struct outcome {
	int	 code;			/* of the reply; 0: it passes */
	int	 junk;			/* it passes, as junk */
	int64_t	 wait;			/* ms until it may pass */
	char	 text[OUTCOME_TEXT];	/* "4.7.1 Greylisted" */
};

/* Outcomes of one message, for all its recipients; zeroed at first. */
struct tally {
	size_t		 passed;
	struct outcome	 worst;
};

void	outcome_pass(struct outcome *);
/* Text without its "4.7.1", which is of the class of the code. */
void	outcome_refuse(struct outcome *, int code, const char *text);

void	tally_add(struct tally *, const struct outcome *);
/*
 * All have to pass.  If some do and others never will, nobody is told "never":
 * those that would pass come again by themselves.
 */
void	tally_result(const struct tally *, struct outcome *);

#endif /* OUTCOME_H */

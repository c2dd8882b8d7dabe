/* SPDX-License-Identifier: ISC */
/*
 * Who is told what happens, as it happens: a person or a program.  One file
 * each: report_words.c, report_json.c.
 */

#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

#include "judge.h"
#include "lines.h"

/* A phase, and what came of it. */
struct step {
	const char	*phase;
	const char	*what;		/* the client's argument */
	const char	*answer;	/* NULL: the filter was not asked */
	const char	*parameter;	/* of the answer, or "" */
	double		 ms;
};

enum outcome { OUTCOME_ACCEPTED, OUTCOME_REFUSED, OUTCOME_BROKEN };

struct result {
	enum outcome		 outcome;
	const char		*phase;		/* where it was decided */
	char			 reply[512];	/* what the client was told */
	const struct rule	*rule;		/* broken: which, and by what */
	char			 detail[256];
	unsigned int		 recipients, accepted;
	int			 junk;		/* "X-Spam: Yes", by smtpd */
	int			 came_back;	/* after is a whole message */
	double			 ms, filter_ms;	/* all of it; waited for */
	struct lines		 before, after;
};

struct report {
	void	(*begin)(const char *filter, const struct judge *);
	void	(*registered)(const struct judge *, double ms);
	void	(*step)(const struct step *);
	void	(*log)(const char *, size_t);
	void	(*note)(const struct rule *, const char *line, size_t);
	/* With -v: each line, sent or not. */
	void	(*raw)(int sent, const char *, size_t);
	void	(*end)(const struct result *);
};

extern const struct report	report_words, report_json;

/* report_words.c: with colours. */
extern int	report_colours;

#endif /* REPORT_H */

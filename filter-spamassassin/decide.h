/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a message whose score is known: the options that say so, the
 * answer, the counters and the line in the log.
 */

#ifndef DECIDE_H
#define DECIDE_H

#include "filter.h"
#include "mark.h"
#include "metric.h"
#include "options.h"

/* Keys: s and spam, threshold, reject-score, junk-score, tempfail-score. */
extern const struct key	 decide_keys[];

enum {
	SCANNED, SPAM, HAM, REJECTED, TEMPFAILED, JUNKED, SKIPPED, UNSCANNED,
	SCAN_SECONDS, SCAN_BYTES, COUNTERS
};
extern struct metric	 decide_counters[];

/* What is known of a scan; the mark has all but junk and ours. */
struct decision {
	struct mark	 mark;
	size_t		 size;		/* of the message */
	int		 truncated;
	int64_t		 queued_ms, asked_ms;
	const char	*server, *user;	/* user: NULL for none */
	const char	*text;		/* spamd's, for the message, or NULL */
	size_t		 text_len;
};

/*
 * Decide, log, mark the message, and answer.  *spam of the mark is spamd's word
 * and may become ours.  A text that can't take the message's place changes
 * nothing of that: the message gets its marks only.
 */
void	decide(struct session *, struct request, struct message *,
	    struct decision *);
/* One that need not be scanned, and why: "size", "exempt-auth". */
void	decide_skip(struct session *, struct request, struct message *,
	    const char *why);
/* One that is refused without a scan. */
void	decide_refuse(struct session *, struct request, struct message *,
	    const char *why, int code, const char *text);

#endif /* DECIDE_H */

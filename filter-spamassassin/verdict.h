/* SPDX-License-Identifier: ISC */
/*
 * From a score to what becomes of the message.  A codec.
 */

#ifndef VERDICT_H
#define VERDICT_H

struct verdict_rules {
	int	spam;		/* key "spam": enum verdict, for spam */
	int	have_threshold, have_reject, have_junk, have_tempfail;
	double	threshold;	/* ours instead of spamd's */
	double	reject, junk;	/* from that score on */
	double	tempfail_from, tempfail_to;
};

/* Ordered: the worse one wins, but see verdict_find(). */
enum verdict { VERDICT_PASS, VERDICT_MARK, VERDICT_JUNK, VERDICT_TEMPFAIL,
    VERDICT_REJECT };

/*
 * reject-score before tempfail-score before junk-score; what none of these
 * says is decided by the key "spam".  *spam is what spamd said (it compares
 * before it rounds: "5.0 / 5.0" may be ham), and becomes our own word if there
 * is a threshold of ours.
 */
enum verdict	verdict_find(const struct verdict_rules *, double score,
		    int *spam);

/* For the log: "pass", "mark", "junk", "tempfail", "reject". */
extern const char *const	verdict_words[];

#endif /* VERDICT_H */

/* SPDX-License-Identifier: ISC */
/*
 * The table of verdicts.  A score that is no number passes: no comparison
 * holds for it.
 */

#include "verdict.h"

const char *const	 verdict_words[] = {
	[VERDICT_PASS] = "pass", [VERDICT_MARK] = "mark",
	[VERDICT_JUNK] = "junk", [VERDICT_TEMPFAIL] = "tempfail",
	[VERDICT_REJECT] = "reject"
};

enum verdict
verdict_find(const struct verdict_rules *r, double score, int *spam)
{
	if (r->have_threshold)
		*spam = score >= r->threshold;
	if (r->have_reject && score >= r->reject)
		return VERDICT_REJECT;
	if (r->have_tempfail && score >= r->tempfail_from &&
	    score <= r->tempfail_to)
		return VERDICT_TEMPFAIL;
	if (r->have_junk && score >= r->junk)
		return VERDICT_JUNK;
	return *spam ? (enum verdict)r->spam : VERDICT_PASS;
}

/* SPDX-License-Identifier: ISC */
/*
 * Yes to every question, for tests of all phases and for the bench of one
 * request's round trip.
 */

#include "filter.h"

static void
yes(struct session *s, struct request rq, const char *arg)
{
	filter_proceed(rq);
}

static const struct filter yes_filter = {
	.name = "filter-yes",
	.usage = "[-FnVv] [-f file] [-o key=value]",
	.on_failure = FAILURE_TEMPFAIL,
	.request = {
		[PHASE_CONNECT] = yes,
		[PHASE_HELO] = yes,
		[PHASE_EHLO] = yes,
		[PHASE_STARTTLS] = yes,
		[PHASE_MAIL_FROM] = yes,
		[PHASE_RCPT_TO] = yes,
		[PHASE_DATA] = yes,
		[PHASE_RSET] = yes,
		[PHASE_QUIT] = yes,
		[PHASE_NOOP] = yes,
		[PHASE_COMMIT] = yes,
	},
};

int
main(int argc, char *argv[])
{
	return filter_main(&yes_filter, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * For tests and benches: a line hook and nothing else.  Every line of a
 * message goes on as it came, so whatever differs is the engine's doing.
 */

#include <stddef.h>

#include "filter.h"

static void
echo_line(struct session *s, struct request rq, const char *line, size_t len)
{
	if (line == NULL)
		filter_proceed(rq);
	else
		filter_line(rq, line, len);
}

static const struct filter echo_filter = {
	.name = "filter-echo",
	.usage = "[-FnVv] [-f file] [-o key=value]",
	.promises = "stdio",
	.on_failure = FAILURE_TEMPFAIL,
	.line = echo_line,
};

int
main(int argc, char *argv[])
{
	return filter_main(&echo_filter, argc, argv);
}

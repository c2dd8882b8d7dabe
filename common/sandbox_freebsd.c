/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on FreeBSD: capability mode, where nothing can be opened or
 * connected to any more.  So it is for filters that only answer from memory;
 * those that promise more run without, and say so with -v.
 * Returns -1: not restricted.
 */

#include <sys/types.h>
#include <sys/capsicum.h>
#include <sys/procctl.h>

#include <errno.h>
#include <string.h>

#include "log.h"
#include "sandbox.h"

static int	 paths;		/* there are files to be opened */

/* Is there a word that capability mode can't keep? */
static int
needs_more(const char *words)
{
	size_t	 n;

	for (; *(words += strspn(words, " ")) != '\0'; words += n) {
		n = strcspn(words, " ");
		/* All filters may read their lists; not all have some. */
		if (n == 5 && memcmp(words, "rpath", n) == 0 && !paths)
			continue;
		if (!(n == 5 && memcmp(words, "stdio", n) == 0) &&
		    !(n == 6 && memcmp(words, "thread", n) == 0))
			return 1;
	}
	return 0;
}

void
sandbox_path(const char *path, const char *perm)
{
	paths = 1;
}

void
sandbox_socket(const char *path)
{
	paths = 1;
}

/* Core files too.  In capability mode it was done before. */
int
sandbox_untraceable(void)
{
	int	 no = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, 0, PROC_TRACE_CTL, &no) == 0 || errno == ECAPMODE)
		return 0;
	return -1;
}

int
sandbox_enter(const char *words)
{
	if (needs_more(words)) {
		log_debug("sandbox: not in capability mode: %s", words);
		return -1;
	}
	if (cap_enter() == -1) {
		log_warn("sandbox: cap_enter");
		return -1;
	}
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * No sandbox: a system that has none that we know of, or a build that asked
 * for it (sanitizers want to do more than a filter may).  Always returns -1.
 */

#include "log.h"
#include "sandbox.h"

void
sandbox_path(const char *path, const char *perm)
{
}

void
sandbox_socket(const char *path)
{
}

int
sandbox_untraceable(void)
{
	log_debug("sandbox: not built in: processes can be traced");
	return 0;
}

int
sandbox_enter(const char *words)
{
	log_debug("sandbox: not built in: %s", words);
	return -1;
}

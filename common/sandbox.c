/* SPDX-License-Identifier: ISC */
/*
 * What the sandboxes of all systems need.  See sandbox.h.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <string.h>

#include "log.h"
#include "sandbox.h"

void
sandbox_hide(void)
{
	struct rlimit	 none = { 0, 0 }, now;

	/* Inside of the sandbox it can't be set any more. */
	if ((getrlimit(RLIMIT_CORE, &now) == -1 || now.rlim_max != 0) &&
	    setrlimit(RLIMIT_CORE, &none) == -1)
		log_warn("core dumps can't be turned off");
	if (sandbox_untraceable() == -1)
		log_warn("others can look into this process");
}

int
sandbox_promised(const char *promises, const char *word)
{
	size_t	 len = strlen(word), n;

	for (;; promises += n) {
		promises += strspn(promises, " ");
		if ((n = strcspn(promises, " ")) == 0)
			return 0;
		if (n == len && memcmp(promises, word, len) == 0)
			return 1;
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * What the sandboxes of all systems need.  See sandbox.h.
 */

#include <string.h>

#include "sandbox.h"

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

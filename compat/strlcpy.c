/* SPDX-License-Identifier: ISC */
/*
 * strlcpy(3): a copy that is always NUL terminated.  Returns the length of
 * what was to be copied; it was cut if that is size or more.
 */

#include <string.h>

#include "compat.h"

size_t
strlcpy(char *dst, const char *src, size_t size)
{
	size_t	 len = strlen(src), n;

	if (size != 0) {
		n = len < size ? len : size - 1;
		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

/* SPDX-License-Identifier: ISC */
/*
 * strtonum(3): a decimal number within a range, and nothing after it.
 * Returns 0 and sets *why to "invalid", "too small" or "too large" (errno to
 * EINVAL or ERANGE) if it is not; else *why is NULL and errno as it was.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "compat.h"

long long
strtonum(const char *s, long long min, long long max, const char **why)
{
	const char	*reason = NULL;
	char		*end;
	long long	 n;
	int		 saved = errno;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (min > max || end == s || *end != '\0')
		reason = "invalid";
	else if (n < min || (n == LLONG_MIN && errno == ERANGE))
		reason = "too small";
	else if (n > max || (n == LLONG_MAX && errno == ERANGE))
		reason = "too large";
	errno = saved;
	if (reason != NULL) {
		errno = *reason == 'i' ? EINVAL : ERANGE;
		n = 0;
	}
	if (why != NULL)
		*why = reason;
	return n;
}

/* SPDX-License-Identifier: ISC */
/*
 * Early talkers where the kernel can't be asked about another process's
 * connections without privileges: the answer is always "unknown".
 */

#include <string.h>

#include "early.h"

const int	 early_kernel = 0;

int
early_start(void)
{
	return 0;
}

void
early_stop(void)
{
}

void
early_find(const struct addr *src, const struct addr *listener,
    struct addr *local)
{
	memset(local, 0, sizeof(*local));
}

int
early_look(const struct addr *src, const struct addr *local)
{
	return EARLY_UNKNOWN;
}

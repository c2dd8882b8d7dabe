/* SPDX-License-Identifier: ISC */
/* See trouble.h. */

#include <stdlib.h>

#include "log.h"
#include "trouble.h"

void
trouble(const char *what)
{
	log_warn("%s", what);
	exit(TROUBLE);
}

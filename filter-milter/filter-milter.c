/* SPDX-License-Identifier: ISC */
/*
 * Any milter becomes a filter: this is the MTA's side of their protocol, see
 * mta.c.  It begins without its milters; they may come later.
 */

#include "milter.h"

int
main(int argc, char *argv[])
{
	return filter_main(&milter_filter, argc, argv);
}

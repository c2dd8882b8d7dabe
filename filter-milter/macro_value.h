/* SPDX-License-Identifier: ISC */
/* What a macro is worth: for macro.c only. */

#ifndef MACRO_VALUE_H
#define MACRO_VALUE_H

#include <stddef.h>

struct client;

struct macro_value {
	const char	*data;		/* NULL: it has none */
	size_t		 len;
	char		 buf[512];	/* for those that are put together */
};

/* name is without braces, its length given. */
void	macro_value(struct macro_value *, const struct client *,
	    const char *name, size_t);

/* -d and -j, NULL: not said. */
extern const char	*macro_daemon;
extern const char	*macro_host;

#endif /* MACRO_VALUE_H */

/* SPDX-License-Identifier: ISC */
/*
 * The options that all filters have: letters and keys, and what of them is not
 * kept in struct engine.
 */

#ifndef SETTINGS_H
#define SETTINGS_H

#include "options.h"

extern const struct key	settings_keys[];
extern int		settings_check_only;	/* -n */
extern int		settings_foreground;	/* -F */

/* Before the options are parsed.  Exits: out of memory. */
void		 settings_init(void);
/* Read lists again; all of them if forced. */
void		 settings_reload(int force);
/* Counters to the file of the key "metrics", if there is one. */
void		 settings_write_metrics(void);
/* What of it the sandbox has to allow, in the words of sandbox.h. */
const char	*settings_promises(void);

#endif /* SETTINGS_H */

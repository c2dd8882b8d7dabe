/* SPDX-License-Identifier: ISC */
/*
 * The commands of greylistctl, see its manual.  Each gets what follows its
 * name, and returns the exit status.
 */

#ifndef CTL_H
#define CTL_H

#include <stdint.h>

/* Exit status, besides 0. */
#define CTL_FAILED	1
#define CTL_NOTHING	2		/* there is nothing like that */

struct ctl {
	int	 json;
	int64_t	 now;			/* ms since 1970 */
};

extern struct ctl	 ctl;

/* ctl_show.c */
int	ctl_list(int argc, char *argv[]);
int	ctl_show(int argc, char *argv[]);
int	ctl_stat(int argc, char *argv[]);
int	ctl_export(int argc, char *argv[]);

/* ctl_change.c */
int	ctl_add(int argc, char *argv[]);
int	ctl_remove(int argc, char *argv[]);

#endif /* CTL_H */

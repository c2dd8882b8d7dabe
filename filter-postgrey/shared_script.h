/* SPDX-License-Identifier: ISC */
/*
 * What runs in the server, so that hosts agree: one script for a decision, one
 * for a change.  Redis 5 and later, Valkey.
 *
 * Both take the server's clock if their first argument is empty, else that
 * (ms): tests do.
 *
 * decide: KEYS tuple client partner partner-domain; ARGV now delay
 *	retry_window max_age awl_count awl_gap pass_client.
 *	Returns { reason, wait, delayed }.
 * put: KEYS row; ARGV now retry_window max_age kind whole, then field value...
 *	whole "1": whatever there was goes; else the later time and the higher
 *	count stays, and the earlier first.
 */

#ifndef SHARED_SCRIPT_H
#define SHARED_SCRIPT_H

#include <stddef.h>

enum shared_script { SCRIPT_DECIDE, SCRIPT_PUT, SCRIPT_MAX };

struct script {
	const char	*text;
	size_t		 len;
	char		 sha1[41];
};

/* 0, or -1: there is no SHA-1. */
int			 script_init(void);
const struct script	*script_get(enum shared_script);

#endif /* SHARED_SCRIPT_H */

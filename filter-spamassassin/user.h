/* SPDX-License-Identifier: ISC */
/*
 * For whom spamd looks: the rules and the Bayes data of which user.
 */

#ifndef USER_H
#define USER_H

#include <stddef.h>

#include "options.h"
#include "smtpd.h"

/* Keys: user none|rcpt|rcpt-local|rcpt-domain|auth|NAME, user-default. */
extern const struct key	 user_keys[];

#define USER_MAX	256

/* Into buf, and returned; or NULL: none, spamd's own. */
const char	*user_find(const struct session *, char buf[USER_MAX]);
/* The one that is named by the option, or NULL: for "learn". */
const char	*user_fixed(void);

#endif /* USER_H */

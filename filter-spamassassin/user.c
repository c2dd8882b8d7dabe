/* SPDX-License-Identifier: ISC */
/*
 * See user.h.  There is one scan for a message, so one of several recipients
 * would have his rules applied to the mail of the others: then it is nobody, or
 * the default.  A client chooses what a recipient is called, and spamd may make
 * a path of it: the same for a name that is not plain.
 */

#include <ctype.h>
#include <string.h>

#include "compat.h"
#include "user.h"

enum how { USER_NONE, USER_RCPT, USER_LOCAL, USER_DOMAIN, USER_AUTH,
    USER_FIXED };

static const char *const	 words[] = {
	[USER_NONE] = "none",
	[USER_RCPT] = "rcpt",
	[USER_LOCAL] = "rcpt-local",
	[USER_DOMAIN] = "rcpt-domain",
	[USER_AUTH] = "auth",
};

static enum how		 how = USER_NONE;
static const char	*fixed, *otherwise;

static int
is_plain(const char *name)
{
	const char	*p;

	for (p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._+-=@", *p) == NULL)
			return 0;
	return isalnum((unsigned char)name[0]) && strstr(name, "..") == NULL;
}

static const char *
user_key(const char *value)
{
	unsigned int	 i;

	for (i = 0; i < USER_FIXED; i++)
		if (strcmp(value, words[i]) == 0)
			break;
	how = (enum how)i;
	if (how != USER_FIXED)
		return NULL;
	fixed = value;
	if (strlen(value) >= USER_MAX)
		return "too long";
	return is_plain(value) ? NULL : "not a user name";
}

static const char *
default_key(const char *value)
{
	otherwise = value;
	return strlen(value) < USER_MAX && is_plain(value) ? NULL :
	    "not a user name";
}

const struct key user_keys[] = {
	{ .name = "user", .type = KEY_CALL, .call = user_key },
	{ .name = "user-default", .type = KEY_CALL, .call = default_key },
	{ .name = NULL }
};

/* smtpd itself takes no notice of case, and of what follows a '+'. */
static const char *
user_rcpt(const char *rcpt, char *buf)
{
	const char	*at = strrchr(rcpt, '@');
	char		*p;

	if (how == USER_DOMAIN)
		rcpt = at == NULL ? "" : at + 1;
	if (strlcpy(buf, rcpt, USER_MAX) >= USER_MAX)
		return NULL;
	if (how == USER_LOCAL)
		buf[strcspn(buf, "+@")] = '\0';
	for (p = buf; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return buf;
}

const char *
user_find(const struct session *s, char buf[USER_MAX])
{
	const char	*user = NULL;

	switch (how) {
	case USER_NONE:
		return NULL;
	case USER_FIXED:
		return fixed;
	case USER_AUTH:
		if (s->user != NULL &&
		    strlcpy(buf, s->user, USER_MAX) < USER_MAX)
			user = buf;
		break;
	case USER_RCPT:
	case USER_LOCAL:
	case USER_DOMAIN:
		if (s->tx != NULL && s->tx->nrcpt == 1)
			user = user_rcpt(s->tx->rcpt[0], buf);
		break;
	}
	return user != NULL && is_plain(user) ? user : otherwise;
}

const char *
user_fixed(void)
{
	return how == USER_FIXED ? fixed : NULL;
}

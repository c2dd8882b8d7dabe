/* SPDX-License-Identifier: ISC */
/*
 * See tuple.h.  What is too long is cut; nothing fails.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "tuple.h"

#define VALUE_MAX	512		/* as postgrey cuts them */

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* The address without the bits that do not count. */
static void
client_net(const struct tuple_rules *r, const struct addr *a,
    char text[ADDR_STRLEN])
{
	struct addr	 net = *a;
	size_t		 bytes = a->family == AF_INET ? 4 : 16, i;
	int		 bits = a->family == AF_INET ? r->mask4 : r->mask6;

	for (i = 0; i < bytes; i++, bits -= 8) {
		if (bits <= 0)
			net.ip[i] = 0;
		else if (bits < 8)
			net.ip[i] &= (uint8_t)(0xff << (8 - bits));
	}
	(void)addr_print(&net, text);
}

/* Ten letters and digits: the tag of BATV, "prvs=tag=joe" or the reverse. */
static int
is_batv_tag(const char *s, size_t len)
{
	size_t	 i;

	if (len < 10)
		return 0;
	for (i = 0; i < 10; i++)
		if (!isdigit((unsigned char)s[i]) &&
		    !islower((unsigned char)s[i]))
			return 0;
	return 1;
}

/* draft-levine-smtp-batv: local part of "prvs=..." without its tag. */
static void
drop_batv(char *user)
{
	char	*first, *second;
	size_t	 first_len, second_len;

	if (strncmp(user, "prvs=", 5) != 0)
		return;
	first = user + 5;
	if ((second = strchr(first, '=')) == NULL ||
	    strchr(second + 1, '=') != NULL)
		return;
	first_len = (size_t)(second++ - first);
	second_len = strlen(second);
	if (is_batv_tag(second, second_len) && !is_batv_tag(first, first_len)) {
		memmove(user, first, first_len);
		user[first_len] = '\0';
	} else
		memmove(user, second, second_len + 1);
}

/*
 * SRS0=hash=time=domain=user, SRS1=hash=forwarder==hash=time=domain=user:
 * hash and time differ each day.  What is behind them does not.
 */
static void
drop_srs(char *user)
{
	char	*p, *rest = NULL;
	int	 fields = 2;

	if (strncasecmp(user, "srs0", 4) != 0 &&
	    strncasecmp(user, "srs1", 4) != 0)
		return;
	if (user[4] != '=' && user[4] != '+' && user[4] != '-')
		return;
	if (user[3] == '1')
		rest = strstr(user, "==");
	p = rest != NULL ? rest + 2 : user + 5;
	for (; fields > 0 && p != NULL; fields--)
		if ((p = strchr(p, '=')) != NULL)
			p++;
	if (p != NULL)
		memmove(user + 5, p, strlen(p) + 1);
}

static void
drop_extension(char *user)
{
	char	*plus = strchr(user, '+');

	if (plus != NULL && strncasecmp(user, "srs", 3) != 0)
		*plus = '\0';
}

static int
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Numbers that are words count mails: Variable Envelope Return Paths. */
static void
mask_digits(char *user)
{
	char	*in = user, *out = user, *end;

	while (*in != '\0') {
		for (end = in; isdigit((unsigned char)*end); end++)
			;
		if (end > in && !is_word(*end) &&
		    (in == user || !is_word(in[-1]))) {
			*out++ = '#';
			in = end;
			continue;
		}
		do
			*out++ = *in++;
		while (*in != '\0' && is_word(in[-1]) && is_word(*in));
	}
	*out = '\0';
}

void
tuple_sender(const char *sender, char *out, size_t size)
{
	const char	*at = strrchr(sender, '@');
	char		 user[VALUE_MAX + 1];
	size_t		 len;

	len = at != NULL ? (size_t)(at - sender) : 0;
	if (at == NULL || len > VALUE_MAX) {
		(void)strlcpy(out, sender, size);
		lower(out);
		return;
	}
	memcpy(user, sender, len);
	user[len] = '\0';
	drop_batv(user);
	drop_srs(user);
	drop_extension(user);
	mask_digits(user);
	(void)snprintf(out, size, "%s%s", user, at);
	lower(out);
}

void
tuple_recipient(const char *recipient, char *out, size_t size)
{
	(void)strlcpy(out, recipient, size);
	lower(out);
}

void
tuple_key(const struct tuple_rules *r, const struct addr *client,
    const char *helo, const char *sender, const char *recipient,
    char key[TUPLE_KEY])
{
	char	 net[ADDR_STRLEN], from[VALUE_MAX + 1], to[VALUE_MAX + 1];

	client_net(r, client, net);
	tuple_sender(sender, from, sizeof(from));
	tuple_recipient(recipient, to, sizeof(to));
	if (r->helo)
		(void)snprintf(key, TUPLE_KEY, "%s/%.256s/%s/%s", net, helo,
		    from, to);
	else
		(void)snprintf(key, TUPLE_KEY, "%s/%s/%s", net, from, to);
	lower(key);
}

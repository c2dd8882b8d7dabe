/* SPDX-License-Identifier: ISC */
/*
 * See client.h.  A fact for which memory is out is missing: milters are then
 * not told of it.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client.h"
#include "connections.h"

#define MECHANISM_MAX	20		/* RFC 4422, 3.1 */

static void
set(char **dst, const char *s, size_t len)
{
	free(*dst);
	*dst = strndup(s, len);
}

static void
unset(char **dst)
{
	free(*dst);
	*dst = NULL;
}

void
client_begin(struct client *c, const struct session *s)
{
	c->s = s;
	c->connections = connections_add(&s->src);
}

void
client_end(struct client *c)
{
	client_reset(c);
	unset(&c->greeting);
	unset(&c->mechanism);
	unset(&c->args);
	unset(&c->command);
	if (c->connections > 0)
		connections_remove(&c->s->src);
}

void
client_greeting(struct client *c, const char *name)
{
	set(&c->greeting, name, strlen(name));
}

/* RFC 4954, 4.  What follows the mechanism is not looked at. */
static void
take_mechanism(struct client *c, const char *word)
{
	size_t	 i, n = strcspn(word, " \t");

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)word[i]) && word[i] != '-' &&
		    word[i] != '_')
			n = 0;
	unset(&c->mechanism);
	if (n == 0 || n > MECHANISM_MAX)
		return;
	set(&c->mechanism, word, n);
	for (i = 0; c->mechanism != NULL && i < n; i++)
		c->mechanism[i] = toupper((unsigned char)word[i]);
}

/* As smtpd: the address is in the first brackets, arguments are behind them. */
static void
take_args(struct client *c, const char *line)
{
	const char	*p;

	if ((p = strchr(line, '<')) == NULL || (p = strchr(p, '>')) == NULL)
		return;
	p += strspn(p + 1, " \t") + 1;
	set(&c->args, p, strlen(p));
}

static int
is(const char *line, size_t n, const char *verb)
{
	return strlen(verb) == n && strncasecmp(line, verb, n) == 0;
}

/*
 * smtpd writes asterisks in the place of passwords, and "." when it has taken
 * a message: neither is a command.
 */
void
client_command(struct client *c, const char *line)
{
	size_t	 n;

	/* A typing error of who wants to say AUTH is still a password. */
	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	unset(&c->args);
	unset(&c->command);
	if (is(line, n, "AUTH")) {
		if (c->s->user == NULL)
			take_mechanism(c, line + n + strspn(line + n, " \t"));
		return;
	}
	if (line[0] == '*' || is(line, n, "."))
		return;
	set(&c->command, line, strlen(line));
	if (is(line, n, "MAIL") || is(line, n, "RCPT"))
		take_args(c, line);
	else if (is(line, n, "EHLO") || is(line, n, "HELO"))
		c->esmtp = toupper((unsigned char)line[0]) == 'E';
}

static char *
bracket(const char *address)
{
	size_t	 n = strlen(address);
	char	*s;

	if ((s = malloc(n + 3)) == NULL)
		return NULL;
	s[0] = '<';
	memcpy(s + 1, address, n);
	memcpy(s + 1 + n, ">", 2);
	return s;
}

/* An address with the arguments of the line it came in. */
static void
take_address(struct client *c, char **addr, char **args, const char *address,
    int missed)
{
	free(*addr);
	*addr = bracket(address);
	free(*args);
	if (missed || c->args == NULL) {
		*args = strdup("");
		return;
	}
	*args = c->args;
	c->args = NULL;
}

void
client_mail(struct client *c, const char *address, int missed)
{
	client_reset(c);
	take_address(c, &c->mail, &c->mail_args, address, missed);
}

void
client_rcpt(struct client *c, const char *address, int missed)
{
	take_address(c, &c->rcpt, &c->rcpt_args, address, missed);
}

void
client_reset(struct client *c)
{
	unset(&c->mail);
	unset(&c->mail_args);
	unset(&c->rcpt);
	unset(&c->rcpt_args);
	unset(&c->message_id);
}

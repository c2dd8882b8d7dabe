/* SPDX-License-Identifier: ISC */
/*
 * See command.h.  A packet that could not be made whole, as memory is out, is
 * taken back.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "client.h"
#include "command.h"
#include "packet.h"

/* What was begun is a packet if all of it is there. */
static int
finish(struct bytes *b, ssize_t begin, int error)
{
	if (error)
		packet_undo(b, begin);
	else
		packet_end(b, begin);
	return error ? -1 : 0;
}

static int
add_string(struct bytes *b, const char *s)
{
	return packet_add_string(b, s, strlen(s));
}

static int
put_string(struct bytes *b, char command, const char *s)
{
	return packet_put(b, command, s, strlen(s) + 1);
}

/* The name if it is proven, or the address: RFC 5321, 4.1.3 */
static int
add_name(struct bytes *b, const struct session *s, const char *addr)
{
	char	 text[ADDR_STRLEN + 8];

	if (s->local)
		return add_string(b, "localhost");
	if (s->fcrdns == FCRDNS_PASS && s->rdns != NULL)
		return add_string(b, s->rdns);
	if (s->src.family == AF_UNSPEC)
		return add_string(b, "unknown");
	(void)snprintf(text, sizeof(text), "[%s%s]",
	    s->src.family == AF_INET6 ? "IPv6:" : "", addr);
	return add_string(b, text);
}

/* A family of its own for smtpd's enqueuer is what many milters can't do. */
int
command_connect(struct bytes *b, const struct client *c)
{
	const struct session	*s = c->s;
	char			 text[ADDR_STRLEN], family;
	const char		*addr;
	uint16_t		 port = htons(s->src.port);
	ssize_t			 begin;
	int			 error;

	family = s->local || s->src.family == AF_INET ? SMFIA_INET :
	    s->src.family == AF_INET6 ? SMFIA_INET6 : SMFIA_UNKNOWN;
	addr = s->local ? "127.0.0.1" : addr_print(&s->src, text);
	if ((begin = packet_begin(b, SMFIC_CONNECT)) == -1)
		return -1;
	error = add_name(b, s, addr) == -1 || bytes_add(b, &family, 1) == -1;
	if (!error && family != SMFIA_UNKNOWN)
		error = bytes_add(b, &port, sizeof(port)) == -1 ||
		    add_string(b, addr) == -1;
	return finish(b, begin, error);
}

int
command_helo(struct bytes *b, const char *name)
{
	return put_string(b, SMFIC_HELO, name);
}

/* Each argument is a string of its own. */
static int
add_args(struct bytes *b, const char *p)
{
	size_t	 n;

	for (p += strspn(p, " \t"); *p != '\0'; p += n + strspn(p + n, " \t")) {
		n = strcspn(p, " \t");
		if (packet_add_string(b, p, n) == -1)
			return -1;
	}
	return 0;
}

static int
put_path(struct bytes *b, char command, const char *addr, const char *args)
{
	ssize_t	 begin;

	if (addr == NULL || (begin = packet_begin(b, command)) == -1)
		return -1;
	return finish(b, begin, add_string(b, addr) == -1 ||
	    (args != NULL && add_args(b, args) == -1));
}

int
command_mail(struct bytes *b, const struct client *c)
{
	return put_path(b, SMFIC_MAIL, c->mail, c->mail_args);
}

int
command_rcpt(struct bytes *b, const struct client *c)
{
	return put_path(b, SMFIC_RCPT, c->rcpt, c->rcpt_args);
}

int
command_unknown(struct bytes *b, const char *line)
{
	return put_string(b, SMFIC_UNKNOWN, line);
}

/* A NUL would be the end of the string. */
int
command_header(struct bytes *b, const char *name, size_t name_len,
    const char *value, size_t len, int leadspc)
{
	ssize_t	 begin;

	if (name_len == 0 || name_len > PACKET_DATA_MAX - 2)
		return 0;
	if (!leadspc && len > 0 && value[0] == ' ')
		value++, len--;
	len = strnlen(value, len);
	if (len > PACKET_DATA_MAX - 2 - name_len)
		len = PACKET_DATA_MAX - 2 - name_len;
	if ((begin = packet_begin(b, SMFIC_HEADER)) == -1)
		return -1;
	return finish(b, begin, packet_add_string(b, name, name_len) == -1 ||
	    packet_add_string(b, value, len) == -1);
}

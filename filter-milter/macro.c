/* SPDX-License-Identifier: ISC */
/*
 * Which macros go with which command, see macro.h; their values are
 * macro_value.c's.
 */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "macro.h"
#include "macro_value.h"
#include "packet.h"

#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"0123456789_-."

struct fixed {
	struct fixed	*next;
	const char	*name;
	size_t		 len;
	const char	*value;
};

static struct fixed	*fixed;		/* as the operator said them */

/*
 * What milters ask for at a stage or after it.  Those of a stage are there
 * until the message or session ends, so nothing is sent twice; but j may not
 * be known at connect.
 */
static const char *const	 defaults[] = {
	[SMFIM_CONNECT] = ("j daemon_name if_name if_addr daemon_addr "
	    "daemon_port v Z _ client_addr client_name client_ptr client_port "
	    "client_resolve client_connections"),
	[SMFIM_HELO] = "j tls_version cipher cipher_bits",
	[SMFIM_ENVFROM] = ("i r s b auth_type auth_authen auth_ssf auth_author "
	    "mail_mailer mail_host mail_addr"),
	[SMFIM_ENVRCPT] = "i rcpt_mailer rcpt_host rcpt_addr",
	[SMFIM_DATA] = "i",
	[SMFIM_EOM] = "i msg_id",
	[SMFIM_EOH] = "i",
};

/* The next name of a list, with braces or without: it comes without. */
static const char *
list_next(const char **list, size_t *len)
{
	const char	*name = *list + strspn(*list, " \t,");

	*len = strcspn(name, " \t,");
	*list = name + *len;
	if (*len > 2 && name[0] == '{' && name[*len - 1] == '}') {
		name++;
		*len -= 2;
	}
	return *len == 0 ? NULL : name;
}

static const struct fixed *
fixed_find(const char *name, size_t len)
{
	const struct fixed	*f;

	for (f = fixed; f != NULL; f = f->next)
		if (f->len == len && memcmp(f->name, name, len) == 0)
			break;
	return f;
}

/* A macro that has no place left in the packet is left out. */
static int
macro_add(struct bytes *b, ssize_t begin, const char *name, size_t len,
    const char *value, size_t value_len)
{
	size_t	 used = b->len - (size_t)begin - MILTER_LEN_BYTES - 1;
	size_t	 start = b->len;
	size_t	 brace = len > 1;

	if (value_len > PACKET_DATA_MAX ||
	    used + len + 2 * brace + 2 + value_len > PACKET_DATA_MAX)
		return 0;
	if (bytes_add(b, "{", brace) == -1 || bytes_add(b, name, len) == -1 ||
	    packet_add_string(b, "}", brace) == -1 ||
	    packet_add_string(b, value, value_len) == -1) {
		packet_undo(b, (ssize_t)start);
		return -1;
	}
	return 0;
}

static int
macro_put(struct bytes *b, ssize_t begin, const struct client *c,
    const char *name, size_t len)
{
	const struct fixed	*f;
	struct macro_value	 v;

	if ((f = fixed_find(name, len)) != NULL)
		return macro_add(b, begin, name, len, f->value,
		    strlen(f->value));
	macro_value(&v, c, name, len);
	return v.data == NULL ? 0 :
	    macro_add(b, begin, name, len, v.data, v.len);
}

static int
list_has(const char *list, const char *what, size_t what_len)
{
	const char	*name;
	size_t		 len;

	while ((name = list_next(&list, &len)) != NULL)
		if (len == what_len && memcmp(name, what, len) == 0)
			return 1;
	return 0;
}

static int
macro_put_list(struct bytes *b, ssize_t begin, const struct client *c,
    const char *list)
{
	const char	*name;
	size_t		 len;

	while ((name = list_next(&list, &len)) != NULL)
		if (macro_put(b, begin, c, name, len) == -1)
			return -1;
	return 0;
}

/* At connect, all that the operator added too. */
static int
macro_put_defaults(struct bytes *b, ssize_t begin, const struct client *c,
    int stage)
{
	const struct fixed	*f;

	if (macro_put_list(b, begin, c, defaults[stage]) == -1)
		return -1;
	for (f = stage == SMFIM_CONNECT ? fixed : NULL; f != NULL; f = f->next)
		if (!list_has(defaults[stage], f->name, f->len) &&
		    macro_put(b, begin, c, f->name, f->len) == -1)
			return -1;
	return 0;
}

int
macro_packet(struct bytes *b, const struct client *c, int stage, char command,
    const char *list)
{
	ssize_t	 begin;
	size_t	 empty;

	if ((begin = packet_begin(b, SMFIC_MACRO)) == -1)
		return -1;
	if (bytes_add(b, &command, 1) == -1)
		goto failed;
	empty = b->len;
	if ((list != NULL ? macro_put_list(b, begin, c, list) :
	    macro_put_defaults(b, begin, c, stage)) == -1)
		goto failed;
	if (b->len == empty)
		packet_undo(b, begin);
	else
		packet_end(b, begin);
	return 0;
failed:
	packet_undo(b, begin);
	return -1;
}

const char *
macro_set(const char *assignment)
{
	const char	*p = assignment, *equals = strchr(p, '=');
	struct fixed	*f, **last;
	size_t		 len;

	if (equals == NULL)
		return "not name=value";
	len = (size_t)(equals - p);
	if (len > 2 && p[0] == '{' && p[len - 1] == '}') {
		p++;
		len -= 2;
	}
	if (len == 0 || strspn(p, NAME_CHARS) < len)
		return "not a name before the =";
	if (fixed_find(p, len) != NULL)
		return "twice";
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return "out of memory";
	f->name = p;
	f->len = len;
	f->value = equals + 1;
	for (last = &fixed; *last != NULL; last = &(*last)->next)
		;
	*last = f;
	return NULL;
}

const char *
macro_daemon_name(const char *name)
{
	macro_daemon = name;
	return *name == '\0' ? "empty" : NULL;
}

const char *
macro_hostname(const char *name)
{
	macro_host = name;
	return *name == '\0' ? "empty" : NULL;
}

/* SPDX-License-Identifier: ISC */
/*
 * From a command of the MTA to a call of the milter, and from what that returns
 * to an answer.  The MTA's side is ours and knows what may come when; a command
 * that can't come, or a value that can't be returned, ends the session, and
 * on-failure answers the client.
 */

#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "context.h"
#include "log.h"

#define BROKEN		(-1)		/* not one of SMFIS_* */
#define LONGEST_ARGS	64

union client {
	struct sockaddr		 sa;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	struct sockaddr_un	 un;
};

/* Returns 0, or -1: not an address. */
static int
client_parse(union client *c, char family, uint16_t port, const char *address)
{
	memset(c, 0, sizeof(*c));
	switch (family) {
	case SMFIA_INET:
		c->in.sin_family = AF_INET;
		c->in.sin_port = htons(port);
		return inet_pton(AF_INET, address, &c->in.sin_addr) - 1;
	case SMFIA_INET6:
		c->in6.sin6_family = AF_INET6;
		c->in6.sin6_port = htons(port);
		if (strncmp(address, "IPv6:", 5) == 0)
			address += 5;
		return inet_pton(AF_INET6, address, &c->in6.sin6_addr) - 1;
	case SMFIA_UNIX:
		c->un.sun_family = AF_UNIX;
		(void)strlcpy(c->un.sun_path, address,
		    sizeof(c->un.sun_path));	/* cut is fine */
		return 0;
	default:
		return -1;
	}
}

static sfsistat
serve_connect(SMFICTX *ctx, struct packet *p)
{
	union client	 client;
	const char	*host, *address;
	uint16_t	 port;
	char		 family;

	if (packet_take_string(p, &host) == -1 || p->len == 0)
		return BROKEN;
	family = *p->data++;
	p->len--;
	if (family != SMFIA_UNKNOWN && (packet_take_uint16(p, &port) == -1 ||
	    packet_take_string(p, &address) == -1 ||
	    client_parse(&client, family, port, address) == -1))
		return BROKEN;
	if (milter.xxfi_connect == NULL)
		return SMFIS_CONTINUE;
	return milter.xxfi_connect(ctx, (char *)host,
	    family == SMFIA_UNKNOWN ? NULL : &client.sa);
}

static void
message_abort(SMFICTX *ctx)
{
	if (ctx->in_message && milter.xxfi_abort != NULL)
		(void)milter.xxfi_abort(ctx);
	ctx->in_message = 0;
}

static sfsistat
serve_helo(SMFICTX *ctx, struct packet *p)
{
	const char	*name;

	if (packet_take_string(p, &name) == -1)
		return BROKEN;
	return milter.xxfi_helo == NULL ? SMFIS_CONTINUE :
	    milter.xxfi_helo(ctx, (char *)name);
}

/* The address and its parameters, as argv of a program. */
static sfsistat
serve_args(SMFICTX *ctx, struct packet *p, sfsistat (*call)(SMFICTX *, char **))
{
	const char	*arg;
	char		*argv[LONGEST_ARGS + 1];
	int		 argc = 0;

	while (p->len > 0) {
		if (packet_take_string(p, &arg) == -1)
			return BROKEN;
		if (argc < LONGEST_ARGS)
			argv[argc++] = (char *)arg;
	}
	argv[argc] = NULL;
	if (argc == 0)
		return BROKEN;
	return call == NULL ? SMFIS_CONTINUE : call(ctx, argv);
}

static sfsistat
serve_mail(SMFICTX *ctx, struct packet *p)
{
	ctx->in_message = 1;
	return serve_args(ctx, p, milter.xxfi_envfrom);
}

static sfsistat
serve_rcpt(SMFICTX *ctx, struct packet *p)
{
	return serve_args(ctx, p, milter.xxfi_envrcpt);
}

static sfsistat
serve_data(SMFICTX *ctx, struct packet *p)
{
	return milter.xxfi_data == NULL ? SMFIS_CONTINUE :
	    milter.xxfi_data(ctx);
}

static sfsistat
serve_header(SMFICTX *ctx, struct packet *p)
{
	const char	*name, *value;

	if (packet_take_string(p, &name) == -1 ||
	    packet_take_string(p, &value) == -1)
		return BROKEN;
	return milter.xxfi_header == NULL ? SMFIS_CONTINUE :
	    milter.xxfi_header(ctx, (char *)name, (char *)value);
}

static sfsistat
serve_eoh(SMFICTX *ctx, struct packet *p)
{
	return milter.xxfi_eoh == NULL ? SMFIS_CONTINUE : milter.xxfi_eoh(ctx);
}

static sfsistat
serve_body(SMFICTX *ctx, struct packet *p)
{
	return milter.xxfi_body == NULL ? SMFIS_CONTINUE :
	    milter.xxfi_body(ctx, (unsigned char *)p->data, p->len);
}

static sfsistat
serve_eom(SMFICTX *ctx, struct packet *p)
{
	sfsistat	 r;

	r = milter.xxfi_eom == NULL ? SMFIS_CONTINUE : milter.xxfi_eom(ctx);
	ctx->in_message = 0;
	return r;
}

static sfsistat
serve_unknown(SMFICTX *ctx, struct packet *p)
{
	const char	*line;

	if (packet_take_string(p, &line) == -1)
		return BROKEN;
	return milter.xxfi_unknown == NULL ? SMFIS_CONTINUE :
	    milter.xxfi_unknown(ctx, line);
}

enum place { OUTSIDE, INSIDE, ANYWHERE };

static const struct event {
	char		  command;
	enum place	  place;	/* of a message */
	const char	 *callback;
	sfsistat	(*serve)(SMFICTX *, struct packet *);
} events[] = {
	{ SMFIC_CONNECT, ANYWHERE, "xxfi_connect", serve_connect },
	{ SMFIC_HELO, OUTSIDE, "xxfi_helo", serve_helo },
	{ SMFIC_MAIL, OUTSIDE, "xxfi_envfrom", serve_mail },
	{ SMFIC_RCPT, INSIDE, "xxfi_envrcpt", serve_rcpt },
	{ SMFIC_DATA, INSIDE, "xxfi_data", serve_data },
	{ SMFIC_HEADER, INSIDE, "xxfi_header", serve_header },
	{ SMFIC_EOH, INSIDE, "xxfi_eoh", serve_eoh },
	{ SMFIC_BODY, INSIDE, "xxfi_body", serve_body },
	{ SMFIC_BODYEOB, INSIDE, "xxfi_eom", serve_eom },
	{ SMFIC_UNKNOWN, ANYWHERE, "xxfi_unknown", serve_unknown }
};

static const struct event *
event_find(char command)
{
	size_t	 i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].command == command)
			return &events[i];
	return NULL;
}

/* Its own reply, if it is of the class of what it returned, and only once. */
static int
refuse(SMFICTX *ctx, char command)
{
	char	*reply = ctx->reply;
	int	 status;

	if (reply == NULL || reply[0] != (command == SMFIR_REJECT ? '5' : '4'))
		return session_put(ctx, command, NULL, 0);
	status = session_put(ctx, SMFIR_REPLYCODE, reply, strlen(reply) + 1);
	free(reply);
	ctx->reply = NULL;
	return status;
}

static int
answer(SMFICTX *ctx, const struct event *e, sfsistat r)
{
	switch (r) {
	case SMFIS_CONTINUE:
	case SMFIS_NOREPLY:
		return session_put(ctx, SMFIR_CONTINUE, NULL, 0);
	case SMFIS_ACCEPT:
		return session_put(ctx, SMFIR_ACCEPT, NULL, 0);
	case SMFIS_DISCARD:
		return session_put(ctx, SMFIR_DISCARD, NULL, 0);
	case SMFIS_REJECT:
		return refuse(ctx, SMFIR_REJECT);
	case SMFIS_TEMPFAIL:
		return refuse(ctx, SMFIR_TEMPFAIL);
	case SMFIS_SKIP:
		return session_put(ctx, ctx->terms.protocol & SMFIP_SKIP ?
		    SMFIR_SKIP : SMFIR_CONTINUE, NULL, 0);
	default:
		log_peer("%s: %s returned %d", milter.xxfi_name, e->callback,
		    r);
		return -1;
	}
}

/*
 * The milter is done with a message by any verdict that is on all of it.  By a
 * discarded recipient it is not: so sendmail's libmilter has it, too.
 */
static int
ends_message(char command, sfsistat r)
{
	if (command == SMFIC_UNKNOWN)
		return 0;
	if (command == SMFIC_RCPT)
		return r == SMFIS_ACCEPT;
	return r == SMFIS_ACCEPT || r == SMFIS_DISCARD || r == SMFIS_REJECT ||
	    r == SMFIS_TEMPFAIL;
}

/* A message begins with MAIL, or with what the milter wants first. */
static int
is_expected(SMFICTX *ctx, const struct event *e)
{
	if (e == NULL || ctx->terms.version == 0)
		return 0;
	if (e->place == OUTSIDE)
		message_abort(ctx);
	else if (e->place == INSIDE && ctx->terms.protocol & SMFIP_NOMAIL)
		ctx->in_message = 1;
	return e->place != INSIDE || ctx->in_message;
}

static int
event_serve(SMFICTX *ctx, struct packet *p)
{
	const struct event	*e = event_find(p->command);
	sfsistat		 r;

	if (!is_expected(ctx, e)) {
		log_peer("%s: command %d is not expected", milter.xxfi_name,
		    p->command);
		return -1;
	}
	macros_forget(ctx, p->command);
	if ((r = e->serve(ctx, p)) == BROKEN)
		return -1;
	if (terms_replies(&ctx->terms, p->command)) {
		if (ends_message(p->command, r))
			ctx->in_message = 0;
		return answer(ctx, e, r);
	}
	if (r != SMFIS_NOREPLY && r != SMFIS_CONTINUE)
		log_peer("%s: %s returned %d, but gives no reply",
		    milter.xxfi_name, e->callback, r);
	return 0;
}

int
events_serve(SMFICTX *ctx, struct packet *p)
{
	int	 status = 0;

	ctx->command = p->command;
	switch (p->command) {
	case SMFIC_OPTNEG:
		status = negotiate(ctx, p);
		break;
	case SMFIC_MACRO:
		status = macros_take(ctx, p);
		break;
	case SMFIC_ABORT:
		message_abort(ctx);
		break;
	case SMFIC_QUIT:
		status = -1;
		break;
	default:
		status = event_serve(ctx, p);
	}
	ctx->command = 0;
	return status;
}

void
events_end(SMFICTX *ctx)
{
	message_abort(ctx);
	if (milter.xxfi_close != NULL)
		(void)milter.xxfi_close(ctx);
}

/* SPDX-License-Identifier: ISC */
/* See guest_rig.h.  Whatever takes longer than some seconds fails. */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest_rig.h"
#include "logged.h"

#define PATIENCE	5000

sfsistat		(*guest_does)(SMFICTX *, char command);
unsigned long		 guest_protocol, guest_actions;
sfsistat		 guest_agrees;
char			 guest_heard[1 << 20];
size_t			 guest_len;

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static char		 calls[65536];
static size_t		 told;
static int		 mta = -1, closed;

void
guest_note(const char *fmt, ...)
{
	va_list	 ap;
	size_t	 len;

	(void)pthread_mutex_lock(&lock);
	len = strlen(calls);
	va_start(ap, fmt);
	(void)vsnprintf(calls + len, sizeof(calls) - len, fmt, ap);
	va_end(ap);
	(void)pthread_mutex_unlock(&lock);
}

static sfsistat
does(SMFICTX *ctx, char command)
{
	return guest_does == NULL ? SMFIS_CONTINUE : guest_does(ctx, command);
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, struct sockaddr *sa)
{
	char	 text[INET6_ADDRSTRLEN] = "-";
	int	 port = -1;

	if (sa != NULL && sa->sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &((struct sockaddr_in *)sa)->sin_addr,
		    text, sizeof(text));
		port = ntohs(((struct sockaddr_in *)sa)->sin_port);
	} else if (sa != NULL && sa->sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6,
		    &((struct sockaddr_in6 *)sa)->sin6_addr, text,
		    sizeof(text));
		port = ntohs(((struct sockaddr_in6 *)sa)->sin6_port);
	} else if (sa != NULL)
		(void)snprintf(text, sizeof(text), "%s", sa->sa_data);
	guest_note(" connect(%s,%s,%d)", host, text, port);
	return does(ctx, SMFIC_CONNECT);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	guest_note(" helo(%s)", name);
	return does(ctx, SMFIC_HELO);
}

static sfsistat
on_args(SMFICTX *ctx, const char *what, char **argv, char command)
{
	int	 i;

	guest_note(" %s(", what);
	for (i = 0; argv[i] != NULL; i++)
		guest_note("%s%s", i == 0 ? "" : ",", argv[i]);
	guest_note(")");
	return does(ctx, command);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	return on_args(ctx, "envfrom", argv, SMFIC_MAIL);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	return on_args(ctx, "envrcpt", argv, SMFIC_RCPT);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	guest_note(" data");
	return does(ctx, SMFIC_DATA);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	guest_note(" header(%s,%s)", name, value);
	return does(ctx, SMFIC_HEADER);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	guest_note(" eoh");
	return does(ctx, SMFIC_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *body, size_t len)
{
	guest_note(" body(%.*s)", (int)len, (const char *)body);
	return does(ctx, SMFIC_BODY);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	guest_note(" eom");
	return does(ctx, SMFIC_BODYEOB);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	guest_note(" abort");
	return does(ctx, SMFIC_ABORT);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	guest_note(" close");
	(void)pthread_mutex_lock(&lock);
	closed++;
	(void)pthread_mutex_unlock(&lock);
	return SMFIS_CONTINUE;
}

static sfsistat
on_unknown(SMFICTX *ctx, const char *line)
{
	guest_note(" unknown(%s)", line);
	return does(ctx, SMFIC_UNKNOWN);
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1,
    unsigned long f2, unsigned long f3, unsigned long *p0, unsigned long *p1,
    unsigned long *p2, unsigned long *p3)
{
	*p0 = guest_actions;
	*p1 = guest_protocol;
	(void)does(ctx, SMFIC_OPTNEG);
	return guest_agrees;
}

void
guest_register(void)
{
	static char		 name[] = "test";
	struct smfiDesc		 desc = { name, SMFI_VERSION,
	    SMFIF_ADDHDRS | SMFIF_CHGHDRS, on_connect, on_helo, on_mail,
	    on_rcpt, on_header, on_eoh, on_body, on_eom, on_abort, on_close,
	    on_unknown, on_data, on_negotiate };

	assert_int_equal(smfi_register(desc), MI_SUCCESS);
}

int
guest_begin(void **state)
{
	int	 sv[2];

	guest_register();
	guest_does = NULL;
	guest_actions = SMFI_CURR_ACTS;
	guest_protocol = 0;
	guest_agrees = SMFIS_CONTINUE;
	calls[0] = '\0';
	told = 0;
	closed = 0;
	warnings = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    session_start(sv[1]) != 0)
		return -1;
	mta = sv[0];
	return 0;
}

void
guest_hang_up(void)
{
	if (mta != -1)
		(void)close(mta);
	mta = -1;
}

static int
is_closed(void)
{
	int	 n;

	(void)pthread_mutex_lock(&lock);
	n = closed;
	(void)pthread_mutex_unlock(&lock);
	return n;
}

const char *
guest_calls(void)
{
	int	 i;

	guest_hang_up();
	for (i = 0; i < PATIENCE && !is_closed(); i++)
		(void)poll(NULL, 0, 1);
	assert_int_equal(is_closed(), 1);
	return calls[0] == ' ' ? calls + 1 : calls;
}

const char *
guest_called(void)
{
	const char	*since;

	(void)pthread_mutex_lock(&lock);
	since = calls + told;
	told = strlen(calls);
	(void)pthread_mutex_unlock(&lock);
	return *since == ' ' ? since + 1 : since;
}

int
guest_end(void **state)
{
	struct pollfd	 pfd = { .fd = mta, .events = POLLIN };

	/* Nothing more than what was heard, but a hang-up. */
	if (mta != -1 && poll(&pfd, 1, 0) > 0)
		assert_int_equal(guest_hear(), 0);
	(void)guest_calls();
	return 0;
}

void
guest_say(char command, const void *data, size_t len)
{
	uint32_t	 n = htonl((uint32_t)len + 1);
	char		 head[5];

	memcpy(head, &n, sizeof(n));
	head[4] = command;
	assert_int_equal(send(mta, head, 5, MSG_NOSIGNAL), 5);
	if (len > 0)
		assert_int_equal(send(mta, data, len, MSG_NOSIGNAL), len);
}

#define SAY(c, data)	guest_say(c, data, sizeof(data) - 1)

void
guest_command(char command)
{
	switch (command) {
	case SMFIC_OPTNEG:
		SAY(command, "\0\0\0\6\0\0\1\377\0\37\377\377");
		break;
	case SMFIC_CONNECT:
		SAY(command, "mx\0004\0\031192.0.2.1\0");
		break;
	case SMFIC_HELO:
		SAY(command, "client\0");
		break;
	case SMFIC_MAIL:
		SAY(command, "<a>\0");
		break;
	case SMFIC_RCPT:
		SAY(command, "<b>\0");
		break;
	case SMFIC_HEADER:
		SAY(command, "A\0b\0");
		break;
	case SMFIC_BODY:
		SAY(command, "c\r\n");
		break;
	case SMFIC_UNKNOWN:
		SAY(command, "WHAT\0");
		break;
	default:
		SAY(command, "");
	}
}

static size_t
hear_bytes(void *buf, size_t len)
{
	struct pollfd	 pfd = { .fd = mta, .events = POLLIN };
	size_t		 n = 0;
	ssize_t		 got;

	for (; n < len; n += (size_t)got) {
		assert_int_equal(poll(&pfd, 1, PATIENCE), 1);
		got = recv(mta, (char *)buf + n, len - n, 0);
		if (got <= 0)
			break;
	}
	return n;
}

char
guest_hear(void)
{
	uint32_t	 n;
	char		 letter;

	if (hear_bytes(&n, sizeof(n)) == 0)
		return 0;
	n = ntohl(n);
	assert_in_range(n, 1, sizeof(guest_heard));
	assert_int_equal(hear_bytes(&letter, 1), 1);
	guest_len = n - 1;
	assert_int_equal(hear_bytes(guest_heard, guest_len), guest_len);
	return letter;
}

/* SPDX-License-Identifier: ISC */
/*
 * For tests of libopensmtpd: a filter with state, timers and late answers, that
 * can be linked with either library.  What clients say tells it what to do: a
 * HELO, sender or recipient that begins with one of the words in decide().  It
 * keeps each message to its end; a Subject can make it do that wrong.
 * Arguments: "mark" adds a field to each message, "tell" logs each event, and
 * what the context knows at it, "signals" handles some and blocks others.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event.h>
#include <opensmtpd.h>

struct client {
	struct event	 timer;
	unsigned int	 mails;
	int		 careless;	/* the timer outlives the session */
};

struct mail {
	FILE		*lines;
	char		*buf;
	size_t		 len;
	int		 refuse;
	int		 after;		/* say a line too many */
};

static int	 telling, marking;
static char	 admd[256] = "-";

static void
print_address(const char *name, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in	*in = (const void *)ss;
	const struct sockaddr_in6	*in6 = (const void *)ss;
	const struct sockaddr_un	*un = (const void *)ss;
	char				 ip[INET6_ADDRSTRLEN] = "";

	if (ss->ss_family == AF_INET)
		fprintf(stderr, " %s=%s:%d", name, inet_ntop(AF_INET,
		    &in->sin_addr, ip, sizeof(ip)), ntohs(in->sin_port));
	else if (ss->ss_family == AF_INET6)
		fprintf(stderr, " %s=[%s]:%d", name, inet_ntop(AF_INET6,
		    &in6->sin6_addr, ip, sizeof(ip)), ntohs(in6->sin6_port));
	else if (ss->ss_family == AF_UNIX)
		fprintf(stderr, " %s=unix:%s", name, un->sun_path);
	else
		fprintf(stderr, " %s=-", name);
}

static const char *
or_none(const char *s)
{
	return s != NULL ? s : "-";
}

static void
tell(const struct osmtpd_ctx *ctx, const char *arg)
{
	const struct client	*c = ctx->local_session;
	char			**rcpt;

	if (!telling)
		return;
	fprintf(stderr, "event=%d.%d v=%d.%d in=%d id=%016llx", ctx->type,
	    ctx->phase, ctx->version_major, ctx->version_minor, ctx->incoming,
	    (unsigned long long)ctx->reqid);
	print_address("src", &ctx->src);
	print_address("dst", &ctx->dst);
	fprintf(stderr, " rdns=%s fcrdns=%d helo=%s greeting=%s tls=%s "
	    "msgid=%08x from=%s rcpt=", or_none(ctx->rdns), ctx->fcrdns,
	    or_none(ctx->identity), or_none(ctx->greeting.identity),
	    or_none(ctx->ciphers), ctx->msgid, or_none(ctx->mailfrom));
	for (rcpt = ctx->rcptto; *rcpt != NULL; rcpt++)
		fprintf(stderr, "%s,", *rcpt);
	fprintf(stderr, " evpid=%016llx mails=%u message=%s arg=%s\n",
	    (unsigned long long)ctx->evpid, c->mails,
	    ctx->local_message != NULL ? "yes" : "no", arg);
}

static void
fire(int fd, short what, void *arg)
{
	osmtpd_filter_proceed(arg);
}

/* Milliseconds from now; from a timer as libevent 1 had them. */
static void
later(struct osmtpd_ctx *ctx, int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };
	struct client	*c = ctx->local_session;

	if (c->careless) {
		event_once(-1, EV_TIMEOUT, fire, ctx, &tv);
		return;
	}
	evtimer_set(&c->timer, fire, ctx);
	evtimer_add(&c->timer, &tv);
}

static int
is(const char *arg, const char *word)
{
	return strncmp(arg, word, strlen(word)) == 0;
}

static void
decide(struct osmtpd_ctx *ctx, const char *arg)
{
	struct client	*c = ctx->local_session;

	tell(ctx, arg);
	if (is(arg, "refuse"))
		osmtpd_filter_reject(ctx, 550, "No, %s", arg);
	else if (is(arg, "enhanced"))
		osmtpd_filter_reject_enh(ctx, 451, 4, 7, 1, "Not now, %s", arg);
	else if (is(arg, "hangup4"))
		osmtpd_filter_disconnect_enh(ctx, 4, 7, 2, "Bye, %s", arg);
	else if (is(arg, "hangup5"))
		osmtpd_filter_disconnect_enh(ctx, 5, 7, 3, "Bye, %s", arg);
	else if (is(arg, "hangup"))
		osmtpd_filter_disconnect(ctx, "Bye, %s", arg);
	else if (is(arg, "late"))
		later(ctx, 300);
	else if (is(arg, "careless")) {
		c->careless = 1;
		later(ctx, 300);
	} else if (is(arg, "twice")) {
		osmtpd_filter_proceed(ctx);
		osmtpd_filter_proceed(ctx);
	} else if (is(arg, "crash"))
		abort();
	else if (is(arg, "exit")) {
		errno = ENOENT;
		osmtpd_err(3, "leaving for %s", arg);
	} else
		osmtpd_filter_proceed(ctx);
}

static void
on_conf(const char *key, const char *value)
{
	if (key != NULL && strcmp(key, "admd") == 0)
		(void)snprintf(admd, sizeof(admd), "%s", value);
	if (key == NULL)
		fprintf(stderr, "ready admd=%s\n", admd);
}

static void
on_connect(struct osmtpd_ctx *ctx, const char *rdns,
    struct sockaddr_storage *ss)
{
	decide(ctx, rdns);
}

static void
on_nothing(struct osmtpd_ctx *ctx)
{
	decide(ctx, "");
}

static void
on_line(struct osmtpd_ctx *ctx, const char *line)
{
	struct mail	*m = ctx->local_message;
	char		*p, *end;

	if (m == NULL) {		/* begun before smtpd said so */
		osmtpd_filter_dataline(ctx, "%s", line);
		return;
	}
	if (strcmp(line, ".") != 0) {
		m->refuse |= strcmp(line, "Subject: refuse") == 0;
		m->after |= strcmp(line, "Subject: after") == 0;
		if (strcmp(line, "Subject: answer") == 0)
			osmtpd_filter_proceed(ctx);
		if (strcmp(line, "Subject: early") == 0)
			osmtpd_filter_dataline(ctx, ".");
		fprintf(m->lines, "%s\n", line);
		return;
	}
	fflush(m->lines);
	if (marking)
		osmtpd_filter_dataline(ctx, "X-State: %s <%s> %08x",
		    or_none(ctx->identity), ctx->mailfrom, ctx->msgid);
	for (p = m->buf; p < m->buf + m->len; p = end + 1) {
		end = strchr(p, '\n');
		*end = '\0';
		osmtpd_filter_dataline(ctx, "%s", p);
	}
	osmtpd_filter_dataline(ctx, "%c", '.');
	if (m->after)
		osmtpd_filter_dataline(ctx, "too late");
}

static void
on_commit(struct osmtpd_ctx *ctx)
{
	struct client	*c = ctx->local_session;
	struct mail	*m = ctx->local_message;

	c->mails++;
	tell(ctx, "");
	if (m != NULL && m->refuse)
		osmtpd_filter_reject_enh(ctx, 550, 5, 7, 1, "No such subject");
	else
		osmtpd_filter_proceed(ctx);
}

static void
told(struct osmtpd_ctx *ctx)
{
	tell(ctx, "");
}

static void
told_text(struct osmtpd_ctx *ctx, const char *text)
{
	tell(ctx, text);
}

static void
told_link(struct osmtpd_ctx *ctx, const char *rdns, enum osmtpd_status fcrdns,
    struct sockaddr_storage *src, struct sockaddr_storage *dst)
{
	tell(ctx, rdns);
}

static void
told_tx(struct osmtpd_ctx *ctx, uint32_t msgid)
{
	tell(ctx, msgid == ctx->msgid ? "same" : "other");
}

static void
told_address(struct osmtpd_ctx *ctx, uint32_t msgid, const char *address,
    enum osmtpd_status status)
{
	char	 text[512];

	(void)snprintf(text, sizeof(text), "%08x:%d:%s", msgid, status,
	    address);
	tell(ctx, text);
}

static void
told_envelope(struct osmtpd_ctx *ctx, uint32_t msgid, uint64_t evpid)
{
	tell(ctx, evpid == ctx->evpid && evpid >> 32 == msgid ? "same" :
	    "other");
}

static void
told_data(struct osmtpd_ctx *ctx, uint32_t msgid, enum osmtpd_status status)
{
	told_address(ctx, msgid, "", status);
}

static void
told_commit(struct osmtpd_ctx *ctx, uint32_t msgid, size_t size)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "%08x:%zu", msgid, size);
	tell(ctx, text);
}

static void *
new_client(struct osmtpd_ctx *ctx)
{
	return calloc(1, sizeof(struct client));
}

static void
free_client(struct osmtpd_ctx *ctx, void *data)
{
	struct client	*c = data;

	if (evtimer_initialized(&c->timer))
		evtimer_del(&c->timer);
	free(c);
}

static void *
new_mail(struct osmtpd_ctx *ctx)
{
	struct mail	*m = calloc(1, sizeof(*m));

	m->lines = open_memstream(&m->buf, &m->len);
	return m;
}

static void
free_mail(struct osmtpd_ctx *ctx, void *data)
{
	struct mail	*m = data;

	fclose(m->lines);
	free(m->buf);
	free(m);
}

static void
register_questions(void)
{
	osmtpd_register_filter_connect(on_connect);
	osmtpd_register_filter_helo(decide);
	osmtpd_register_filter_ehlo(decide);
	osmtpd_register_filter_starttls(on_nothing);
	osmtpd_register_filter_mailfrom(decide);
	osmtpd_register_filter_rcptto(decide);
	osmtpd_register_filter_data(on_nothing);
	osmtpd_register_filter_dataline(on_line);
	osmtpd_register_filter_rset(on_nothing);
	osmtpd_register_filter_quit(on_nothing);
	osmtpd_register_filter_noop(on_nothing);
	osmtpd_register_filter_commit(on_commit);
}

static void
register_reports(int in)
{
	osmtpd_register_report_connect(in, told_link);
	osmtpd_register_report_disconnect(in, told);
	osmtpd_register_report_identify(in, told_text);
	osmtpd_register_report_tls(in, told_text);
	osmtpd_register_report_begin(in, told_tx);
	osmtpd_register_report_mail(in, told_address);
	osmtpd_register_report_rcpt(in, told_address);
	osmtpd_register_report_envelope(in, told_envelope);
	osmtpd_register_report_data(in, told_data);
	osmtpd_register_report_commit(in, told_commit);
	osmtpd_register_report_rollback(in, told_tx);
	osmtpd_register_report_client(in, told_text);
	osmtpd_register_report_server(in, told_text);
	osmtpd_register_report_response(in, told_text);
	osmtpd_register_report_timeout(in, told);
}

static void
on_signal(int sig)
{
	dprintf(STDERR_FILENO, "signal %d\n", sig);
}

static void
handle_signals(void)
{
	sigset_t	 blocked;

	(void)signal(SIGHUP, on_signal);
	(void)signal(SIGUSR1, on_signal);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
}

int
main(int argc, char *argv[])
{
	telling = argc > 1 && strcmp(argv[1], "tell") == 0;
	marking = argc > 1 && strcmp(argv[1], "mark") == 0;
	if (argc > 1 && strcmp(argv[1], "signals") == 0)
		handle_signals();
	setvbuf(stderr, NULL, _IOLBF, 0);
	osmtpd_register_conf(on_conf);
	osmtpd_local_session(new_client, free_client);
	osmtpd_local_message(new_mail, free_mail);
	osmtpd_need(OSMTPD_NEED_SRC | OSMTPD_NEED_DST | OSMTPD_NEED_RDNS |
	    OSMTPD_NEED_FCRDNS | OSMTPD_NEED_IDENTITY | OSMTPD_NEED_GREETING |
	    OSMTPD_NEED_CIPHERS | OSMTPD_NEED_MSGID | OSMTPD_NEED_MAILFROM |
	    OSMTPD_NEED_RCPTTO | OSMTPD_NEED_EVPID);
	register_questions();
	if (telling) {
		register_reports(1);
		register_reports(0);
	}
	osmtpd_run();
	fprintf(stderr, "smtpd hung up\n");
	return 0;
}

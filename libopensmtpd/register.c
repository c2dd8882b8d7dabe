/* SPDX-License-Identifier: ISC */
/*
 * What the filter wants, from before osmtpd_run() or from its conf callback: it
 * becomes the engine's table.  Nothing here fails.
 */

#include "library.h"

/* A client waits for 5 minutes, RFC 5321, 4.5.3.2. */
#define DEADLINE	300000

struct registered registered = {
	.filter = {
		.name = "libopensmtpd",
		.on_failure = FAILURE_TEMPFAIL,
		.deadline = DEADLINE,
		.session_size = sizeof(struct client *),
		.any_report = hook_report,
		.any_request = hook_request,
		.session_end = context_end,
		.config = run_config,
		.events = run_events,
	},
};

/* Transactions are looked at: then their end has to be known. */
static void
want_tx(void)
{
	registered.filter.tx_end = context_tx_end;
}

static union callback *
ask(enum phase phase)
{
	registered.filter.any_phases |= 1U << phase;
	if (phase >= PHASE_RCPT_TO)
		want_tx();
	return &registered.ask[phase];
}

static union callback *
tell(enum report report, int incoming)
{
	registered.filter.any_reports |= 1U << report;
	if (!incoming)
		registered.filter.outgoing = 1;
	if (!incoming || (report >= REPORT_TX_BEGIN &&
	    report <= REPORT_TX_RESET))
		want_tx();
	return &registered.tell[report][incoming != 0];
}

void
osmtpd_register_conf(void (*cb)(const char *, const char *))
{
	registered.conf = cb;
}

void
osmtpd_register_filter_connect(void (*cb)(struct osmtpd_ctx *, const char *,
    struct sockaddr_storage *))
{
	ask(PHASE_CONNECT)->connect = cb;
}

void
osmtpd_register_filter_helo(void (*cb)(struct osmtpd_ctx *, const char *))
{
	ask(PHASE_HELO)->text = cb;
}

void
osmtpd_register_filter_ehlo(void (*cb)(struct osmtpd_ctx *, const char *))
{
	ask(PHASE_EHLO)->text = cb;
}

void
osmtpd_register_filter_starttls(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_STARTTLS)->none = cb;
}

void
osmtpd_register_filter_auth(void (*cb)(struct osmtpd_ctx *, const char *))
{
	ask(PHASE_AUTH)->text = cb;
}

void
osmtpd_register_filter_mailfrom(void (*cb)(struct osmtpd_ctx *, const char *))
{
	ask(PHASE_MAIL_FROM)->text = cb;
}

void
osmtpd_register_filter_rcptto(void (*cb)(struct osmtpd_ctx *, const char *))
{
	ask(PHASE_RCPT_TO)->text = cb;
}

void
osmtpd_register_filter_data(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_DATA)->none = cb;
}

void
osmtpd_register_filter_dataline(void (*cb)(struct osmtpd_ctx *, const char *))
{
	registered.line.text = cb;
	registered.filter.line = hook_line;
	want_tx();
}

void
osmtpd_register_filter_rset(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_RSET)->none = cb;
}

void
osmtpd_register_filter_quit(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_QUIT)->none = cb;
}

void
osmtpd_register_filter_noop(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_NOOP)->none = cb;
}

void
osmtpd_register_filter_commit(void (*cb)(struct osmtpd_ctx *))
{
	ask(PHASE_COMMIT)->none = cb;
}

/* smtpd 7.9 dies of these two words, and none before it ever asked. */
void
osmtpd_register_filter_help(void (*cb)(struct osmtpd_ctx *))
{
}

void
osmtpd_register_filter_wiz(void (*cb)(struct osmtpd_ctx *))
{
}

void
osmtpd_register_report_connect(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *, enum osmtpd_status, struct sockaddr_storage *,
    struct sockaddr_storage *))
{
	tell(REPORT_LINK_CONNECT, incoming)->link = cb;
}

void
osmtpd_register_report_disconnect(int incoming, void (*cb)(struct osmtpd_ctx *))
{
	tell(REPORT_LINK_DISCONNECT, incoming)->none = cb;
}

void
osmtpd_register_report_greeting(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_LINK_GREETING, incoming)->text = cb;
}

void
osmtpd_register_report_identify(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_LINK_IDENTIFY, incoming)->text = cb;
}

void
osmtpd_register_report_tls(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_LINK_TLS, incoming)->text = cb;
}

void
osmtpd_register_report_begin(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t))
{
	tell(REPORT_TX_BEGIN, incoming)->tx = cb;
}

void
osmtpd_register_report_mail(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t, const char *, enum osmtpd_status))
{
	tell(REPORT_TX_MAIL, incoming)->address = cb;
}

void
osmtpd_register_report_rcpt(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t, const char *, enum osmtpd_status))
{
	tell(REPORT_TX_RCPT, incoming)->address = cb;
}

void
osmtpd_register_report_envelope(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t, uint64_t))
{
	tell(REPORT_TX_ENVELOPE, incoming)->envelope = cb;
}

void
osmtpd_register_report_data(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t, enum osmtpd_status))
{
	tell(REPORT_TX_DATA, incoming)->data = cb;
}

void
osmtpd_register_report_commit(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t, size_t))
{
	tell(REPORT_TX_COMMIT, incoming)->commit = cb;
}

void
osmtpd_register_report_rollback(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t))
{
	tell(REPORT_TX_ROLLBACK, incoming)->tx = cb;
}

void
osmtpd_register_report_client(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_PROTOCOL_CLIENT, incoming)->text = cb;
}

void
osmtpd_register_report_server(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_PROTOCOL_SERVER, incoming)->text = cb;
}

void
osmtpd_register_report_response(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_FILTER_RESPONSE, incoming)->text = cb;
}

void
osmtpd_register_report_timeout(int incoming, void (*cb)(struct osmtpd_ctx *))
{
	tell(REPORT_TIMEOUT, incoming)->none = cb;
}

void
osmtpd_register_report_auth(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *, enum osmtpd_status))
{
	tell(REPORT_LINK_AUTH, incoming)->user = cb;
}

void
osmtpd_register_report_reset(int incoming, void (*cb)(struct osmtpd_ctx *,
    uint32_t))
{
	tell(REPORT_TX_RESET, incoming)->tx = cb;
}

void
osmtpd_register_report_filter(int incoming, void (*cb)(struct osmtpd_ctx *,
    const char *))
{
	tell(REPORT_FILTER_REPORT, incoming)->text = cb;
}

void
osmtpd_local_session(void *(*create)(struct osmtpd_ctx *),
    void (*destroy)(struct osmtpd_ctx *, void *))
{
	registered.session.create = create;
	registered.session.destroy = destroy;
}

void
osmtpd_local_message(void *(*create)(struct osmtpd_ctx *),
    void (*destroy)(struct osmtpd_ctx *, void *))
{
	registered.message.create = create;
	registered.message.destroy = destroy;
	want_tx();
}

/* What smtpd tells at connect, the engine wants in any case. */
void
osmtpd_need(int needs)
{
	unsigned int	*reports = &registered.filter.any_reports;

	if (needs & OSMTPD_NEED_IDENTITY)
		*reports |= 1U << REPORT_LINK_IDENTIFY;
	if (needs & OSMTPD_NEED_GREETING)
		*reports |= 1U << REPORT_LINK_GREETING;
	if (needs & OSMTPD_NEED_CIPHERS)
		*reports |= 1U << REPORT_LINK_TLS;
	if (needs & OSMTPD_NEED_EVPID)
		*reports |= 1U << REPORT_TX_ENVELOPE;
	if (needs & (OSMTPD_NEED_MSGID | OSMTPD_NEED_MAILFROM |
	    OSMTPD_NEED_RCPTTO | OSMTPD_NEED_EVPID))
		want_tx();
}

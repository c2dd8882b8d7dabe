/* SPDX-License-Identifier: ISC */
/*
 * The interface that C filters for smtpd(8) are written to, as libopensmtpd 0.7
 * has it: names, values and layout are a contract.  See osmtpd_run(3).
 */

#ifndef OPENSMTPD_H
#define OPENSMTPD_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Sources of filters use these, wherever they are compiled. */
#undef __dead
#define __dead		__attribute__((__noreturn__))
#undef __unused
#define __unused	__attribute__((__unused__))

#pragma GCC visibility push(default)

enum osmtpd_status {
	OSMTPD_STATUS_OK,
	OSMTPD_STATUS_TEMPFAIL,
	OSMTPD_STATUS_PERMFAIL
};

enum osmtpd_type {
	OSMTPD_TYPE_FILTER,
	OSMTPD_TYPE_REPORT
};

/* What a callback is called for: questions first, then facts. */
enum osmtpd_phase {
	OSMTPD_PHASE_CONNECT, OSMTPD_PHASE_HELO, OSMTPD_PHASE_EHLO,
	OSMTPD_PHASE_STARTTLS, OSMTPD_PHASE_AUTH, OSMTPD_PHASE_MAIL_FROM,
	OSMTPD_PHASE_RCPT_TO, OSMTPD_PHASE_DATA, OSMTPD_PHASE_DATA_LINE,
	OSMTPD_PHASE_RSET, OSMTPD_PHASE_QUIT, OSMTPD_PHASE_NOOP,
	OSMTPD_PHASE_HELP, OSMTPD_PHASE_WIZ, OSMTPD_PHASE_COMMIT,
	OSMTPD_PHASE_LINK_CONNECT, OSMTPD_PHASE_LINK_DISCONNECT,
	OSMTPD_PHASE_LINK_GREETING, OSMTPD_PHASE_LINK_IDENTIFY,
	OSMTPD_PHASE_LINK_TLS, OSMTPD_PHASE_TX_BEGIN, OSMTPD_PHASE_TX_MAIL,
	OSMTPD_PHASE_TX_RCPT, OSMTPD_PHASE_TX_ENVELOPE, OSMTPD_PHASE_TX_DATA,
	OSMTPD_PHASE_TX_COMMIT, OSMTPD_PHASE_TX_ROLLBACK,
	OSMTPD_PHASE_PROTOCOL_CLIENT, OSMTPD_PHASE_PROTOCOL_SERVER,
	OSMTPD_PHASE_FILTER_RESPONSE, OSMTPD_PHASE_TIMEOUT
};

/* For osmtpd_need(). */
#define OSMTPD_NEED_SRC		(1 << 0)
#define OSMTPD_NEED_DST		(1 << 1)
#define OSMTPD_NEED_RDNS	(1 << 2)
#define OSMTPD_NEED_FCRDNS	(1 << 3)
#define OSMTPD_NEED_IDENTITY	(1 << 4)
#define OSMTPD_NEED_GREETING	(1 << 5)
#define OSMTPD_NEED_CIPHERS	(1 << 6)
#define OSMTPD_NEED_MSGID	(1 << 7)
#define OSMTPD_NEED_MAILFROM	(1 << 8)
#define OSMTPD_NEED_RCPTTO	(1 << 9)
#define OSMTPD_NEED_EVPID	(1 << 10)

/*
 * One session.  Valid until the callback of osmtpd_register_report_disconnect()
 * returned; an answer through it that comes later is dropped, nothing else is
 * to be done with it then.
 */
struct osmtpd_ctx {
	enum osmtpd_type	 type;
	enum osmtpd_phase	 phase;
	int			 version_major;
	int			 version_minor;
	struct timespec		 tm;		/* smtpd's, of the event */
	int			 incoming;	/* 0: smtpd is the client */
	uint64_t		 reqid;		/* of the session */
	uint64_t		 token;		/* of the question */
	struct sockaddr_storage	 src;
	struct sockaddr_storage	 dst;
	char			*rdns;		/* "<unknown>": none */
	enum osmtpd_status	 fcrdns;
	char			*identity;	/* what HELO or EHLO said */
	struct greeting {
		char		*identity;	/* what smtpd calls itself */
	}			 greeting;
	char			*ciphers;	/* NULL in the clear */
	uint32_t		 msgid;		/* 0 outside a transaction */
	char			*mailfrom;	/* the same: NULL */
	char		       **rcptto;	/* the accepted ones, and NULL */
	uint64_t		 evpid;		/* of the last envelope */
	void			*local_session;
	void			*local_message;
};

/* Smtpd's configuration: key and value; NULL and NULL when it is complete. */
void osmtpd_register_conf(void (*)(const char *, const char *));

/* Questions: each wants one osmtpd_filter_*(), now or later. */
void osmtpd_register_filter_connect(void (*)(struct osmtpd_ctx *, const char *,
    struct sockaddr_storage *));
void osmtpd_register_filter_helo(void (*)(struct osmtpd_ctx *, const char *));
void osmtpd_register_filter_ehlo(void (*)(struct osmtpd_ctx *, const char *));
void osmtpd_register_filter_starttls(void (*)(struct osmtpd_ctx *));
void osmtpd_register_filter_auth(void (*)(struct osmtpd_ctx *, const char *));
void osmtpd_register_filter_mailfrom(void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_filter_rcptto(void (*)(struct osmtpd_ctx *, const char *));
void osmtpd_register_filter_data(void (*)(struct osmtpd_ctx *));
/* A line as it was sent, stuffed; "." is the last, and wants a "." back. */
void osmtpd_register_filter_dataline(void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_filter_rset(void (*)(struct osmtpd_ctx *));
void osmtpd_register_filter_quit(void (*)(struct osmtpd_ctx *));
void osmtpd_register_filter_noop(void (*)(struct osmtpd_ctx *));
/* smtpd never asks these two, and newer ones know no such question. */
void osmtpd_register_filter_help(void (*)(struct osmtpd_ctx *));
void osmtpd_register_filter_wiz(void (*)(struct osmtpd_ctx *));
void osmtpd_register_filter_commit(void (*)(struct osmtpd_ctx *));

/* Facts: the first argument is 1 for incoming sessions, 0 for outgoing. */
void osmtpd_register_report_connect(int, void (*)(struct osmtpd_ctx *,
    const char *, enum osmtpd_status, struct sockaddr_storage *,
    struct sockaddr_storage *));
void osmtpd_register_report_disconnect(int, void (*)(struct osmtpd_ctx *));
void osmtpd_register_report_greeting(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_identify(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_tls(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_begin(int, void (*)(struct osmtpd_ctx *, uint32_t));
void osmtpd_register_report_mail(int, void (*)(struct osmtpd_ctx *, uint32_t,
    const char *, enum osmtpd_status));
void osmtpd_register_report_rcpt(int, void (*)(struct osmtpd_ctx *, uint32_t,
    const char *, enum osmtpd_status));
void osmtpd_register_report_envelope(int, void (*)(struct osmtpd_ctx *,
    uint32_t, uint64_t));
void osmtpd_register_report_data(int, void (*)(struct osmtpd_ctx *, uint32_t,
    enum osmtpd_status));
void osmtpd_register_report_commit(int, void (*)(struct osmtpd_ctx *, uint32_t,
    size_t));
void osmtpd_register_report_rollback(int, void (*)(struct osmtpd_ctx *,
    uint32_t));
void osmtpd_register_report_client(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_server(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_response(int, void (*)(struct osmtpd_ctx *,
    const char *));
void osmtpd_register_report_timeout(int, void (*)(struct osmtpd_ctx *));

/* The filter's own data of a session and of a message: made, and freed. */
void osmtpd_local_session(void *(*)(struct osmtpd_ctx *),
    void (*)(struct osmtpd_ctx *, void *));
void osmtpd_local_message(void *(*)(struct osmtpd_ctx *),
    void (*)(struct osmtpd_ctx *, void *));
/* OSMTPD_NEED_*: what struct osmtpd_ctx has to know. */
void osmtpd_need(int);

/* Answers. */
void osmtpd_filter_proceed(struct osmtpd_ctx *);
void osmtpd_filter_reject(struct osmtpd_ctx *, int, const char *, ...)
    __attribute__((__format__ (__printf__, 3, 4)));
void osmtpd_filter_reject_enh(struct osmtpd_ctx *, int, int, int, int,
    const char *, ...) __attribute__((__format__ (__printf__, 6, 7)));
void osmtpd_filter_disconnect(struct osmtpd_ctx *, const char *, ...)
    __attribute__((__format__ (__printf__, 2, 3)));
void osmtpd_filter_disconnect_enh(struct osmtpd_ctx *, int, int, int,
    const char *, ...) __attribute__((__format__ (__printf__, 5, 6)));
void osmtpd_filter_rewrite(struct osmtpd_ctx *, const char *, ...)
    __attribute__((__format__ (__printf__, 2, 3)));
void osmtpd_filter_dataline(struct osmtpd_ctx *, const char *, ...)
    __attribute__((__format__ (__printf__, 2, 3)));

/* Be a filter, until smtpd hangs up. */
void osmtpd_run(void);

/* As err(3), without the name of the program. */
__dead void osmtpd_err(int, const char *, ...);
__dead void osmtpd_errx(int, const char *, ...);

#pragma GCC visibility pop

#endif /* OPENSMTPD_H */

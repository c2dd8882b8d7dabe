/* SPDX-License-Identifier: ISC */
/*
 * What smtpd asks a filter, and what it tells about a client: the words of
 * smtpd-filters(7), and the facts that the engine keeps from them.  Filters
 * include filter.h, which has the rest.
 */

#ifndef SMTPD_H
#define SMTPD_H

#include <stddef.h>
#include <stdint.h>

#include "addrs.h"

/*
 * The questions.  A question comes before the fact it is about: at
 * PHASE_MAIL_FROM there is no tx yet, at PHASE_RCPT_TO the recipient is not
 * yet in it, at PHASE_EHLO session->helo is not yet set.  See arg instead.
 */
enum phase {
	PHASE_CONNECT,		/* arg: "rdns|address", see session->src */
	PHASE_HELO,		/* arg: identity */
	PHASE_EHLO,		/* arg: identity */
	PHASE_STARTTLS,		/* arg: "" */
	PHASE_AUTH,		/* arg: a password! for libopensmtpd/ only */
	PHASE_MAIL_FROM,	/* arg: sender, "" for the null sender; */
	PHASE_RCPT_TO,		/* arg: recipient; no source route */
	PHASE_DATA,		/* arg: "" */
	PHASE_RSET,		/* arg: "" */
	PHASE_QUIT,		/* arg: "" */
	PHASE_NOOP,		/* arg: "" */
	PHASE_COMMIT,		/* arg: "" */
	PHASE_MAX
};

/*
 * The facts.  arg is what smtpd says after the session's id, unparsed: use
 * the session instead where it has the same fact.
 */
enum report {
	REPORT_LINK_CONNECT,
	REPORT_LINK_GREETING,		/* arg: the name in the banner */
	REPORT_LINK_IDENTIFY,
	REPORT_LINK_TLS,
	REPORT_LINK_AUTH,
	REPORT_LINK_DISCONNECT,
	REPORT_TX_BEGIN,
	REPORT_TX_MAIL,
	REPORT_TX_RCPT,
	REPORT_TX_ENVELOPE,
	REPORT_TX_DATA,
	REPORT_TX_COMMIT,
	REPORT_TX_ROLLBACK,
	REPORT_TX_RESET,
	REPORT_PROTOCOL_CLIENT,		/* arg: the command line */
	REPORT_PROTOCOL_SERVER,		/* arg: the reply line */
	REPORT_FILTER_RESPONSE,		/* arg: a phase, and its answer */
	REPORT_FILTER_REPORT,		/* arg: of an action "report" */
	REPORT_TIMEOUT,
	REPORT_MAX
};

enum fcrdns { FCRDNS_ERROR, FCRDNS_FAIL, FCRDNS_PASS };

/* One message of a session, from tx-begin to tx-commit, -rollback or -reset. */
struct tx {
	uint32_t	  id;		/* smtpd's msgid */
	char		 *from;		/* "" for the null sender */
	char		**rcpt;		/* the accepted ones, and a NULL; */
	size_t		  nrcpt;	/* none: rcpt is NULL */
	void		 *data;		/* the filter's tx_size bytes */
};

/*
 * One client.  Valid until its session_end hook returned, but keep a request
 * or the id, never the pointer: see filter_session().
 */
struct session {
	uint64_t	 id;
	int64_t		 time;		/* of the last event, smtpd's, us */
	struct addr	 src;		/* AF_UNSPEC if local */
	struct addr	 dst;		/* the listener's, maybe a wildcard */
	int		 local;		/* came over smtpd's own socket */
	int		 outgoing;	/* smtp-out: smtpd is the client */
	enum fcrdns	 fcrdns;
	char		*rdns;		/* NULL if there is none */
	char		*helo;		/* NULL until HELO or EHLO */
	char		*tls;		/* version:cipher:bits, or NULL */
	char		*user;		/* NULL unless authenticated */
	struct tx	*tx;		/* NULL outside a transaction */
	void		*data;		/* the filter's session_size bytes */
};

#endif /* SMTPD_H */

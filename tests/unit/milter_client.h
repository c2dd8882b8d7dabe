/* SPDX-License-Identifier: ISC */
/* A client that said all there is to say, for tests of the milter protocol. */

#ifndef MILTER_CLIENT_H
#define MILTER_CLIENT_H

#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>

#include "client.h"

struct rich {
	struct session	 s;
	struct tx	 tx;
	struct client	 c;
	char		 rdns[32], helo[32], tls[64], user[32];
};

static inline void
rich_begin(struct rich *r)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->rdns, "mx.example.net", 15);
	memcpy(r->helo, "gate.example.net", 17);
	memcpy(r->tls, "TLSv1.3:TLS_AES_256_GCM_SHA384:256", 35);
	memcpy(r->user, "joe", 4);
	r->s.id = 0xa09900fcd597c84e;
	r->s.time = 1763632800000000;
	(void)addr_parse(&r->s.src, "203.0.113.5:54321");
	(void)addr_parse(&r->s.dst, "192.0.2.25:587");
	r->s.fcrdns = FCRDNS_PASS;
	r->s.rdns = r->rdns;
	r->s.helo = r->helo;
	r->s.tls = r->tls;
	r->tx.id = 0x0badc0de;
	client_begin(&r->c, &r->s);
	client_greeting(&r->c, "mail.example.org");
	client_command(&r->c, "EHLO gate.example.net");
	client_command(&r->c, "AUTH plain AGpvZQBzZWNyZXQ=");
	r->s.user = r->user;
}

static inline void
rich_mail(struct rich *r)
{
	client_command(&r->c, "MAIL FROM:<joe@example.net> SIZE=100 "
	    "AUTH=jo+3De@example.net");
	client_mail(&r->c, "joe@example.net", 0);
}

static inline void
rich_rcpt(struct rich *r)
{
	r->s.tx = &r->tx;
	client_command(&r->c, "RCPT TO:<\"a@b\"@example.org>");
	client_rcpt(&r->c, "\"a@b\"@example.org", 0);
}

#endif /* MILTER_CLIENT_H */

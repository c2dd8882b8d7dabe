/* SPDX-License-Identifier: ISC */
/*
 * The peer of the round trips: filter-yes on libopensmtpd, with the facts about
 * a session that ours keeps.  Exits on what the library doesn't expect.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdint.h>
#include <stdio.h>

#include <event.h>
#include <opensmtpd.h>

static void
connect_yes(struct osmtpd_ctx *ctx, const char *rdns,
    struct sockaddr_storage *src)
{
	osmtpd_filter_proceed(ctx);
}

static void
string_yes(struct osmtpd_ctx *ctx, const char *arg)
{
	osmtpd_filter_proceed(ctx);
}

static void
plain_yes(struct osmtpd_ctx *ctx)
{
	osmtpd_filter_proceed(ctx);
}

int
main(void)
{
	osmtpd_need(OSMTPD_NEED_SRC | OSMTPD_NEED_DST | OSMTPD_NEED_RDNS |
	    OSMTPD_NEED_FCRDNS | OSMTPD_NEED_IDENTITY | OSMTPD_NEED_CIPHERS |
	    OSMTPD_NEED_MSGID | OSMTPD_NEED_MAILFROM | OSMTPD_NEED_RCPTTO);
	osmtpd_register_filter_connect(connect_yes);
	osmtpd_register_filter_helo(string_yes);
	osmtpd_register_filter_ehlo(string_yes);
	osmtpd_register_filter_starttls(plain_yes);
	osmtpd_register_filter_mailfrom(string_yes);
	osmtpd_register_filter_rcptto(string_yes);
	osmtpd_register_filter_data(plain_yes);
	osmtpd_register_filter_rset(plain_yes);
	osmtpd_register_filter_quit(plain_yes);
	osmtpd_register_filter_noop(plain_yes);
	osmtpd_register_filter_commit(plain_yes);
	osmtpd_run();
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * The peer of the benches: an echo on libopensmtpd, as its manual has it.
 * The library exits on what it doesn't expect, and so does this.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <event.h>
#include <opensmtpd.h>

static void
echo_dataline(struct osmtpd_ctx *ctx, const char *line)
{
	osmtpd_filter_dataline(ctx, "%s", line);
}

static void
echo_commit(struct osmtpd_ctx *ctx)
{
	osmtpd_filter_proceed(ctx);
}

int
main(void)
{
	osmtpd_register_filter_dataline(echo_dataline);
	osmtpd_register_filter_commit(echo_commit);
	osmtpd_run();
	return 0;
}

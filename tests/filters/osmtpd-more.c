/* SPDX-License-Identifier: ISC */
/*
 * For tests of libopensmtpd: what only ours has, and a loop with a timer that
 * were there before osmtpd_run().  With the argument "auth" it asks for
 * passwords, and shows one.
 */

#include <sys/types.h>
#include <sys/time.h>

#include <stdio.h>
#include <string.h>

#include <event.h>
#include <opensmtpd_more.h>

/* Functions of a filter may have the names of the engine's. */
void	log_info(const char *);

void
log_info(const char *what)
{
	fprintf(stderr, "%s\n", what);
}

static void
tick(int fd, short what, void *arg)
{
	log_info("tick");
}

static void
on_name(struct osmtpd_ctx *ctx, const char *name)
{
	osmtpd_filter_rewrite(ctx, "%s.example", name);
}

static void
on_auth(struct osmtpd_ctx *ctx, const char *arg)
{
	fprintf(stderr, "%d auth %s\n", ctx->phase, arg);
	osmtpd_filter_proceed(ctx);
}

static void
on_address(struct osmtpd_ctx *ctx, const char *address)
{
	if (strncmp(address, "junk", 4) == 0)
		osmtpd_filter_junk(ctx);
	else
		osmtpd_filter_rewrite(ctx, "<new-%s>", address);
}

static void
told_user(struct osmtpd_ctx *ctx, const char *user, enum osmtpd_status status)
{
	fprintf(stderr, "%d user %s %d\n", ctx->phase, user, status);
}

static void
told_tx(struct osmtpd_ctx *ctx, uint32_t msgid)
{
	fprintf(stderr, "%d reset %08x\n", ctx->phase, msgid);
}

static void
told_text(struct osmtpd_ctx *ctx, const char *text)
{
	fprintf(stderr, "%d text %s\n", ctx->phase, text);
}

int
main(int argc, char *argv[])
{
	struct timeval	 tv = { 0, 100000 };
	struct event	 ev;

	event_init();
	evtimer_set(&ev, tick, NULL);
	evtimer_add(&ev, &tv);
	osmtpd_register_filter_helo(on_name);
	osmtpd_register_filter_mailfrom(on_address);
	osmtpd_register_filter_rcptto(on_address);
	osmtpd_register_filter_help(NULL);
	osmtpd_register_filter_wiz(NULL);
	if (argc > 1 && strcmp(argv[1], "auth") == 0)
		osmtpd_register_filter_auth(on_auth);
	osmtpd_register_report_auth(1, told_user);
	osmtpd_register_report_reset(1, told_tx);
	osmtpd_register_report_filter(1, told_text);
	osmtpd_register_report_greeting(1, told_text);
	osmtpd_run();
	log_info("smtpd hung up");
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * A milter for benches: it wants to know everything, does nothing with it, and
 * puts "X-Milter: yes" on top.  Linked with any libmilter.
 *
 *	milter-quick [socket]
 */

#include <sys/types.h>

#include <stdio.h>

#include <libmilter/mfapi.h>

static sfsistat
quick_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *sa)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_word(SMFICTX *ctx, char *name)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_args(SMFICTX *ctx, char **argv)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_header(SMFICTX *ctx, char *name, char *value)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_event(SMFICTX *ctx)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_body(SMFICTX *ctx, unsigned char *body, size_t len)
{
	return SMFIS_CONTINUE;
}

static sfsistat
quick_eom(SMFICTX *ctx)
{
	static char	 name[] = "X-Milter", value[] = "yes";

	return smfi_insheader(ctx, 0, name, value) == MI_SUCCESS ?
	    SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static struct smfiDesc	 quick = {
	.xxfi_name = (char *)"quick",
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS,
	.xxfi_connect = quick_connect,
	.xxfi_helo = quick_word,
	.xxfi_envfrom = quick_args,
	.xxfi_envrcpt = quick_args,
	.xxfi_data = quick_event,
	.xxfi_header = quick_header,
	.xxfi_eoh = quick_event,
	.xxfi_body = quick_body,
	.xxfi_eom = quick_eom,
	.xxfi_abort = quick_event,
	.xxfi_close = quick_event,
};

int
main(int argc, char *argv[])
{
	char	 nowhere[] = "inet:1@127.0.0.1";

	if (smfi_register(quick) == MI_FAILURE ||
	    smfi_setconn(argc > 1 ? argv[1] : nowhere) == MI_FAILURE) {
		fprintf(stderr, "milter-quick: not set up\n");
		return 1;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}

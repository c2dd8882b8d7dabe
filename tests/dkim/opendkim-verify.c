/* SPDX-License-Identifier: ISC */
/*
 * usage: opendkim-verify SELECTOR=RECORD...
 *
 * A verifier that stays: reads messages from stdin, each with its length in
 * four bytes (big endian) before it, and says what libopendkim says of each
 * signature, from the top, in one line: "domain selector result", with ';'
 * between them.  Keys are those of the command line, whatever the domain.
 * Ends with its input, or with exit status 1 and a reason.
 */

#include <sys/types.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <opendkim/dkim.h>

static char	**records;

static DKIM_CBSTAT
find_record(DKIM *dkim, DKIM_SIGINFO *sig, u_char *buf, size_t size)
{
	const char	*selector = (char *)dkim_sig_getselector(sig);
	size_t		 len = strlen(selector);
	char		**r;

	for (r = records; *r != NULL; r++) {
		if (strncmp(*r, selector, len) == 0 && (*r)[len] == '=') {
			(void)snprintf((char *)buf, size, "%s", *r + len + 1);
			return DKIM_CBSTAT_CONTINUE;
		}
	}
	return DKIM_CBSTAT_NOTFOUND;
}

static u_char *
read_message(size_t *len)
{
	u_char	 head[4], *message;

	if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
		return NULL;
	*len = (size_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
	if ((message = malloc(*len + 1)) == NULL)
		err(1, "malloc");
	if (fread(message, 1, *len, stdin) != *len)
		errx(1, "half a message");
	return message;
}

static void
print_signatures(DKIM *dkim)
{
	DKIM_SIGINFO	**sigs;
	int		  n, i, ok;

	if (dkim_getsiglist(dkim, &sigs, &n) != DKIM_STAT_OK)
		n = 0;
	for (i = 0; i < n; i++) {
		ok = (dkim_sig_getflags(sigs[i]) & DKIM_SIGFLAG_PASSED) != 0 &&
		    dkim_sig_getbh(sigs[i]) == DKIM_SIGBH_MATCH;
		printf("%s%s %s %s", i > 0 ? ";" : "",
		    dkim_sig_getdomain(sigs[i]), dkim_sig_getselector(sigs[i]),
		    ok ? "pass" :
		    dkim_sig_geterrorstr(dkim_sig_geterror(sigs[i])));
	}
}

static void
verify(DKIM_LIB *lib, u_char *message, size_t len)
{
	DKIM		*dkim;
	DKIM_STAT	 status;

	dkim = dkim_verify(lib, (const u_char *)"test", NULL, &status);
	if (dkim == NULL)
		errx(1, "dkim_verify: %d", (int)status);
	if ((status = dkim_chunk(dkim, message, len)) == DKIM_STAT_OK &&
	    (status = dkim_chunk(dkim, NULL, 0)) == DKIM_STAT_OK)
		status = dkim_eom(dkim, NULL);
	if (status == DKIM_STAT_SYNTAX || status == DKIM_STAT_INTERNAL)
		printf("- - %s", dkim_getresultstr(status));
	else
		print_signatures(dkim);
	printf("\n");
	(void)fflush(stdout);
	(void)dkim_free(dkim);
}

int
main(int argc, char *argv[])
{
	DKIM_LIB	*lib;
	u_char		*message;
	size_t		 len;

	if (argc < 2)
		errx(1, "usage: opendkim-verify selector=record ...");
	records = argv + 1;
	if ((lib = dkim_init(NULL, NULL)) == NULL)
		errx(1, "dkim_init");
	(void)dkim_set_key_lookup(lib, find_record);
	while ((message = read_message(&len)) != NULL) {
		verify(lib, message, len);
		free(message);
	}
	dkim_close(lib);
	return 0;
}

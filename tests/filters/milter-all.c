/* SPDX-License-Identifier: ISC */
/*
 * A milter for tests: it prints what it is told, to a stdout that must not be
 * smtpd, and does what the client says, by HELO's name, the local parts of
 * addresses, and fields "X-Do: what".  Linked with any libmilter.
 *
 *	milter-all [-p socket]
 *	milter-all -b		into the background, as milters must not
 *	milter-all -c		has descriptors of its own, whatever was there
 *	milter-all -e status	exits at once
 *	milter-all -s		starts a child again and again
 *	milter-all -v version	of libmilter, when there was less
 *	milter-all -w seconds	takes its time to end
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#define DEEDS_MAX	32

struct talk {
	char		 deeds[DEEDS_MAX][64];	/* of X-Do, in order */
	int		 ndeeds;
	size_t		 body;			/* bytes of it */
	unsigned int	 headers;
};

static int		 running;

/* A line of a log holds no byte that a client made up. */
static const char *
safe(char *text)
{
	unsigned char	*p;

	for (p = (unsigned char *)text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}

static void
say_macro(SMFICTX *ctx, const char *name)
{
	char	*value = smfi_getsymval(ctx, (char *)name);

	printf("macro %s=%s\n", name, value == NULL ? "-" : safe(value));
}

static sfsistat
own_words(SMFICTX *ctx, const char *how)
{
	if (strcmp(how, "lines") == 0)
		(void)smfi_setmlreply(ctx, "550", "5.7.1", "One", "Two 100%",
		    NULL);
	else if (strcmp(how, "later") == 0) {
		(void)smfi_setreply(ctx, (char *)"450", (char *)"4.2.0",
		    (char *)"Own words, later");
		return SMFIS_TEMPFAIL;
	} else if (strcmp(how, "hangup") == 0) {
		(void)smfi_setreply(ctx, (char *)"421", (char *)"4.7.0",
		    (char *)"Own words, bye");
		return SMFIS_TEMPFAIL;
	} else
		(void)smfi_setreply(ctx, (char *)"554", (char *)"5.7.1",
		    (char *)"Own words");
	return SMFIS_REJECT;
}

/* It prints, and a signal ends it. */
static void
run_child(void)
{
	sigset_t	 none;
	pid_t		 pid;
	int		 status;

	if ((pid = fork()) == 0) {
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)execl("/bin/sh", "sh", "-c",
		    "echo from a child, $(ulimit -n) descriptors; kill -TERM $$; echo alive",
		    (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		continue;
	printf("child ended by signal %d\n",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* What the client wants to happen. */
static sfsistat
obey(SMFICTX *ctx, const char *word)
{
	if (strcmp(word, "reject") == 0)
		return SMFIS_REJECT;
	if (strcmp(word, "tempfail") == 0)
		return SMFIS_TEMPFAIL;
	if (strcmp(word, "discard") == 0)
		return SMFIS_DISCARD;
	if (strcmp(word, "accept") == 0)
		return SMFIS_ACCEPT;
	if (strcmp(word, "odd") == 0)
		return 77;
	if (strcmp(word, "words") == 0 || strcmp(word, "lines") == 0 ||
	    strcmp(word, "later") == 0 || strcmp(word, "hangup") == 0)
		return own_words(ctx, word);
	if (strcmp(word, "slow") == 0)
		(void)sleep(1);
	if (strcmp(word, "stuck") == 0)
		(void)sleep(600);
	if (strcmp(word, "crash") == 0)
		(void)raise(SIGSEGV);
	if (strcmp(word, "child") == 0)
		run_child();
	if (strcmp(word, "exit") == 0)
		_exit(3);
	if (strcmp(word, "stop") == 0)
		(void)smfi_stop();
	return SMFIS_CONTINUE;
}

/* "<word@example.org>" */
static sfsistat
obey_address(SMFICTX *ctx, const char *address)
{
	char	 word[64];
	size_t	 n;

	address += *address == '<';
	n = strcspn(address, "@>");
	if (n >= sizeof(word))
		return SMFIS_CONTINUE;
	memcpy(word, address, n);
	word[n] = '\0';
	return obey(ctx, word);
}

static sfsistat
all_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *sa)
{
	char	 text[INET6_ADDRSTRLEN] = "unknown";

	if (sa != NULL && sa->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((struct sockaddr_in *)sa)->sin_addr,
		    text, sizeof(text));
	else if (sa != NULL && sa->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6,
		    &((struct sockaddr_in6 *)sa)->sin6_addr, text,
		    sizeof(text));
	printf("connect %s %s\n", safe(host), text);
	say_macro(ctx, "{daemon_name}");
	say_macro(ctx, "j");
	(void)smfi_setpriv(ctx, calloc(1, sizeof(struct talk)));
	return strncmp(host, "reject", 6) == 0 ? SMFIS_REJECT :
	    SMFIS_CONTINUE;
}

static sfsistat
all_helo(SMFICTX *ctx, char *name)
{
	printf("helo %s\n", safe(name));
	return obey(ctx, name);
}

static sfsistat
all_args(SMFICTX *ctx, const char *what, char **argv)
{
	printf("%s", what);
	for (; *argv != NULL; argv++)
		printf(" %s", safe(*argv));
	printf("\n");
	say_macro(ctx, "i");
	return SMFIS_CONTINUE;
}

static sfsistat
all_envfrom(SMFICTX *ctx, char **argv)
{
	struct talk	*t = smfi_getpriv(ctx);

	(void)all_args(ctx, "envfrom", argv);
	memset(t, 0, sizeof(*t));
	return obey_address(ctx, argv[0]);
}

static sfsistat
all_envrcpt(SMFICTX *ctx, char **argv)
{
	(void)all_args(ctx, "envrcpt", argv);
	return obey_address(ctx, argv[0]);
}

static sfsistat
all_data(SMFICTX *ctx)
{
	printf("data\n");
	return SMFIS_CONTINUE;
}

static sfsistat
all_header(SMFICTX *ctx, char *name, char *value)
{
	struct talk	*t = smfi_getpriv(ctx);

	t->headers++;
	if (strcasecmp(name, "X-Do") == 0 && t->ndeeds < DEEDS_MAX)
		(void)snprintf(t->deeds[t->ndeeds++], sizeof(t->deeds[0]),
		    "%s", value);
	if (strcasecmp(name, "X-Now") == 0)
		return obey(ctx, value);
	return SMFIS_CONTINUE;
}

static sfsistat
all_eoh(SMFICTX *ctx)
{
	struct talk	*t = smfi_getpriv(ctx);

	printf("eoh after %u\n", t->headers);
	return SMFIS_CONTINUE;
}

static sfsistat
all_body(SMFICTX *ctx, unsigned char *body, size_t len)
{
	struct talk	*t = smfi_getpriv(ctx);

	t->body += len;
	return SMFIS_CONTINUE;
}

static int
change(SMFICTX *ctx, const char *how)
{
	static char	 name[] = "X-Milter", value[] = "yes\n\tindeed",
			 subject[] = "Subject", other[] = "another",
			 added[] = "added@example.org",
			 removed[] = "<bob@example.com>",
			 from[] = "new@example.org", why[] = "looks odd";

	if (strcmp(how, "add") == 0)
		return smfi_addheader(ctx, name, value);
	if (strcmp(how, "insert") == 0)
		return smfi_insheader(ctx, 0, name, value);
	if (strcmp(how, "change") == 0)
		return smfi_chgheader(ctx, subject, 1, other);
	if (strcmp(how, "delete") == 0)
		return smfi_chgheader(ctx, subject, 1, NULL);
	if (strcmp(how, "body") == 0)
		return smfi_replacebody(ctx,
		    (unsigned char *)"new\r\n.body\r\n", 12);
	if (strcmp(how, "addrcpt") == 0)
		return smfi_addrcpt(ctx, added);
	if (strcmp(how, "delrcpt") == 0)
		return smfi_delrcpt(ctx, removed);
	if (strcmp(how, "from") == 0)
		return smfi_chgfrom(ctx, from, NULL);
	if (strcmp(how, "quarantine") == 0)
		return smfi_quarantine(ctx, why);
	if (strcmp(how, "progress") == 0)
		return smfi_progress(ctx);
	return 1;
}

static sfsistat
all_eom(SMFICTX *ctx)
{
	struct talk	*t = smfi_getpriv(ctx);
	sfsistat	 r = SMFIS_CONTINUE;
	int		 i, done;

	printf("eom after %zu\n", t->body);
	for (i = 0; i < t->ndeeds && r == SMFIS_CONTINUE; i++) {
		done = change(ctx, t->deeds[i]);
		if (done == 1)
			r = obey(ctx, t->deeds[i]);
		else
			printf("did %s: %d\n", t->deeds[i], done);
	}
	return r;
}

static sfsistat
all_abort(SMFICTX *ctx)
{
	printf("abort\n");
	return SMFIS_CONTINUE;
}

static sfsistat
all_close(SMFICTX *ctx)
{
	printf("close\n");
	free(smfi_getpriv(ctx));
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static sfsistat
all_unknown(SMFICTX *ctx, const char *line)
{
	printf("unknown %s\n", safe((char *)line));
	return SMFIS_CONTINUE;
}

static struct smfiDesc	 all = {
	.xxfi_name = (char *)"all",
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY |
	    SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_CHGFROM | SMFIF_QUARANTINE,
	.xxfi_connect = all_connect,
	.xxfi_helo = all_helo,
	.xxfi_envfrom = all_envfrom,
	.xxfi_envrcpt = all_envrcpt,
	.xxfi_data = all_data,
	.xxfi_header = all_header,
	.xxfi_eoh = all_eoh,
	.xxfi_body = all_body,
	.xxfi_eom = all_eom,
	.xxfi_abort = all_abort,
	.xxfi_close = all_close,
	.xxfi_unknown = all_unknown,
};

/* What came later lies behind the end of its struct: nobody knows what it is. */
static void
become(int version)
{
	all.xxfi_version = version;
	memset(&all.xxfi_unknown, 0x5a, sizeof(all) -
	    offsetof(struct smfiDesc, xxfi_unknown));
}

int
main(int argc, char *argv[])
{
	char	 nowhere[] = "inet:1@127.0.0.1", *where = nowhere;
	int	 c, fd, status, wait = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "+bce:p:sv:w:")) != -1) {
		if (c == 'b' && fork() != 0)
			_exit(0);
		for (fd = 3; c == 'c' && fd < 256; fd++)
			(void)dup2(0, fd);
		while (c == 's' && fork() != 0)
			(void)waitpid(-1, NULL, 0);
		if (c == 'e')
			exit(atoi(optarg));
		if (c == 'p')
			where = optarg;
		if (c == 'v')
			become(atoi(optarg));
		if (c == 'w')
			wait = atoi(optarg);
	}
	printf("main %d\n", ++running);
	if (smfi_register(all) == MI_FAILURE ||
	    smfi_setconn(where) == MI_FAILURE ||
	    smfi_opensocket(1) == MI_FAILURE) {
		fprintf(stderr, "milter-all: not set up\n");
		return 1;
	}
	status = smfi_main();
	printf("end %d\n", status);
	if (wait > 0) {
		(void)sleep((unsigned int)wait);
		printf("put away\n");
	}
	return status == MI_SUCCESS ? 0 : 1;
}

/* SPDX-License-Identifier: ISC */
/*
 * filter-test(1): plays smtpd for one message to any filter, and says what the
 * filter did, and what smtpd would have made of it.
 *
 * Exits 0: accepted, 1: refused, 2: the filter broke a rule of smtpd's, 3: wrong
 * usage, or the message can't be read.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "options.h"
#include "play.h"
#include "trouble.h"

#define TIMEOUT_MS	90000

enum {
	LONG_AUTH = 256, LONG_CLIENT, LONG_FROM, LONG_HELO, LONG_JSON,
	LONG_PROTOCOL, LONG_RDNS, LONG_TIMEOUT, LONG_TLS, LONG_TO
};

static const struct option	 longs[] = {
	{ "auth", required_argument, NULL, LONG_AUTH },
	{ "client", required_argument, NULL, LONG_CLIENT },
	{ "from", required_argument, NULL, LONG_FROM },
	{ "helo", required_argument, NULL, LONG_HELO },
	{ "json", no_argument, NULL, LONG_JSON },
	{ "protocol", required_argument, NULL, LONG_PROTOCOL },
	{ "rdns", required_argument, NULL, LONG_RDNS },
	{ "timeout", required_argument, NULL, LONG_TIMEOUT },
	{ "tls", no_argument, NULL, LONG_TLS },
	{ "to", required_argument, NULL, LONG_TO },
	{ NULL, 0, NULL, 0 }
};

static struct scene		 scene = {
	.rdns = "mx.example.com",
	.from = "joe@example.com",
	.minor = 7,
	.timeout = TIMEOUT_MS
};
static const struct report	*report = &report_words;

static void
usage(void)
{
	(void)fputs("usage: filter-test [-Vv] [--auth user] "
	    "[--client address] [--from address] [--helo name] [--json] "
	    "[--protocol version] [--rdns name] [--timeout duration] [--tls] "
	    "[--to address] message -- filter [argument ...]\n", stderr);
	exit(TROUBLE);
}

static void
wrong(const char *option, const char *why, const char *value)
{
	log_warnx("--%s: %s: %s", option, why, log_quote(value));
	exit(TROUBLE);
}

/* What goes into a line of the protocol, where nothing is escaped. */
static const char *
word_take(const char *option, const char *s)
{
	if (strlen(s) > 255)
		wrong(option, "longer than 255 bytes", s);
	if (strpbrk(s, "\r\n") != NULL)
		wrong(option, "a line end in it", s);
	return s;
}

/* smtpd gives addresses without their brackets. */
static const char *
address_take(const char *option, char *s)
{
	size_t	 len = strlen(s);

	if (len > 1 && *s == '<' && s[len - 1] == '>') {
		s[len - 1] = '\0';
		s++;
	}
	return word_take(option, s);
}

static void
client_take(const char *s)
{
	if (strcmp(s, "local") == 0)
		scene.client.family = AF_UNSPEC;
	else if (addr_parse(&scene.client, s) == -1)
		wrong("client", "no address, and not local", s);
}

static void
protocol_take(const char *s)
{
	static const char *const	 known[] = { "0.4", "0.6", "0.7", NULL };
	int				 i = judge_find(known, s, strlen(s));

	if (i == -1)
		wrong("protocol", "not 0.4, 0.6 or 0.7", s);
	scene.minor = known[i][2] - '0';
}

static void
timeout_take(const char *s)
{
	const char	*why = options_duration(s, &scene.timeout);

	if (why == NULL && scene.timeout < 100)
		why = "less than 0.1 seconds";
	if (why != NULL)
		wrong("timeout", why, s);
}

static void
to_take(char *s)
{
	if (scene.nto == PLAY_RECIPIENTS)
		wrong("to", "too many of them", s);
	scene.to[scene.nto++] = address_take("to", s);
}

static void
option_take(int c)
{
	if (c == 'v')
		scene.raw = 1;
	else if (c == LONG_AUTH)
		scene.user = word_take("auth", optarg);
	else if (c == LONG_CLIENT)
		client_take(optarg);
	else if (c == LONG_FROM)
		scene.from = address_take("from", optarg);
	else if (c == LONG_HELO)
		scene.helo = word_take("helo", optarg);
	else if (c == LONG_JSON)
		report = &report_json;
	else if (c == LONG_PROTOCOL)
		protocol_take(optarg);
	else if (c == LONG_RDNS)
		scene.rdns = strcmp(optarg, "none") == 0 ? NULL :
		    word_take("rdns", optarg);
	else if (c == LONG_TIMEOUT)
		timeout_take(optarg);
	else if (c == LONG_TLS)
		scene.tls = 1;
	else if (c == LONG_TO)
		to_take(optarg);
	else
		usage();
}

/* Up to the message; some getopt(3) leave the "--" behind it, others not. */
static void
options_take(int argc, char *argv[])
{
	static char	 to[] = "alice@example.org";
	int		 c;

	(void)addr_parse(&scene.client, "192.0.2.1");
	while ((c = getopt_long(argc, argv, "Vv", longs, NULL)) != -1)
		if (c == 'V') {
			(void)puts("filter-test " PACKAGE_VERSION);
			exit(0);
		} else {
			option_take(c);
		}
	if (scene.client.family == AF_UNSPEC)
		scene.rdns = "mx.example.org";
	if (scene.helo == NULL)
		scene.helo = scene.rdns != NULL ? scene.rdns :
		    "client.example.com";
	if (scene.nto == 0)
		to_take(to);
}

static void
mail_read(const char *path)
{
	FILE		*fp = stdin;
	const char	*why;
	size_t		 number;

	if (strcmp(path, "-") != 0 && (fp = fopen(path, "r")) == NULL) {
		log_warn("%s", path);
		exit(TROUBLE);
	}
	if ((why = lines_read(&scene.mail, fp, &number)) != NULL) {
		log_warnx("%s:%zu: %s", path, number, why);
		exit(TROUBLE);
	}
	if (fp != stdin)
		(void)fclose(fp);
}

int
main(int argc, char *argv[])
{
	struct result	 result;
	enum outcome	 outcome;
	int		 i;

	log_init("filter-test");
	options_take(argc, argv);
	i = optind + 1;
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc)
		usage();
	mail_read(argv[optind]);
	report_colours = isatty(STDOUT_FILENO);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	outcome = play_run(&scene, FILTERDIR, argv + i, report, &result);
	lines_free(&result.before);
	lines_free(&result.after);
	lines_free(&scene.mail);
	if (fflush(stdout) != 0 || ferror(stdout))
		trouble("stdout");
	return (int)outcome;
}

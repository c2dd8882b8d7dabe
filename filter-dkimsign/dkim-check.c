/* SPDX-License-Identifier: ISC */
/*
 * dkim-check(1): are private keys, the files that they are in, and the records
 * in the DNS what they have to be?  One line a finding.
 *
 * Exits 0: all is well, 1: something is not, 2: wrong usage, 75: the DNS did
 * not tell.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "check.h"
#include "log.h"
#include "options.h"
#include "privkey.h"
#include "zonefile.h"

#define CONF		"/etc/opendkim.conf"
#define TIMEOUT_MS	10000
#define EX_USAGE	2

enum { LONG_SERVER = 256, LONG_TIMEOUT, LONG_ZONE };

static const struct option	 longs[] = {
	{ "server", required_argument, NULL, LONG_SERVER },
	{ "timeout", required_argument, NULL, LONG_TIMEOUT },
	{ "zone", required_argument, NULL, LONG_ZONE },
	{ NULL, 0, NULL, 0 }
};

static const char	*domain, *selector, *keyfile, *conf, *server, *zone;
static int64_t		 timeout_ms = TIMEOUT_MS;

static void
usage(void)
{
	(void)fputs("usage: dkim-check [-Vv] [-d domain] [-f file] [-k file] "
	    "[-s selector] [--server address:port] "
	    "[--timeout duration] [--zone file]\n", stderr);
	exit(EX_USAGE);
}

static void
timeout_take(const char *s)
{
	const char	*why = options_duration(s, &timeout_ms);

	if (why == NULL && (timeout_ms < 100 || timeout_ms > 600000))
		why = "0.1 to 600 seconds";
	if (why == NULL)
		return;
	log_warnx("--timeout: %s: %s", why, log_quote(s));
	exit(EX_USAGE);
}

static void
option_take(int c)
{
	if (c == 'd')
		domain = optarg;
	else if (c == 'f' || c == 'x')	/* opendkim-testkey has -x */
		conf = optarg;
	else if (c == 'k')
		keyfile = optarg;
	else if (c == 's')
		selector = optarg;
	else if (c == 'v')
		log_verbose();
	else if (c == LONG_SERVER)
		server = optarg;
	else if (c == LONG_TIMEOUT)
		timeout_take(optarg);
	else if (c == LONG_ZONE)
		zone = optarg;
	else
		usage();
}

static void
options_take(int argc, char *argv[])
{
	int	 c;

	while ((c = getopt_long(argc, argv, "d:f:k:s:Vvx:", longs, NULL)) != -1)
		if (c == 'V') {
			(void)puts("dkim-check " PACKAGE_VERSION);
			exit(0);
		} else {
			option_take(c);
		}
	/* Whose keys: the file's, or these. */
	if (optind < argc ||
	    (conf != NULL && (selector != NULL || keyfile != NULL)))
		usage();
	if (conf == NULL && domain == NULL && selector == NULL &&
	    keyfile == NULL && access(CONF, R_OK) == 0)
		conf = CONF;
	/* A record needs both; without them there is only a key. */
	if (conf == NULL && ((domain == NULL) != (selector == NULL) ||
	    (domain == NULL && keyfile == NULL)))
		usage();
}

/* As a DNS server would answer.  Returns 0, or -1 after saying why. */
static int
records_from_zone(struct checks *list)
{
	const char	*origin = domain;
	struct zonefile	*z;
	struct check	*c;

	if (list->first == NULL)
		return 0;
	if (origin == NULL && (origin = list->first->domain) == NULL)
		origin = "";
	if ((z = zonefile_load(zone, origin)) == NULL)
		return -1;
	for (c = list->first; c != NULL; c = c->next)
		zonefile_txt(z, c->name, &c->answer);
	zonefile_free(z);
	return 0;
}

static int
records_from_dns(struct checks *list)
{
	struct check	*c;
	struct dns	*dns;

	if ((dns = dns_new(server, timeout_ms)) == NULL)
		return -1;
	for (c = list->first; c != NULL; c = c->next)
		if (c->name[0] != '\0')
			dns_txt(dns, c->name, &c->answer);
	dns_run(dns);
	dns_free(dns);
	return 0;
}

static void
checks_clear(struct checks *list)
{
	struct check	*c;

	while ((c = list->first) != NULL) {
		list->first = c->next;
		dns_answer_clear(&c->answer);
		privkey_drop(c->key);
		free(c->domain);
		free(c->selector);
		free(c->path);
		free(c->text);
		free(c);
	}
	privkey_forget();
}

/* Returns the exit status. */
static int
checks_run(struct checks *list)
{
	struct check	*c;

	if (conf == NULL)
		checks_add(list, domain, selector, keyfile);
	else if (checks_conf(list, conf, domain) == -1)
		finding(FINDING_ERROR, conf, "not all of it was read");
	if ((zone != NULL ? records_from_zone(list) :
	    records_from_dns(list)) == -1)
		return EX_USAGE;
	for (c = list->first; c != NULL; c = c->next) {
		check_key(c);
		check_record(c);
	}
	return finding_status();
}

int
main(int argc, char *argv[])
{
	struct checks	 list = { NULL, &list.first };
	int		 status;

	log_init("dkim-check");
	options_take(argc, argv);
	status = checks_run(&list);
	checks_clear(&list);
	if (fflush(stdout) != 0)
		fatal("stdout");
	return status;
}

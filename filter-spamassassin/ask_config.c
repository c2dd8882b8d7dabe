/* SPDX-License-Identifier: ISC */
/*
 * Which spamd, and how it is asked.  Mistakes are found at start; that spamd
 * is not there is none: it may come later.
 */

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "ask_config.h"
#include "backend.h"
#include "log.h"

#define PORT		783

/*
 * A try costs nothing where the server is one: it is probed as soon as a mail
 * waits.  Of several the one that rests costs time, and others do its work.
 */
#define REST_ONE	1000
#define REST_SEVERAL	10000

struct ask_config	 ask_config = {
	.max_concurrent = 5,
	.queue_max = 200,
	.queue_timeout = 60000,
	.connect_timeout = 3000,
	.tries = 3,
	.retry_delay = 2000,
};

static const char	*host;
static int64_t		 port;
static int		 servers;

static const char *
server_add(const char *where)
{
	if (ask_config.backend == NULL)
		ask_config.backend = backend_new("spamd");
	servers++;
	return backend_add(ask_config.backend, where, PORT);
}

const struct key	 ask_keys[] = {
	{ .name = "host", .letter = 'h', .type = KEY_STRING, .dest = &host },
	{ .name = "port", .letter = 'p', .type = KEY_NUMBER, .dest = &port,
	    .min = 1, .max = 65535 },
	{ .name = "server", .type = KEY_CALL, .call = server_add },
	{ .name = "compress", .type = KEY_BOOL,
	    .dest = &ask_config.compress },
	{ .name = "max-concurrent", .type = KEY_NUMBER,
	    .dest = &ask_config.max_concurrent, .min = 1, .max = 1000 },
	{ .name = "queue-max", .type = KEY_NUMBER,
	    .dest = &ask_config.queue_max, .min = 0, .max = 10000 },
	{ .name = "queue-timeout", .type = KEY_DURATION,
	    .dest = &ask_config.queue_timeout, .min = 100, .max = 590000 },
	{ .name = "connect-timeout", .type = KEY_DURATION,
	    .dest = &ask_config.connect_timeout, .min = 100, .max = 60000 },
	{ .name = "tries", .type = KEY_NUMBER, .dest = &ask_config.tries,
	    .min = 1, .max = 20 },
	{ .name = "retry-delay", .type = KEY_DURATION,
	    .dest = &ask_config.retry_delay, .min = 0, .max = 60000 },
	{ .name = NULL }
};

/* -h and -p: as the filter of 2016 had them. */
static const char *
server_old(void)
{
	const char	*name = host != NULL ? host : "127.0.0.1";
	char		 where[300];
	int		 n;

	n = snprintf(where, sizeof(where),
	    strchr(name, ':') != NULL && *name != '[' ? "[%s]:%d" : "%s:%d",
	    name, port != 0 ? (int)port : PORT);
	if (n < 0 || (size_t)n >= sizeof(where))
		return "name too long";
	return *name == '/' ? server_add(name) : server_add(where);
}

int
ask_load(void)
{
	const char	*why;

	if (host != NULL || port != 0 || servers == 0) {
		if ((why = server_old()) != NULL) {
			log_warnx("-h: %s: %s", why, host != NULL ? host : "");
			return -1;
		}
		host = NULL;
		port = 0;
	}
	backend_rest(ask_config.backend,
	    servers == 1 ? REST_ONE : REST_SEVERAL);
	return 0;
}

int
ask_check(void)
{
	return backend_check(ask_config.backend, ask_config.connect_timeout);
}

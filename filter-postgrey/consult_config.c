/* SPDX-License-Identifier: ISC */
/*
 * Keys of the policy backend.  Mistakes are found at start; that a server is
 * not there is none: it may come later.
 */

#include <stddef.h>

#include "backend.h"
#include "consult.h"
#include "consult_config.h"

/* After which one that failed is tried with the next mail, at the latest. */
#define REST_MAX	10000

struct consult_config	 consult_config = {
	.connections = 4,
	.max_idle = 300000,
	.connect_timeout = 2000,
	.timeout = 10000,
	.tries = 2,
	.retry_delay = 1000,
	.queue_max = 1000,
	.context = "",
};

static const char *
server_add(const char *where)
{
	if (consult_config.backend == NULL)
		consult_config.backend = backend_new("policy");
	return backend_add(consult_config.backend, where, 0);
}

const struct key	 consult_keys[] = {
	{ .name = "server", .letter = 's', .type = KEY_CALL,
	    .call = server_add },
	{ .name = "connections", .type = KEY_NUMBER,
	    .dest = &consult_config.connections, .min = 1, .max = 100 },
	{ .name = "max-idle", .type = KEY_DURATION,
	    .dest = &consult_config.max_idle, .min = 0, .max = 86400000 },
	{ .name = "connect-timeout", .type = KEY_DURATION,
	    .dest = &consult_config.connect_timeout, .min = 100,
	    .max = 60000 },
	{ .name = "timeout", .type = KEY_DURATION,
	    .dest = &consult_config.timeout, .min = 100, .max = 300000 },
	{ .name = "tries", .type = KEY_NUMBER, .dest = &consult_config.tries,
	    .min = 1, .max = 10 },
	{ .name = "retry-delay", .type = KEY_DURATION,
	    .dest = &consult_config.retry_delay, .min = 0, .max = 60000 },
	{ .name = "queue-max", .type = KEY_NUMBER,
	    .dest = &consult_config.queue_max, .min = 0, .max = 100000 },
	{ .name = "policy-context", .type = KEY_STRING,
	    .dest = &consult_config.context },
	{ .name = NULL }
};

int
consult_wanted(void)
{
	return consult_config.backend != NULL;
}

int
consult_load(void)
{
	const struct consult_config	*c = &consult_config;

	if (c->backend == NULL)
		return 0;
	backend_rest(c->backend, REST_MAX);
	backend_pool(c->backend, (size_t)c->connections, c->max_idle);
	return 0;
}

int
consult_check(void)
{
	const struct consult_config	*c = &consult_config;

	if (c->backend == NULL)
		return 0;
	return backend_check(c->backend, c->connect_timeout);
}

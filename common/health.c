/* SPDX-License-Identifier: ISC */
/*
 * See health.h.  A server that fails rests, each time twice as long.
 */

#include <event2/util.h>

#include "compat.h"
#include "health.h"
#include "log.h"
#include "server.h"

#define REST_MIN	1000
#define TELL_EVERY	60000		/* ms, while it stays so */

struct server *
health_next(struct server *srv, int64_t now)
{
	for (; srv != NULL; srv = srv->next) {
		if (srv->until == 0 ||
		    (now >= srv->until && srv->probe == NULL))
			return srv;
	}
	return NULL;
}

size_t
health_count(struct server *srv, int64_t now)
{
	size_t	 n = 0;

	while ((srv = health_next(srv, now)) != NULL) {
		n++;
		srv = srv->next;
	}
	return n;
}

unsigned int
health_take(struct server *srv, const void *who)
{
	if (srv->until != 0)
		srv->probe = who;
	return srv->era;
}

void
health_left(struct server *srv, const void *who)
{
	if (srv->probe == who)
		srv->probe = NULL;
}

void
health_worked(struct server *srv, unsigned int era)
{
	if (srv->until == 0 || era != srv->era)
		return;
	srv->until = 0;
	srv->probe = NULL;
	log_info("%s: %s: works again", srv->service, srv->label);
}

/* Only now: a frame and then nonsense, again and again, is a failure. */
void
health_ended(struct server *srv, unsigned int era)
{
	health_worked(srv, era);
	if (era == srv->era && srv->until == 0)
		srv->fails = 0;
}

static int64_t
health_rest(const struct server *srv)
{
	int64_t		 rest = srv->rest_max;
	unsigned int	 random;

	if (srv->fails < 10 && REST_MIN << (srv->fails - 1) < rest)
		rest = REST_MIN << (srv->fails - 1);
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return rest - (int64_t)(random % (unsigned int)(rest / 4));
}

/* Probes that fail every second are no news. */
static void
health_tell(struct server *srv, int news, int64_t now, int64_t rest)
{
	if (!news && now - srv->told < TELL_EVERY)
		return;
	srv->told = now;
	log_peer("%s: %s: %s; it rests for %lld s", srv->service, srv->label,
	    srv->why, (long long)rest);
}

int
health_failed(struct server *srv, unsigned int era, const void *who,
    const char *why, int64_t now)
{
	int64_t	 rest;
	int	 news = srv->until == 0;

	health_left(srv, who);
	if (era != srv->era)
		return 0;
	srv->era++;
	if (srv->fails < 10)
		srv->fails++;
	rest = health_rest(srv);
	srv->until = now + rest;
	(void)strlcpy(srv->why, why, sizeof(srv->why));
	health_tell(srv, news, now, (rest + 999) / 1000);
	return 1;
}

/* SPDX-License-Identifier: ISC */
/*
 * Outages: a short one is spamd being restarted, and mail waits for that.  A
 * PING that fails makes its server rest again.
 */

#include <sys/types.h>

#include <string.h>

#include "ask_config.h"
#include "backend.h"
#include "clock.h"
#include "exchange.h"
#include "outage.h"

#define PING_MS		5000	/* until it is answered */
#define UNKNOWN_MS	60000	/* after that an outage is another one */
#define PINGS		8	/* at the same time, each to a server */

static struct event_base	*base;
static struct exchange		 pings[PINGS];
static void			(*tell)(int64_t);
static int64_t			 since;		/* or 0 */
static int64_t			 last;		/* try that failed */

void
outage_start(struct event_base *b, void (*told)(int64_t))
{
	base = b;
	tell = told;
	since = 0;
}

void
outage_stop(void)
{
	size_t	 i;

	for (i = 0; i < PINGS; i++)
		exchange_stop(&pings[i]);
}

void
outage_over(void)
{
	since = 0;
}

void
outage_goes_on(void)
{
	int64_t	 now = clock_ms();

	if (since == 0 || now - last > UNKNOWN_MS)
		since = now;
	last = now;
}

int64_t
outage_patience(int64_t asked)
{
	return (asked > since ? asked : since) +
	    ask_config.tries * ask_config.retry_delay;
}

int
outage_is_long(void)
{
	return since != 0 && !backend_ready(ask_config.backend) &&
	    clock_ms() >= outage_patience(0);
}

static void
ping_done(struct exchange *x, enum exchange_end end)
{
	int64_t	 began = x->due - PING_MS;

	exchange_stop(x);
	if (end == EXCHANGE_OK)
		outage_over();
	else
		outage_goes_on();
	tell(end == EXCHANGE_OK ? 0 : began);
}

int
outage_probing(void)
{
	size_t	 i;

	for (i = 0; i < PINGS && pings[i].stream == NULL; i++)
		continue;
	return i < PINGS;
}

static int
ping_start(struct exchange *x)
{
	struct spamd_request	 rq = { .verb = SPAMD_PING };

	memset(x, 0, sizeof(*x));
	x->verb = SPAMD_PING;
	x->due = clock_ms() + PING_MS;
	x->done = ping_done;
	return exchange_start(x, ask_config.backend, base, &rq,
	    ask_config.connect_timeout);
}

/* All of them: who works behind one that is frozen must not wait for it. */
int
outage_probe(void)
{
	size_t	 i;

	for (i = 0; i < PINGS && backend_probes(ask_config.backend); i++) {
		if (pings[i].stream != NULL || ping_start(&pings[i]) == 0)
			continue;
		outage_goes_on();
		return -1;
	}
	return 0;
}

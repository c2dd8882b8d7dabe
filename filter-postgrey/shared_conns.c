/* SPDX-License-Identifier: ISC */
/*
 * See shared_conns.h.  A server that fails takes all its connections along, and
 * one that is found takes the connections to others along: hosts and decisions
 * must not be spread over servers that know nothing of each other.
 *
 * While all servers rest, one connection at a time probes them; no mail waits
 * for it.
 */

#include <string.h>

#include "backend.h"
#include "shared_config.h"
#include "shared_conns.h"

static struct shared_conn	 conns[SHARED_CONNS];
static void			(*changed)(void);
static int			 ending;

static void
conns_up(struct shared_conn *c)
{
	int	 i;

	for (i = 0; i < SHARED_CONNS; i++)
		if (conns[i].up && strcmp(conns[i].peer, c->peer) != 0)
			shared_conn_shut(&conns[i], "another server is used");
	changed();
}

static void
conns_gone(struct shared_conn *c, int failed)
{
	int	 i;

	if (ending)
		return;
	for (i = 0; failed && i < SHARED_CONNS; i++)
		if (conns[i].up && strcmp(conns[i].peer, c->peer) == 0)
			shared_conn_shut(&conns[i], "the server failed");
	changed();
}

void
conns_begin(void (*cb)(void))
{
	changed = cb;
	ending = 0;
	shared_conn_up = conns_up;
	shared_conn_gone = conns_gone;
}

void
conns_end(void)
{
	int	 i;

	ending = 1;
	for (i = 0; i < SHARED_CONNS; i++)
		shared_conn_shut(&conns[i], "the end");
}

int64_t
conns_open(void)
{
	int	 i;

	for (i = 0; i < shared_config.connections; i++) {
		if (conns[i].stream != NULL)
			continue;
		if (!backend_ready(shared_config.backend) ||
		    shared_conn_open(&conns[i]) == -1)
			return backend_wait(shared_config.backend);
	}
	return -1;
}

struct shared_conn *
conns_pick(void)
{
	struct shared_conn	*best = NULL;
	int			 i;

	for (i = 0; i < SHARED_CONNS; i++)
		if (conns[i].up && (best == NULL || conns[i].n < best->n))
			best = &conns[i];
	return best;
}

int
conns_hopes(void)
{
	int	 i;

	for (i = 0; i < SHARED_CONNS; i++)
		if (conns[i].stream != NULL && !conns[i].probe)
			return 1;
	return backend_ready(shared_config.backend) &&
	    !backend_probes(shared_config.backend);
}

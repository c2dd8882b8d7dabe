/* SPDX-License-Identifier: ISC */
/*
 * See consult_rig.h.
 */

#include <sys/types.h>
#include <sys/mman.h>

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "consult_rig.h"

struct outcome	 outcomes[ASKS];
int		 session_gone[ASKS];
int64_t		 deadline_ms;
int		 ndone;
struct seen	*seen;
struct peer	 servers[3];

static int64_t	 put_at[ASKS];

/* filter.h */
struct session *
filter_session(struct request rq)
{
	/* Any address will do: it is only compared with NULL. */
	return session_gone[rq.session] ? NULL :
	    (struct session *)&outcomes[rq.session];
}

int64_t
filter_deadline(void)
{
	return deadline_ms;
}

void
filter_delay(struct request rq, int64_t ms, void (*cb)(struct request))
{
	abort();
}

void
asked(struct request rq, const struct policyd_answer *a, const char *why)
{
	struct outcome	*o = &outcomes[rq.session];

	o->done++;
	ndone++;
	o->ms = now_ms() - put_at[rq.session];
	if (a == NULL) {
		assert_non_null(why);
		(void)snprintf(o->why, sizeof(o->why), "%s", why);
		return;
	}
	assert_null(why);
	o->answered = 1;
	o->answer = *a;
}

void
put(int n)
{
	struct session		 s = { .src = { .family = AF_INET } };
	char			 to[32];
	struct policyd_request	 prq = { .session = &s, .state = "RCPT" };
	struct request		 rq = { .session = (uint64_t)n };
	int			 before = ndone;

	(void)snprintf(to, sizeof(to), "%d@example.org", n);
	prq.recipient = to;
	put_at[n] = now_ms();
	consult(&prq, rq, asked);
	assert_int_equal(ndone, before);
}

static void
tick(int fd, short what, void *arg)
{
}

void
run_done(int n)
{
	struct event	*ev = event_new(loop, -1, EV_PERSIST, tick, NULL);
	struct timeval	 tv = { 0, 20000 };
	int64_t		 end = now_ms() + 10000;

	(void)event_add(ev, &tv);
	while (ndone < n && now_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	event_free(ev);
	assert_int_equal(ndone, n);
}

void
well(int n)
{
	char	 text[64];

	if (!outcomes[n].answered)
		fail_msg("%d: %s", n, outcomes[n].why);
	(void)snprintf(text, sizeof(text), "4.7.1 for %d", n);
	assert_string_equal(outcomes[n].answer.text, text);
}

void
failed(int n, const char *why)
{
	assert_int_equal(outcomes[n].done, 1);
	if (outcomes[n].answered || strstr(outcomes[n].why, why) == NULL)
		fail_msg("%d: %s", n, outcomes[n].why);
}

int
serve_read(int fd)
{
	char	 buf[8192], *p;
	size_t	 len = 0;

	while (len < 2 || memcmp(buf + len - 2, "\n\n", 2) != 0) {
		if (len == sizeof(buf) - 1 || read(fd, buf + len, 1) != 1)
			_exit(0);
		len++;
	}
	buf[len] = '\0';
	memcpy(seen->last, buf, len + 1);
	__sync_fetch_and_add(&seen->requests, 1);
	if (strstr(buf, "\nstress=yes\n") != NULL)
		__sync_fetch_and_add(&seen->stressed, 1);
	if ((p = strstr(buf, "\nrecipient=")) == NULL)
		_exit(1);
	return atoi(p + 11);
}

void
serve_answer(int fd, int n)
{
	char	 text[64];

	(void)snprintf(text, sizeof(text), "action=450 for %d\n\n", n);
	peer_say(fd, text);
}

void
serve_well(int fd, int conn)
{
	__sync_fetch_and_add(&seen->conns, 1);
	for (;;)
		serve_answer(fd, serve_read(fd));
}

void
server_start(int i, void (*serve)(int, int))
{
	const char	*why;

	peer_start(&servers[i], serve);
	why = backend_add(consult_config.backend, servers[i].where, 0);
	assert(why == NULL);
}

void
server_absent(int i)
{
	const char	*why;

	peer_refuse(&servers[i], 0);
	why = backend_add(consult_config.backend, servers[i].where, 0);
	assert(why == NULL);
}

void
server_restart(int i, void (*serve)(int, int))
{
	char	 where[sizeof(servers[i].where)];
	int	 r;

	memcpy(where, servers[i].where, sizeof(where));
	peer_stop(&servers[i]);
	peer_start(&servers[i], serve);
	r = rename(servers[i].where, where);
	assert(r == 0);
	memcpy(servers[i].where, where, sizeof(where));
}

void
servers_are(int n)
{
	assert(n == 0 || servers[n - 1].where[0] != '\0');
	(void)consult_load();
	backend_rest(consult_config.backend, 100);
	consult_start(loop);
}

int
consult_setup(void **state)
{
	struct consult_config	 c = {
		.connections = 4, .max_idle = 5000, .connect_timeout = 2000,
		.timeout = 5000, .tries = 2, .retry_delay = 200,
		.queue_max = 1000, .context = "the context"
	};

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED || peer_setup(state) == -1)
		return -1;
	consult_config = c;
	consult_config.backend = backend_new("policy");
	deadline_ms = 60000;
	ndone = warnings = 0;
	logged[0] = '\0';
	memset(servers, 0, sizeof(servers));
	memset(outcomes, 0, sizeof(outcomes));
	memset(session_gone, 0, sizeof(session_gone));
	return 0;
}

int
consult_teardown(void **state)
{
	size_t	 i;

	consult_stop();
	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (servers[i].where[0] != '\0')
			peer_stop(&servers[i]);
	for (i = 0; i < ASKS; i++)
		if (outcomes[i].done > 1)
			fail_msg("question %zu answered twice", i);
	(void)munmap(seen, sizeof(*seen));
	return peer_teardown(state);
}

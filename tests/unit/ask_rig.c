/* SPDX-License-Identifier: ISC */
/*
 * The engine, the log and the questions of ask_rig.h.
 */

#include <sys/types.h>

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ask_config.h"
#include "ask_rig.h"
#include "backend.h"
#include "message_engine.h"

struct event_base	*loop;
struct outcome		 outcomes[ASKS];
struct message		*messages[ASKS];
int			 session_gone[ASKS];
int64_t			 deadline_ms;
int			 ndone;

static char		 dir[64];
static struct session	*sessions[ASKS];

/* filter.h */
struct session *
filter_session(struct request rq)
{
	/* Any address will do: it is only compared with NULL. */
	return session_gone[rq.session] ? NULL :
	    (struct session *)&sessions[rq.session];
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

int64_t
now_ms(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint32_t
sum_bytes(uint32_t sum, const char *p, size_t len)
{
	while (len-- > 0)
		sum = sum * 31 + (unsigned char)*p++;
	return sum;
}

const char *
rig_path(int i)
{
	static char	 path[96];

	(void)snprintf(path, sizeof(path), "%s/%d", dir, i);
	return path;
}

void
servers_are(int n)
{
	const char	*why;
	int		 i;

	ask_config.backend = backend_new("spamd");
	for (i = 0; i < n; i++) {
		why = backend_add(ask_config.backend, rig_path(i), 0);
		assert(why == NULL);
	}
	backend_rest(ask_config.backend, 100);
	ask_start(loop);
}

static void
asked(struct request rq, const struct ask_reply *r, const char *why)
{
	struct outcome	*o = &outcomes[rq.session];

	o->done++;
	o->place = ndone++;
	if (r == NULL) {
		(void)snprintf(o->why, sizeof(o->why), "%s", why);
		return;
	}
	o->answered = 1;
	o->reply = r->spamd;
	o->tries = r->tries;
	o->queued_ms = r->queued_ms;
	o->body_len = r->body_len;
	(void)snprintf(o->body, sizeof(o->body), "%.*s", (int)r->body_len,
	    r->body);
}

static void
put_it(int n, enum spamd_verb verb, size_t size)
{
	struct ask_question	 q;
	char			 line[1001], last[16];

	messages[n] = message_new();
	message_append(messages[n], "Received: from here", 19);
	message_append(messages[n], "Subject: test", 13);
	message_append(messages[n], "", 0);
	memset(line, 'x', sizeof(line));
	for (; size >= sizeof(line); size -= sizeof(line)) {
		line[size / sizeof(line) % 1000] = '.';
		message_append(messages[n], line, sizeof(line) - 1);
	}
	message_append(messages[n], last,
	    (size_t)snprintf(last, sizeof(last), "%d", n));
	memset(&q, 0, sizeof(q));
	q.verb = verb;
	q.rq.session = (uint64_t)n;
	q.rq.serial = 1;
	q.message = messages[n];
	q.text.head = strdup("Return-Path: <a@example.net>\n");
	q.text.head_len = strlen(q.text.head);
	q.text.skip = 0;
	q.text.skip_end = 20;
	q.text.limit = SIZE_MAX;
	q.user = "joe";
	q.done = asked;
	ask(&q);
}

void
put(int n)
{
	put_it(n, SPAMD_HEADERS, 0);
}

void
put_size(int n, size_t size)
{
	put_it(n, SPAMD_HEADERS, size);
}

void
put_verb(int n, enum spamd_verb verb)
{
	put_it(n, verb, 0);
}

void
run_ms(int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)event_base_loopexit(loop, &tv);
	(void)event_base_dispatch(loop);
}

static void
tick(int fd, short what, void *arg)
{
}

void
run_done(int n)
{
	struct event	*ev = event_new(loop, -1, EV_PERSIST, tick, NULL);
	struct timeval	 tv = { 0, 50000 };
	int64_t		 end = now_ms() + 10000;

	(void)event_add(ev, &tv);
	while (ndone < n && now_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	event_free(ev);
	assert_int_equal(ndone, n);
}

void
all_answered(int first, int n)
{
	int	 i;

	for (i = first; i < first + n; i++)
		if (!outcomes[i].answered)
			fail_msg("%d: %s", i, outcomes[i].why);
}

void
why_is(int n, const char *why)
{
	if (outcomes[n].answered || strstr(outcomes[n].why, why) == NULL)
		fail_msg("%d: %s", n, outcomes[n].why);
}

int
spamd_setup(void **state)
{
	struct ask_config	 c = { NULL, 5, 200, 60000, 3000, 3, 50, 0 };

	(void)snprintf(dir, sizeof(dir), "/tmp/test-ask.XXXXXX");
	if (mkdtemp(dir) == NULL || (loop = event_base_new()) == NULL)
		return -1;
	ask_config = c;
	deadline_ms = 60000;
	ndone = 0;
	logged[0] = '\0';
	memset(spamds, 0, sizeof(spamds));
	memset(outcomes, 0, sizeof(outcomes));
	memset(session_gone, 0, sizeof(session_gone));
	return 0;
}

int
spamd_teardown(void **state)
{
	int	 i;

	ask_stop();
	for (i = 0; i < SPAMDS; i++)
		spamd_stop(i);
	spamd_hang_up();
	for (i = 0; i < ASKS; i++) {
		message_free(messages[i]);
		messages[i] = NULL;
		if (outcomes[i].done > 1)
			fail_msg("question %d answered twice", i);
	}
	event_base_free(loop);
	return rmdir(dir);
}

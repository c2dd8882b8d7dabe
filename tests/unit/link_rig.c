/* SPDX-License-Identifier: ISC */
/* The engine, the session and the questions of link_rig.h. */

#include "link_rig.h"

#include <arpa/inet.h>

#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "backend.h"
#include "clock.h"
#include "link_peer.h"
#include "message_engine.h"

struct milter		 milter;
struct client		 client;
struct session		 session;
struct link		*links[LINKS];
struct heard		 heard[LINKS];

static struct event_base *loop;
static int		 inside;	/* of link_ask() */
static char		 dir[64], path[96];

struct event_base *
filter_events(void)
{
	return loop;
}

const char *
filter_admd(void)
{
	return "mx.example.org";
}

int
filter_smtpd_version(void)
{
	return 70900;
}

static void
rig_answer(struct link *l, const struct answer *a, void *arg)
{
	struct heard	*h = arg;

	assert_false(inside);
	h->n++;
	h->a = *a;
	(void)snprintf(h->why, sizeof(h->why), "%s",
	    a->kind == ANSWER_FAILED ? a->why : "");
	if (h->then != NULL)
		h->then(l, (int)(h - heard));
}

static void
rig_change(struct link *l, const struct change *c, void *arg)
{
	struct heard	*h = arg;
	size_t		 n = strlen(h->changes);

	assert_false(inside);
	if (c->command == SMFIR_REPLBODY)
		(void)snprintf(h->changes + n, sizeof(h->changes) - n,
		    "b%zu; ", c->len);
	else
		(void)snprintf(h->changes + n, sizeof(h->changes) - n,
		    "%c%u %s=%s; ", c->command, (unsigned int)c->index,
		    c->name, c->value);
}

static int
rig_wanted(struct link *l, void *arg)
{
	struct heard	*h = arg;

	return !h->unwanted;
}

static const struct link_ops	 rig_ops = {
	.answer = rig_answer,
	.change = rig_change,
	.wanted = rig_wanted,
};

static struct link *
link_number(int i)
{
	if (links[i] == NULL)
		links[i] = link_new(&milter, &client, &rig_ops, &heard[i]);
	assert_non_null(links[i]);
	return links[i];
}

static int
put_it(int i, enum link_event event, struct message *m, size_t hidden)
{
	const char	*arg = NULL;
	struct link	*l = link_number(i);
	int		 r;

	if (event == EVENT_HELO)
		arg = "mail.example.net";
	else if (event == EVENT_UNKNOWN)
		arg = "FROB it";
	heard[i].n = 0;
	inside = 1;
	r = link_ask(l, event, arg, m, hidden);
	inside = 0;
	return r;
}

void
put(int i, enum link_event event, struct message *m, size_t hidden)
{
	assert_int_equal(put_it(i, event, m, hidden), 1);
	assert_int_equal(heard[i].n, 0);
}

int
await(int i)
{
	int64_t	 end = clock_ms() + 60000;

	/* Each wait has its timer. */
	while (heard[i].n == 0 && clock_ms() < end)
		(void)event_base_loop(loop, EVLOOP_ONCE);
	assert_int_equal(heard[i].n, 1);
	return (int)heard[i].a.kind;
}

int
ask(int i, enum link_event event)
{
	int	 r = put_it(i, event, NULL, SIZE_MAX);

	assert_int_not_equal(r, -1);
	return r == 0 ? NOT_ASKED : await(i);
}

int
ask_message(int i, struct message *m, size_t hidden)
{
	int	 r = put_it(i, EVENT_MESSAGE, m, hidden);

	assert_int_not_equal(r, -1);
	return r == 0 ? NOT_ASKED : await(i);
}

void
talk(int i)
{
	static const enum link_event	 events[] = { EVENT_CONNECT,
		EVENT_HELO, EVENT_MAIL, EVENT_RCPT, EVENT_DATA };
	size_t	 k;
	int	 r;

	for (k = 0; k < sizeof(events) / sizeof(events[0]); k++) {
		r = ask(i, events[k]);
		if (r == ANSWER_FAILED)
			fail_msg("%zu: %s", k, heard[i].why);
		assert_true(r == NOT_ASKED || r == ANSWER_CONTINUE);
	}
}

void
run_ms(int64_t ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)event_base_loopexit(loop, &tv);
	(void)event_base_dispatch(loop);
}

void
run_until(const int *what, int n)
{
	int64_t	 end = clock_ms() + 10000;

	while (*what != n && clock_ms() < end)
		run_ms(1);
	assert_int_equal(*what, n);
}

void
seen_is(const char *what)
{
	int64_t	 end = clock_ms() + 10000;

	do
		run_ms(5);
	while (strlen(peer.seen) < strlen(what) && clock_ms() < end);
	assert_string_equal(peer.seen, what);
	peer.seen[0] = '\0';
}

void
why_is(int i, const char *why)
{
	assert_int_equal(heard[i].a.kind, ANSWER_FAILED);
	if (strstr(heard[i].why, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, heard[i].why);
}

uint32_t
sum(uint32_t n, const char *p, size_t len)
{
	while (len-- > 0)
		n = n * 31 + (unsigned char)*p++;
	return n;
}

struct message *
message_big(size_t size)
{
	struct message	*m = mail_new("Subject: big\n");
	char		 line[1000];
	size_t		 n, len;

	for (n = 0; n < size; n += len + 1) {
		len = n % 977;
		memset(line, 'a' + (int)(n % 26), len);
		message_append(m, line, len);
	}
	return m;
}

void
peer_reopen(void)
{
	peer_listen(loop, path);
}

static void
rig_session(void)
{
	static char	 rdns[] = "mail.example.net", none[] = "",
			 mail[] = "<joe@example.net>", args[] = "SIZE=100",
			 rcpt[] = "<ann@example.org>";

	memset(&session, 0, sizeof(session));
	session.id = 0x1122334455667788;
	(void)addr_parse(&session.src, "192.0.2.7:2525");
	(void)addr_parse(&session.dst, "198.51.100.1:25");
	session.fcrdns = FCRDNS_PASS;
	session.rdns = rdns;
	memset(&client, 0, sizeof(client));
	client.s = &session;
	client.mail = mail;
	client.mail_args = args;
	client.rcpt = rcpt;
	client.rcpt_args = none;
}

int
rig_setup(void **state)
{
	static char	 name[] = "test";
	const char	*error;

	(void)snprintf(dir, sizeof(dir), "/tmp/test-link.XXXXXX");
	if (mkdtemp(dir) == NULL || (loop = event_base_new()) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/s", dir);
	memset(&milter, 0, sizeof(milter));
	milter.name = name;
	milter.version = 6;
	milter.connect = milter.command = milter.content = 2000;
	milter.backend = backend_new("test");
	error = backend_add(milter.backend, path, 0);
	assert_null(error);
	backend_rest(milter.backend, 40);
	backend_start(milter.backend, loop);
	memset(&heard, 0, sizeof(heard));
	peer_begin();
	peer_reopen();
	rig_session();
	warnings = 0;
	return 0;
}

int
rig_teardown(void **state)
{
	int	 i;

	for (i = 0; i < LINKS; i++) {
		if (links[i] != NULL)
			link_close(links[i]);
		links[i] = NULL;
	}
	assert_int_equal(milter.connected.n, 0);
	assert_int_equal(milter.waiting.n, 0);
	backend_free(milter.backend);
	peer_end();
	event_base_free(loop);
	return rmdir(dir);
}

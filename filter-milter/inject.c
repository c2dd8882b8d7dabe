/* SPDX-License-Identifier: ISC */
/*
 * Copies for added recipients, see inject.h.  A try that fails is followed by
 * another, after 15 s, then twice as long each time: nine tries in an hour.
 * Few go at the same time, and when many wait no new one is taken: what its
 * message then gets is a 451.
 *
 * A copy that is lost, since no try did it, a recipient was refused for good,
 * or the filter ends, is a warning in the log for each of its recipients.  If
 * smtpd is gone by then, or the worker crashes, nobody hears of that: so each
 * copy is in the log from its beginning.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "backend.h"
#include "compat.h"
#include "inject.h"
#include "log.h"
#include "message.h"
#include "metric.h"
#include "spool.h"
#include "submit.h"

#define TRIES		9
#define WAITING_MAX	200
#define ACTIVE_MAX	4
#define CHECK_MS	5000
#define REST_MS		10000	/* of the server: less than of a copy */
#define ID_MAX		255

enum state { HELD, READY, ACTIVE, RESTING };

enum { WAITING, SENT, LOST, COUNTERS };

struct inject {
	struct inject	 *next;		/* in order of inject_go() */
	uint64_t	  session;
	char		 *from;
	char		**rcpt;
	uint8_t		 *states;
	size_t		  nrcpt;
	struct spool	 *spool;
	char		  message_id[ID_MAX + 1];
	unsigned int	  tries;
	enum state	  state;
	struct event	  timer;
	struct submit	  submit;
};

static struct metric	 counters[COUNTERS] = {
	[WAITING] = METRIC_GAUGE("copies_waiting",
	    "Copies for added recipients that wait or are sent."),
	[SENT] = METRIC("copies_sent_total",
	    "Added recipients that got their copy."),
	[LOST] = METRIC("copies_lost_total",
	    "Added recipients that did not."),
};

static struct backend	 *server;
static struct event_base *base;
static struct inject	 *waiting;
static unsigned int	  nactive;
static int64_t		  first_wait = 15000;

static void	inject_pump(void);

const char *
inject_server(const char *where)
{
	if (server == NULL)
		server = backend_new("inject");
	return backend_add(server, where, 0);
}

void
inject_wait(int64_t ms)
{
	first_wait = ms;
}

int
inject_set(void)
{
	return server != NULL;
}

int
inject_check(void)
{
	return server != NULL ? backend_check(server, CHECK_MS) : 0;
}

void
inject_start(struct event_base *b)
{
	base = b;
	if (server == NULL)
		return;
	backend_rest(server, REST_MS);
	backend_start(server, base);
	metric_add(counters, COUNTERS);
}

void
inject_free(struct inject *in)
{
	size_t	 i;

	if (in == NULL)
		return;
	for (i = 0; i < in->nrcpt; i++)
		free(in->rcpt[i]);
	free(in->rcpt);
	free(in->states);
	free(in->from);
	spool_free(in->spool);
	free(in);
}

/* It is one of those that wait no more. */
static void
inject_end(struct inject *in)
{
	struct inject	**p;

	for (p = &waiting; *p != in; p = &(*p)->next)
		;
	*p = in->next;
	counters[WAITING].value--;
	(void)evtimer_del(&in->timer);
	inject_free(in);
}

static void
inject_lost(struct inject *in, size_t i, const char *why)
{
	metric_inc(&counters[LOST]);
	log_warnx("%016llx copy not delivered: to=%s from=%s message-id=%s "
	    "tries=%u reason=%s", (unsigned long long)in->session,
	    log_safe(in->rcpt[i]), log_safe(in->from),
	    log_safe(in->message_id), in->tries, log_quote(why));
}

static size_t
inject_count(const struct inject *in, enum rcpt_state state)
{
	size_t	 i, n = 0;

	for (i = 0; i < in->nrcpt; i++)
		n += in->states[i] == state;
	return n;
}

static void
inject_refused(struct submit *sb, size_t i)
{
	inject_lost(sb->arg, i, sb->why);
}

/* Nobody is left, or no try. */
static void
inject_over(struct inject *in, const char *why)
{
	size_t	 i, sent = inject_count(in, RCPT_SENT);

	for (i = 0; i < in->nrcpt; i++)
		if (in->states[i] == RCPT_DUE)
			inject_lost(in, i, why);
	counters[SENT].value += (int64_t)sent;
	if (sent > 0)
		log_info("%016llx action=injected rcpts=%zu tries=%u",
		    (unsigned long long)in->session, sent, in->tries);
	inject_end(in);
}

static void
inject_rested(int fd, short what, void *arg)
{
	struct inject	*in = arg;

	in->state = READY;
	inject_pump();
}

static void
inject_rest(struct inject *in)
{
	int64_t		 ms = first_wait << (in->tries - 1);
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	log_debug("%016llx copy waits %lld s: %s",
	    (unsigned long long)in->session, (long long)ms / 1000,
	    log_safe(in->submit.why));
	in->state = RESTING;
	if (evtimer_add(&in->timer, &tv) == -1)
		inject_over(in, "out of memory");
}

static void
inject_tried(struct inject *in)
{
	if (inject_count(in, RCPT_DUE) == 0 || in->tries == TRIES)
		inject_over(in, in->submit.why);
	else
		inject_rest(in);
}

static void
inject_done(struct submit *sb)
{
	nactive--;
	inject_tried(sb->arg);
	inject_pump();
}

/* As many as may, in their order. */
static void
inject_pump(void)
{
	struct inject	*in, *next;

	for (in = waiting; in != NULL && nactive < ACTIVE_MAX; in = next) {
		next = in->next;
		if (in->state != READY)
			continue;
		in->tries++;
		in->state = ACTIVE;
		if (submit_start(&in->submit, server) == 0)
			nactive++;
		else
			inject_tried(in);
	}
}

void
inject_go(struct inject *in)
{
	struct inject	**p;
	size_t		  i;

	for (p = &waiting; *p != NULL; p = &(*p)->next)
		;
	*p = in;
	metric_inc(&counters[WAITING]);
	for (i = 0; i < in->nrcpt; i++)
		log_info("%016llx action=inject to=%s from=%s message-id=%s",
		    (unsigned long long)in->session, log_safe(in->rcpt[i]),
		    log_safe(in->from), log_safe(in->message_id));
	in->state = READY;
	inject_pump();
}

void
inject_stop(void)
{
	while (waiting != NULL) {
		if (waiting->state == ACTIVE)
			submit_stop(&waiting->submit);
		inject_over(waiting, "the filter ends");
	}
	nactive = 0;
}

/* For the log. */
static void
copy_id(struct inject *in, struct message *m)
{
	const char	*value;
	size_t		 len;
	ssize_t		 i;

	if ((i = message_find(m, "Message-ID", 0)) == -1)
		return;
	value = message_value(m, (size_t)i, &len);
	while (len > 0 && strchr(" \t\n", *value) != NULL) {
		value++;
		len--;
	}
	memcpy(in->message_id, value, len < ID_MAX ? len : ID_MAX);
}

static int
has_eight_bit(const char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] > 127)
			return 1;
	return 0;
}

static int
copy_message(struct inject *in, struct message *m)
{
	const char	*p;
	size_t		 len, off = 0;

	if (message_apply(m) == -1 || (in->spool = spool_new()) == NULL)
		return -1;
	copy_id(in, m);
	for (; (p = message_at(m, off, &len)) != NULL; off += len) {
		in->submit.eight_bit |= has_eight_bit(p, len);
		if (spool_append(in->spool, p, len) == -1)
			return -1;
	}
	return message_error(m) == NULL ? 0 : -1;
}

static int
copy_envelope(struct inject *in, const char *from, char *const *rcpt,
    size_t n)
{
	if ((in->from = strdup(from)) == NULL ||
	    (in->rcpt = calloc(n, sizeof(*in->rcpt))) == NULL ||
	    (in->states = calloc(n, 1)) == NULL)
		return -1;
	for (; in->nrcpt < n; in->nrcpt++)
		if ((in->rcpt[in->nrcpt] = strdup(rcpt[in->nrcpt])) == NULL)
			return -1;
	return 0;
}

struct inject *
inject_new(uint64_t session, const char *from, char *const *rcpt,
    size_t nrcpt, struct message *m)
{
	struct inject	*in;

	if (counters[WAITING].value >= WAITING_MAX) {
		log_peer("%016llx no copy: %d wait already",
		    (unsigned long long)session, WAITING_MAX);
		return NULL;
	}
	if ((in = calloc(1, sizeof(*in))) == NULL)
		return NULL;
	in->session = session;
	(void)evtimer_assign(&in->timer, base, inject_rested, in);
	if (copy_envelope(in, from, rcpt, nrcpt) == -1 ||
	    copy_message(in, m) == -1) {
		inject_free(in);
		return NULL;
	}
	in->submit.from = in->from;
	in->submit.rcpt = in->rcpt;
	in->submit.states = in->states;
	in->submit.nrcpt = nrcpt;
	in->submit.spool = in->spool;
	in->submit.done = inject_done;
	in->submit.refused = inject_refused;
	in->submit.arg = in;
	return in;
}

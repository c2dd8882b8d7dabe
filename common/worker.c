/* SPDX-License-Identifier: ISC */
/*
 * The worker: the filter itself, in an event loop.  It wakes when the guard
 * put something into its ring, when a timer ends or a backend speaks, and
 * publishes what it said once a turn.  Without a guard (-F) it does the
 * guard's pumping too.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "guard.h"
#include "log.h"
#include "sandbox.h"
#include "settings.h"
#include "worker.h"

static struct event	*readable, *writable, *arrival, *every;
static const struct worker	*self;
static struct shared	*sh;
static int		 done, coming;

static void
pipe_readable(int fd, short what, void *arg)
{
	char	 bytes[64];

	if (read(fd, bytes, sizeof(bytes)) == 0) {
		log_warnx("the guard is gone");
		done = 1;
	}
}

/* The guard was woken by the same bytes, and is about to fetch them. */
static void
socket_readable(int fd, short what, void *arg)
{
	coming = 1;
}

static void
reload_all(int force)
{
	settings_reload(force);
	if (engine.filter->load != NULL)
		(void)engine.filter->load(force ? LOAD_HUP : LOAD_POLL);
}

static void
reload(int sig, short what, void *arg)
{
	log_info("reading lists again");
	reload_all(1);
}

static void
tell_counts(int sig, short what, void *arg)
{
	metric_log();
}

static void
each_half_minute(int fd, short what, void *arg)
{
	struct timeval	 tv = { 30, 0 };

	reload_all(0);
	settings_write_metrics();
	(void)event_add(every, &tv);
}

static void
fd_readable(int fd, short what, void *arg)
{
	if (ring_fill(&sh->in, &sh->current, self->in) == -1) {
		sh->eof = 1;
		(void)event_del(readable);
	} else if (ring_used(&sh->in) == RING_SIZE)
		(void)event_del(readable);	/* until there is room */
}

static void
fd_writable(int fd, short what, void *arg)
{
}

/* For -F: what is said goes out now, or when smtpd takes it; and reads on. */
static void
pump_alone(void)
{
	ssize_t	 n = 1;

	while (ring_used(&sh->out) > 0 && n > 0)
		n = ring_drain(&sh->out, self->out);
	if (n == -1)
		done = 1;
	else if (n == 0)
		(void)event_add(writable, NULL);
	if (!sh->eof && ring_used(&sh->in) < RING_SIZE)
		(void)event_add(readable, NULL);
}

/*
 * One turn: read, answer, publish.  Nothing is said after that, or it would
 * lie unseen while we sleep.  *waits: something needs room to be said.
 * Returns whether to come back at once.
 */
static int
turn(int alone, int *waits)
{
	struct channel	*ch = &engine.channel;
	int		 more;

	more = engine_read();
	*waits = transfer_pump();
	log_flush();
	channel_publish(ch);
	/* Answers, messages, or a line that was read but not yet taken. */
	*waits = *waits || ch->over_len > 0 ||
	    (!more && ch->in_scanned != ch->in_end);
	if (alone)
		pump_alone();
	if (sh->eof && !more && !*waits &&
	    ring_load(&sh->in.head) == ch->in_end)
		done = 1;
	return more || (alone && *waits && ring_used(&sh->out) == 0);
}

/*
 * The state of the rings is looked at again after the wish is written down:
 * either the guard sees the wish, or we see what it did.
 */
static int
may_sleep(int waits)
{
	struct channel	*ch = &engine.channel;
	/* A line that waits for room: more of them would not help. */
	int		 stuck = channel_full(ch) ||
			    ch->in_scanned != ch->in_end;
	uint32_t	 wants = (stuck ? 0 : WANT_BYTES) |
			    (waits ? WANT_ROOM : 0);

	__atomic_store_n(&sh->worker_wants, wants, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (stuck || ring_load(&sh->in.head) == ch->in_end) &&
	    !(waits && ring_used(&sh->out) <= RING_SIZE / 2);
}

/* Until the guard has put into the ring what woke us both. */
static void
linger(void)
{
	int64_t	 end = clock_us() + GUARD_LINGER;

	while (ring_load(&sh->in.head) == engine.channel.in_end &&
	    clock_us() < end)
		(void)sched_yield();
	coming = 0;
}

static void
loop(int alone)
{
	int	 again, flags, waits;

	while (!done) {
		ring_store(&sh->beat, sh->beat + 1);
		again = turn(alone, &waits);
		if (done)
			break;
		flags = EVLOOP_ONCE;
		if (again || (!alone && !may_sleep(waits)))
			flags |= EVLOOP_NONBLOCK;
		if (event_base_loop(engine.base, flags) == -1) {
			log_warn("event loop");
			_exit(71);
		}
		__atomic_store_n(&sh->worker_wants, 0, __ATOMIC_RELAXED);
		if (coming)
			linger();
	}
}

/* epoll(7) and kqueue(2) refuse some files that a person may redirect to. */
static struct event_base *
make_base(void)
{
	struct event_config	*conf;
	struct event_base	*base;
	struct stat		 in, out;

	if ((conf = event_config_new()) == NULL)
		return NULL;
	if ((fstat(self->in, &in) == 0 && S_ISREG(in.st_mode)) ||
	    (fstat(self->out, &out) == 0 && S_ISREG(out.st_mode))) {
		(void)event_config_avoid_method(conf, "epoll");
		(void)event_config_avoid_method(conf, "kqueue");
	}
	base = event_base_new_with_config(conf);
	event_config_free(conf);
	return base;
}

/* Only where a wake-up comes once for what arrives, not until it is read. */
static int
watch_socket(void)
{
	if ((event_base_get_features(engine.base) & EV_FEATURE_ET) == 0)
		return 0;
	arrival = event_new(engine.base, self->socket,
	    EV_READ | EV_ET | EV_PERSIST, socket_readable, NULL);
	if (arrival == NULL)
		return -1;
	/* It is a file: the guard alone will do. */
	if (event_add(arrival, NULL) == -1) {
		event_free(arrival);
		arrival = NULL;
	}
	return 0;
}

/* One that a program has a handler of its own for stays its own. */
static int
watch_signal(int sig, event_callback_fn cb)
{
	struct sigaction	 sa;
	struct event		*ev;

	if (self->guest || (sigaction(sig, NULL, &sa) == 0 &&
	    sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN))
		return 0;
	ev = evsignal_new(engine.base, sig, cb, NULL);
	return ev == NULL ? -1 : event_add(ev, NULL);
}

static int
make_events(int alone)
{
	struct timeval	 tv = { 30, 0 };

	if ((!alone && watch_socket() == -1) ||
	    watch_signal(SIGHUP, reload) == -1 ||
	    watch_signal(SIGUSR1, tell_counts) == -1)
		return -1;
	readable = event_new(engine.base, self->in, EV_READ | EV_PERSIST,
	    alone ? fd_readable : pipe_readable, NULL);
	writable = event_new(engine.base, self->out, EV_WRITE, fd_writable,
	    NULL);
	every = evtimer_new(engine.base, each_half_minute, NULL);
	if (readable == NULL || writable == NULL || every == NULL)
		return -1;
	return event_add(readable, NULL) == -1 ? -1 : event_add(every, &tv);
}

static void
set_alone(void)
{
	if (!self->guest) {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGXFSZ, SIG_IGN);
	}
	(void)fcntl(self->in, F_SETFL, fcntl(self->in, F_GETFL) | O_NONBLOCK);
	(void)fcntl(self->out, F_SETFL,
	    fcntl(self->out, F_GETFL) | O_NONBLOCK);
}

struct event_base *
filter_events(void)
{
	return engine.base;
}

/*
 * The guard's copy of lists and keys is as old as smtpd's start: a later
 * worker reads again what changed.
 */
static int
start(void)
{
	const struct filter	*f = engine.filter;
	char			 promises[256];

	engine_counts[COUNT_RESTARTS].value = sh->restarts;
	if (self->generation > 0)
		reload_all(0);
	if (f->start != NULL && f->start() == -1)
		return -1;
	if (self->generation > 0)
		handshake_again();
	if (f->promises != NULL) {
		(void)snprintf(promises, sizeof(promises),
		    "stdio rpath%s %s %s", f->message != NULL ? " tmppath" : "",
		    settings_promises(), f->promises);
		(void)sandbox_enter(promises);
	}
	settings_write_metrics();
	return 0;
}

/* Close on exec as what was there. */
static int
take_place(int fd, int at)
{
	int	 flags = fcntl(at, F_GETFD);

	if (dup2(fd, at) == -1)
		return -1;
	(void)close(fd);
	return fcntl(at, F_SETFD, flags);
}

int
worker_begin(struct worker *w, int in, int out)
{
	log_share(&w->shared->log);
	w->socket = fcntl(w->in, F_DUPFD_CLOEXEC, w->in);
	if (w->socket == -1 || take_place(in, w->in) == -1)
		return -1;
	return take_place(out, w->out);
}

void
worker_end(void)
{
	done = 1;
}

int
worker_run(const struct worker *w)
{
	int	 alone = w->socket == -1;

	self = w;
	sh = w->shared;
	done = 0;
	if (alone)
		set_alone();
	engine.base = engine.filter->events != NULL ?
	    engine.filter->events() : make_base();
	if (engine.base == NULL || make_events(alone) == -1 ||
	    channel_init(&engine.channel, sh, alone ? -1 : w->out) == -1) {
		log_warn("starting");
		return 71;
	}
	if (start() == -1)
		return 1;
	log_hold(1);
	loop(alone);
	if (engine.filter->stop != NULL)
		engine.filter->stop();
	log_hold(0);
	return 0;
}

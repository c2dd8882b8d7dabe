/* SPDX-License-Identifier: ISC */
/*
 * See guard.h.  Opens nothing, allocates nothing after its start, and parses
 * nothing as long as there is a worker.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "guard.h"
#include "log.h"
#include "signals.h"
#include "standin.h"

/* A worker that dies this young without having done a thing: a strike. */
#define YOUNG		1000
#define STRIKES		5
/* More deaths than this in BUSY ms: rest as well. */
#define DEATHS		100
#define BUSY		10000
#define REST		30000	/* ms that the guard stands in for it then */
#define FORK_AGAIN	1000	/* until a fork that failed is tried again */
#define START		60000	/* to start in, however short the deadline */
#define MISSES		4	/* answers that were not worth to wait for */
#define RETRY		128	/* of them, and one is waited for again */
#define LOOKS		4	/* in a deadline, at a worker's beat */
#define STARVED		10	/* when the kernel has no memory for a socket */

static struct shared			*sh;
static const struct guard_config	*config;
static int				 from_smtpd, to_smtpd;
static int				 to_worker[2], to_guard[2];
static volatile sig_atomic_t		 worker;	/* its pid, 0: none */
static volatile sig_atomic_t		 died;		/* SIGCHLD came */
static unsigned int			 generation, strikes, deaths;
static int64_t				 born, rest_until, busy_since;
static int64_t				 checked;	/* the worker's beat */
static uint64_t				 beat, tail_at_birth, died_at;
static int				 blocked; /* smtpd takes no more */
static int				 starved; /* nor does the kernel */
static int				 missed;	/* looks without a sign of life */

struct shared *
guard_map(void)
{
	struct shared	*m;

	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (m == MAP_FAILED)
		fatal("mmap");
	m->facts.minor = 7;
	m->current = m->skip = NO_LINE;
	return m;
}

/* SIGHUP and SIGUSR1 are the worker's; any signal ends the guard's sleep. */
static void
pass_signal(int sig)
{
	int	 saved = errno;

	if (sig == SIGCHLD)
		died = 1;
	else if (worker > 0)
		(void)kill(worker, sig);
	(void)!write(to_guard[1], "", 1);
	errno = saved;
}

static void
become_worker(struct worker *w)
{
	worker = 0;
	signals_give_back();
	w->generation = generation;
	if (worker_begin(w, to_worker[0], to_guard[1]) == -1)
		_exit(71);
	(void)close(to_worker[1]);
	(void)close(to_guard[0]);
}

/* Returns 1 in the worker. */
static int
start_worker(struct worker *w)
{
	sigset_t	 all, old;
	pid_t		 pid;

	sh->beat = 0;
	/* The handler must not see a worker whose pid is not yet known. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	if ((pid = fork()) == 0) {
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
		become_worker(w);
		return 1;
	}
	worker = pid == -1 ? 0 : pid;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	born = checked = clock_ms();
	if (pid == -1) {
		log_warn("fork");
		rest_until = born + FORK_AGAIN;
		return 0;
	}
	generation++;
	missed = 0;
	tail_at_birth = ring_load(&sh->in.tail);
	return 0;
}

/*
 * Is it time to stop trying for a while?  A worker that did nothing, young or
 * in spite of work that waited, is a strike.
 */
static int
tired(void)
{
	int64_t	 t = clock_ms();

	if (ring_load(&sh->in.tail) == tail_at_birth &&
	    (t - born < YOUNG || ring_used(&sh->in) > 0))
		strikes++;
	else
		strikes = 0;
	if (t - busy_since > BUSY) {
		busy_since = t;
		deaths = 0;
	}
	return strikes >= STRIKES || ++deaths > DEATHS;
}

/* What is ever said first is the handshake, in one piece. */
static int
is_ready(void)
{
	return ring_load(&sh->out.head) != 0;
}

static void
say_death(int status)
{
	if (WIFSIGNALED(status))
		log_warnx("worker %d died: signal %d%s", (int)worker,
		    WTERMSIG(status), WCOREDUMP(status) ? ", core dumped" : "");
	else
		log_warnx("worker %d died: exit status %d", (int)worker,
		    WEXITSTATUS(status));
}

/*
 * The worker is dead: clean up after it.  Returns -1 if that was enough of
 * them before the first one was ready.
 */
static int
bury(int status)
{
	uint64_t	 at;

	say_death(status);
	worker = 0;
	ledger_redo(&sh->ledger, &sh->in, &sh->out);
	sh->worker_wants = 0;
	sh->restarts++;
	at = ring_load(&sh->current);
	/* The same line again: the third worker will not look at it. */
	if (at != NO_LINE && at == died_at)
		sh->skip = at;
	died_at = at;
	sh->current = NO_LINE;
	standin_begin();
	rest_until = 0;
	if (!tired())
		return 0;
	if (!is_ready())
		return -1;
	log_warnx("workers keep dying: answering by on-failure, next try in "
	    "%d s", REST / 1000);
	strikes = deaths = 0;
	rest_until = clock_ms() + REST;
	return 0;
}

/*
 * No worker: pay for the dead one, then start another, or rest.  Returns 1 in
 * the new worker.
 */
static int
do_without(struct worker *w)
{
	if (!standin_pay())
		return 0;
	if (clock_ms() >= rest_until)
		return start_worker(w);
	if (is_ready())
		standin_work();
	return 0;
}

static void
wake_worker(void)
{
	uint32_t	 wants;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wants = __atomic_load_n(&sh->worker_wants, __ATOMIC_RELAXED);
	if ((wants & WANT_BYTES && ring_used(&sh->in) > 0) ||
	    (wants & WANT_ROOM && ring_used(&sh->out) <= RING_SIZE / 2)) {
		__atomic_store_n(&sh->worker_wants, 0, __ATOMIC_RELAXED);
		(void)!write(to_worker[1], "", 1);
	}
}

static void
hang_up(void)
{
	__atomic_store_n(&sh->eof, 1, __ATOMIC_RELEASE);
	(void)!write(to_worker[1], "", 1);
}

/* A worker's start may take longer than an answer. */
static int64_t
next_check(void)
{
	int64_t	 ms = config->deadline;

	if (sh->beat == 0 && ms < START)
		ms = START;
	return checked + ms / LOOKS;
}

/* Bytes through both rings, as far as they go without waiting. */
static void
pump(int readable)
{
	ssize_t	 n = 1;

	starved = blocked = 0;
	if (readable) {
		if (ring_fill(&sh->in, &sh->current, from_smtpd) == -1)
			hang_up();
		starved = errno == ENOBUFS;
	}
	while (n > 0 && ring_used(&sh->out) > 0)
		if ((n = ring_drain(&sh->out, to_smtpd)) <= 0)
			blocked = 1;
	if (n == -1) {		/* the worker must have room, to end */
		ring_store(&sh->out.tail, ring_load(&sh->out.head));
		blocked = 0;
		hang_up();
	}
	if (blocked && errno == ENOBUFS)
		starved = 1;
	wake_worker();
}

/* Kill a worker that hangs: woken a deadline ago, it did nothing. */
static void
check_beat(void)
{
	uint64_t	 b = ring_load(&sh->beat);
	int64_t		 t = clock_ms();

	if (t < next_check())
		return;
	if (b != beat)
		missed = 0;
	/* Nobody waits for the first one before it is ready. */
	if (missed++ >= LOOKS && is_ready()) {
		log_warnx("worker %d gives no sign of life: killed",
		    (int)worker);
		(void)kill(worker, SIGKILL);
	}
	checked = t;
	beat = b;
	(void)!write(to_worker[1], "", 1);
}

/*
 * The state of the rings is looked at again after the wish is written down:
 * either the worker sees the wish, or we see what it did.
 */
static int
must_not_sleep(uint32_t wants)
{
	__atomic_store_n(&sh->guard_wants, wants, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (!blocked && ring_used(&sh->out) > 0) ||
	    (wants & WANT_ROOM && ring_used(&sh->in) <= RING_SIZE / 2);
}

/*
 * Until the worker has answered, or sleeps because there is nothing to say.
 * One that has more to do than that, as to make a signature, takes time itself
 * that we would spend here: it is waited for now and then only.
 */
static void
linger(void)
{
	static unsigned int	 misses;
	int64_t			 now, end = clock_us() + GUARD_LINGER;

	if (misses > MISSES && misses % RETRY != 0) {
		misses++;
		return;
	}
	while ((now = clock_us()) < end && ring_used(&sh->out) == 0 &&
	    __atomic_load_n(&sh->worker_wants, __ATOMIC_RELAXED) == 0)
		(void)sched_yield();
	misses = now < end ? 0 : misses + 1;
}

/* Wait for something to do; returns whether smtpd has something to say. */
static int
sleep_until_work(void)
{
	struct pollfd	 pfd[3] = { { .fd = from_smtpd }, { .fd = to_smtpd },
			    { .fd = to_guard[0], .events = POLLIN } };
	uint32_t	 wants = blocked ? 0 : WANT_BYTES;
	int64_t		 ms;
	char		 bytes[64];

	/* Few large reads are cheaper than many small ones. */
	if (ring_used(&sh->in) <= RING_SIZE / 2)
		pfd[0].events = POLLIN;
	else {
		wants |= WANT_ROOM;
		pfd[0].fd = -1;
	}
	if (blocked && !starved)
		pfd[1].events = POLLOUT;
	else
		pfd[1].fd = -1;
	ms = (worker > 0 ? next_check() : rest_until) - clock_ms();
	if (worker == 0 && blocked)	/* first the dead one's debts */
		ms = REST;
	if (starved) {		/* it would be readable at once, and fail */
		pfd[0].fd = -1;
		ms = STARVED;
	}
	if (must_not_sleep(wants) || ms < 0)
		ms = 0;
	if (poll(pfd, 3, ms) == -1)
		return 0;
	__atomic_store_n(&sh->guard_wants, 0, __ATOMIC_RELAXED);
	if (pfd[2].revents)
		(void)!read(to_guard[0], bytes, sizeof(bytes));
	return pfd[0].revents != 0;
}

/* smtpd is gone: the worker gets a moment to put its things in order. */
static int
farewell(void)
{
	struct pollfd	 pfd = { .fd = to_guard[0], .events = POLLIN };
	int64_t		 end = clock_ms() + config->farewell, left;
	char		 bytes[64];

	while (worker > 0 && waitpid(worker, NULL, WNOHANG) == 0) {
		if ((left = end - clock_ms()) <= 0) {
			(void)kill(worker, SIGKILL);
			(void)waitpid(worker, NULL, 0);
			break;
		}
		if (must_not_sleep(WANT_BYTES))
			left = 0;
		(void)poll(&pfd, 1, (int)left);
		(void)!read(to_guard[0], bytes, sizeof(bytes));
		pump(0);
	}
	pump(0);
	log_adopt(&sh->log);
	return 0;
}

static void
make_pipes(void)
{
	int	 i, fds[2] = { from_smtpd, to_smtpd };

	if (pipe(to_worker) == -1 || pipe(to_guard) == -1)
		fatal("pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(to_worker[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(to_guard[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(fds[i], F_SETFL,
		    fcntl(fds[i], F_GETFL) | O_NONBLOCK) == -1)
			fatal("fcntl");
}

/*
 * The first worker ended before it was ready, which smtpd takes for the end of
 * the filter.  If it failed it has told the administrator why.
 */
static int
give_up(int status)
{
	if (WEXITSTATUS(status) == 0)
		log_warnx("ended before it was ready: did it put itself into "
		    "the background?");
	return WEXITSTATUS(status);
}

int
guard_run(struct worker *w, const struct guard_config *conf)
{
	int	 status, readable = 0;

	sh = w->shared;
	from_smtpd = w->in;
	to_smtpd = w->out;
	config = conf;
	make_pipes();
	standin_init(sh, conf->policy);
	signals_take(pass_signal);
	for (;;) {
		pump(readable);
		if (readable && worker > 0 && !starved) {
			linger();
			pump(0);
		}
		if (sh->eof)
			return farewell();
		if (died && (died = 0, worker > 0) &&
		    waitpid(worker, &status, WNOHANG) > 0) {
			log_adopt(&sh->log);
			if (!is_ready() && WIFEXITED(status))
				return give_up(status);
			if (bury(status) == -1)
				return 1;
		}
		if (worker > 0)
			check_beat();
		else if (do_without(w))
			return -1;
		log_flush();	/* what smtpd did not take at once */
		readable = sleep_until_work();
	}
}

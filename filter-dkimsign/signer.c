/* SPDX-License-Identifier: ISC */
/*
 * One lock for two lists: jobs to do, and jobs that are done.
 *
 * To wake a thread and to be woken by it costs 20 us.  So what came in one
 * turn of the event loop is looked at together: the loop does itself what
 * takes no longer than one signature of RSA with 2048 bits, and the rest is
 * for threads, which are made one by one as it gets more.  A quarter of its
 * fair share of what waits it does in one turn, if that is more: what goes out
 * together costs less.  The loop is woken
 * through a pipe, by a byte for each time that the list of what is done was
 * empty: under load that is much less than one a job.
 *
 * Threads block all signals, and end with the process only.
 * Returns -1: no pipe, no event.  No thread: logged once.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "signer.h"
#include "thread.h"

#define THREADS_MAX	64
#define STACK_SIZE	(256 * 1024)

/* What signatures cost, in 40 us, and what the loop does in a turn, at most. */
#define COST_ED25519	1
#define COST_RSA2048	7
#define COST_RSA	100	/* 4096 bits are 3 ms */
#define COST_TURN	COST_RSA2048
#define TURNS_MAX	8

struct list {
	struct signer_job	*first, **last;
};

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t	 work = PTHREAD_COND_INITIALIZER;
/* Under the lock. */
static struct list	 todo, finished;
static unsigned int	 waiting;	/* jobs in todo */
static unsigned int	 idle;		/* threads */
/* The event loop's. */
static unsigned int	 threads, threads_max;
static int		 asked;		/* for a turn */
static int		 wake[2] = { -1, -1 };
static struct event	*woken, *turn;

static void
list_clear(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

/* Returns whether it was empty. */
static int
list_add(struct list *l, struct signer_job *job)
{
	int	 empty = l->first == NULL;

	job->next = NULL;
	job->prev = l->last;
	*l->last = job;
	l->last = &job->next;
	return empty;
}

static void
todo_remove(struct signer_job *job)
{
	if ((*job->prev = job->next) == NULL)
		todo.last = job->prev;
	else
		job->next->prev = job->prev;
	job->queued = 0;
	waiting--;
}

static struct signer_job *
todo_take(void)
{
	struct signer_job	*job = todo.first;

	todo_remove(job);
	return job;
}

static void
loop_wake(void)
{
	/* Full: then the loop has enough bytes to wake up from. */
	while (write(wake[1], "", 1) == -1 && errno == EINTR)
		;
}

static void
job_sign(struct signer_job *job)
{
	job->sig_len = privkey_sign(job->key, job->hash, job->digest,
	    job->digest_len, job->sig);
}

static void
job_finish(struct signer_job *job)
{
	int	 first;

	job_sign(job);
	(void)pthread_mutex_lock(&lock);
	first = list_add(&finished, job);
	(void)pthread_mutex_unlock(&lock);
	if (first)
		loop_wake();
}

static struct signer_job *
job_wait(void)
{
	struct signer_job	*job;

	(void)pthread_mutex_lock(&lock);
	idle++;
	while (todo.first == NULL)
		(void)pthread_cond_wait(&work, &lock);
	idle--;
	job = todo_take();
	(void)pthread_mutex_unlock(&lock);
	return job;
}

static void *
thread_main(void *arg)
{
	for (;;)
		job_finish(job_wait());
	return NULL;
}

static void
threads_grow(void)
{
	int	 error;

	if ((error = thread_start(thread_main, NULL, STACK_SIZE,
	    NULL)) == 0) {
		threads++;
		return;
	}
	log_warnx("%u of %u threads to sign: %s", threads, threads_max,
	    strerror(error));
	threads_max = threads;
}

static int
job_cost(const struct signer_job *job)
{
	if (privkey_type(job->key) == PRIVKEY_ED25519)
		return COST_ED25519;
	return privkey_bits(job->key) <= 2048 ? COST_RSA2048 : COST_RSA;
}

static int
turn_cost(void)
{
	unsigned int	 n = 1 + waiting / (threads + 1) / 4;

	return COST_TURN * (int)(n > TURNS_MAX ? TURNS_MAX : n);
}

/* What the loop does itself: what comes first and is cheap, or one job. */
static void
jobs_take(struct list *mine, int any)
{
	int	 cost = 0, most = turn_cost();

	while (todo.first != NULL) {
		cost += job_cost(todo.first);
		if (cost > most && !any)
			break;
		any = 0;
		(void)list_add(mine, todo_take());
	}
}

static void
jobs_end(struct signer_job *job)
{
	struct signer_job	*next;

	for (; job != NULL; job = next) {
		next = job->next;
		job->done(job);
	}
}

/* In the next turn of the loop, when it has read what there is. */
static void
turn_ask(void)
{
	struct timeval	 now = { 0, 0 };

	if (!asked && event_add(turn, &now) == -1)
		event_active(turn, EV_TIMEOUT, 1);	/* needs no memory */
	asked = 1;
}

/* Returns how many jobs are left for threads. */
static unsigned int
threads_wake(void)
{
	unsigned int	 rest, sleeping, i;

	(void)pthread_mutex_lock(&lock);
	rest = waiting;
	sleeping = idle;
	(void)pthread_mutex_unlock(&lock);
	for (i = 0; i < rest && i < sleeping; i++)
		(void)pthread_cond_signal(&work);
	if (rest > sleeping && threads < threads_max)
		threads_grow();
	return rest;
}

static void
jobs_share(evutil_socket_t fd, short what, void *arg)
{
	struct list		 mine;
	struct signer_job	*job;
	unsigned int		 rest;

	asked = 0;
	list_clear(&mine);
	(void)pthread_mutex_lock(&lock);
	jobs_take(&mine, 0);
	(void)pthread_mutex_unlock(&lock);
	rest = threads_wake();
	if (threads == 0 && mine.first == NULL)
		jobs_take(&mine, 1);
	for (job = mine.first; job != NULL; job = job->next)
		job_sign(job);
	if (rest > 0 && mine.first != NULL)
		turn_ask();
	jobs_end(mine.first);
}

static void
jobs_done(evutil_socket_t fd, short what, void *arg)
{
	struct signer_job	*job;
	unsigned int		 rest;
	char			 bytes[64];

	while (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
	(void)pthread_mutex_lock(&lock);
	job = finished.first;
	list_clear(&finished);
	rest = waiting;
	(void)pthread_mutex_unlock(&lock);
	if (rest > 0)
		turn_ask();
	jobs_end(job);
}

int
signer_start(struct event_base *base)
{
	long	 n;
	int	 i;

	list_clear(&todo);
	list_clear(&finished);
	if (pipe(wake) == -1)
		goto fail;
	for (i = 0; i < 2; i++)
		if (fcntl(wake[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(wake[i], F_SETFD, FD_CLOEXEC) == -1)
			goto fail;
	woken = event_new(base, wake[0], EV_READ | EV_PERSIST, jobs_done, NULL);
	turn = evtimer_new(base, jobs_share, NULL);
	if (turn == NULL || woken == NULL || event_add(woken, NULL) == -1)
		goto fail;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	/* The loop is a signer too. */
	n = n < 3 ? 1 : n - 1;
	threads_max = n > THREADS_MAX ? THREADS_MAX : (unsigned int)n;
	return 0;
fail:
	log_warn("signer");
	return -1;
}

void
signer_submit(struct signer_job *job)
{
	(void)pthread_mutex_lock(&lock);
	waiting++;
	job->queued = 1;
	(void)list_add(&todo, job);
	(void)pthread_mutex_unlock(&lock);
	turn_ask();
}

int
signer_cancel(struct signer_job *job)
{
	int	 queued;

	(void)pthread_mutex_lock(&lock);
	if ((queued = job->queued))
		todo_remove(job);
	(void)pthread_mutex_unlock(&lock);
	return queued;
}

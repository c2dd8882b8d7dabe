/* SPDX-License-Identifier: ISC */
/*
 * One lock for two lists: jobs to do, and jobs that are done.  Threads are
 * made one by one, when a job comes and all others are busy.  The event loop
 * is woken through a pipe, by a byte for each time that the list of what is
 * done was empty: under load that is much less than one a job.
 *
 * Threads block all signals, and end with the process only.
 * Returns -1: no pipe, no event.  No thread: logged once.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "signer.h"

#define THREADS_MAX	64
#define STACK_SIZE	(256 * 1024)

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
static int		 wake[2] = { -1, -1 };
static struct event	*woken;

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
	*l->last = job;
	l->last = &job->next;
	return empty;
}

static struct signer_job *
list_take(struct list *l)
{
	struct signer_job	*job = l->first;

	if ((l->first = job->next) == NULL)
		l->last = &l->first;
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
job_finish(struct signer_job *job)
{
	int	 first;

	job->sig_len = privkey_sign(job->key, job->hash, job->digest,
	    job->digest_len, job->sig);
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
	waiting--;
	job = list_take(&todo);
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

/* Signals are the event loop's. */
static int
thread_new(void)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	int		 error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, thread_main, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	return error;
}

static void
jobs_done(evutil_socket_t fd, short what, void *arg)
{
	struct signer_job	*job, *next;
	char			 bytes[64];

	while (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
	(void)pthread_mutex_lock(&lock);
	job = finished.first;
	list_clear(&finished);
	(void)pthread_mutex_unlock(&lock);
	for (; job != NULL; job = next) {
		next = job->next;
		job->done(job);
	}
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
	if (woken == NULL || event_add(woken, NULL) == -1)
		goto fail;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	threads_max = n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
	return 0;
fail:
	log_warn("signer");
	return -1;
}

static void
threads_grow(void)
{
	int	 error;

	if ((error = thread_new()) == 0) {
		threads++;
		return;
	}
	log_warnx("%u of %u threads to sign: %s", threads, threads_max,
	    strerror(error));
	threads_max = threads;
}

void
signer_submit(struct signer_job *job)
{
	int	 rest;

	(void)pthread_mutex_lock(&lock);
	(void)list_add(&todo, job);
	/* Each idle thread is woken for one job. */
	rest = ++waiting <= idle;
	(void)pthread_mutex_unlock(&lock);
	if (rest)
		(void)pthread_cond_signal(&work);
	else if (threads < threads_max)
		threads_grow();
	if (threads == 0) {
		waiting--;
		job_finish(list_take(&todo));
	}
}

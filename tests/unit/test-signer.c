/* SPDX-License-Identifier: ISC */
/*
 * Threads that sign: each job comes back once, signed, in the event loop,
 * from threads and without any.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/event.h>

#include "keymaker.h"
#include "privkey.h"
#include "signer.h"
#include "stderr.h"

#define JOBS	1000

static struct event_base	*base;
static struct privkey		*rsa, *ed, *dear;
static size_t			 by_loop, by_thread;
static pthread_t		 loop_thread;
static size_t			 done, again;
static int			 refuse_threads;
static size_t			 created;
static int			 signals_blocked;

ssize_t	__real_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);
ssize_t	__wrap_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);
int	__real_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);
int	__wrap_pthread_create(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*f)(void *), void *arg)
{
	sigset_t	 set;

	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
	signals_blocked = sigismember(&set, SIGHUP) &&
	    sigismember(&set, SIGTERM) && sigismember(&set, SIGUSR1);
	if (refuse_threads)
		return EAGAIN;
	created++;
	return __real_pthread_create(thread, attr, f, arg);
}

ssize_t
__wrap_privkey_sign(struct privkey *key, enum privkey_hash how,
    const uint8_t *hash, size_t len, uint8_t *sig)
{
	if (pthread_equal(pthread_self(), loop_thread))
		by_loop++;
	else
		(void)__atomic_add_fetch(&by_thread, 1, __ATOMIC_SEQ_CST);
	return __real_privkey_sign(key, how, hash, len, sig);
}

static void
job_check(const struct signer_job *job)
{
	uint8_t		 sig[PRIVKEY_SIG_MAX];
	ssize_t		 n;

	/* Both kinds of signature are the same each time. */
	n = __real_privkey_sign(job->key, job->hash, job->digest,
	    job->digest_len, sig);
	assert_int_equal(job->sig_len, n);
	assert_int_equal(n, job->key == ed ? 64 : job->key == rsa ? 128 : 257);
	assert_memory_equal(job->sig, sig, (size_t)n);
}

static void
job_done(struct signer_job *job)
{
	assert_true(pthread_equal(pthread_self(), loop_thread));
	job_check(job);
	done++;
	if (again > 0) {
		again--;
		job->digest[31]++;
		signer_submit(job);
		return;
	}
	free(job);
}

static struct signer_job *
job_new(struct privkey *key, size_t number)
{
	struct signer_job	*job;

	assert_non_null(job = calloc(1, sizeof(*job)));
	job->done = job_done;
	job->key = key;
	job->hash = PRIVKEY_SHA256;
	job->digest_len = sizeof(job->digest);
	memcpy(job->digest, &number, sizeof(number));
	return job;
}

/* Until so many are done; not for ever. */
static void
run(size_t want)
{
	struct timeval	 tv = { .tv_sec = 60 };

	assert_int_equal(event_base_loopexit(base, &tv), 0);
	while (done < want && !event_base_got_exit(base))
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(done, want);
}

static void
submit(size_t n)
{
	size_t	 i, before;

	done = by_loop = by_thread = 0;
	for (i = 0; i < n; i++) {
		before = done;
		signer_submit(job_new(i % 3 == 0 ? ed : rsa, i));
		/* Never from in there. */
		assert_int_equal(done, before);
	}
}

static void
submit_without_threads(void)
{
	const char	*said;

	refuse_threads = 1;
	stderr_start();
	submit(100);
	run(100);
	assert_int_equal(by_loop, 100);
	done = 0;
	signer_submit(job_new(dear, 1));
	run(1);
	said = stderr_stop();
	assert_non_null(strstr(said, "0 of "));
	assert_null(strstr(strstr(said, "0 of ") + 1, "0 of "));
	assert_int_equal(created, 0);
}

/* In a child, as it is tried once only. */
static void
without_threads_jobs_are_done_on_the_spot(void **state)
{
	int	 status;
	pid_t	 pid;

	assert_true((pid = fork()) != -1);
	if (pid == 0) {
		assert_int_equal(event_reinit(base), 0);
		submit_without_threads();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_thousand_jobs_come_back_signed(void **state)
{
	submit(JOBS);
	run(JOBS);
	assert_true(created > 0);
	assert_true((long)created <= sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(signals_blocked);
	assert_true(by_thread > 0);
	assert_int_equal(by_loop + by_thread, JOBS);
}

static void
a_cheap_job_alone_is_the_loops(void **state)
{
	submit(1);
	run(1);
	assert_int_equal(by_loop, 1);
}

static void
dear_jobs_are_for_threads_only(void **state)
{
	size_t	 i;

	done = by_loop = by_thread = 0;
	for (i = 0; i < 5; i++)
		signer_submit(job_new(dear, i));
	run(5);
	assert_int_equal(by_thread, 5);
	/* Cheap ones behind them wait for their turn. */
	signer_submit(job_new(dear, 6));
	for (i = 0; i < 20; i++)
		signer_submit(job_new(ed, i));
	run(26);
	assert_true(by_thread >= 6);
}

static void
jobs_can_be_given_from_where_others_end(void **state)
{
	again = 500;
	submit(10);
	run(510);
	assert_int_equal(again, 0);
}

static void
one_at_a_time_is_fine_too(void **state)
{
	size_t	 i;

	for (i = 0; i < 100; i++) {
		submit(1);
		run(1);
	}
}

/* In the middle, at both ends, and all of them; begun ones come back. */
static void
what_had_not_begun_can_be_taken_back(void **state)
{
	struct signer_job	*jobs[9];
	size_t			 i, left = 9;

	done = by_loop = by_thread = 0;
	for (i = 0; i < 9; i++)
		signer_submit(jobs[i] = job_new(rsa, i));
	for (i = 0; i < 9; i += 4) {
		assert_int_equal(signer_cancel(jobs[i]), 1);
		assert_int_equal(signer_cancel(jobs[i]), 0);
		free(jobs[i]);
		left--;
	}
	run(left);
	assert_int_equal(by_loop + by_thread, left);
	submit(1);
	run(1);
}

static void
a_list_that_was_emptied_takes_more(void **state)
{
	struct signer_job	*jobs[2];
	size_t			 i;

	for (i = 0; i < 2; i++)
		signer_submit(jobs[i] = job_new(rsa, i));
	for (i = 0; i < 2; i++) {
		assert_int_equal(signer_cancel(jobs[1 - i]), 1);
		free(jobs[1 - i]);
	}
	submit(JOBS);
	run(JOBS);
	assert_int_equal(by_loop + by_thread, JOBS);
}

static struct privkey *
key_new(int type, int bits)
{
	EVP_PKEY	*pkey = key_make(type, bits);
	char		*pem = key_pem(pkey, NULL);
	struct privkey	*key;

	stderr_start();
	key = privkey_parse(pem, "key");
	(void)stderr_stop();
	free(pem);
	EVP_PKEY_free(pkey);
	return key;
}

static int
setup(void **state)
{
	loop_thread = pthread_self();
	ed = key_new(EVP_PKEY_ED25519, 0);
	rsa = key_new(EVP_PKEY_RSA, 1024);
	dear = key_new(EVP_PKEY_RSA, 2056);
	if (ed == NULL || rsa == NULL || dear == NULL ||
	    (base = event_base_new()) == NULL)
		return -1;
	return signer_start(base);
}

static int
teardown(void **state)
{
	privkey_drop(ed);
	privkey_drop(rsa);
	privkey_drop(dear);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(without_threads_jobs_are_done_on_the_spot),
		cmocka_unit_test(a_thousand_jobs_come_back_signed),
		cmocka_unit_test(a_cheap_job_alone_is_the_loops),
		cmocka_unit_test(dear_jobs_are_for_threads_only),
		cmocka_unit_test(jobs_can_be_given_from_where_others_end),
		cmocka_unit_test(one_at_a_time_is_fine_too),
		cmocka_unit_test(what_had_not_begun_can_be_taken_back),
		cmocka_unit_test(a_list_that_was_emptied_takes_more),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * Threads that sign, in the sandbox as the filter has it: they begin inside of
 * it, and what libc and libcrypto want there is allowed.
 */

#include <pthread.h>

#include <event2/event.h>

#include "keymaker.h"
#include "privkey.h"
#include "sandbox_child.h"
#include "signer.h"

#define JOBS	300

static struct privkey	*rsa;
static size_t		 done, good, by_loop;
static pthread_t	 loop_thread;

ssize_t	__real_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);
ssize_t	__wrap_privkey_sign(struct privkey *, enum privkey_hash,
	    const uint8_t *, size_t, uint8_t *);

ssize_t
__wrap_privkey_sign(struct privkey *key, enum privkey_hash how,
    const uint8_t *hash, size_t len, uint8_t *sig)
{
	if (pthread_equal(pthread_self(), loop_thread))
		by_loop++;
	return __real_privkey_sign(key, how, hash, len, sig);
}

static void
job_done(struct signer_job *job)
{
	done++;
	good += job->sig_len == 257;
	free(job);
}

/* Dear jobs: they are never the loop's, if there are threads. */
static void
body_signer(void)
{
	struct event_base	*base;
	struct signer_job	*job;
	size_t			 i;

	CHECK((base = event_base_new()) != NULL);
	CHECK(signer_start(base) == 0);
	enter("stdio rpath thread");
	for (i = 0; i < JOBS; i++) {
		CHECK((job = calloc(1, sizeof(*job))) != NULL);
		job->key = rsa;
		job->digest_len = sizeof(job->digest);
		job->done = job_done;
		signer_submit(job);
	}
	while (done < JOBS)
		CHECK(event_base_loop(base, EVLOOP_ONCE) == 0);
	CHECK(good == JOBS && by_loop == 0);
}

/* What is said on stderr is that no thread could be made. */
static void
body_no_thread_is_said(void)
{
	struct event_base	*base;
	struct signer_job	*job;

	CHECK((base = event_base_new()) != NULL);
	CHECK(signer_start(base) == 0);
	enter("stdio rpath");
	CHECK((job = calloc(1, sizeof(*job))) != NULL);
	job->key = rsa;
	job->digest_len = sizeof(job->digest);
	job->done = job_done;
	signer_submit(job);
	while (done < 1)
		CHECK(event_base_loop(base, EVLOOP_ONCE) == 0);
	CHECK(good == 1 && by_loop == 1);
}

static void
it_signs_inside_of_the_sandbox(void **state)
{
	need_seccomp();
	in_child(body_signer);
}

static void
without_the_promise_it_signs_without_threads(void **state)
{
	need_seccomp();
	in_child(body_no_thread_is_said);
}

static int
setup(void **state)
{
	EVP_PKEY	*pkey = key_make(EVP_PKEY_RSA, 2056);
	char		*pem = key_pem(pkey, NULL);

	loop_thread = pthread_self();
	rsa = privkey_parse(pem, "rsa");
	free(pem);
	EVP_PKEY_free(pkey);
	return rsa == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	privkey_drop(rsa);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(it_signs_inside_of_the_sandbox),
		cmocka_unit_test(without_the_promise_it_signs_without_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

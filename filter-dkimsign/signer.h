/* SPDX-License-Identifier: ISC */
/*
 * Signatures take 0.3 ms each: the event loop makes one a turn, if it is not
 * dearer than that, and threads on the other processors all the rest.  Jobs
 * begin in the order in which they come; done() is called in the event loop.
 * Where no thread can be had the loop makes them all: slower, but right.
 */

#ifndef SIGNER_H
#define SIGNER_H

#include "privkey.h"

struct event_base;

struct signer_job {
	struct privkey		 *key;		/* held by whoever made it */
	enum privkey_hash	  hash;
	uint8_t			  digest[32];
	size_t			  digest_len;
	uint8_t			  sig[PRIVKEY_SIG_MAX];
	ssize_t			  sig_len;	/* -1: out of memory */
	void			(*done)(struct signer_job *);
	struct signer_job	 *next, **prev;	/* the signer's */
	int			  queued;
};

/*
 * In the worker's start().  Threads begin with the first job, inside of the
 * sandbox (its promise "thread").  Returns 0, or -1 after logging why.
 */
int	signer_start(struct event_base *);

/*
 * The job is the signer's until done(), which is always called if the job is
 * not taken back, and never from in here.
 */
void	signer_submit(struct signer_job *);
/*
 * Nobody waits for it any more.  Returns 1 if it had not begun: then it is
 * the caller's again, and done() is not called.  0: done() is still to come.
 */
int	signer_cancel(struct signer_job *);

#endif /* SIGNER_H */

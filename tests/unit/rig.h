/* SPDX-License-Identifier: ISC */
/*
 * A guard in a process of its own, with workers that die, hang or never start,
 * and a kernel without memory.  The test is smtpd.
 *
 * Programs that use it are linked with --wrap for fork(2), write(2), writev(2)
 * and realloc(3), so that these can fail at will.
 */

#ifndef RIG_H
#define RIG_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "guard.h"

enum how { FAIL, STRIKE, SLOW, CONSUME };

/* Seen by all processes of a test. */
struct rig {
	unsigned int	starts;		/* workers so far */
	unsigned int	bad_from, bad_to;	/* those fail at start */
	enum how	how;
	int		arg;		/* status, signal */
	pid_t		worker;
	unsigned int	hups, usrs;
	int		fork_fails, no_buffers, no_memory;
};

extern struct rig	*rig;
extern pid_t		 rig_guard;
extern char		 rig_said[];	/* what smtpd heard since rig_begin() */

/* Before and after each test, for cmocka. */
int	rig_fresh(void **state);
int	rig_cleanup(void **state);

/* Workers from to to - 1, counted from 0, fail at start. */
void	rig_bad(unsigned int from, unsigned int to, enum how, int arg);
void	rig_start(enum failure, int64_t deadline);
/* The same, and the handshake. */
void	rig_begin(enum failure, int64_t deadline);
/* A signal to the worker; it may just be dead. */
void	rig_strike(int sig);

void	rig_say(const char *);
/* A request with n for session and token: connect is answered, others not. */
void	rig_ask(const char *phase, unsigned int n);
/* Wait until n lines came, or so many ms; returns how many came so far. */
size_t	rig_hear(size_t n, int ms);
/* Sessions 1 to n were answered once each. */
void	rig_answered_once(unsigned int n);

/* The guard's exit status, or -1: it did not end in time. */
int	rig_status_within(int ms);
/*
 * smtpd goes, and the guard has to follow: within a second, but a busy machine
 * may need longer.
 */
void	rig_hang_up(void);

void	rig_nap(int ms);
int64_t	rig_now(void);
/* What a second costs the guard, in ms of a processor. */
int64_t	rig_cost(void);

#endif /* RIG_H */

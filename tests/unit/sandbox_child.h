/* SPDX-License-Identifier: ISC */
/*
 * A test's body in a child, since nothing leads out of a sandbox; and what the
 * kernel has, asked of the kernel, not of the code under test.
 */

#ifndef SANDBOX_CHILD_H
#define SANDBOX_CHILD_H

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"

#define FILTER_MODE	2	/* SECCOMP_MODE_FILTER */
#define LANDLOCK_CREATE	444

/* In a child: the line that failed is what the parent shows. */
#define CHECK(x)	do { if (!(x)) child_fail(__LINE__, #x); } while (0)
#define DENIED(x)	CHECK((errno = 0, (x)) == -1 && \
			(errno == EPERM || errno == EACCES))

static inline void
child_fail(int line, const char *what)
{
	(void)fprintf(stderr, "line %d: %s (errno %d, %s)\n", line, what,
	    errno, strerror(errno));
	_exit(1);
}

static inline void
in_child(void (*body)(void))
{
	int	 status;
	pid_t	 pid;

	(void)fflush(NULL);
	assert_true((pid = fork()) != -1);
	if (pid == 0) {
		/* A watchdog, as a denied call may end in a loop. */
		(void)alarm(20);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void
need_seccomp(void)
{
	if (prctl(PR_SET_SECCOMP, FILTER_MODE, NULL, 0, 0) == -1 &&
	    errno != EFAULT)
		skip();
}

static inline void
need_landlock(void)
{
	if (syscall(LANDLOCK_CREATE, NULL, 0, 1) < 1)
		skip();
}

static inline int
have_landlock(void)
{
	return syscall(LANDLOCK_CREATE, NULL, 0, 1) >= 1;
}

static inline void
enter(const char *words)
{
	int	 ret, whole = have_landlock();

	ret = sandbox_enter(words);
	CHECK(ret == (whole ? 0 : -1));
}

#endif /* SANDBOX_CHILD_H */

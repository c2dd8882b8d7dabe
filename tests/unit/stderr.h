/* SPDX-License-Identifier: ISC */
/*
 * What a piece of code says on stderr, as a string.
 * The log asks only once what kind of file stderr is: tests that need it to be
 * a socket call log_init() after they made it one.
 */

#ifndef STDERR_H
#define STDERR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static FILE	*stderr_file;
static int	 stderr_saved = -1;

static inline void
stderr_start(void)
{
	assert_non_null(stderr_file = tmpfile());
	(void)fflush(stderr);
	assert_true((stderr_saved = dup(STDERR_FILENO)) != -1);
	assert_int_equal(dup2(fileno(stderr_file), STDERR_FILENO),
	    STDERR_FILENO);
}

/* Valid until the next call. */
static inline const char *
stderr_stop(void)
{
	static char	 buf[65536];
	size_t		 len;

	(void)fflush(stderr);
	assert_int_equal(dup2(stderr_saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(stderr_saved);
	rewind(stderr_file);
	len = fread(buf, 1, sizeof(buf) - 1, stderr_file);
	buf[len] = '\0';
	(void)fclose(stderr_file);
	return buf;
}

#endif /* STDERR_H */

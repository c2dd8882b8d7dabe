/* SPDX-License-Identifier: ISC */
/*
 * What every fuzz target has: one function that takes an input and aborts if
 * what it checks does not hold.  Linked with libFuzzer, or with replay.c.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* assert() that NDEBUG does not take away. */
#define FUZZ_CHECK(x) do {						\
	if (!(x)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);	\
		abort();						\
	}								\
} while (0)

#endif /* FUZZ_H */

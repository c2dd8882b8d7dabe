/* SPDX-License-Identifier: ISC */
/*
 * reallocarray(3): realloc(3) of nmemb times size bytes, which fails with
 * ENOMEM where the product would not fit, instead of giving too little.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "compat.h"

void *
reallocarray(void *p, size_t nmemb, size_t size)
{
	if (size != 0 && nmemb > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, nmemb * size);
}

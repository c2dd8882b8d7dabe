/* SPDX-License-Identifier: ISC */
/*
 * A queue of bytes in one piece of memory.  What was dropped in front is
 * reused once that costs less than it gains, so that each byte is moved a
 * bounded number of times.
 */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

void
bytes_clear(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

int
bytes_add(struct bytes *b, const void *data, size_t len)
{
	size_t	 size;
	char	*p;

	if (b->off > b->len) {
		memmove(b->data, b->data + b->off, b->len);
		b->off = 0;
	}
	if (len > b->size - b->off - b->len) {
		size = b->size + len + b->size / 2;
		if ((p = realloc(b->data, size)) == NULL)
			return -1;
		b->data = p;
		b->size = size;
	}
	if (len != 0)
		memcpy(b->data + b->off + b->len, data, len);
	b->len += len;
	return 0;
}

/* Empty ones hold no memory: most streams idle most of the time. */
void
bytes_drop(struct bytes *b, size_t len)
{
	b->off += len;
	b->len -= len;
	if (b->len == 0)
		bytes_clear(b);
}

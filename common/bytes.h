/* SPDX-License-Identifier: ISC */
/*
 * A queue of bytes that lie in one piece: added behind, dropped in front.  All
 * zero is an empty one, and an empty one holds no memory.
 */

#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

struct bytes {
	char	*data;
	size_t	 off;
	size_t	 len;		/* from data + off on */
	size_t	 size;
};

/* Returns 0, or -1 if memory is out; then nothing was added. */
int	bytes_add(struct bytes *, const void *, size_t);
void	bytes_drop(struct bytes *, size_t);
void	bytes_clear(struct bytes *);

#endif /* BYTES_H */

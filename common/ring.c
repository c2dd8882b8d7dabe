/* SPDX-License-Identifier: ISC */
/*
 * See ring.h.  Nothing here allocates or logs; errors come back in errno.
 */

#include <sys/types.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"

#define MASK	((uint64_t)RING_SIZE - 1)

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

void
ring_put(struct ring *r, uint64_t pos, const void *buf, size_t len)
{
	size_t	 at = pos & MASK, first;

	first = min_size(len, RING_SIZE - at);
	memcpy(r->data + at, buf, first);
	if (first < len)
		memcpy(r->data, (const char *)buf + first, len - first);
}

const char *
ring_view(const struct ring *r, uint64_t pos, size_t len, char *scratch)
{
	size_t	 at = pos & MASK, first;

	first = RING_SIZE - at;
	if (len <= first)
		return r->data + at;
	memcpy(scratch, r->data + at, first);
	memcpy(scratch + first, r->data, len - first);
	return scratch;
}

uint64_t
ring_find(const struct ring *r, uint64_t pos, uint64_t end, int c)
{
	const char	*p;
	size_t		 at, n;

	while (pos < end) {
		at = pos & MASK;
		n = min_size(end - pos, RING_SIZE - at);
		if ((p = memchr(r->data + at, c, n)) != NULL)
			return pos + (p - (r->data + at));
		pos += n;
	}
	return end;
}

/* The part of the ring from pos, len bytes of it, as one or two pieces. */
static int
ring_pieces(struct ring *r, uint64_t pos, size_t len, struct iovec iov[2])
{
	size_t	 at = pos & MASK;

	iov[0].iov_base = r->data + at;
	iov[0].iov_len = min_size(len, RING_SIZE - at);
	iov[1].iov_base = r->data;
	iov[1].iov_len = len - iov[0].iov_len;
	return iov[1].iov_len == 0 ? 1 : 2;
}

/* May what failed go through later? */
static int
must_wait(void)
{
	if (errno == ENOMEM)
		errno = ENOBUFS;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
	    errno == ENOBUFS;
}

/* In this order: what is held when tail moves was held before. */
static size_t
room_before(const struct ring *r, const uint64_t *held)
{
	uint64_t	 tail = ring_load(&r->tail), at = ring_load(held);
	uint64_t	 used = r->head - (at < tail ? at : tail);

	return used <= RING_SIZE ? RING_SIZE - used : 0;
}

ssize_t
ring_fill(struct ring *r, const uint64_t *held, int fd)
{
	struct iovec	 iov[2];
	size_t		 room = room_before(r, held);
	ssize_t		 n;

	errno = 0;
	if (room == 0)
		return 0;
	/* One piece goes by the cheaper call. */
	n = ring_pieces(r, r->head, room, iov) == 1 ?
	    read(fd, iov[0].iov_base, room) : readv(fd, iov, 2);
	if (n > 0)
		ring_store(&r->head, r->head + n);
	else if (n == 0) {
		errno = 0;
		n = -1;
	} else if (must_wait())
		n = 0;
	return n;
}

ssize_t
ring_drain(struct ring *r, int fd)
{
	struct iovec	 iov[2];
	size_t		 used = ring_used(r);
	ssize_t		 n;

	errno = 0;
	if (used == 0)
		return 0;
	n = ring_pieces(r, r->tail, used, iov) == 1 ?
	    write(fd, iov[0].iov_base, used) : writev(fd, iov, 2);
	if (n > 0)
		ring_store(&r->tail, r->tail + n);
	else if (n == -1 && must_wait())
		n = 0;
	return n;
}

/* SPDX-License-Identifier: ISC */
/*
 * A ring of bytes between two processes, one that writes and one that reads,
 * in memory that both map.  Positions count bytes since the beginning, so that
 * a process that takes over knows exactly how far its predecessor got.
 *
 * The writer fills the ring in its own time and then publishes head; the
 * reader the same with tail.  Nothing before a published position is ever
 * looked at again by the other side, but for what the reader says it holds: it
 * may publish that it is done with a line, and still read it.
 */

#ifndef RING_H
#define RING_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Four of the longest lines of the protocol, and small enough to stay in a
 * processor's second cache.  A power of two.
 */
#define RING_SIZE	(256 * 1024)

struct ring {
	uint64_t	head __attribute__((__aligned__ (64)));
	uint64_t	tail __attribute__((__aligned__ (64)));
	char		data[RING_SIZE] __attribute__((__aligned__ (64)));
};

/* A shared position is read and written through these only. */
static inline uint64_t
ring_load(const uint64_t *pos)
{
	return __atomic_load_n(pos, __ATOMIC_ACQUIRE);
}

static inline void
ring_store(uint64_t *pos, uint64_t value)
{
	__atomic_store_n(pos, value, __ATOMIC_RELEASE);
}

/* Never more than there can be, whatever a dying worker wrote over it. */
static inline size_t
ring_used(const struct ring *r)
{
	uint64_t	 used = ring_load(&r->head) - ring_load(&r->tail);

	return used <= RING_SIZE ? used : RING_SIZE;
}

/* Copy in at a position that the writer has not yet published. */
void		 ring_put(struct ring *, uint64_t pos, const void *, size_t);
/* Where to write len bytes in one piece; NULL: they go around the end. */
static inline char *
ring_piece(struct ring *r, uint64_t pos, size_t len)
{
	size_t	 at = pos & (RING_SIZE - 1);

	return at + len <= RING_SIZE ? r->data + at : NULL;
}
/*
 * The len bytes from pos on, contiguous: in place, or copied to scratch if
 * they go around the end.
 */
const char	*ring_view(const struct ring *, uint64_t pos, size_t len,
		    char *scratch);
/* Position of the first c in [pos, end), or end. */
uint64_t	 ring_find(const struct ring *, uint64_t pos, uint64_t end,
		    int c);

/* Nothing is held. */
#define RING_FREE	UINT64_MAX

/*
 * From a descriptor to the ring (fill), from the ring to one (drain), with
 * as few calls as it takes, and publish.  What comes from *held on is not
 * written over, tail or no tail; the reader sets it before it publishes a tail
 * behind it.  They return how many bytes went
 * through, 0 if that needs waiting for (or the ring is full, empty), -1 at
 * the end of the file (errno is 0) or on an error.  With 0, errno is ENOBUFS
 * if the kernel wants for memory, as no poll(2) tells when that is over.
 */
ssize_t		 ring_fill(struct ring *, const uint64_t *held, int fd);
ssize_t		 ring_drain(struct ring *, int fd);

#endif /* RING_H */

/* SPDX-License-Identifier: ISC */
/*
 * A byte string that grows at its end and is read from anywhere: in memory,
 * up to SPOOL_MEMORY bytes as long as all spools together stay under
 * SPOOL_MEMORY_ALL, from then on in an unlinked temporary file (TMPDIR, else
 * /tmp).  Nothing exits here: full disks and the like come back as -1.
 */

#ifndef SPOOL_H
#define SPOOL_H

#include <sys/types.h>

#include <stddef.h>

#define SPOOL_MEMORY		(8 * 1024 * 1024)
#define SPOOL_MEMORY_ALL	(64 * 1024 * 1024)

struct spool;

/*
 * For tests and keys: other limits than those above.  What fits into the first
 * buffer (4 KB; memory if that is less, but not 0) never goes to a file.
 */
void		 spool_limits(size_t memory, size_t memory_all);

/*
 * Memory of others, made for what is in a spool, which counts too.  Returns 0,
 * or -1 (ENOMEM): more than 64 KB was asked for, and that is too much now.
 */
int		 spool_reserve(size_t);
void		 spool_release(size_t);
/* All that counts. */
size_t		 spool_memory(void);

/* NULL: out of memory. */
struct spool	*spool_new(void);
void		 spool_free(struct spool *);

/* Returns 0, or -1 with errno; the spool is then broken for good. */
int		 spool_append(struct spool *, const void *, size_t);
/* The bytes and an LF after them. */
int		 spool_append_line(struct spool *, const char *, size_t);
size_t		 spool_size(const struct spool *);

/*
 * At least one byte from off on, in place: *len is how many.  NULL at the
 * end, and on a read error, with errno set (0 at the end).  Valid until the
 * next call with this spool.
 */
const char	*spool_at(struct spool *, size_t off, size_t *len);

/*
 * The line at off, without its LF, in place and contiguous; the last one may
 * lack its LF.  NULL as above.  *next is where the line after it begins.
 * Lines longer than SPOOL_LINE are given in pieces of that size.
 */
#define SPOOL_LINE	65536
const char	*spool_line(struct spool *, size_t off, size_t *len,
		    size_t *next);

#endif /* SPOOL_H */

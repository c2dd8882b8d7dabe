/* SPDX-License-Identifier: ISC */
/*
 * A byte string in memory, or in an unlinked temporary file once it or all of
 * them together got too large.
 *
 * buf holds the bytes from base on.  In memory that is all of them; of a file
 * it is either what is not written yet (then it ends where the spool ends), or
 * a window that was read.  A file keeps the buffer that it had in memory, up
 * to WINDOW: a small message that must go to disk when many are open costs no
 * more memory than it had, and most never grow out of their first buffer.
 *
 * Returns -1 or NULL with errno: no memory, disk full, cannot read.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool.h"

#define FIRST		4096			/* the first buffer */
#define WINDOW		(SPOOL_LINE + 4096)	/* a longest line and its LF */
#define RESERVE_FREE	65536

struct spool {
	char	*buf;
	size_t	 cap;
	size_t	 base;		/* offset of buf[0] */
	size_t	 fill;		/* bytes in buf */
	size_t	 room;		/* that spool_append() may put after them */
	size_t	 size;
	size_t	 written;	/* to the file */
	int	 fd;		/* -1: in memory */
	int	 error;		/* errno of what broke it */
};

static size_t	limit_one = SPOOL_MEMORY;
static size_t	limit_all = SPOOL_MEMORY_ALL;
static size_t	used;

void
spool_limits(size_t memory, size_t memory_all)
{
	limit_one = memory;
	limit_all = memory_all;
}

size_t
spool_memory(void)
{
	return used;
}

int
spool_reserve(size_t n)
{
	if (n > RESERVE_FREE && (used > limit_all || n > limit_all - used)) {
		errno = ENOMEM;
		return -1;
	}
	used += n;
	return 0;
}

void
spool_release(size_t n)
{
	used -= n;
}

struct spool *
spool_new(void)
{
	struct spool *s;

	if ((s = calloc(1, sizeof(*s))) != NULL)
		s->fd = -1;
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		(void)close(s->fd);	/* nobody can read it any more */
	used -= s->cap;
	free(s->buf);
	free(s);
}

size_t
spool_size(const struct spool *s)
{
	return s->size;
}

/* Smaller than usual only if the limit says so, which tests do. */
static size_t
first_size(void)
{
	return limit_one > 0 && limit_one < FIRST ? limit_one : FIRST;
}

static int
spool_break(struct spool *s)
{
	s->error = errno != 0 ? errno : EIO;
	s->fill = s->room = 0;
	errno = s->error;
	return -1;
}

static int
spool_resize(struct spool *s, size_t cap)
{
	char *p;

	if ((p = realloc(s->buf, cap)) == NULL)
		return -1;
	used = used - s->cap + cap;
	s->buf = p;
	s->cap = cap;
	return 0;
}

/* A larger buffer, if memory for need bytes is still allowed. */
static int
spool_grow(struct spool *s, size_t need)
{
	size_t cap;

	/* Even a file needs a buffer, so the first one is always allowed. */
	cap = first_size();
	if (s->cap == 0 && need <= cap)
		return spool_resize(s, cap);
	if (need > limit_one)
		return -1;
	for (cap = s->cap != 0 ? s->cap : cap; cap < need;)
		cap = cap > limit_one / 2 ? limit_one : cap * 2;
	if (used > limit_all || cap - s->cap > limit_all - used)
		return -1;
	return spool_resize(s, cap);
}

static int
spool_write(struct spool *s, const char *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = pwrite(s->fd, p, n, (off_t)s->written);
		if (w == -1 && errno == EINTR)
			continue;
		if (w <= 0) {
			if (w == 0)
				errno = ENOSPC;
			return -1;
		}
		p += w;
		n -= (size_t)w;
		s->written += (size_t)w;
	}
	return 0;
}

/* What waits in the buffer goes to the file; bytes come next to its end. */
static int
spool_flush(struct spool *s)
{
	if (s->written < s->size && spool_write(s,
	    s->buf + (s->written - s->base), s->size - s->written) == -1)
		return -1;
	s->base = s->size;
	s->fill = 0;
	s->room = s->cap;
	return 0;
}

static int
temp_open(void)
{
	const char *dir;
	char path[PATH_MAX];
	int error, fd, n;

	if ((dir = getenv("TMPDIR")) == NULL || *dir == '\0')
		dir = "/tmp";
	n = snprintf(path, sizeof(path), "%s/opensmtpd-filter.XXXXXXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkstemp(path)) == -1)
		return -1;
	if (unlink(path) == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		error = errno;
		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int
spool_to_file(struct spool *s)
{
	if (s->cap == 0 && spool_resize(s, first_size()) == -1)
		return -1;
	if ((s->fd = temp_open()) == -1 || spool_flush(s) == -1)
		return -1;
	if (s->cap > WINDOW)
		(void)spool_resize(s, WINDOW);	/* else it stays large */
	s->room = s->cap;
	return 0;
}

static void
spool_put(struct spool *s, const void *p, size_t n)
{
	memcpy(s->buf + s->fill, p, n);
	s->fill += n;
	s->size += n;
	s->room = s->cap - s->fill;
}

static int
append_slow(struct spool *s, const char *p, size_t n)
{
	if (s->error == 0 && n > SIZE_MAX / 2 - s->size) {
		errno = EFBIG;
		return spool_break(s);
	}
	if (s->error != 0) {
		errno = s->error;
		return -1;
	}
	if (n == 0)
		return 0;
	if (s->fd == -1) {
		if (spool_grow(s, s->size + n) == 0) {
			spool_put(s, p, n);
			return 0;
		}
		if (spool_to_file(s) == -1)
			return spool_break(s);
	} else if (spool_flush(s) == -1)
		return spool_break(s);
	if (n < s->cap) {
		spool_put(s, p, n);
		return 0;
	}
	if (spool_write(s, p, n) == -1)
		return spool_break(s);
	s->size += n;
	s->base = s->size;
	return 0;
}

int
spool_append(struct spool *s, const void *p, size_t n)
{
	if (n >= s->room)
		return append_slow(s, p, n);
	memcpy(s->buf + s->fill, p, n);
	s->fill += n;
	s->size += n;
	s->room -= n;
	return 0;
}

int
spool_append_line(struct spool *s, const char *p, size_t n)
{
	if (n >= s->room) {
		if (append_slow(s, p, n) == -1)
			return -1;
		return append_slow(s, "\n", 1);
	}
	memcpy(s->buf + s->fill, p, n);
	s->buf[s->fill + n] = '\n';
	n++;
	s->fill += n;
	s->size += n;
	s->room -= n;
	return 0;
}

/* Read a window of the file, from off on. */
static int
spool_load(struct spool *s, size_t off)
{
	size_t want;
	ssize_t r;

	if (s->written < s->size && spool_flush(s) == -1)
		return spool_break(s);
	s->base = off;
	s->fill = s->room = 0;
	want = s->size - off < s->cap ? s->size - off : s->cap;
	while (s->fill < want) {
		r = pread(s->fd, s->buf + s->fill, want - s->fill,
		    (off_t)(off + s->fill));
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0) {
			if (r == 0)
				errno = EIO;
			return spool_break(s);
		}
		s->fill += (size_t)r;
	}
	return 0;
}

const char *
spool_at(struct spool *s, size_t off, size_t *len)
{
	if (off < s->base || off - s->base >= s->fill) {
		if (s->error != 0 || off >= s->size) {
			errno = s->error;
			return NULL;
		}
		if (spool_load(s, off) == -1)
			return NULL;
	}
	*len = s->fill - (off - s->base);
	return s->buf + (off - s->base);
}

/*
 * The buffer holds no LF from off on, and not enough to be a piece: let the
 * window begin there, and make it large enough if it was so already.
 */
static int
spool_line_load(struct spool *s, size_t off)
{
	if (s->base == off && s->cap < WINDOW && spool_resize(s, WINDOW) == -1)
		return spool_break(s);
	return spool_load(s, off);
}

const char *
spool_line(struct spool *s, size_t off, size_t *len, size_t *next)
{
	const char *nl, *p;
	size_t n;

	for (;;) {
		if ((p = spool_at(s, off, &n)) == NULL)
			return NULL;
		nl = memchr(p, '\n', n <= SPOOL_LINE ? n : SPOOL_LINE + 1);
		if (nl != NULL) {
			*len = (size_t)(nl - p);
			*next = off + *len + 1;
			return p;
		}
		if (n > SPOOL_LINE || n == s->size - off)
			break;
		if (spool_line_load(s, off) == -1)
			return NULL;
	}
	*len = n < SPOOL_LINE ? n : SPOOL_LINE;
	*next = off + *len;
	return p;
}
